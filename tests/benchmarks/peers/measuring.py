"""One peer's processes, run to their end or to their limit: a measurement for each, or the reason why there is none."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import msgspec

from tests.benchmarks.peers.roster import PACKAGE, ROOT, NotInstalled, Peer, environment, last_line

INSTALL_SECONDS = 300.0
RUN_SECONDS = 300.0
# The workload is for one core; these libraries would start a thread for each.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer printed: seconds of its best trial, and what the strategy did in it."""

    peer: str
    version: str
    bars: int
    orders: int
    trades: int
    seconds: float
    processor_seconds: float | None
    bars_per_second: float
    final_equity: float
    note: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A peer without a figure, and why."""

    peer: str
    reason: str


type Result = Measurement | Failure


def measured(peer: Peer, csv: Path, deadline: float) -> list[Result]:
    """Return the results of each of the peer's processes; nothing that happens to them is raised.

    csv: the bars. deadline: of `time.monotonic`, for all of it, installation included.
    """
    try:
        python = environment(peer, min(INSTALL_SECONDS, _left(deadline)))
    except NotInstalled as error:
        return [Failure(peer=peer.name, reason=str(error))]
    results: list[Result] = []
    for arguments in peer.runs:
        words = [str(python), "-W", "ignore", "-m", f"{PACKAGE}.{peer.module}", str(csv), *arguments]
        results += run_process(" ".join((peer.name, *arguments)), words, min(RUN_SECONDS, _left(deadline)))
    return results


def run_process(name: str, words: Sequence[str], seconds: float) -> list[Result]:
    """Return the last measurement of each name that the process prints, or one failure."""
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=_surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=seconds)
        reason = f"ended with {process.returncode}: {last_line(err)}" if process.returncode else ""
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        reason = f"not finished after {seconds:.0f} s"
    found = {line.peer: line for line in _measurements(out)}
    if not found:
        return [Failure(peer=name, reason=reason or "printed no measurement")]
    if reason:
        return [msgspec.structs.replace(one, note=f"{one.note}; one trial: {reason}") for one in found.values()]
    return list(found.values())


def _surroundings() -> dict[str, str]:
    # without compiled files every process would compile its libraries again, which takes longer than measuring them
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | ONE_THREAD


def _measurements(out: str) -> list[Measurement]:
    return [msgspec.json.decode(line, type=Measurement) for line in out.splitlines() if line.startswith('{"peer"')]


def _left(deadline: float) -> float:
    return max(1.0, deadline - monotonic())
