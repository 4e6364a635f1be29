"""What has to be asked for, and so cannot wait for a scrape: the database's own figures, and room on disks."""

import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import psycopg
import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.errors import Unavailable, one_line
from interfaces.composition import Weaver
from interfaces.web.access import reading

LOOK_SECONDS = 30.0

# Of the journal's table only an estimate is quick. Backends of clients are those that count against the limit.
_DATABASE = """
select pg_database_size(current_database()),
    (select reltuples from pg_class where oid = 'weaver_events'::regclass),
    (select count(*) from pg_stat_activity where backend_type = 'client backend'),
    current_setting('max_connections')::int,
    (select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend')
"""

_log = structlog.get_logger("web")


@dataclass(frozen=True, slots=True)
class DatabaseFigures:
    """What the database says of itself. journal_events: estimated, below 0 when nobody has counted yet."""

    bytes: int
    journal_events: float
    connections: int
    max_connections: int
    longest_transaction: float
    rebuilding: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Disk:
    """Room where something is kept, in bytes."""

    free: int
    total: int


@dataclass(slots=True, eq=False)
class Surroundings(Collector):
    """Looked at now and then, in a worker thread. What cannot be looked at stays as it was, and its age tells."""

    weaver: Weaver
    _tried_at: float | None = None
    _database: tuple[DatabaseFigures, float] | None = None
    _disks: dict[str, tuple[Disk, float]] = field(default_factory=dict)
    _trouble: dict[str, str] = field(default_factory=dict)

    @property
    def is_due(self) -> bool:
        """Whether it was not tried lately."""
        return self._tried_at is None or time.monotonic() - self._tried_at >= LOOK_SECONDS

    def look(self) -> None:
        """Look at the disks and ask the database."""
        self._tried_at = time.monotonic()
        self._look_at_disks()
        try:
            with reading(self.weaver) as connection:
                [(size, events, connections, most, longest)] = connection.execute(_DATABASE)
                statuses = {
                    one.name: self.weaver.rebuilds.status(connection, one.name, 0).state == "running"
                    for one in self.weaver.processors
                }
        except (Unavailable, psycopg.Error) as error:
            self._tell("database", one_line(error))
            return
        self._trouble.pop("database", None)
        figures = DatabaseFigures(size, float(events), connections, most, float(longest), statuses)
        self._database = figures, time.monotonic()

    def _tell(self, what: str, trouble: str) -> None:
        """Log what cannot be looked at, once: the age of its figures tells that it is still so."""
        if self._trouble.get(what) != trouble:
            self._trouble[what] = trouble
            _log.warning("figures cannot be looked at now", what=what, reason=trouble)

    def _look_at_disks(self) -> None:
        home = self.weaver.settings.home
        places = {"home": home}
        embedded = home / "postgres" / "data"
        if not self.weaver.settings.database_url.get_secret_value() and embedded.exists():
            places["database"] = embedded
        for place, path in places.items():
            try:
                usage = shutil.disk_usage(path)
            except OSError as error:
                self._tell(place, one_line(error))
                continue
            self._disks[place] = Disk(usage.free, usage.total), time.monotonic()
            self._trouble.pop(place, None)

    def collect(self) -> Iterator[Metric]:
        """Yield what was seen last, with its age; nothing of what was never seen."""
        age = GaugeMetricFamily(
            "weaver_look_age_seconds", "Time since these figures were looked at with success.", labels=("what",)
        )
        free = GaugeMetricFamily("weaver_disk_free_bytes", "Room that is left on a disk.", labels=("place",))
        total = GaugeMetricFamily("weaver_disk_size_bytes", "Size of that disk.", labels=("place",))
        for place, (disk, at) in list(self._disks.items()):
            free.add_metric((place,), disk.free)
            total.add_metric((place,), disk.total)
            age.add_metric((f"disk of {place}",), time.monotonic() - at)
        yield from (free, total)
        if self._database is not None:
            figures, at = self._database
            age.add_metric(("database",), time.monotonic() - at)
            yield from _told(figures)
        yield age


def _told(figures: DatabaseFigures) -> Iterator[Metric]:
    yield GaugeMetricFamily("weaver_database_size_bytes", "What the database takes on its disk.", figures.bytes)
    if figures.journal_events >= 0:
        yield GaugeMetricFamily(
            "weaver_journal_events", "Events in the journal, as the database estimates.", figures.journal_events
        )
    yield GaugeMetricFamily(
        "weaver_database_connections", "Connections of clients the server has.", figures.connections
    )
    yield GaugeMetricFamily("weaver_database_max_connections", "Those it allows.", figures.max_connections)
    yield GaugeMetricFamily(
        "weaver_database_longest_transaction_seconds",
        "How long the oldest transaction of others in this database has been open.",
        figures.longest_transaction,
    )
    rebuilding = GaugeMetricFamily(
        "weaver_read_model_rebuilding", "1 while it is made anew, by whichever process.", labels=("read_model",)
    )
    for name, is_running in figures.rebuilding.items():
        rebuilding.add_metric((name,), is_running)
    yield rebuilding
