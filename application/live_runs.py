"""Every paper and live run of this process, and the accounts they trade."""

import threading
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from application.exchange import BarFeed, ExchangeCatalog
from application.execution import Execution
from application.kill_latch import KillSwitchLatch
from application.live_run import DESK, LiveRun
from application.live_tools import LiveRunTools
from application.ports import RunClaims
from application.runs import chain_of, load_run
from domain.errors import InvalidInput
from domain.run import RunStartRequested, RunStatus


class LiveRuns:
    """Gives every run it is told to look after its thread, and every account one outbox reader.

    claims: makes claims on accounts, each with a connection of its own.
    """

    def __init__(
        self,
        tools: LiveRunTools,
        exchanges: ExchangeCatalog,
        claims: Callable[[], RunClaims],
        latch: KillSwitchLatch,
    ) -> None:
        self._tools = tools
        self._exchanges = exchanges
        self._claims = claims
        self._latch = latch
        self._lock = threading.Lock()
        self._executions: dict[tuple[str, str], Execution] = {}
        self._runs: list[LiveRun] = []
        self._feeds: dict[str, BarFeed] = {}

    def look_after(self, run_id: UUID) -> LiveRun | None:
        """Return what looks after the run from now on; None if its exchange cannot be used by this process.

        A run that has not begun then fails, with the reason; one that has begun waits for a process that can.
        """
        created = load_run(self._tools.journal, run_id).created
        try:
            execution = self._execution(created.exchange, created.mode)
            feed = self._exchanges.feed(created.exchange)
        except InvalidInput as error:
            self._refuse(run_id, error.message)
            return None
        live = LiveRun(run_id, created.mode, self._tools, execution.exchange, feed, execution)
        live.start()
        with self._lock:
            self._runs.append(live)
            self._feeds[feed.name] = feed
        return live

    def let_go(self) -> None:
        """Follow no bars that no run here needs any more: the connection may be what another process waits for."""
        needed = {one.feed.name for one in self.runs()}
        with self._lock:
            idle = [self._feeds.pop(name) for name in self._feeds.keys() - needed]
        for feed in idle:
            feed.unfollow()

    def runs(self) -> Sequence[LiveRun]:
        """Return the runs that are looked after, the longest first."""
        with self._lock:
            self._runs = [one for one in self._runs if not one.is_over]
            return list(self._runs)

    def executions(self) -> Sequence[Execution]:
        """Return the outbox readers of this process."""
        with self._lock:
            return list(self._executions.values())

    def failures(self) -> Mapping[str, str]:
        """Return what keeps each account from trading, by its name; empty if nothing does."""
        return {one.exchange.name: one.failure for one in self.executions() if one.failure is not None}

    def stop(self) -> None:
        """Stop every outbox reader; the runs were stopped before."""
        with self._lock:
            executions, self._executions = list(self._executions.values()), {}
        for execution in executions:
            execution.stop()

    def _execution(self, exchange: str, mode: str) -> Execution:
        with self._lock:
            found = self._executions.get((exchange, mode))
            if found is None:
                tools = self._tools
                found = Execution(
                    self._exchanges.open(exchange, mode),
                    exchange,
                    mode,
                    tools.journal,
                    tools.hub,
                    self._claims(),
                    self._latch,
                    tools.clock,
                    tools.report,
                )
                self._executions[exchange, mode] = found
                found.start()
            return found

    def _refuse(self, run_id: UUID, reason: str) -> None:
        journal = self._tools.journal
        run = load_run(journal, run_id)
        self._tools.report("run cannot be traded", {"level": "warning", "run_id": str(run_id), "reason": reason})
        if run.status is RunStatus.PENDING:
            run.fail(self._tools.clock.now(), "EXCHANGE_UNUSABLE", reason)
            journal.record(run, run_id=run_id, chain=chain_of(journal, run_id, DESK, RunStartRequested))
