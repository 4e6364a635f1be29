"""Sweeps over HTTP: create, watch, stop, resume, look at trials, and make a run of one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.events import Recorded
from domain.ids import new_id
from domain.sweep import Sweep, Trial, TrialEnded, TrialFailed, TrialPart, TrialStarted, WalkForward, trial_stream_id
from domain.walk_forward import WalkForwardWindow, out_of_sample_curve, stitched
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import CHAIN, described, new_backtest, require_error
from tests.projections.sweep_facts import MARCH, sweep_created, trial_completed

DAY = timedelta(days=1)


def new_sweep(**changes: Any) -> dict[str, Any]:
    """Return the body that creates a grid of six; a change to None leaves the field out."""
    body = new_backtest(mode=None, vary={"fast": "5:15:5", "slow": "30,60"}) | changes
    return {name: value for name, value in body.items() if value is not None}


def record(weaver: Weaver, aggregate: Sweep | Trial, sweep_id: UUID) -> None:
    """Record what was triggered on a sweep or a trial."""
    events: list[Recorded] = list(aggregate.collect_events())
    weaver.journal.append_batch(events, sweep_id, CHAIN)


def record_trial(
    weaver: Weaver,
    sweep_id: UUID,
    ended: TrialEnded,
    parameters: dict[str, Any],
    *,
    window: int = 0,
    part: TrialPart = "whole",
) -> None:
    """Record the life of a trial."""
    trial = Trial(trial_stream_id(sweep_id, ended.number))
    trial.start(
        TrialStarted(at=MARCH, sweep_id=sweep_id, number=ended.number, parameters=parameters, window=window, part=part)
    )
    trial.end(ended)
    record(weaver, trial, sweep_id)


@pytest.fixture
def searched(weaver: Weaver) -> UUID:
    """A sweep of which three trials were completed, one with too few trades to count, and one failed."""
    sweep = Sweep(new_id())
    sweep.trigger(sweep_created(described(parameters={})))
    sweep.start(MARCH, 500, {"BTC/USD": "ff"}, ())
    record(weaver, sweep, sweep.id)
    for number, (fast, slow, total_return, trades) in enumerate(
        [(5, 30, 0.01, 2), (5, 60, 0.03, 2), (10, 30, 0.09, 0)]
    ):
        ended = trial_completed(sweep.id, number, total_return, trades=trades)
        record_trial(weaver, sweep.id, ended, {"fast": fast, "slow": slow})
    failed = TrialFailed(at=MARCH, sweep_id=sweep.id, number=3, code="STRATEGY_ERROR", message="boom")
    record_trial(weaver, sweep.id, failed, {"fast": 10, "slow": 60})
    return sweep.id


def fresh(weaver: Weaver) -> dict[str, int]:
    """Return the parameters that make an answer show all that was recorded."""
    return {"min_position": weaver.journal.head()}


def test_a_sweep_is_created_and_shown_as_it_was_described(api: httpx.Client, weaver: Weaver) -> None:
    body = new_sweep(
        config={"quantity": "0.5"},
        costs={"commission_bps": "2.5"},
        objective="max_drawdown",
        direction="minimize",
        constraints=["trades>=3"],
        walk_forward={"in_sample": 5, "out_of_sample": 2, "anchored": True},
        name="first",
    )
    created = api.post("/sweeps", json=body)
    assert created.status_code == 201, created.text
    sweep = created.json()
    assert created.headers["location"] == f"/api/v1/sweeps/{sweep['id']}"
    position = int(created.headers["weaver-position"])
    assert (sweep["name"], sweep["status"], sweep["method"], sweep["position"]) == (
        "first",
        "running",
        "grid",
        position,
    )
    assert [(one["name"], one["values"]) for one in sweep["dimensions"]] == [("fast", [5, 10, 15]), ("slow", [30, 60])]
    assert sweep["trials_a_window"] == 6
    assert (sweep["trials"], sweep["best"], sweep["best_value"], sweep["guards"]) == (None, None, None, None)
    assert sweep["constraints"] == [{"figure": "trades", "relation": ">=", "bound": 3.0}]
    assert (sweep["objective"], sweep["direction"]) == ("max_drawdown", "minimize")
    assert sweep["walk_forward"] == {"in_sample": 5, "out_of_sample": 2, "anchored": True}
    assert sweep["config"]["quantity"] == "0.5"
    assert not sweep["config"].keys() & {"fast", "slow"}, "what is varied has no value of its own"
    assert sweep["costs"]["commission_bps"] == "2.5"
    shown = api.get(f"/sweeps/{sweep['id']}", params=fresh(weaver)).json()
    assert shown == sweep | {"stitched": None}
    assert api.get("/sweeps", params={"strategy_id": "sma_cross"}).json()["items"] == [sweep]
    assert api.get("/sweeps", params={"status": "stopped"}).json()["total"] == 0


def test_a_sweep_is_created_once_for_a_key(api: httpx.Client) -> None:
    key = {"Idempotency-Key": "sweep-1"}
    first = api.post("/sweeps", json=new_sweep(), headers=key)
    again = api.post("/sweeps", json=new_sweep(), headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    assert api.get("/sweeps").json()["total"] == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vary": {"fats": "5:15:5"}}, "no parameter 'fats'"),
        ({"vary": {"fast": "5:15:0"}}, "a range goes up"),
        ({"vary": {}}, "vary"),
        ({"config": {"fast": 3}}, "fast is varied"),
        ({"strategy_id": "nothing"}, "strategy_id"),
        ({"objective": "sharp_ratio"}, "sharpe_ratio"),
        ({"constraints": ["trades"]}, "no constraint"),
        ({"start_time": None}, "start_time"),
        ({"method": "tpe"}, "how many trials"),
        ({"trials": 5}, "a grid has a trial for each combination"),
        ({"walk_forward": {"in_sample": 0, "out_of_sample": 2}}, "in_sample"),
        ({"mode": "backtest"}, "mode"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_do(
    lasting_api: httpx.Client, changes: dict[str, Any], said: str
) -> None:
    assert (
        said
        in require_error(lasting_api.post("/sweeps", json=new_sweep(**changes)), 422, "VALIDATION_ERROR")["message"]
    )


def test_a_sweep_is_stopped_and_resumed(api: httpx.Client, weaver: Weaver) -> None:
    sweep_id = api.post("/sweeps", json=new_sweep()).json()["id"]
    for act, status in (("stop", "stopped"), ("stop", "stopped"), ("resume", "running")):
        answer = api.post(f"/sweeps/{sweep_id}/{act}")
        assert (answer.status_code, answer.json()["sweep_id"]) == (202, sweep_id)
        shown = api.get(f"/sweeps/{sweep_id}", params={"min_position": answer.headers["weaver-position"]})
        assert shown.json()["status"] == status


def test_a_sweep_that_has_ended_is_neither_stopped_nor_resumed(api: httpx.Client, weaver: Weaver) -> None:
    sweep = Sweep(new_id())
    sweep.trigger(sweep_created(described(parameters={})))
    sweep.fail(MARCH, "BARS_UNAVAILABLE", "no bars")
    record(weaver, sweep, sweep.id)
    for act in ("stop", "resume"):
        require_error(api.post(f"/sweeps/{sweep.id}/{act}"), 409, "CONFLICT")
    shown = api.get(f"/sweeps/{sweep.id}", params=fresh(weaver)).json()
    assert shown["error"] == {"code": "BARS_UNAVAILABLE", "message": "no bars"}


def test_trials_are_listed_by_number_and_the_best_first(api: httpx.Client, weaver: Weaver, searched: UUID) -> None:
    def numbers(**query: Any) -> list[int]:
        answer = api.get(f"/sweeps/{searched}/trials", params=fresh(weaver) | query).json()
        return [trial["number"] for trial in answer["items"]]

    assert numbers() == [0, 1, 2, 3]
    assert numbers(order="best") == [1, 0, 2, 3], "what misses a constraint comes after what counts"
    assert numbers(order="best", page=2, page_size=3) == [3]
    assert numbers(status="error") == [3]
    assert numbers(part="in_sample") == []
    best = api.get(f"/sweeps/{searched}/trials", params={"order": "best", "page_size": 1}).json()
    assert (best["total"], best["page"], best["page_size"]) == (4, 1, 1)
    [trial] = best["items"]
    assert trial["parameters"] == {"fast": 5, "slow": 60}
    assert (trial["value"], trial["feasible"], trial["final_equity"]) == (0.03, True, "100123.45")
    assert trial["figures"] == {"total_return": 0.03, "total_pnl": "123.45", "sharpe_ratio": None}
    sweep = api.get(f"/sweeps/{searched}").json()
    assert (sweep["best"], sweep["best_value"], sweep["completed"], sweep["failed"]) == (1, 0.03, 3, 1)


def test_the_surface_holds_every_trial_that_was_searched(api: httpx.Client, weaver: Weaver, searched: UUID) -> None:
    surface = api.get(f"/sweeps/{searched}/surface", params=fresh(weaver)).json()
    assert surface["total"] == 4
    assert surface["items"][0] == {
        "number": 1,
        "window": 0,
        "status": "completed",
        "parameters": {"fast": 5, "slow": 60},
        "value": 0.03,
        "feasible": True,
    }
    assert [one["feasible"] for one in surface["items"]] == [True, True, False, None]


def test_a_walk_shows_its_parts_put_together_once_all_are_traded(api: httpx.Client, weaver: Weaver) -> None:
    windows = tuple(WalkForwardWindow(MARCH + n * DAY, MARCH + (n + 3) * DAY, MARCH + (n + 4) * DAY) for n in range(2))
    sweep = Sweep(new_id())
    sweep.trigger(sweep_created(described(parameters={}), trials=1, walk_forward=WalkForward(3, 1)))
    sweep.start(MARCH, 500, {"BTC/USD": "ff"}, windows)
    record(weaver, sweep, sweep.id)
    equity = ((100_000.5, 110_000.55), (90_000.45, 50_000.25))
    times = [tuple(bounds.split + place * DAY / 2 for place in (1, 2)) for bounds in windows]
    for window in range(2):
        assert api.get(f"/sweeps/{sweep.id}", params=fresh(weaver)).json()["stitched"] is None
        searched = trial_completed(sweep.id, 2 * window, 0.1)
        record_trial(weaver, sweep.id, searched, {"fast": 5}, window=window, part="in_sample")
        traded = trial_completed(sweep.id, 2 * window + 1, 0.1, times=times[window], equity=equity[window])
        record_trial(weaver, sweep.id, traded, {"fast": 5}, window=window, part="out_of_sample")
    shown = api.get(f"/sweeps/{sweep.id}", params=fresh(weaver)).json()
    curves = [out_of_sample_curve(*part) for part in zip(windows, times, equity, strict=True)]
    expected = stitched(curves, 100_000.5)
    assert shown["stitched"]["equity"] == [100_000.5, *expected.equity.tolist()]
    assert shown["stitched"]["equity"][-1] == pytest.approx(100_000.5 * 1.1 * 0.5, rel=1e-5)
    assert len(shown["stitched"]["times"]) == 5
    assert [shown["stitched"]["times"][place] for place in (0, 4)] == ["2024-03-04T00:00:00Z", "2024-03-06T00:00:00Z"]
    surface = api.get(f"/sweeps/{sweep.id}/surface").json()["items"]
    assert {(one["number"], one["window"]) for one in surface} == {(0, 0), (2, 1)}
    assert api.get(f"/sweeps/{sweep.id}/surface", params={"window": 1}).json()["total"] == 1


def test_a_trial_becomes_a_run_with_its_parameters(api: httpx.Client, searched: UUID) -> None:
    promoted = api.post(f"/sweeps/{searched}/trials/1/promote")
    assert promoted.status_code == 201, promoted.text
    run = promoted.json()
    assert promoted.headers["location"] == f"/api/v1/runs/{run['id']}"
    assert (run["name"], run["status"], run["tags"]) == ("a sweep #1", "pending", ["sweep"])
    assert run["config"] == {"fast": 5, "slow": 60}
    shown = api.get(f"/runs/{run['id']}", params={"min_position": promoted.headers["weaver-position"]})
    assert shown.json() == run


def test_a_trial_is_promoted_and_started_once_for_a_key(api: httpx.Client, searched: UUID) -> None:
    answers = [
        api.post(
            f"/sweeps/{searched}/trials/0/promote",
            json={"start": True, "name": "chosen"},
            headers={"Idempotency-Key": "promote-0"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    run = answers[0].json()
    assert run["name"] == "chosen"
    events = api.get(f"/runs/{run['id']}/events").json()["items"]
    assert [event["type"] for event in events] == ["run.created", "run.start_requested"]


def test_what_is_not_there_or_was_not_completed_is_said(api: httpx.Client, searched: UUID) -> None:
    nobody = new_id()
    for path in (f"/sweeps/{nobody}", f"/sweeps/{nobody}/trials", f"/sweeps/{nobody}/surface"):
        assert str(nobody) in require_error(api.get(path), 404, "NOT_FOUND")["message"]
    for path in (f"/sweeps/{nobody}/stop", f"/sweeps/{nobody}/resume", f"/sweeps/{searched}/trials/9/promote"):
        require_error(api.post(path), 404, "NOT_FOUND")
    assert (
        "was not completed"
        in require_error(api.post(f"/sweeps/{searched}/trials/3/promote"), 409, "CONFLICT")["message"]
    )
