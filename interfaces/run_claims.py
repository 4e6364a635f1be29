"""Claims on runs as session advisory locks: PostgreSQL gives them up when the process that holds them is gone."""

import threading
from uuid import UUID

import psycopg

from interfaces.database import connect, unavailable

# The first of the two keys of the lock: claims on runs never meet other advisory locks.
CLAIM_SPACE = 0x52554E53


class DatabaseRunClaims:
    """Implements `RunClaims` on one connection of its own; a lost connection loses every claim."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._connection: psycopg.Connection | None = None
        self._held: set[UUID] = set()
        self._lock = threading.Lock()

    def claim(self, run_id: UUID) -> bool:
        """Return whether this process looks after the run, from now on or still; raise DatabaseUnavailable if unknown.

        A claim that was made is asked after as long as its connection lives: locks are counted, and taken once.
        """
        with self._lock:
            if run_id in self._held and self._ask("select true"):
                return True
            # the connection it was made on may be gone, and another process may have been faster since
            if self._ask("select pg_try_advisory_lock(%s, %s)", CLAIM_SPACE, _key(run_id)):
                self._held.add(run_id)
                return True
            return False

    def release(self, run_id: UUID) -> None:
        """Give the run up; nothing happens if it was not claimed."""
        with self._lock:
            if run_id in self._held and self._connection is not None and not self._connection.closed:
                self._ask("select pg_advisory_unlock(%s, %s)", CLAIM_SPACE, _key(run_id))
            self._held.discard(run_id)

    def close(self) -> None:
        """Give every run up."""
        with self._lock:
            self._held.clear()
            if self._connection is not None:
                self._connection.close()

    def _ask(self, statement: str, *keys: int) -> bool:
        """Ask on the connection of the claims; a new one begins without any."""
        try:
            if self._connection is None or self._connection.closed:
                self._held.clear()
                self._connection = connect(self._url)
                if not keys:
                    return False
            row = self._connection.execute(statement.encode(), keys).fetchone()
        except psycopg.OperationalError as error:
            raise unavailable(error) from error
        return bool(row and row[0])


def _key(run_id: UUID) -> int:
    """The run's 32-bit key; two runs with the same key are looked after one after the other."""
    return int.from_bytes(run_id.bytes[-4:], signed=True)
