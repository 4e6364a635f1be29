"""For how long a process may go on believing that something is its own."""

from collections.abc import Callable

from application.clock import seconds_awake_or_asleep

# Ten times as long as between two looks at a claim: a look may be slow, a process that was suspended must not send.
LEASE_SECONDS = 5.0


class Lease:
    """What a claim was worth when it was looked at last: it runs out by itself, whatever keeps its holder from looking.

    A process that was suspended, or whose thread waited, asks it right before it does what only the holder may do. It
    is no proof: who may decide is fenced by the versions of the journal, what is sent by its deterministic id.
    seconds: of a clock that goes on while the machine sleeps.
    """

    def __init__(self, length: float = LEASE_SECONDS, seconds: Callable[[], float] = seconds_awake_or_asleep) -> None:
        self._length = length
        self._seconds = seconds
        self._until: float | None = None

    @property
    def is_held(self) -> bool:
        """Whether it has not run out."""
        return self._until is not None and self._seconds() < self._until

    def renewed(self, asked_at: float) -> None:
        """Take note that the claim held when it was asked for, in seconds of `now`."""
        self._until = asked_at + self._length

    def ended(self) -> None:
        """Take note that it holds no more."""
        self._until = None

    def now(self) -> float:
        """Return the seconds of its clock."""
        return self._seconds()
