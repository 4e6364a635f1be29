"""Tells a session's process that the journal may have grown: one connection that listens, and nothing else."""

from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg import Connection

from domain.errors import DatabaseUnavailable
from interfaces.database import connect
from interfaces.journal_tail import ENTRIES_CHANNEL

# Between two attempts to connect; meanwhile the journal is looked at as if nobody told.
RETRY_SECONDS = 0.2


class JournalListener:
    """Implements `Wakeup`. Without a database it waits out its time: whoever reads the journal then says so."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._connection: Connection[Any] | None = None

    def wait(self, timeout: float) -> None:
        """Return when an entry was recorded since the last call, by whomever, or when `timeout` seconds have passed.

        The first call returns at once: what was recorded before nobody has told.
        """
        deadline = monotonic() + timeout
        try:
            if self._connection is None:
                self._connection = connect(self._url, application_name="weaver session")
                self._connection.execute(f"listen {ENTRIES_CHANNEL}".encode())
                return
            for _ in self._connection.notifies(timeout=max(0.0, deadline - monotonic()), stop_after=1):
                return
        except (DatabaseUnavailable, psycopg.Error):
            self.close()
            sleep(min(RETRY_SECONDS, max(0.0, deadline - monotonic())))

    def close(self) -> None:
        """Stop listening."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
