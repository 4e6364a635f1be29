"""A real `weaver serve` in a process of its own, for tests that use Weaver as its users do."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, Self

import httpx

START_SECONDS = 60.0
ROOT = Path(__file__).parents[2]


def wait_until[T](look: Callable[[], T | None], seconds: float, what: str) -> T:
    """Return the first answer that is neither None nor False; fail after the given time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None and found is not False:
            return found
        time.sleep(0.02)  # between two looks at a condition, with a deadline
    raise AssertionError(f"not within {seconds} s: {what}")


def clean_environment(home: Path, **settings: str) -> dict[str, str]:
    """Return this process's environment without its own WEAVER_ settings, and with the given ones."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEAVER_")}
    return inherited | {"WEAVER_HOME": str(home), "PYTHONPATH": str(ROOT)} | settings


def weaver(
    home: Path, *arguments: str, settings: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run one `weaver` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "weaver", *arguments],
        env=clean_environment(home, **(settings or {})),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess(Protocol):
    """What is asked of the process of a server; `subprocess.Popen` is one."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def send_signal(self, number: int, /) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class WeaverServer:
    """`weaver serve` with these arguments, started and stopped with the block; `api` speaks to it."""

    def __init__(self, home: Path, *arguments: str, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = home
        self._settings = settings
        self._arguments = arguments
        self._process: ServerProcess | None = None
        self.log = home / "serve.log"
        # a connection is given up before the server does so itself, after five seconds: it could be lost in between
        kept = httpx.Limits(keepalive_expiry=3.0)
        self.api = httpx.Client(base_url=self.url, timeout=30.0, limits=kept)

    def start(self) -> Self:
        """Start it and wait until it is ready."""
        self.spawn()
        wait_until(self._ready, START_SECONDS, f"weaver serve is ready; its log:\n{self.log.read_text()}")
        return self

    def spawn(self) -> None:
        """Start it, ready or not."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "weaver", "serve", "--port", str(self.port), *self._arguments],
                env=clean_environment(self.home, **self._settings),
                cwd=self.home,
                stdout=log,
                stderr=log,
            )

    def _ready(self) -> bool:
        process = self._process
        assert process is not None
        assert process.poll() is None, f"weaver serve ended with {process.returncode}:\n{self.log.read_text()}"
        try:
            return self.api.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    @property
    def pid(self) -> int:
        """The id of its process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Kill it with signal 9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end, as Ctrl-C or a service manager would; return its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(30)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()
        self.api.close()

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON of a GET under /api/v1 that succeeds."""
        answer = self.api.get(f"/api/v1{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create_run(self, **description: Any) -> str:
        """Create a backtest and return its id."""
        answer = self.api.post("/api/v1/runs", json={"mode": "backtest", "strategy_id": "sma_cross"} | description)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def start_run(self, run_id: str) -> None:
        """Ask for a run to start."""
        answer = self.api.post(f"/api/v1/runs/{run_id}/start")
        assert answer.status_code == 202, answer.text

    def wait_for_end(self, run_id: str, seconds: float = 60.0) -> dict[str, Any]:
        """Return the run once it has ended."""

        def ended() -> dict[str, Any] | None:
            run = self.get(f"/runs/{run_id}")
            return run if run["status"] in ("completed", "error", "stopped") else None

        return wait_until(ended, seconds, f"run {run_id} ends")
