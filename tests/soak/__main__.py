"""`python -m tests.soak`: a paper run on second bars, backtests and clients of the event stream, for a long time."""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.interfaces.market_data.bar_files import sample_file
from tests.soak.watch import Soaked
from tests.system.event_clients import StreamWatcher
from tests.system.paper_trading import BUSY, events_of
from tests.system.weaver_process import WeaverServer, wait_until, weaver

SYMBOL = "TEST/USD"
SAMPLE_SECONDS, BACKTEST_SECONDS, SETTLE_SECONDS = 1.0, 20.0, 30.0
LOOK_SECONDS = 0.1


def main() -> int:
    """Soak, print what was seen, and return 1 if anything is not as it should be."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="weaver-soak-") as directory:
        soaked = soak(Path(directory), 60 * given.minutes, given.clients)
    width = max(len(name) for name, _ in soaked.table())
    for name, value in soaked.table():
        print(f"{name:<{width}}  {value}")
    complaints = soaked.wrong() + soaked.slow()
    for one in complaints:
        print(f"not as it should be: {one}")
    print("the soak found nothing" if not complaints else f"the soak found {len(complaints)} faults")
    return 1 if complaints else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long to soak")
    parser.add_argument("--clients", type=int, default=50, help="clients of the event stream")
    return parser.parse_args()


def soak(home: Path, seconds: float, clients: int) -> Soaked:
    """Return what was seen in so many seconds on a server of its own under `home`."""
    (home / "strategies").mkdir()
    (home / "strategies" / "busy.py").write_text(BUSY)
    _import_bars(home)
    soaked = Soaked()
    with WeaverServer(home, WEAVER_LOG_FORMAT="json", WEAVER_RATE_LIMIT="0") as server:
        run_id = server.create_run(mode="paper", symbols=[SYMBOL], timeframe="1s", strategy_id="busy")
        server.start_run(run_id)
        wait_until(lambda: events_of(server, run_id, "tape.ticked") or None, 60.0, "the paper run ticks")
        asyncio.run(_watch(server, seconds, clients, soaked))
        soaked.run_status = server.get(f"/runs/{run_id}")["status"]
        ticks = events_of(server, run_id, "tape.ticked")
        soaked.ticks = len(ticks)
        first, last = (datetime.fromisoformat(ticks[place]["payload"]["at"]) for place in (0, -1))
        soaked.boundaries = round((last - first).total_seconds()) + 1
    soaked.take_log(server.log.read_text().splitlines())
    verified = weaver(home, "verify")
    soaked.verified = "" if verified.returncode == 0 else f"{verified.stdout}{verified.stderr}".strip()
    return soaked


def _import_bars(home: Path) -> None:
    file = sample_file(home / "bars.csv", days=30)
    done = weaver(home, "data", "import", str(file), "--symbol", SYMBOL, "--timeframe", "1m")
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, "weaver data import", done.stdout, done.stderr)


async def _watch(server: WeaverServer, seconds: float, clients: int, soaked: Soaked) -> None:
    """Let everything run, look at it every second, and stop the paper run when the time is up."""
    watchers = [StreamWatcher(server.port) for _ in range(clients)]
    tasks = [asyncio.create_task(watcher.watch()) for watcher in watchers]
    trading = asyncio.create_task(_backtests(server, soaked, time.monotonic() + seconds))
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        processes = await asyncio.to_thread(server.get, "/system/processes")
        metrics = await asyncio.to_thread(server.api.get, "/metrics")
        soaked.sample(processes["items"], metrics.text)
        await asyncio.sleep(SAMPLE_SECONDS)
    soaked.seconds = time.monotonic() - began
    await trading
    await asyncio.to_thread(_stop_runs, server)
    soaked.head = server.get("/info")["journal_position"]
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_SECONDS):
            await asyncio.gather(*(_told(watcher, soaked.head) for watcher in watchers))
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    soaked.positions = [watcher.positions for watcher in watchers]


async def _told(watcher: StreamWatcher, head: int) -> None:
    """Return when a client was told everything."""
    for _ in iter(lambda: watcher.positions[-1:] == [head], True):
        await asyncio.sleep(LOOK_SECONDS)


def _stop_runs(server: WeaverServer) -> None:
    for run in server.get("/runs", status="running")["items"]:
        server.api.post(f"/api/v1/runs/{run['id']}/stop")
        server.wait_for_end(run["id"])


async def _backtests(server: WeaverServer, soaked: Soaked, until: float) -> None:
    """Backtest every twenty seconds, one after the other."""
    start, end = _covered(server)
    while time.monotonic() < until:
        began = time.monotonic()
        run = {"symbols": [SYMBOL], "timeframe": "1m", "start_time": start, "end_time": end}
        run_id = await asyncio.to_thread(lambda: server.create_run(**run))  # noqa: B023 - awaited before the next
        await asyncio.to_thread(server.start_run, run_id)
        ended = await asyncio.to_thread(server.wait_for_end, run_id)
        soaked.backtests[ended["status"]] += 1
        await asyncio.sleep(max(0.0, min(began + BACKTEST_SECONDS, until) - time.monotonic()))


def _covered(server: WeaverServer) -> tuple[Any, Any]:
    [stored] = [one for one in server.get("/symbols")["items"] if one["symbol"] == SYMBOL]
    return stored["start_time"], stored["end_time"]


if __name__ == "__main__":
    sys.exit(main())
