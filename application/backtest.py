"""History through a session: load, trade every instant, record in batches, complete with figures (Greta)."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

from application.clock import Clock
from application.equity import equity_curve, equity_marks, trading_days
from application.forking import SessionMaker
from application.journal import MAX_BATCH
from application.ports import BarSource, ProgressSink, SessionCalendar, StrategyCatalog
from application.recovery import RecordedPrefix, ReplayDiverged
from application.run_journal import RunJournal
from application.run_market import RunMarket, market_of, require_parents_bars, sessions_of
from application.runs import chain_of, load_run, settle
from application.session import LogLine, Session
from domain.errors import BarsUnavailable, InvalidInput, NotFound, StrategyChanged, StrategyFault, WeaverError
from domain.events import Recorded
from domain.performance import Account, statistics
from domain.run import Run, RunCompleted, RunStartRequested, RunStatus
from domain.run_log import RunLog, log_stream_id
from domain.sessions import Sessions
from domain.timeline import Timeline

INSTANTS_A_STRETCH = 1_000
ENDED_BY_ERROR = "the run ended by an error"

type StopAsked = Callable[[], bool]


class BacktestStopped(Exception):
    """Somebody asked the run to stop: the supervisor settles it."""


@dataclass(frozen=True, slots=True)
class BacktestTools:
    """What a backtest needs of the world."""

    journal: RunJournal
    catalog: StrategyCatalog
    bars: BarSource
    calendar: SessionCalendar
    clock: Clock
    progress: ProgressSink
    stop_asked: StopAsked
    log: LogLine


class Backtest:
    """One backtest, from its description in the journal to its end there.

    Executing it again after its process died derives the same events, checks those the journal has, appends the rest.
    """

    def __init__(self, run_id: UUID, tools: BacktestTools) -> None:
        self._tools = tools
        self._journal = tools.journal
        self._run = load_run(tools.journal, run_id)
        self._chain = chain_of(tools.journal, run_id, "backtest", RunStartRequested)
        self._recorded = RecordedPrefix(tools.journal, run_id)
        self._market = RunMarket(())
        self._sessions: dict[str, Sessions] = {}
        self._waiting: list[Recorded] = []
        self._load_seconds = self._persist_seconds = 0.0

    def execute(self) -> None:
        """Run to the end and record it: completed, or error with what went wrong and no order left working.

        Raises BacktestStopped when asked to stop, Conflict and Unavailable when the journal cannot be written.
        """
        began = perf_counter()
        try:
            timeline, hashes = self._loaded_bars()
            session = self._session(timeline)
            self._load_seconds = perf_counter() - began
            self._begin(timeline, hashes)
        except (InvalidInput, NotFound, BarsUnavailable, StrategyChanged, StrategyFault, ReplayDiverged) as error:
            self._fail(error)
            return
        try:
            engine_seconds = self._trade(session, timeline)
            self._recorded.require_spent()
        except StrategyFault as error:
            session.cancel_working_orders(ENDED_BY_ERROR)
            self._flush(session)
            self._fail(error)
            return
        except ReplayDiverged as error:
            self._fail(error)
            return
        self._complete(session, timeline, engine_seconds)

    def _loaded_bars(self) -> tuple[Timeline, dict[str, str]]:
        self._market = market_of(self._journal, self._tools.bars, self._run.created)
        hashes = self._market.hashes()
        require_parents_bars(self._journal, self._run.created, hashes)
        self._sessions = sessions_of(self._tools.calendar, self._market.bars)
        return Timeline(self._market.bars, self._sessions), hashes

    def _session(self, timeline: Timeline) -> Session:
        stream_id = log_stream_id(self._run.id)
        run_log = self._journal.load(RunLog, stream_id) or RunLog(stream_id)
        catalog, log = self._tools.catalog, self._tools.log
        maker = SessionMaker(self._run.id, self._journal, catalog, self._market, self._sessions, run_log, log)
        return maker.session(self._run.created, timeline)

    def _begin(self, timeline: Timeline, hashes: dict[str, str]) -> None:
        if self._run.status is RunStatus.RUNNING and self._run.started is not None:
            if self._run.started.bars_hash != hashes:
                raise ReplayDiverged("the bars are not those the run began with: it cannot be continued")
            return
        self._run.start(self._tools.clock.now(), timeline.bar_count(), hashes)
        self._journal.record(self._run, run_id=self._run.id, chain=self._chain)

    def _trade(self, session: Session, timeline: Timeline) -> float:
        began = perf_counter()
        persisted_before = self._persist_seconds
        total = len(timeline)
        stretches = list(self._market.stretches(timeline, INSTANTS_A_STRETCH))
        if stretches and stretches[0][0]:
            session.see(stretches[0][0] - 1)
        session.start()
        for first, last in stretches:
            if self._tools.stop_asked():
                session.finish("the run was stopped")
                self._flush(session)
                raise BacktestStopped
            self._tools.progress.report(self._run.id, first / total)
            session.run(first, last)
            if session.waiting >= MAX_BATCH:
                self._flush(session, whole_batches=True)
        session.finish("the run reached the end of its bars")
        engine_seconds = perf_counter() - began - (self._persist_seconds - persisted_before)
        self._flush(session)
        return engine_seconds

    def _flush(self, session: Session, *, whole_batches: bool = False) -> None:
        """Append what the session has decided; with `whole_batches` the rest below a full batch waits."""
        began = perf_counter()
        waiting = self._waiting
        waiting += session.collect_events()
        end = len(waiting) - len(waiting) % MAX_BATCH if whole_batches else len(waiting)
        for first in range(0, end, MAX_BATCH):
            missing = self._recorded.missing(waiting[first : min(first + MAX_BATCH, end)])
            if missing:
                self._journal.append_batch(missing, self._run.id, self._chain)
        del waiting[:end]
        self._persist_seconds += perf_counter() - began

    def _complete(self, session: Session, timeline: Timeline, engine_seconds: float) -> None:
        portfolio = session.portfolio
        curve = equity_curve(session, timeline)
        account = Account.of(portfolio, session.equity)
        days = trading_days(timeline, self._sessions)
        now = self._tools.clock.now()
        for marked in equity_marks(session, timeline, now):
            self._run.mark_equity(marked)
        self._run.complete(
            RunCompleted(
                at=now,
                bars=timeline.bar_count(),
                orders=session.orders_placed,
                fills=portfolio.fills,
                trades=len(portfolio.trades),
                final_equity=account.final_equity,
                stats=statistics(curve, account, timeline.bars, days),
                load_seconds=round(self._load_seconds, 6),
                engine_seconds=round(engine_seconds, 6),
                persist_seconds=round(self._persist_seconds, 6),
            )
        )
        self._journal.record(self._run, run_id=self._run.id, chain=self._chain)
        self._tools.progress.report(self._run.id, 1.0)

    def _fail(self, error: WeaverError) -> None:
        now, trace = self._tools.clock.now(), error.details.get("traceback")
        code = _CODES.get(type(error), "RUN_FAILED")

        def fail(run: Run) -> None:
            run.fail(now, code, error.message, str(trace) if trace else None)

        settle(self._journal, self._run.id, self._chain, ENDED_BY_ERROR, now, fail)


_CODES: dict[type[WeaverError], str] = {
    StrategyFault: "STRATEGY_ERROR",
    BarsUnavailable: "BARS_UNAVAILABLE",
    ReplayDiverged: "REPLAY_DIVERGED",
    StrategyChanged: "STRATEGY_CHANGED",
}
