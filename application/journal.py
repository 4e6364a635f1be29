"""The journal: every event ever recorded, in streams for deciding and in one global order for everyone else (WallE)."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import NamedTuple, Protocol, cast, runtime_checkable
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import DataError, IntegrityError, Mapper, PersistenceError, StoredEvent, Transcoder
from eventsourcing.utils import Environment, EnvType

from domain.errors import ConcurrentChange, Conflict, DatabaseUnavailable, InvalidInput, one_line
from domain.event_catalogue import CATALOGUE, Catalogue
from domain.events import ORIGIN, Aggregate, Chain, JournalEntry, Recorded

# Of one transaction of `append_batch`: so many keep the appends of others beside it below some 15 ms.
MAX_BATCH = 1_000

type Rows = Sequence[tuple[UUID, int, str, bytes]]


# Of a run that was imported: stream, version, topic, state, and `meta` as it was recorded.
type ImportedRows = Sequence[tuple[UUID, int, str, bytes, str]]


class Imported(NamedTuple):
    """Where a run was imported from. store_id: the other journal's. sha256: of the archive, hexadecimal."""

    store_id: UUID
    sha256: str


class Performed(NamedTuple):
    """What is known of a request that was carried out: see `Once`; position: of the last event it caused.

    Without an event it is where the journal ended. command_id: the causation id of its events.
    """

    digest: bytes
    subject: UUID
    command_id: str
    position: int


class PerformedBefore(Conflict):
    """The request's key is known: nothing was recorded this time. performed: what is known of the first."""

    def __init__(self, performed: Performed) -> None:
        super().__init__("a request with this idempotency key was carried out before")
        self.performed = performed


@runtime_checkable
class JournalRecorder(Protocol):
    """What the journal needs of its recorder beyond the library's; raises the library's persistence errors."""

    def copy_events(self, rows: Rows, run_id: UUID, meta: str) -> int:
        """Append rows of stream, version, topic and state in one transaction; return the last position."""
        ...

    def import_events(self, rows: ImportedRows, run_id: UUID) -> int:
        """Append rows in one transaction, each with a meta of its own; return the last position."""
        ...

    def read(self, after: int, limit: int, topics: Sequence[str], run_id: UUID | None) -> list[JournalEntry]:
        """Return the next entries after a position."""
        ...

    def stream(self, stream_id: UUID) -> list[JournalEntry]:
        """Return a stream's entries by version."""
        ...

    def head(self) -> int:
        """Return the newest position, 0 for none."""
        ...

    def identity(self) -> tuple[UUID, str]:
        """Return the store's id and epoch."""
        ...

    def performed(self, key: str) -> Performed | None:
        """Return what is known of the request with that key, None if nothing is, or if it was a day ago."""
        ...


