"""Claims on runs as session advisory locks: PostgreSQL gives them up when the process that holds them is gone."""

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

    def claim(self, run_id: UUID) -> bool:
        """Return whether this process now looks after the run; raise DatabaseUnavailable when it cannot ask."""
        return self._ask("select pg_try_advisory_lock(%s, %s)", run_id)

    def release(self, run_id: UUID) -> None:
        """Give the run up; nothing happens if it was not claimed."""
        if self._connection is not None and not self._connection.closed:
            self._ask("select pg_advisory_unlock(%s, %s)", run_id)

    def close(self) -> None:
        """Give every run up."""
        if self._connection is not None:
            self._connection.close()

    def _ask(self, statement: str, run_id: UUID) -> bool:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = connect(self._url)
            row = self._connection.execute(statement.encode(), (CLAIM_SPACE, _key(run_id))).fetchone()
        except psycopg.OperationalError as error:
            raise unavailable(error) from error
        return bool(row and row[0])


def _key(run_id: UUID) -> int:
    """The run's 32-bit key; two runs with the same key are looked after one after the other."""
    return int.from_bytes(run_id.bytes[-4:], signed=True)
