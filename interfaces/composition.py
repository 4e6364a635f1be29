"""The composition root: every part of a Weaver process, made here and nowhere else."""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import ConnectionPool

from application.clock import Clock, RealtimeClock, WallClock
from application.dispatch import Dispatch
from application.halting import Halting
from application.journal import Journal
from application.journal_hub import JournalHub
from application.kill_latch import KillSwitchLatch
from application.kill_switch import halted
from application.live_runs import LiveRuns
from application.live_tools import LiveRunTools
from application.ports import SessionCalendar
from application.supervisor import Supervisor
from application.sweep_keeper import SweepKeeper
from domain.errors import DatabaseUnavailable
from domain.event_catalogue import CATALOGUE, Catalogue
from interfaces.broadcast import Broadcast
from interfaces.database import migrate, pool, require_migrated
from interfaces.embedded_postgres import EmbeddedPostgres
from interfaces.event_store import journal_environment
from interfaces.exchanges.catalog import EntryPointExchangeCatalog
from interfaces.journal_tail import JournalTail
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.metrics import AppendTimes, EventTally
from interfaces.notifications.channels import AnyChannel
from interfaces.notifications.notifier import Notifier
from interfaces.postgres_keeper import PostgresKeeper
from interfaces.projector import Projector
from interfaces.remote_sessions import WorkerLauncher
from interfaces.replays import ParityReports
from interfaces.run_claims import DatabaseRunClaims
from interfaces.session_process import ChildLauncher, ChildProcess
from interfaces.settings import Settings
from interfaces.strategy_catalog import FileStrategyCatalog
from interfaces.strategy_checks import StrategyChecks
from interfaces.sweep_process import SweepHostLauncher
from projections.catalog import READ_MODELS
from projections.processor import Processor
from projections.rebuild_jobs import RebuildJobs
from projections.shared_reading import SharedReading

# Appends serialise, so a few connections are enough; endpoints run in as many worker threads as there are for reading.
JOURNAL_CONNECTIONS = 4
QUERY_CONNECTIONS = 10
TAIL_PATIENCE_SECONDS = 10.0
LEVELS = logging.getLevelNamesMapping()

# What a process does: everything, or a part of it. `api`: REST, the event stream and the page. `engine`: runs, their
# sessions and the accounts they trade, sweeps. `projector`: the read models.
type Role = Literal["all", "api", "engine", "projector"]
type Queries = ConnectionPool[psycopg.Connection]


@dataclass(frozen=True)
class Weaver:
    """One Weaver process: what it is made of, in the order it starts."""

    settings: Settings
    role: Role
    database_url: str
    journal: Journal
    dispatch: Dispatch
    catalog: FileStrategyCatalog
    checks: StrategyChecks
    bars: BarStore
    calendar: SessionCalendar
    queries: Queries
    tail: JournalTail
    tally: EventTally
    append_times: AppendTimes
    broadcast: Broadcast
    processors: tuple[Processor, ...]
    projector: Projector | None
    rebuilds: RebuildJobs
    supervisor: Supervisor | None
    markets: LiveRuns
    exchanges: EntryPointExchangeCatalog
    latch: KillSwitchLatch
    halting: Halting
    realtime: RealtimeClock
    claims: DatabaseRunClaims
    launcher: ChildLauncher | WorkerLauncher
    sweeps: SweepKeeper | None
    parity: ParityReports
    notifier: Notifier
    clock: Clock
    since: datetime

    @property
    def neglect(self) -> str | None:
        """Why this process does not look after runs as it should, None while it does, or they are not its business."""
        if self.supervisor is None or self.supervisor.alive:
            return None
        return self.supervisor.failure or "nobody looks after runs: none starts or stops"

    def start(self) -> None:
        """Start everything that runs by itself, the tail first: nobody waits on a journal that nobody watches."""
        self.tail.start()
        if not self.tail.wait_for_first_look(TAIL_PATIENCE_SECONDS):
            raise DatabaseUnavailable(f"the journal cannot be followed: {self.tail.failure}")
        if self.projector is not None:
            self.projector.start(self.processors)
        else:
            for processor in self.processors:
                processor.start()
        if (halt := halted(self.journal)) is not None:
            self.latch.halt(halt.message)
        if self.supervisor is not None:
            self.supervisor.start()
            self.notifier.start()
        if self.sweeps is not None:
            self.sweeps.start()

    def stop(self) -> None:
        """Stop in the reverse order and close every connection. Sessions end; the next start continues their runs."""
        if self.sweeps is not None:
            self.sweeps.stop()
        self.checks.stop()
        if self.supervisor is not None:
            self.supervisor.stop()
        self.markets.stop()
        self.halting.stop()
        self.rebuilds.stop()
        for processor in self.processors:
            processor.stop()
        if self.projector is not None:
            self.projector.stop()
        self.notifier.stop()
        self.broadcast.close()
        self.tail.stop()
        self.claims.close()
        self.queries.close()
        self.journal.close()