class JournalMapper(Mapper[UUID]):
    """Stores the event alone, as the catalogue encodes it: its place in the stream stands beside it."""

    def __init__(self, transcoder: Transcoder, catalogue: Catalogue) -> None:
        super().__init__(transcoder)
        self._catalogue = catalogue

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Return the event as it is stored; raise InvalidInput if it is unregistered or too large."""
        recorded = cast(Recorded, domain_event)
        topic, state = self._catalogue.encode(recorded.event)
        return StoredEvent(recorded.originator_id, recorded.originator_version, topic, state)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """Return the event at its place, in its newest form; raise InvalidInput for a topic that is not known."""
        event = self._catalogue.decode(stored_event.topic, stored_event.state)
        recorded = Recorded(cast(UUID, stored_event.originator_id), stored_event.originator_version, event)
        return cast(DomainEventProtocol[UUID], recorded)


class Journal(Application[UUID]):
    """The event store of this process; safe to be used by many threads.

    `environment` is made by `interfaces.event_store.journal_environment`; nothing else configures it, least of all the
    variables of the process. Every method raises DatabaseUnavailable when the database is away for more than some
    seconds; the constructor does, too, and when the database is not migrated.

    catalogue: the events it records and reads. store_id: identifies the database, for ever. epoch: changes when
    positions may have been given twice. appended: told of every append, its seconds and whether it succeeded.
    """

    name = "Weaver"

    def __init__(
        self,
        environment: Mapping[str, str],
        catalogue: Catalogue = CATALOGUE,
        appended: Callable[[float, bool], object] = lambda seconds, succeeded: None,
    ) -> None:
        self.catalogue = catalogue
        self._appended = appended
        try:
            with _domain_errors():
                super().__init__(environment)
                if not isinstance(self.recorder, JournalRecorder):
                    raise TypeError(f"{type(self.recorder).__name__} is not a recorder for the journal")
                self._journal: JournalRecorder = self.recorder
                self.store_id, self.epoch = self._journal.identity()
        except BaseException:
            with contextlib.suppress(AttributeError):  # which attributes there are depends on how far it came
                self.close()
            raise

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Return what was given: the library would mix in the variables of the process."""
        return Environment(name, env)

    def construct_mapper(self) -> Mapper[UUID]:
        """Return the mapper; the transcoder that the library wants one to have is not used."""
        return JournalMapper(self.construct_transcoder(), self.catalogue)

    def load[A: Aggregate](self, kind: type[A], stream_id: UUID) -> A | None:
        """Return the aggregate folded from its stream, None if there is none."""
        with _domain_errors():
            try:
                return self.repository.get(stream_id, projector_func=kind.fold)
            except AggregateNotFoundError:
                return None

    def record(self, *aggregates: Aggregate, run_id: UUID | None, chain: Chain) -> int:
        """Append what the aggregates have triggered, all or nothing; return the position of the last event.

        Returns the head if nothing was triggered. Raises ConcurrentChange if a stream grew since its aggregate was
        loaded, InvalidInput for an event the catalogue refuses, PerformedBefore for a key that is known. Whatever is
        raised, the triggered events are gone: load again and decide again.
        """
        with _domain_errors(), self._timed():
            recordings = self.save(
                *aggregates, run_id=run_id, meta=_meta(chain), once=chain.once, command_id=chain.causation_id
            )
        if recordings:
            return recordings[-1].notification.id
        done = None if chain.once is None else self.performed(chain.once.key)
        return self.head() if done is None else done.position

    def performed(self, key: str) -> Performed | None:
        """Return what is known of the request with that key, None if nothing is, or if it was a day ago."""
        with _domain_errors():
            return self._journal.performed(key)

    def append_batch(self, recorded: Sequence[Recorded], run_id: UUID, chain: Chain) -> int:
        """Append 1 to 1,000 events the fast way, all or nothing; return the position of the last one.

        Raises as `record` does, and ValueError for any other number of events.
        """
        if not 1 <= len(recorded) <= MAX_BATCH:
            raise ValueError(f"a batch holds 1 to {MAX_BATCH} events, not {len(recorded)}: others wait for its end")
        with _domain_errors():
            encode = self.catalogue.encode
            rows = [(one.originator_id, one.originator_version, *encode(one.event)) for one in recorded]
            with self._timed():
                return self._journal.copy_events(rows, run_id, _meta(chain))

    def import_run(self, rows: ImportedRows, run_id: UUID, origin: Imported) -> int:
        """Append the events of a run that another journal has recorded; return the position of the last one.

        One transaction, however many they are: nobody may see half a run. Where they are from is added to their meta;
        what was imported into that journal before keeps the origin it has. Raises as `append_batch` does.
        """
        added = {ORIGIN: str(origin.store_id), "archive": origin.sha256}
        with _domain_errors():
            stamped = [
                (stream_id, version, topic, state, json.dumps(added | json.loads(meta), separators=(",", ":")))
                for stream_id, version, topic, state, meta in rows
            ]
            return self._journal.import_events(stamped, run_id)

    def read(
        self, after: int, limit: int, *, topics: Sequence[str] = (), run_id: UUID | None = None
    ) -> list[JournalEntry]:
        """Return the next entries after a position, at most `limit`, oldest first; of these topics, of this run.

        A topic stands for every version of its event; entries are as they were recorded.
        """
        with _domain_errors():
            return self._journal.read(after, limit, sorted(self.catalogue.versions(topics)), run_id)

    def stream(self, stream_id: UUID) -> list[JournalEntry]:
        """Return all entries of one stream by version, none if there is no such stream."""
        with _domain_errors():
            return self._journal.stream(stream_id)

    def head(self) -> int:
        """Return the newest position, 0 for an empty journal."""
        with _domain_errors():
            return self._journal.head()

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        began, succeeded = monotonic(), False
        try:
            yield
            succeeded = True
        finally:
            self._appended(monotonic() - began, succeeded)


def _meta(chain: Chain) -> str:
    meta = {"corr_id": chain.correlation_id, "causation_id": chain.causation_id, "actor": chain.actor}
    if chain.trace_id is not None:
        meta["trace_id"] = chain.trace_id
    return json.dumps(meta, separators=(",", ":"))


@contextlib.contextmanager
def _domain_errors() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise ConcurrentChange("somebody else has changed this at the same moment: look again and retry") from error
    except DataError as error:
        raise InvalidInput(f"the journal cannot store this: {one_line(error)}") from error
    except PersistenceError as error:
        raise DatabaseUnavailable(f"the journal's database does not answer: {one_line(error)}") from error
