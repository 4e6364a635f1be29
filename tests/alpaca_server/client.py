"""How a test starts a local Alpaca, drives it and ends it."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
# Its process loads a web server; other tests may keep both processors busy.
DEADLINE = 60.0


class LocalAlpaca:
    """A local Alpaca in a process of its own; its attributes are what it prints when it listens (`paper_url` …)."""

    def __init__(self, book: Path, *options: str) -> None:
        self.book = book
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._control: httpx.Client | None = None
        self.addresses: dict[str, Any] = {"port": 0}

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["addresses"][name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the process, on the port it had before if it had one, and wait for the line that says it listens."""
        port = str(self.addresses["port"])
        command = [sys.executable, "-m", "tests.alpaca_server", "--port", port, "--book", str(self.book)]
        self._process = subprocess.Popen(
            [*command, "--ends-with-stdin", *self._options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.kill()
            raise RuntimeError("the local Alpaca ended before it listened: see what it wrote to stderr")
        self.addresses = json.loads(line)
        self._control = httpx.Client(base_url=self.control_url, timeout=DEADLINE)

    def kill(self) -> None:
        """End the process by kill -9; `start` goes on with the same book and port."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait(DEADLINE)
        self._process.stdin.close()
        self._process.stdout.close()
        if self._control is not None:
            self._control.close()

    def settings(self) -> dict[str, str]:
        """Return Weaver's settings that make it talk to this Alpaca, as environment variables."""
        names = ["paper_url", "live_url", "data_url", "paper_stream_url", "live_stream_url", "data_stream_url"]
        names += ["paper_key_id", "paper_secret_key", "live_key_id", "live_secret_key"]
        return {f"WEAVER_ALPACA_{name.upper()}": self.addresses[name] for name in names}

    # Driving it

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        """Ask something of `/control`, and return the answer; AssertionError when it refuses."""
        assert self._control is not None
        answer = self._control.request(method, path, json=body or None)
        assert answer.is_success, f"{method} /control{path}: {answer.text}"
        return answer.json()

    def reset(self, **how: Any) -> None:
        """Begin anew in the same process: new accounts, no faults, no connections; `start`, `speed` and `seed`."""
        self.control("POST", "/reset", **how)

    def audit(self, environment: str = "paper") -> dict[str, Any]:
        """Return an account's whole book and the requests seen."""
        audit: dict[str, Any] = self.control("GET", f"/audit?environment={environment}")
        return audit

    def requests(self, method: str, path: str, environment: str = "paper") -> list[dict[str, Any]]:
        """Return the requests seen of a method and a path, oldest first."""
        seen: list[dict[str, Any]] = self.control("GET", f"/requests?environment={environment}")
        return [one for one in seen if (one["method"], one["path"]) == (method, path)]

    def fault(self, kind: str, **how: Any) -> dict[str, Any]:
        """Set a fault (`faults.Fault` lists its fields), and return it with its id."""
        fault: dict[str, Any] = self.control("POST", "/faults", kind=kind, **how)
        return fault

    def hits(self, fault: dict[str, Any]) -> int:
        """Return how often a fault has struck."""
        return next(int(one["hits"]) for one in self.control("GET", "/faults") if one["id"] == fault["id"])

    def clear_faults(self) -> None:
        """Take all faults back."""
        self.control("DELETE", "/faults")

    def conditions(self, **changes: Any) -> None:
        """Change how the exchange behaves (`conditions.Conditions` lists what there is)."""
        self.control("PATCH", "/conditions", **changes)

    def price(self, symbol: str, price: str) -> None:
        """Trade a symbol at a price from now on."""
        self.control("POST", "/prices", symbol=symbol, price=price)

    def bar(self, symbol: str, open: str, high: str, low: str, close: str, **other: Any) -> dict[str, Any]:
        """Let a bar happen."""
        given: dict[str, Any] = {"symbol": symbol, "open": open, "high": high, "low": low, "close": close}
        bar: dict[str, Any] = self.control("POST", "/bars", **given, **other)
        return bar

    def clock(self, **change: Any) -> dict[str, Any]:
        """Change the market's clock (`at`, `advance`, `speed`), and return what it shows."""
        clock: dict[str, Any] = self.control("POST", "/clock", **change)
        return clock

    def place(self, client_order_id: str | None = None, environment: str = "paper", **order: Any) -> dict[str, Any]:
        """Place an order that Weaver knows nothing of."""
        placed: dict[str, Any] = self.control(
            "POST", "/orders", order=order, client_order_id=client_order_id, environment=environment
        )
        return placed

    def fill(self, order_id: str, environment: str = "paper", **how: Any) -> dict[str, Any]:
        """Fill an order by hand: `qty` and `price`, or all of it at the market's."""
        order: dict[str, Any] = self.control("POST", f"/orders/{order_id}/fill", environment=environment, **how)
        return order

    def set_status(
        self, order_id: str, status: str, event: str | None = None, environment: str = "paper"
    ) -> dict[str, Any]:
        """Bring an order to any status, and say an event of it on the stream."""
        to = {"status": status, "event": event, "environment": environment}
        order: dict[str, Any] = self.control("POST", f"/orders/{order_id}/status", **to)
        return order

    def streams(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return each stream's number of connections and of those that listen, by environment and name."""
        return {(one["environment"], one["stream"]): one for one in self.control("GET", "/streams")}

    def break_streams(self, how: str = "cut", stream: str = "trade_updates", environment: str = "paper") -> int:
        """Cut or mute the connections of a stream, and return how many there were."""
        return int(self.control("POST", "/streams/break", how=how, stream=stream, environment=environment)["broken"])

    def wait_for_listener(self, environment: str = "paper", stream: str = "trade_updates") -> None:
        """Wait until a client listens to a stream."""
        until(lambda: self.streams()[environment, stream]["listening"] > 0)


@contextlib.contextmanager
def local_alpaca(book: Path, *options: str) -> Iterator[LocalAlpaca]:
    """Give a running local Alpaca; it ends with the block, or with the process that started it."""
    server = LocalAlpaca(book, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def until(satisfied: Callable[[], bool], seconds: float = DEADLINE) -> None:
    """Wait until something holds, and fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not satisfied():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
