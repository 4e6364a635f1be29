"""What is there before a page's first command: bars, runs, a server, an Alpaca that stands in; and what names mean."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from domain.market import Bars, Timeframe, from_microseconds
from interfaces.composition import database
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.sample_bars import sample_bars
from interfaces.settings import Settings
from tests.alpaca_server.client import local_alpaca
from tests.architecture.test_docs import DOCS
from tests.docs.blocks import write_file
from tests.system.weaver_process import WeaverServer, clean_environment, free_port, wait_until

HOUR = 3_600_000_000
FILE_BARS, HOURS = 5 * 1440, 180 * 24
DOCUMENTED = "127.0.0.1:8000"


class Scene:
    """The directory, the home and the names of one page. Everything it starts ends with the stack."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.directory, self.home = directory / "work", directory / "home"
        self.directory.mkdir()
        self.home.mkdir()
        self.stack = stack
        self.settings: dict[str, str] = {"WEAVER_PORT": str(free_port())}
        # held for the whole page, or every command would start and stop the embedded database
        self.database_url = stack.enter_context(database(Settings.read(home=self.home, database_url="")))
        self._known: dict[str, str] = {}

    def set_up(self, names: list[str]) -> None:
        """Make each of the named parts, in their order."""
        for name in names:
            assert name in PARTS, f"no scene {name!r}: there are {', '.join(PARTS)}"
            PARTS[name](self)

    @property
    def environment(self) -> dict[str, str]:
        """The variables a command gets."""
        return clean_environment(self.home, **self.settings)

    def weaver(self, *arguments: str) -> str:
        """Run one command that must succeed and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "weaver", *arguments],
            env=self.environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"weaver {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def asked(self, *arguments: str) -> Any:
        """Return the JSON a command prints."""
        return json.loads(self.weaver(*arguments, "--json"))

    def resolved(self, command: str) -> str:
        """Return the command with the page's placeholders replaced by what they stand for here."""
        text = re.sub(
            r"(?<=/)(run|order|sweep)s/\{id\}", lambda found: f"{found[1]}s/{found[1].upper()}", self.placed(command)
        )
        return re.sub(rf"\b({'|'.join(MEANINGS)})\b", lambda found: self._meaning(found[1]), text)

    def placed(self, text: str) -> str:
        """Return the text with the address of this page's server where the page has the usual one."""
        return text.replace(DOCUMENTED, f"127.0.0.1:{self.settings['WEAVER_PORT']}")

    def forget(self, command: str) -> None:
        """Let RUN mean the run that a command has just made, where it has made one."""
        if re.search(r"weaver (run create|backtest|demo)", command):
            for name in ("RUN", "ORDER", "POSITION"):
                self._known.pop(name, None)

    def _meaning(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = MEANINGS[name](self)
        return self._known[name]


def _write_bars(scene: Scene) -> None:
    bars, rows = sample_bars(days=5), ["timestamp,open,high,low,close,volume"]
    for i in range(FILE_BARS):
        columns = (bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i])
        rows.append(f"{_iso(from_microseconds(int(bars.time[i])))},{','.join(repr(float(one)) for one in columns)}")
    (scene.directory / "bars.csv").write_text("\n".join(rows) + "\n")


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _store_bars(scene: Scene) -> None:
    """Minutes and hours of two symbols; the hours are minutes told slowly, so that half a year of them is there."""
    store = BarStore(scene.database_url)
    for symbol, seed in (("BTC/USD", 7), ("ETH/USD", 8)):
        minutes = sample_bars(symbol, days=5, seed=seed)
        store.save(minutes, "csv")
        store.save(_slowed(minutes), "csv")


def _slowed(minutes: Bars) -> Bars:
    n = HOURS
    time = minutes.time[0] + np.arange(n, dtype=np.int64) * HOUR
    columns = (minutes.open[:n], minutes.high[:n], minutes.low[:n], minutes.close[:n], minutes.volume[:n])
    return Bars(minutes.symbol, Timeframe.parse("1h"), time, *columns)


def _demo(scene: Scene) -> None:
    """What `make demo` stores: a month of minutes of SAMPLE/USD, and a backtest."""
    scene.weaver("demo", "--once")


def _crossover(scene: Scene) -> None:
    """The strategy that the tutorial on strategies has its reader write."""
    page = DOCS / "tutorials" / "first-strategy.md"
    write_file(page, "crossover.py", scene.directory)


def _backtest(scene: Scene) -> None:
    options = ["--symbol", "BTC/USD", "--timeframe", "1m", "--param", "quantity=10"]
    scene.weaver("backtest", "sma_cross", *options)


def _sweep(scene: Scene) -> None:
    options = ["--grid", "fast=5:10:5", "--grid", "slow=20:40:20", "--workers", "1"]
    scene.weaver("sweep", "sma_cross", "--symbol", "BTC/USD", "--timeframe", "1h", *options)


def _server(scene: Scene) -> None:
    """A server beside the page's commands, with the settings made so far."""
    server = WeaverServer(scene.home, **scene.settings)
    scene.settings["WEAVER_PORT"] = str(server.port)
    scene.stack.enter_context(server)


def _paper_run(scene: Scene) -> None:
    """A paper run at the simulated exchange that has traded; needs `server`."""
    options = ["--symbol", "BTC/USD", "--timeframe", "1s", "--mode", "paper", "--warmup-bars", "60"]
    parameters = ["--param", "fast=2", "--param", "slow=3", "--param", "quantity=1"]
    run = scene.asked("run", "create", "sma_cross", *options, *parameters)["run_id"]
    scene.weaver("run", "start", run)

    def has_traded() -> bool:
        return bool(scene.asked("orders", "list", "--run", run, "--status", "filled"))

    wait_until(has_traded, 60, "the paper run of the scene has traded")


def _alpaca(scene: Scene) -> None:
    """An Alpaca in a process of its own, and Weaver's settings that lead to it and its two accounts."""
    local = scene.stack.enter_context(local_alpaca(scene.home / "alpaca.jsonl"))
    scene.settings |= local.settings()


PARTS: Mapping[str, Callable[[Scene], None]] = {
    "bars": _write_bars,
    "stored bars": _store_bars,
    "demo": _demo,
    "crossover": _crossover,
    "backtest": _backtest,
    "sweep": _sweep,
    "server": _server,
    "paper run": _paper_run,
    "alpaca": _alpaca,
}


def _run(scene: Scene) -> str:
    return next(str(one["id"]) for one in scene.asked("run", "list") if one["forked_from"] is None)


def _order(scene: Scene) -> str:
    return str(scene.asked("orders", "list", "--run", scene.resolved("RUN"))[0]["id"])


def _position(scene: Scene) -> str:
    """Of an event in the middle of the run."""
    told = scene.weaver("events", "tail", "--run", scene.resolved("RUN"), "--json").splitlines()
    return str(json.loads(told[len(told) // 2])["position"])


def _journal(scene: Scene, name: str) -> str:
    return str(scene.asked("verify")[name])


# What the words in capitals of a page's commands stand for.
MEANINGS: Mapping[str, Callable[[Scene], str]] = {
    "RUN": _run,
    "ORDER": _order,
    "SWEEP": lambda scene: str(scene.asked("sweeps", "list")[0]["id"]),
    "TRIAL": lambda _: "1",
    "POSITION": _position,
    "NEWEST": lambda scene: _journal(scene, "position"),
    "DIGEST": lambda scene: _journal(scene, "digest"),
}
