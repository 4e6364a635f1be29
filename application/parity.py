"""A paper or live run beside a backtest of the very bars it saw: where they differ, and what that comes to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import numpy as np

from application.forking import SessionMaker
from application.ports import BarSource, SessionCalendar, StrategyCatalog
from application.run_journal import RunJournal
from application.run_market import RunMarket, recorded_market, sessions_of
from application.runs import READ_PAGE, SIMULATED_EXCHANGE, load_run
from domain.errors import InvalidInput, StrategyFault
from domain.events import Event
from domain.market import BAR_COLUMNS, Bars, Timeframe, from_microseconds
from domain.money import ZERO, exact, plain
from domain.order import OrderFill
from domain.parity import KINDS, Difference, Example, Pair, TradedOrder, attributed, difference, paired, traded_orders
from domain.portfolio import Portfolio
from domain.run import RunCreated
from domain.run_log import RunLog
from domain.tape import TapeBackfilled, TapeDecided, TapeTicked
from domain.timeline import Timeline

INSTANTS_A_STRETCH = 1_000


@dataclass(frozen=True, slots=True)
class ParityTools:
    """What a report needs of the world. The strategy's code runs here."""

    journal: RunJournal
    catalog: StrategyCatalog
    bars: BarSource
    calendar: SessionCalendar


class Latency(msgspec.Struct, frozen=True):
    """Seconds from a decision to its first execution, of orders that the backtest executes at the next open.

    orders: how many there are; without one there are no figures.
    """

    orders: int
    p50: float | None = None
    p95: float | None = None
    longest: float | None = None


class ParityReport(msgspec.Struct, frozen=True):
    """What a run and a backtest of its bars came to, at the newest boundary the run has decided on.

    position: of the newest entry of the run that was read. bars_compared: bars of the tape that the bar store has for
    the same time. orders, backtest_orders: how many each side decided. difference: live less backtest; `differences`
    and `unexplained` add up to it exactly, in quote currency. backtest_error: why the backtest ended before the moment.
    """

    run_id: UUID
    mode: str
    exchange: str
    position: int
    moment: datetime
    bars: int
    bars_compared: int
    orders: int
    backtest_orders: int
    live_equity: Decimal
    backtest_equity: Decimal
    difference: Decimal
    differences: tuple[Difference, ...]
    latency: Latency
    unexplained: Decimal
    backtest_error: str | None = None


def parity(run_id: UUID, tools: ParityTools) -> ParityReport:
    """Return the report; raise RunNotFound, and InvalidInput for a backtest or a run that has decided nothing yet.

    Nothing is written. Raises StrategyChanged if the strategy's file is another one by now.
    """
    created = load_run(tools.journal, run_id).created
    if created.mode == "backtest":
        raise InvalidInput(f"run {run_id} is a backtest: parity is about paper and live runs")
    record = _Record.of(tools.journal, run_id)
    if record.moment is None:
        raise InvalidInput(f"run {run_id} has not decided on a bar yet: there is nothing to compare")
    market = recorded_market(tools.journal, run_id, created, record.moment)
    marks = {bars.symbol: exact(float(bars.close[-1])) for bars in market.bars}
    events, error = _backtest(run_id, created, market, tools)
    live = traded_orders(record.of_orders, record.moment)
    backtest = traded_orders(events, record.moment)
    pairs = paired(live, backtest)
    frame = Timeframe.parse(created.timeframe).microseconds
    found = attributed(pairs, marks, frame)
    examples, compared = _bars_that_differ(created, market, record, tools.bars)
    found["data"] = difference("data", examples)
    equities = [_equity(created, orders, marks) for orders in (live, backtest)]
    explained = sum((one.amount for one in found.values()), ZERO)
    return ParityReport(
        run_id=run_id,
        mode=created.mode,
        exchange=created.exchange,
        position=record.position,
        moment=record.moment,
        bars=sum(len(bars) for bars in market.bars),
        bars_compared=compared,
        orders=len(live),
        backtest_orders=len(backtest),
        live_equity=equities[0],
        backtest_equity=equities[1],
        difference=equities[0] - equities[1],
        differences=tuple(found[kind] for kind in KINDS),
        latency=_latency(pairs),
        unexplained=equities[0] - equities[1] - explained,
        backtest_error=error,
    )