def compose(
    settings: Settings,
    database_url: str,
    *,
    clock: Clock | None = None,
    only: UUID | None = None,
    spare: ChildProcess | None = None,
    catalogue: Catalogue = CATALOGUE,
    projector: Projector | None = None,
    role: Role = "all",
    channels: Sequence[AnyChannel] = (),
) -> Weaver:
    """Return a process's parts, connected to a migrated database, not started yet.

    only: limits the supervisor to this run, and no sweeps are looked after. spare: a process started ahead for the
    first session.
    catalogue: the events this process records and reads. projector: the process that keeps the read models; None: this
    one does, if it is of its role. channels: that are told of what happens, by a process that looks after runs.
    Raises DatabaseUnavailable when the database is away or not migrated.
    """
    require_migrated(database_url)
    clock = clock or WallClock()
    append_times = AppendTimes()
    environment = journal_environment(database_url, pool_size=JOURNAL_CONNECTIONS)
    journal = Journal(environment, catalogue, append_times.observe)
    queries = pool(database_url, max_size=QUERY_CONNECTIONS)
    bars = BarStore(database_url, queries)
    catalog = FileStrategyCatalog(settings.strategies_dir)
    tail = JournalTail(database_url)
    broadcast = Broadcast(journal.epoch, on_handed_out=tail.announce)
    tail.subscribe(broadcast.publish, broadcast.progress)
    tally = EventTally()
    tail.subscribe(tally.count, lambda run_id, fraction: None)
    hub, latch = JournalHub(), KillSwitchLatch()
    tail.subscribe(hub.publish, lambda run_id, fraction: None)
    hub.listen(latch.follow)
    claims = DatabaseRunClaims(database_url)
    reading = SharedReading(catalogue)
    log = structlog.get_logger("supervisor")

    def report(message: str, fields: dict[str, object]) -> None:
        level = LEVELS[str(fields.pop("level", "info")).upper()]
        log.log(level, message, **fields)

    is_offered = settings.sessions == "workers" and only is None
    launcher = (
        WorkerLauncher(database_url, journal, report)
        if is_offered
        else ChildLauncher(database_url, settings, spare, clock)
    )
    exchanges = EntryPointExchangeCatalog(settings, bars)
    realtime = RealtimeClock(clock)
    sessions = ExchangeSessions(settings.home / "cache")
    live_tools = LiveRunTools(
        journal, hub, clock, realtime, launcher, sessions, report, settings.bar_patience, settings.decision_patience
    )
    is_engine, folds = role in ("all", "engine"), role in ("all", "projector")
    dispatch = Dispatch(journal, clock, catalog, bars, exchanges)
    markets = LiveRuns(live_tools, exchanges, lambda: DatabaseRunClaims(database_url), latch)
    return Weaver(
        settings=settings,
        role=role,
        database_url=database_url,
        journal=journal,
        dispatch=dispatch,
        catalog=catalog,
        checks=StrategyChecks(catalog, settings, database_url),
        bars=bars,
        calendar=sessions,
        queries=queries,
        tail=tail,
        tally=tally,
        append_times=append_times,
        broadcast=broadcast,
        processors=tuple(
            Processor(database_url, model, tail, catalogue=catalogue, reading=reading, may_lead=folds)
            for model in READ_MODELS
        ),
        projector=projector,
        rebuilds=RebuildJobs(database_url, clock, catalogue),
        supervisor=Supervisor(journal, tail, claims, launcher, clock, report, only, markets) if is_engine else None,
        markets=markets,
        exchanges=exchanges,
        latch=latch,
        halting=Halting(latch, dispatch),
        realtime=realtime,
        claims=claims,
        launcher=launcher,
        sweeps=None
        if only is not None or not is_engine
        else SweepKeeper(
            journal, tail, DatabaseRunClaims(database_url), SweepHostLauncher(database_url, settings), report
        ),
        parity=ParityReports(database_url, settings),
        notifier=Notifier(channels, database_url, tail, journal.epoch, clock),
        clock=clock,
        since=clock.now(),
    )


@contextlib.contextmanager
def database(settings: Settings, *, migrated: bool = True) -> Iterator[str]:
    """Give the database's URL: the configured one, or the embedded server's, which runs for as long as it is needed.

    The embedded database belongs to Weaver alone and is migrated at once, unless `migrated` is false; a configured one
    is left to `weaver migrate`.
    """
    configured = settings.database_url.get_secret_value()
    if configured:
        yield configured
        return
    with EmbeddedPostgres(settings.home / "postgres") as server:
        if migrated:
            migrate(server.url)
        with PostgresKeeper(server):
            yield server.url
