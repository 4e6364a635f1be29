"""Forks over REST: created from a run as it was, started if that is wanted, refused with the reason."""

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from application.runs import load_run
from domain.events import Chain
from domain.ids import new_id
from domain.market import Timeframe
from interfaces.composition import Weaver
from tests.application.paper_scene import PaperScene
from tests.application.test_forks import prices
from tests.interfaces.web.scenes import new_backtest, require_error
from tests.system.paper_trading import BUSY

CHAIN = Chain("scene", "scene", actor="test")


@pytest.fixture
def parent(api: httpx.Client, weaver: Weaver) -> dict[str, Any]:
    """A backtest that has begun."""
    body = new_backtest(name="parent", config={"fast": 5}, risk={"max_position": "3", "long_only": True})
    made: dict[str, Any] = api.post("/runs", json=body).json()
    run = load_run(weaver.journal, UUID(made["id"]))
    run.request_start(weaver.clock.now())
    bars = weaver.bars.load("BTC/USD", Timeframe.parse("1h"), run.created.start_time, run.created.end_time)
    run.start(weaver.clock.now(), len(bars), {"BTC/USD": bars.content_hash()})
    weaver.journal.record(run, run_id=run.id, chain=CHAIN)
    return made


def test_a_fork_is_its_parent_but_for_what_was_asked(api: httpx.Client, weaver: Weaver, parent: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"parameters": {"slow": 40}, "costs": {"slippage_bps": "3"}, "name": "what if"}
    asked["risk"] = {"max_position": None}
    answer = api.post(f"/runs/{parent['id']}/fork", json=asked)
    assert answer.status_code == 201, answer.text
    fork = answer.json()
    assert answer.headers["location"] == f"/api/v1/runs/{fork['id']}"
    assert int(answer.headers["weaver-position"]) == fork["position"] == weaver.journal.head()
    assert fork["config"] == parent["config"] | {"slow": 40}
    assert fork["costs"] == parent["costs"] | {"slippage_bps": "3"}
    assert (fork["risk"], fork["name"], fork["mode"]) == ({"long_only": True}, "what if", "backtest")
    assert (fork["start_time"], fork["symbols"]) == (parent["start_time"], parent["symbols"])
    assert fork["forked_from"] == {"run_id": parent["id"], "position": parent["position"], "moment": None}
    shown = api.get(f"/runs/{fork['id']}", params={"min_position": fork["position"]}).json()
    assert shown == fork
    assert api.get(f"/runs/{parent['id']}").json()["forked_from"] is None
    listed = api.get("/runs").json()["items"]
    assert {one["id"]: one["forked_from"] for one in listed}[fork["id"]] == fork["forked_from"]


def test_a_fork_is_made_once_and_started_if_that_is_wanted(
    api: httpx.Client, weaver: Weaver, parent: dict[str, Any]
) -> None:
    key = {"Idempotency-Key": "fork-1"}
    one, two = (api.post(f"/runs/{parent['id']}/fork", json={"start": True}, headers=key) for _ in range(2))
    assert (one.status_code, two.status_code) == (201, 201)
    assert one.json() == two.json()
    assert two.headers["idempotent-replayed"] == "true"
    assert load_run(weaver.journal, UUID(one.json()["id"])).start_requested
    other = api.post(f"/runs/{parent['id']}/fork", json={}).json()
    assert not load_run(weaver.journal, UUID(other["id"])).start_requested


def test_what_cannot_be_forked_is_refused(api: httpx.Client, weaver: Weaver, parent: dict[str, Any]) -> None:
    never = api.post("/runs", json=new_backtest()).json()
    url = f"/runs/{parent['id']}/fork"
    require_error(api.post(f"/runs/{new_id()}/fork", json={}), 404, "NOT_FOUND")
    require_error(api.post(f"/runs/{never['id']}/fork", json={}), 409, "CONFLICT")
    for body in ({"position": 0}, {"position": weaver.journal.head() + 1}, {"position": never["position"]}):
        require_error(api.post(url, json=body), 422, "VALIDATION_ERROR")
    for body in ({"parameters": {"no": 1}}, {"risk": {"no": 1}}, {"strategy_id": "nowhere"}, {"mode": "live"}):
        require_error(api.post(url, json=body), 422, "VALIDATION_ERROR")


def test_the_lines_of_a_paper_runs_fork_are_those_of_its_tape(
    api: httpx.Client, weaver: Weaver, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "strategies").mkdir(exist_ok=True)
    scene = PaperScene(database_url, tmp_path / "strategies", "busy", BUSY)
    scene.begin()
    scene.trade(prices(6))
    fork = api.post(f"/runs/{scene.id}/fork", json={"start": True})
    assert fork.status_code == 201, fork.text
    scene.execute(UUID(fork.json()["id"]))
    ready = {"min_position": weaver.journal.head()}
    shown = api.get(f"/runs/{fork.json()['id']}/indicators", params=ready).json()
    assert shown == api.get(f"/runs/{scene.id}/indicators", params=ready).json()
    assert len(shown["items"][0]["series"][0]["values"]) == 6
    scene.close()