@dataclass(frozen=True, slots=True)
class _Record:
    """What the journal has of a run. moment: the newest boundary decided on. late: bars that nobody watched."""

    of_orders: list[tuple[UUID, Event]]
    moment: datetime | None
    position: int
    late: list[tuple[str, datetime]]

    @classmethod
    def of(cls, journal: RunJournal, run_id: UUID) -> "_Record":
        of_orders: list[tuple[UUID, Event]] = []
        boundaries: dict[int, datetime] = {}
        late: list[tuple[str, datetime]] = []
        decided = after = 0
        while entries := journal.read(after, READ_PAGE, run_id=run_id):
            for entry in entries:
                event = journal.catalogue.decode(entry.topic, entry.state)
                match event:
                    case TapeTicked():
                        boundaries[event.number] = event.at
                    case TapeDecided():
                        decided = max(decided, event.number)
                    case TapeBackfilled() if boundaries:
                        late += [(bar.symbol, bar.opened_at) for bar in event.bars]
                    case _ if entry.topic.startswith("order."):
                        of_orders.append((entry.stream_id, event))
            after = entries[-1].position
        return cls(of_orders, boundaries.get(decided), after, late)


def _backtest(
    run_id: UUID, created: RunCreated, market: RunMarket, tools: ParityTools
) -> tuple[list[tuple[UUID, Event]], str | None]:
    """The events of a backtest of the run's bars, under the run's own ids, and why it ended early, if it did."""
    sessions = sessions_of(tools.calendar, market.bars)
    maker = SessionMaker(run_id, tools.journal, tools.catalog, market, sessions, RunLog(run_id), _nobody)
    timeline = Timeline(market.bars, sessions)
    session = maker.session(created, timeline)
    stretches = list(market.stretches(timeline, INSTANTS_A_STRETCH))
    if stretches and stretches[0][0]:
        session.see(stretches[0][0] - 1)
    error = None
    events: list[tuple[UUID, Event]] = []
    try:
        session.start()
        for first, last in stretches:
            session.run(first, last)
            events += [(one.originator_id, one.event) for one in session.collect_events()]
    except StrategyFault as fault:
        error = fault.message
    return [*events, *((one.originator_id, one.event) for one in session.collect_events())], error


def _equity(created: RunCreated, orders: Iterable[TradedOrder], marks: dict[str, Decimal]) -> Decimal:
    portfolio = Portfolio(created.initial_cash)
    fills: list[OrderFill] = [fill for order in orders for fill in order.fills]
    for fill in sorted(fills, key=lambda one: one.at):
        portfolio.book(fill)
    return portfolio.equity(marks)


def _bars_that_differ(
    created: RunCreated, market: RunMarket, record: _Record, source: BarSource
) -> tuple[list[Example], int]:
    """Bars of the tape that are not what the store has for their time, and those that came too late to be traded.

    The simulated exchange plays old bars back as new ones: there is no history to hold them against. What differs here
    has no effect on the difference: the backtest trades the tape.
    """
    late = {symbol: {moment for of, moment in record.late if of == symbol} for symbol in created.symbols}
    examples = [
        Example(moment, symbol, ZERO, {"bar": "came too late to be traded"}, {"bar": "seen as history"})
        for symbol, moments in late.items()
        for moment in sorted(moments)
    ]
    if created.exchange == SIMULATED_EXCHANGE:
        return examples, 0
    compared = 0
    for bars in market.bars:
        stored = source.load(bars.symbol, bars.timeframe, bars.start_time, bars.end_time)
        if len(stored):
            compared += len(np.intersect1d(bars.time, stored.time))
            examples += _differing(bars, stored)
    return examples, compared


def _differing(tape: Bars, stored: Bars) -> Iterable[Example]:
    ours, theirs = (dict(zip(bars.time.tolist(), range(len(bars)), strict=True)) for bars in (tape, stored))
    for moment in sorted(ours.keys() | theirs.keys()):
        both = [_bar(tape, ours.get(moment)), _bar(stored, theirs.get(moment))]
        if both[0] != both[1]:
            yield Example(from_microseconds(moment), tape.symbol, ZERO, both[0], both[1])


def _bar(bars: Bars, place: int | None) -> dict[str, str] | None:
    if place is None:
        return None
    return {name: plain(exact(float(getattr(bars, name)[place]))) for name in BAR_COLUMNS}


def _latency(pairs: Sequence[Pair]) -> Latency:
    seconds = [
        (pair.live.fills[0].at - pair.live.intent.at).total_seconds()
        for pair in pairs
        if pair.live is not None
        and pair.live.fills
        and pair.backtest is not None
        and pair.backtest.fills
        and pair.backtest.fills[0].at == pair.backtest.intent.at
    ]
    if not seconds:
        return Latency(0)
    p50, p95 = np.percentile(seconds, [50, 95])
    return Latency(len(seconds), round(float(p50), 6), round(float(p95), 6), round(max(seconds), 6))


def _nobody(message: str, fields: Mapping[str, object]) -> None:
    """A report's backtest says nothing."""
