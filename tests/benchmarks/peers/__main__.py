"""`make bench-peers`: measure Weaver and its peers on the same bars, one after the other, and print the table."""

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path
from time import monotonic

from tests.benchmarks.peers.measuring import Result, measured
from tests.benchmarks.peers.roster import read_peers
from tests.benchmarks.peers.table import disturbed, markdown
from tests.benchmarks.year_of_minutes import MINUTES_A_YEAR, write_csv, write_parquet, year_of_minutes

MINUTES_ALLOWED = 24.0


def main() -> None:
    """Print the table to stdout, progress and warnings to stderr; a peer that fails is a row of the table."""
    parser = argparse.ArgumentParser(prog="make bench-peers", description=__doc__)
    parser.add_argument("--bars", type=int, default=MINUTES_A_YEAR, help="how many one-minute bars")
    parser.add_argument("--only", action="append", metavar="PEER", help="measure this peer; may be given several times")
    parser.add_argument("--minutes", type=float, default=MINUTES_ALLOWED, help="when to give up on what is left")
    given = parser.parse_args()
    deadline = monotonic() + given.minutes * 60
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder) / "minutes.csv"
        bars = year_of_minutes(given.bars)
        write_csv(bars, csv)
        write_parquet(bars, csv.with_suffix(".parquet"))
        for peer in read_peers():
            if given.only and peer.name not in given.only:
                continue
            print(f"{peer.name} …", file=sys.stderr, flush=True)
            results += measured(peer, csv, deadline)
    cores, python = os.cpu_count(), platform.python_version()
    print(f"{given.bars:,} one-minute bars, Python {python}, {platform.machine()}, {cores} cores\n")
    print(markdown(results))
    for warning in disturbed(results):
        print(warning, file=sys.stderr)


if __name__ == "__main__":
    main()
