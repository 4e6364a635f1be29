"""Halting without waiting for the database: the latch at once, the record as soon as it can be made."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from application.commands import HaltTrading
from application.dispatch import Dispatch
from application.kill_latch import KillSwitchLatch
from application.kill_switch import WITHOUT_A_REASON
from domain.errors import Unavailable

RETRY_SECONDS = 0.5
# Requests that wait for the database at the same time.
WAITING = 4


class Halting:
    """Throws the kill switch of this process, and keeps trying to record it while the database is away."""

    def __init__(self, latch: KillSwitchLatch, dispatch: Dispatch) -> None:
        self.latch = latch
        self._dispatch = dispatch
        self._pool = ThreadPoolExecutor(WAITING, thread_name_prefix="halt")
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._keeper: threading.Thread | None = None

    def halt[T](self, reason: str | None, record: Callable[[], T], patience: float) -> T | None:
        """Throw the switch, then record that; return what `record` returns, None if that takes longer or is impossible.

        patience: seconds. What could not be recorded in time is recorded later, once.
        """
        self.latch.halt(reason or WITHOUT_A_REASON)
        recorded: Future[T] = self._pool.submit(record)
        try:
            return recorded.result(patience)
        except (TimeoutError, Unavailable):
            self._keep_trying(reason)
            return None

    def stop(self) -> None:
        """Stop trying."""
        self._stopping.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _keep_trying(self, reason: str | None) -> None:
        with self._lock:
            if self._keeper is None or not self._keeper.is_alive():
                self._keeper = threading.Thread(target=self._record, args=(reason,), name="halt", daemon=True)
                self._keeper.start()

    def _record(self, reason: str | None) -> None:
        while not self._stopping.is_set():
            try:
                self._dispatch.dispatch(HaltTrading(reason=reason))
            except Unavailable:
                self._stopping.wait(RETRY_SECONDS)
            else:
                return
