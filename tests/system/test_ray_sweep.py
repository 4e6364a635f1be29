"""A sweep on a Ray cluster of two nodes: the same table as without, whoever dies."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from tests.system.test_sweep_command import GRID, MARKET, OWN
from tests.system.weaver_process import clean_environment, wait_until, weaver

pytest.importorskip("ray", reason="Ray is not installed")

START_SECONDS = 100
# In a process of its own, which ends with the line to it.
CLUSTER = """
import sys
from ray.cluster_utils import Cluster

node = {"num_cpus": 1, "object_store_memory": 100_000_000}
cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
cluster.add_node(**node)
print("address", cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""
OWN_STRATEGY = '''
from neighbour import EVERY

from weaver import Context, Strategy, parameter


class Own(Strategy):
    """Buys at every so many bars, and sells at the next."""

    n: int = parameter(10, ge=2)

    def on_bar(self, ctx: Context) -> None:
        if len(ctx.bars()) % (self.n * EVERY) == 0:
            ctx.buy(1)
        elif ctx.position().quantity:
            ctx.close()
'''


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}
    cluster = subprocess.Popen(
        [sys.executable, "-c", CLUSTER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert cluster.stdout is not None
    assert cluster.stdin is not None
    of_cluster = psutil.Process(cluster.pid)
    try:
        told = next((line.split() for line in cluster.stdout if line.startswith("address ")), None)
        assert told is not None, "the cluster did not start"
        yield told[1]
    finally:
        left = of_cluster.children(recursive=True)
        cluster.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            cluster.wait(30)
        for one in [of_cluster, *left]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        cluster.wait(10)
        cluster.stdout.close()


def came_to(home: Path, *arguments: str) -> dict[str, Any]:
    done = weaver(home, "sweep", *arguments, "--top", "500", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    trials = [{name: one[name] for name in one if name not in OWN} for one in found["best_trials"]]
    return {"trials": trials, "guards": found["guards"], "best": found["best"]}


@pytest.mark.timeout(300)
def test_a_cluster_of_two_nodes_comes_to_the_same_table_although_a_worker_is_killed(home: Path, address: str) -> None:
    here = came_to(home, *MARKET, *GRID)
    command = [sys.executable, "-m", "weaver", "sweep", *MARKET, *GRID, "--ray", address, "--top", "500", "--json"]
    process = subprocess.Popen(
        command, env=clean_environment(home), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )

    def worker() -> int | None:
        for one in psutil.process_iter(["cmdline"]):
            if "ray::_ended_here" in " ".join(one.info["cmdline"] or ()):
                return int(one.pid)
        return None

    os.kill(wait_until(worker, 100, "a node is at work"), signal.SIGKILL)
    out, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    found = json.loads(out)
    trials = [{name: one[name] for name in one if name not in OWN} for one in found["best_trials"]]
    assert {"trials": trials, "guards": found["guards"], "best": found["best"]} == here


@pytest.mark.timeout(300)
def test_a_strategy_of_the_users_goes_to_the_nodes_with_the_files_beside_it(home: Path, address: str) -> None:
    (home / "own_ray.py").write_text(OWN_STRATEGY)
    (home / "neighbour.py").write_text("EVERY = 3\n")
    arguments = (f"{home / 'own_ray.py'}:Own", *MARKET[1:], "--grid", "n=2:8:3", "--objective", "total_return")
    here = came_to(home, *arguments)
    assert {trial["status"] for trial in here["trials"]} == {"completed"}
    assert came_to(home, *arguments, "--ray", address) == here


@pytest.mark.timeout(120)
def test_a_cluster_that_is_not_there_is_one_line(home: Path) -> None:
    done = weaver(home, "sweep", *MARKET, "--grid", "fast=5", "--ray", "127.0.0.1:1")
    assert done.returncode == 2
    assert "there is no Ray cluster at 127.0.0.1:1" in done.stderr
