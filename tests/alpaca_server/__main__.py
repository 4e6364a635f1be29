"""`python -m tests.alpaca_server`: a local Alpaca as a process of its own."""

import argparse
import asyncio
import os
import sys
import threading
from pathlib import Path

from tests.alpaca_server.bar_files import read_bars
from tests.alpaca_server.conditions import Conditions
from tests.alpaca_server.exchange import Exchange, Keys
from tests.alpaca_server.server import serve
from tests.alpaca_server.times import parsed

KEYS: Keys = {"paper": ("PKLOCALPAPER", "paper-secret"), "live": ("AKLOCALLIVE", "live-secret")}


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not (name and found and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.alpaca_server", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 takes a free one; the line printed names it")
    add("--book", type=Path, help="the file the book is kept in; the same file goes on where it ended")
    add("--seed", type=int, default=0, help="of prices, partial fills and the chance of faults")
    add("--start", type=parsed, help="the time the market's clock begins at (RFC 3339); now if not given")
    add("--speed", type=float, default=1.0, help="market seconds a wall second; 60 makes a second a minute")
    add("--bars", type=_pair, action="append", default=[], help="SYMBOL=FILE.csv: what that symbol does")
    add("--set", type=_pair, action="append", default=[], help="NAME=VALUE: a condition, as conditions.py names it")
    add("--paper-key", type=_pair, default=KEYS["paper"], help="ID=SECRET")
    add("--live-key", type=_pair, default=KEYS["live"], help="ID=SECRET")
    add("--ends-with-stdin", action="store_true", help="end when stdin is closed, as by a parent's death")
    return parser.parse_args()


def main() -> None:
    """Serve until a signal ends it."""
    given = _arguments()
    exchange = Exchange(
        given.book,
        {"paper": given.paper_key, "live": given.live_key},
        seed=given.seed,
        start=given.start,
        speed=given.speed,
        conditions=Conditions().changed(dict(given.set)) if given.set else None,
        bars=[bar for symbol, path in given.bars for bar in read_bars(symbol, Path(path))],
    )
    if given.ends_with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    asyncio.run(serve(exchange, given.port))


def _end_with_stdin() -> None:
    """Leave at once when whoever started the process is gone: the book is on disk, and nobody waits for a farewell."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
