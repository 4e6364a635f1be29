"""Waiting in tests: for a condition, and for the journal to grow."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep

import psycopg

from projections.processor import Processor
from projections.view import DEFAULT_BATCH, ReadModel


def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Return when the condition holds; fail after so many seconds."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"did not happen within {seconds} seconds"
        sleep(0.01)


class JournalPoll:
    """Watches the journal by asking for its head, on a connection of its own."""

    def __init__(self, database_url: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True, application_name="watch")
        self._lock = threading.Lock()

    def wait(self, after: int, timeout: float) -> int:
        """Return the head, at once if it is beyond `after`, else after the timeout at the latest."""
        deadline = monotonic() + timeout
        while (head := self._head()) <= after and monotonic() < deadline:
            sleep(0.005)
        return head

    def topics(self, after: int, upto: int) -> frozenset[str] | None:
        """Know nothing of them."""
        return None

    def _head(self) -> int:
        with self._lock:
            [(head,)] = self._connection.execute("select coalesce(max(notification_id), 0) from weaver_events")
            return int(head)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class DeafWatch:
    """Never hears of anything: the processor's own looking has to do."""

    def __init__(self, says: int = 0) -> None:
        self.says = says
        self.asked = 0

    def wait(self, after: int, timeout: float) -> int:
        """Return always the same, after the timeout unless that is news."""
        self.asked += 1
        if self.says <= after:
            sleep(timeout)
        return self.says

    def topics(self, after: int, upto: int) -> frozenset[str] | None:
        """Know nothing of them."""
        return None


@contextmanager
def processing(
    database_url: str, read_model: ReadModel, *, batch: int = DEFAULT_BATCH, watch: DeafWatch | None = None
) -> Iterator[Processor]:
    """Run a processor for the length of the block."""
    poll = JournalPoll(database_url)
    processor = Processor(database_url, read_model, watch or poll, batch=batch)
    processor.start()
    try:
        yield processor
    finally:
        processor.stop()
        poll.close()
