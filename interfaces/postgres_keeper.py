"""Starts the embedded PostgreSQL again when it was killed under the processes that use it."""

import logging
import threading
from types import TracebackType
from typing import Self

from domain.errors import DatabaseUnavailable
from interfaces.database import connect
from interfaces.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError

SECONDS_BETWEEN_LOOKS = 1.0
CONNECT_PATIENCE = 2

log = logging.getLogger(__name__)


class PostgresKeeper:
    """Looks after a started server for as long as its block lasts.

    What was committed survives the server's death; everyone reconnects by themselves once it is back. Of several
    processes that notice at once one starts it, the others find it running.
    """

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._url = server.url
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._work, name="keeper of the embedded PostgreSQL", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._leaving.wait(SECONDS_BETWEEN_LOOKS):
            try:
                connect(self._url, connect_timeout=CONNECT_PATIENCE).close()
            except DatabaseUnavailable:
                self._revive()

    def _revive(self) -> None:
        log.warning("the embedded PostgreSQL does not answer: it is started again")
        try:
            self._server.start()
        except EmbeddedPostgresError as error:
            log.error("the embedded PostgreSQL could not be started again: %s", error)
