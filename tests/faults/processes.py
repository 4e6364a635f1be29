"""The processes of a trial, forked from one that has imported everything: each is ready in a fraction of the time.

From `main` on they are what a user starts, and a kill is signal 9 to a process.
"""

import json
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from tests.alpaca_server.client import DEADLINE, LocalAlpaca
from tests.faults.children import serve_alpaca, serve_weaver
from tests.system.weaver_process import WeaverServer, clean_environment, wait_until

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.faults.children"])

SESSION = "interfaces.session_child"


class Forked:
    """A process like those of `subprocess`, forked from the one that has imported everything."""

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        self._process: ForkServerProcess = _forks.Process(target=target, args=arguments, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it is still there."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; return its exit code."""
        self._process.join(timeout)
        code = self._process.exitcode
        assert code is not None, f"process {self.pid} has not ended within {timeout} s"
        return code


class ForkedAlpaca(LocalAlpaca):
    """A local Alpaca; `start` after `kill` goes on with the same book and port."""

    _forked: Forked | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._forked is not None
        return self._forked.pid

    def start(self) -> None:
        """Start the process, and wait for the line that says it listens."""
        output = self.book.with_suffix(f".{time.monotonic_ns()}.out")
        output.touch()
        arguments = ["--port", str(self.addresses["port"]), "--book", str(self.book), *self._options]
        self._forked = Forked(serve_alpaca, str(self.book.parent), str(output), arguments)
        line = wait_until(lambda: _whole_line(output), DEADLINE, "the local Alpaca listens")
        self.addresses = json.loads(line)
        self._control = httpx.Client(base_url=self.control_url, timeout=DEADLINE)

    def kill(self) -> None:
        """End the process as a power cut would."""
        if self._forked is not None:
            self._forked.send_signal(9)
            self._forked.wait(DEADLINE)
        if self._control is not None:
            self._control.close()


def _whole_line(file: Path) -> str | None:
    text = file.read_text()
    return text.partition("\n")[0] if "\n" in text else None


class ForkedWeaver(WeaverServer):
    """`weaver serve`, forked. spawned: how often it was started."""

    spawned = 0

    def spawn(self) -> None:
        """Start it, ready or not."""
        environment = clean_environment(self.home, **self._settings)
        arguments = ["serve", "--port", str(self.port)]
        self.log.touch()
        self._process = Forked(serve_weaver, environment, str(self.home), str(self.log), arguments)
        self.spawned += 1

    def _ready(self) -> bool:
        """It serves; whether the exchange can be reached is for the trial to see."""
        assert self.poll() is None, f"weaver serve has ended:\n{self.log.read_text()}"
        try:
            return self.api.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def sessions(self) -> list[int]:
        """Return the ids of the processes that trade its runs."""
        try:
            children = psutil.Process(self.pid).children()
            return [one.pid for one in children if SESSION in " ".join(one.cmdline())]
        except psutil.NoSuchProcess:
            return []
