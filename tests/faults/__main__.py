"""`python -m tests.faults`: trials of the whole matrix, or a sample of it, against a deadline."""

import argparse
import itertools
import os
import random
import secrets
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from interfaces.database import migrate
from interfaces.embedded_postgres import EmbeddedPostgres
from tests.faults.matrix import KILLS, PHASES, Trial, trials
from tests.faults.trial import Verdict, conduct
from tests.postgres_servers import fresh_database

TEMPLATE = "weaver_faults_template"
_numbers = itertools.count(1)


def main() -> int:
    """Hold the trials; return 1 if any failed."""
    given = _arguments()
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    chosen = _chosen(trials(seed), given)
    print(f"{len(chosen)} trials, seed {seed}, {given.jobs} at once", flush=True)
    deadline = time.monotonic() + 60 * given.minutes
    with _databases() as server_url:
        verdicts = list(_held(chosen, server_url, given.jobs, deadline, given.stories))
    _print_table(verdicts)
    failed = [one for one in verdicts if one.wrong]
    for one in failed:
        print(f"failed: {one.trial}: python -m tests.faults --seed {seed} --trial {one.trial.number}")
    if len(verdicts) < len(chosen):
        print(f"time is up: {len(chosen) - len(verdicts)} trials were not held")
    seconds = sum(one.seconds for one in verdicts)
    print(
        f"{len(verdicts)} trials, {len(failed)} failed, seed {seed} ({seconds / max(len(verdicts), 1):.1f} s a trial)"
    )
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="decides when processes are killed, and which trials a sample has")
    parser.add_argument("--trial", type=int, action="append", help="hold this trial alone; may be given again")
    parser.add_argument("--trials", type=int, help="hold a sample of so many instead of all")
    parser.add_argument("--plan", help="hold those whose plan has this in its name")
    parser.add_argument("--jobs", type=int, default=2, help="trials at once")
    parser.add_argument("--minutes", type=float, default=180.0, help="begin none after so many minutes")
    parser.add_argument("--stories", type=Path, help="a directory for the stories of trials that failed")
    return parser.parse_args()


def _chosen(every: Sequence[Trial], given: argparse.Namespace) -> list[Trial]:
    chosen = [one for one in every if given.plan is None or given.plan in str(one)]
    if given.trial:
        return [one for one in chosen if one.number in given.trial]
    if given.trials is None or given.trials >= len(chosen):
        return chosen
    return random.Random(every[0].seed).sample(chosen, given.trials)


@contextmanager
def _databases() -> Iterator[str]:
    """Give the URL of a server with a migrated template on it."""
    with tempfile.TemporaryDirectory(prefix="weaver-faults-") as home:
        with EmbeddedPostgres(Path(home) / "postgres") as server:
            with fresh_database(server.url, TEMPLATE) as url:
                migrate(url)
                yield server.url


def _held(
    chosen: Sequence[Trial], server_url: str, jobs: int, deadline: float, stories: Path | None
) -> Iterator[Verdict]:
    """Hold the trials, some at once, and tell of each as it ends."""
    printing = threading.Lock()

    def hold(trial: Trial) -> Verdict | None:
        if time.monotonic() > deadline:
            return None
        verdict = hold_one(trial, server_url)
        with printing:
            _tell(verdict, stories)
        return verdict

    with ThreadPoolExecutor(jobs) as pool:
        yield from (verdict for verdict in pool.map(hold, chosen) if verdict is not None)


def hold_one(trial: Trial, server_url: str) -> Verdict:
    """Hold one trial on a fresh database."""
    name = f"weaver_faults_{os.getpid()}_{next(_numbers)}"
    with tempfile.TemporaryDirectory(prefix="weaver-trial-", ignore_cleanup_errors=True) as directory:
        with fresh_database(server_url, name, TEMPLATE) as url:
            return conduct(trial, Path(directory), url)


def _tell(verdict: Verdict, stories: Path | None) -> None:
    outcome = "failed" if verdict.wrong else "ok"
    print(f"{outcome:6} {verdict.seconds:5.1f} s  struck {verdict.struck}  {verdict.trial}", flush=True)
    if not verdict.wrong:
        return
    whole = "\n".join([f"=== {verdict.trial}, seed {verdict.trial.seed}", *verdict.wrong, verdict.story])
    if stories is None:
        print(whole, flush=True)
    else:
        stories.mkdir(parents=True, exist_ok=True)
        (stories / f"{verdict.trial.number}.txt").write_text(whole + "\n")
        print("\n".join(f"       {line[:300]}" for line in verdict.wrong), flush=True)


def _print_table(verdicts: Sequence[Verdict]) -> None:
    """Print how many of how many held, by phase and kill, and the slowest."""
    held, all_of = defaultdict[tuple[str, str], int](int), Counter[tuple[str, str]]()
    for one in verdicts:
        cell = one.trial.plan.phase, one.trial.kill
        all_of[cell] += 1
        held[cell] += not one.wrong
    print(f"\n{'':12}" + "".join(f"{'kill ' + kill:>14}" for kill in KILLS))
    for phase in PHASES:
        cells = (f"{held[phase, kill]} of {all_of[phase, kill]}" for kill in KILLS)
        print(f"{phase:12}" + "".join(f"{cell:>14}" for cell in cells))
    unstruck = [str(one.trial.number) for one in verdicts if not one.struck]
    print(f"trials in which no fault struck: {', '.join(unstruck) or 'none'}")


if __name__ == "__main__":
    sys.exit(main())
