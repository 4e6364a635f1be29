"""What a run recorded before its process died, held against what the replay derives again."""

from collections.abc import Sequence
from uuid import UUID

from application.run_journal import RunJournal
from application.runs import READ_PAGE, SESSION_TOPICS
from domain.errors import Conflict
from domain.events import Recorded


class ReplayDiverged(Conflict):
    """A replay derived another event than the journal holds: the strategy or its input is not what it was."""


class RecordedPrefix:
    """The events of orders and risk a run has recorded so far. Empty for a run that starts for the first time.

    Those recorded in an older form are held against the replay in their newest.
    """

    def __init__(self, journal: RunJournal, run_id: UUID) -> None:
        self._events: dict[tuple[UUID, int], tuple[str, bytes]] = {}
        self._catalogue = journal.catalogue
        newest = self._catalogue.newest
        after = 0
        while entries := journal.read(after, READ_PAGE, topics=SESSION_TOPICS, run_id=run_id):
            self._events |= {(entry.stream_id, entry.version): newest(entry.topic, entry.state) for entry in entries}
            after = entries[-1].position

    def __len__(self) -> int:
        return len(self._events)

    def missing(self, derived: Sequence[Recorded]) -> list[Recorded]:
        """Return the derived events that are not recorded yet; raise ReplayDiverged at the first that differs."""
        if not self._events:
            return list(derived)
        missing = []
        for one in derived:
            stored = self._events.pop((one.originator_id, one.originator_version), None)
            if stored is None:
                missing.append(one)
            elif stored != (derives := self._catalogue.encode(one.event)):
                raise ReplayDiverged(
                    f"event {one.originator_version} of {one.originator_id} was recorded as {stored[0]} "
                    f"{stored[1].decode()}, the replay derives {derives}: the strategy or its input changed"
                )
        return missing

    def require_spent(self) -> None:
        """Raise ReplayDiverged if the journal holds events that the replay never derived."""
        if self._events:
            (order_id, version), (topic, _) = next(iter(self._events.items()))
            raise ReplayDiverged(
                f"the journal holds {len(self._events)} order events that the replay does not derive, the first is "
                f"{topic} (event {version} of order {order_id}): the strategy or its input changed"
            )
