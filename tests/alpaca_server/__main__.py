"""`python -m tests.alpaca_server`: a local Alpaca as a process of its own."""

import argparse
import asyncio
import os
import sys
import threading
from pathlib import Path

from tests.alpaca_server.conditions import Conditions
from tests.alpaca_server.exchange import Exchange, Keys
from tests.alpaca_server.server import serve
from tests.alpaca_server.times import parsed

KEYS: Keys = {"paper": ("PKLOCALPAPER", "paper-secret"), "live": ("AKLOCALLIVE", "live-secret")}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.alpaca_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the line printed names it")
    parser.add_argument("--book", type=Path, help="the file the book is kept in; the same file goes on where it ended")
    parser.add_argument("--seed", type=int, default=0, help="of prices, partial fills and the chance of faults")
    parser.add_argument("--start", help="the time the market's clock begins at (RFC 3339); now if not given")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="market seconds a wall second; 60 makes a second a minute"
    )
    parser.add_argument(
        "--ends-with-stdin", action="store_true", help="end when stdin is closed, as by a parent's death"
    )
    return parser.parse_args()


def main() -> None:
    """Serve until a signal ends it."""
    given = _arguments()
    exchange = Exchange(
        given.book,
        KEYS,
        seed=given.seed,
        start=parsed(given.start) if given.start else None,
        speed=given.speed,
        conditions=Conditions(),
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
