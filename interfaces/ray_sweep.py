"""Trials of a sweep on a Ray cluster: its nodes trade, this process hands out the trials and records how they end.

A node needs Weaver installed and nothing else: bars and strategy files go there with the first trial, and no node sees
the database. A node that dies costs nothing but time: Ray runs its trials again elsewhere, and a trial is a function of
what it was given.
"""

import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from application.clock import WallClock
from application.sweep_bars import begin, trial_market
from application.sweeping import ended, finished, run_again, without_parameters
from application.trial import TrialMarket, TrialResult, TrialRunner
from application.trial_book import TrialBook
from domain.errors import InvalidInput, Refused
from domain.objective import Objective
from domain.run import RunCreated
from domain.sweep import TrialEnded, TrialStarted
from interfaces.run_claims import DatabaseRunClaims
from interfaces.strategy_catalog import FileStrategyCatalog

if TYPE_CHECKING:
    from interfaces.composition import Weaver

WAIT_SECONDS = 0.5
CONNECT_SECONDS = 5.0
MAX_FILES_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class TrialTask:
    """What a node must know of all trials of a sweep. files: the user's strategy files, by name; none are needed for
    bundled and installed strategies.
    """

    sweep_id: UUID
    store_id: UUID
    run: RunCreated
    objective: Objective
    files: Mapping[str, bytes]


def run_on_ray(weaver: "Weaver", sweep_id: UUID, address: str, workers: int | None) -> None:
    """Run the sweep on the cluster at that address until no trial is left; raise InvalidInput without Ray or a cluster.

    workers: how many trials at once, by default as many as the cluster has cores.
    """
    # Ray tells of dead workers on stdout, which is for what was asked
    with redirect_stdout(sys.stderr):
        _run(weaver, _ray(), sweep_id, address, workers)


def _run(weaver: "Weaver", ray: Any, sweep_id: UUID, address: str, workers: int | None) -> None:  # noqa: ANN401
    _require_listener(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", namespace="weaver")
    except (ConnectionError, ValueError) as error:
        raise InvalidInput(f"there is no Ray cluster at {address}: {error}") from None
    claims = DatabaseRunClaims(weaver.database_url)
    try:
        book = TrialBook(sweep_id, weaver.journal, claims, weaver.clock)
        if book.created.pruning:
            raise Refused("trials are pruned by what the others came to, which nodes do not see: leave --prune out")
        market = trial_market(weaver.journal, book.created.run, weaver.bars, weaver.calendar)
        begin(sweep_id, weaver.journal, market, weaver.clock)
        cores = int(ray.cluster_resources().get("CPU", 1))
        _hand_out(weaver, ray, book, claims, market, workers or cores)
    finally:
        claims.close()
        ray.shutdown()


def _require_listener(address: str) -> None:
    """Raise InvalidInput if nobody listens at `host:port`: Ray itself would go on trying for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        return  # auto, or a name of Ray's own
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise InvalidInput(
            f"there is no Ray cluster at {address}: {getattr(error, 'strerror', None) or error}"
        ) from None


def _hand_out(
    weaver: "Weaver",
    ray: Any,  # noqa: ANN401 - an optional package
    book: TrialBook,
    claims: DatabaseRunClaims,
    market: TrialMarket,
    at_once: int,
) -> None:
    run = book.created.run
    files = _strategy_files(run.strategy_id, weaver.settings.strategies_dir)
    task = ray.put(TrialTask(book.sweep.id, weaver.journal.store_id, run, book.created.objective, files))
    bars = ray.put(market)
    trial_on_node, result_on_node = ray.remote(_ended_here), ray.remote(_run_again_here)
    at_work: dict[Any, TrialStarted] = {}

    def again(number: int) -> TrialResult:
        result: TrialResult = ray.get(result_on_node.remote(task, bars, book.pages.started[number]))
        return result

    while True:
        while len(at_work) < at_once and (trial := book.next()) is not None:
            if (end := without_parameters(book, trial, weaver.clock)) is not None:
                book.end(end)
            else:
                at_work[trial_on_node.remote(task, bars, trial)] = trial
        if not at_work:
            book.refresh()
            if not book.is_wanted or (book.all_ended and finished(book, claims, weaver.clock, again)):
                return
        done, _ = ray.wait(list(at_work), num_returns=1, timeout=WAIT_SECONDS) if at_work else ([], [])
        for reference in done:
            del at_work[reference]
            book.end(ray.get(reference))


def _ended_here(task: TrialTask, market: TrialMarket, trial: TrialStarted) -> TrialEnded:
    """On a node: run a trial and return how it ended."""
    return ended(_runner(task, market), task.run, trial, WallClock())


def _run_again_here(task: TrialTask, market: TrialMarket, trial: TrialStarted) -> TrialResult:
    """On a node: return the whole result of a completed trial."""
    return run_again(_runner(task, market), task.run, trial)


def _runner(task: TrialTask, market: TrialMarket) -> TrialRunner:
    kind = _strategy(task.sweep_id, task.run.strategy_id, task.run.strategy_version, tuple(task.files.items()))
    return TrialRunner(kind, market, task.objective, task.store_id)


@lru_cache(1)
def _strategy(sweep_id: UUID, strategy_id: str, version: str, files: tuple[tuple[str, bytes], ...]) -> Any:  # noqa: ANN401
    """The strategy's class, from the files that came with the task; loaded once for all trials of a process."""
    directory = Path(tempfile.mkdtemp(prefix="weaver-strategies-"))
    for name, text in files:
        (directory / name).write_bytes(text)
    path, suffix, wanted = strategy_id.rpartition(".py")
    if path:
        strategy_id = f"{directory / Path(path + suffix).name}{wanted}"
    return FileStrategyCatalog(directory).load(strategy_id, version)


def _strategy_files(strategy_id: str, strategies_dir: Path) -> dict[str, bytes]:
    """The Python files of the directory the strategy is found in; raise InvalidInput for too much of them."""
    path, suffix, _ = strategy_id.rpartition(".py")
    directory = Path(path + suffix).parent if path else strategies_dir
    files = {file.name: file.read_bytes() for file in sorted(directory.glob("*.py"))} if directory.is_dir() else {}
    if sum(map(len, files.values())) > MAX_FILES_BYTES:
        raise InvalidInput(f"the Python files of {directory} are too large to be sent to nodes: move the strategy")
    return files


def _ray() -> Any:  # noqa: ANN401 - an optional package
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError:
        raise InvalidInput("--ray needs Ray: pip install 'weaver-trading[ray]'") from None
    return ray
