"""Runs over REST: create, list, start, stop, delete, and what they report."""

from typing import Any

import httpx
import pytest

from domain.ids import new_id
from interfaces.composition import Weaver
from tests.costs import NO_COSTS
from tests.interfaces.web.scenes import Served, described, new_backtest, record_backtest, record_run, require_error


def ready(api: httpx.Client, weaver: Weaver) -> dict[str, int]:
    return {"min_position": weaver.journal.head()}


def test_a_created_run_is_answered_whole_and_found_at_once(api: httpx.Client, weaver: Weaver) -> None:
    body = new_backtest(
        name="first",
        config={"fast": 5},
        initial_cash="2500.50",
        costs={"commission_bps": "2.5"},
        tags=["a", "b"],
        notes="why",
    )
    created = api.post("/runs", json=body)
    assert created.status_code == 201, created.text
    run = created.json()
    assert created.headers["location"] == f"/api/v1/runs/{run['id']}"
    assert int(created.headers["weaver-position"]) == run["position"] == weaver.journal.head()
    assert run["status"] == "pending"
    assert run["progress"] == 0
    assert run["config"]["fast"] == 5
    assert "slow" in run["config"], "defaults are recorded"
    assert run["initial_cash"] == "2500.5"
    assert run["costs"] == NO_COSTS | {"commission_bps": "2.5"}
    assert run["start_time"] == "2024-01-01T00:00:00Z"
    assert (run["name"], run["tags"], run["notes"]) == ("first", ["a", "b"], "why")
    assert (run["error"], run["stats"], run["risk"], run["started_at"]) == (None, None, {}, None)
    assert api.get(f"/runs/{run['id']}").json() == run


def test_venue_account_and_limits_of_a_run_show_as_they_were_recorded(api: httpx.Client, weaver: Weaver) -> None:
    body = new_backtest(
        venue="alpaca",
        volume_cap="5",
        account={"kind": "margin", "leverage": "4"},
        risk={"max_position": "2.5", "long_only": True},
    )
    run = api.post("/runs", json=body).json()
    costs = {"commission_bps": "25", "maker_bps": "15", "fee_in_base": True}
    assert (run["venue"], run["volume_cap"], run["costs"]) == ("alpaca", "5", NO_COSTS | costs)
    assert run["account"] == {"kind": "margin", "leverage": "4", "maintenance": "0.125"}
    assert run["risk"] == {"max_position": "2.5", "long_only": True}
    assert api.get(f"/runs/{run['id']}", params=ready(api, weaver)).json() == run


def test_the_events_of_a_command_carry_its_correlation_id(api: httpx.Client) -> None:
    created = api.post("/runs", json=new_backtest(), headers={"X-Correlation-ID": "from a test 1"})
    assert created.headers["x-correlation-id"] == "from a test 1"
    [event] = api.get(f"/runs/{created.json()['id']}/events").json()["items"]
    assert event["corr_id"] == "from a test 1"
    assert event["type"] == "run.created"
    assert event["id"] == f"{created.json()['id']}:1"


def test_a_run_that_completed_shows_its_figures_fills_orders_equity_and_events(
    api: httpx.Client, weaver: Weaver
) -> None:
    run_id = record_backtest(weaver, filled=3, cancelled=1)
    shown = ready(api, weaver)
    run = api.get(f"/runs/{run_id}", params=shown).json()
    assert (run["status"], run["progress"]) == ("completed", 1.0)
    assert run["stats"] == {
        "total_trades": 1,
        "winning_trades": 0,
        "total_pnl": "-0.5",
        "max_drawdown": 0.000005,
        "sharpe_ratio": None,
    }
    assert api.get(f"/runs/{run_id}/stats", params=shown).json() == {
        "total_trades": {"value": 1, "basis": "closed trades"},
        "winning_trades": {"value": 0, "basis": "closed trades with a profit"},
        "total_pnl": {"value": "-0.5", "basis": "final equity less initial cash"},
        "max_drawdown": {"value": 0.000005, "basis": "of bar closes"},
        "sharpe_ratio": {"value": None, "reason": "under 30 days"},
    }
    orders = api.get(f"/runs/{run_id}/orders", params=shown).json()
    assert [order["status"] for order in orders["items"]] == ["cancelled", "filled", "filled", "filled"]
    assert (orders["total"], orders["page"], orders["page_size"], orders["next_cursor"]) == (4, 1, 50, None)
    assert orders["items"][-1]["qty"] == "0.5"
    fills = api.get(f"/runs/{run_id}/fills", params=shown).json()
    assert [(fill["price"], fill["fee"]) for fill in fills["items"]] == [("100.1", "0.05005")] * 3
    curve = api.get(f"/runs/{run_id}/equity", params=shown).json()
    assert curve == {
        "total": 2,
        "items": [
            {"time": "2024-01-01T00:00:00Z", "equity": "100000.5", "cash": "100000.5", "drawdown": 0.0},
            {"time": "2024-01-01T01:00:00Z", "equity": "100000", "cash": "0", "drawdown": 0.5 / 100000.5},
        ],
    }
    part: dict[str, Any] = {"start": "2024-01-01T00:30:00Z", "end": "2024-01-01T02:00:00Z", "points": 10}
    assert api.get(f"/runs/{run_id}/equity", params=shown | part).json() == {"total": 1, "items": curve["items"][1:]}
    assert api.get(f"/runs/{run_id}/periods", params=shown).json() == {
        "by": "month",
        "items": [
            {
                "start": "2023-12-01T00:00:00Z",
                "end": "2024-01-01T00:00:00Z",
                "first": "100000.5",
                "last": "100000.5",
                "pnl": "0",
                "return": 0.0,
            },
            {
                "start": "2024-01-01T00:00:00Z",
                "end": "2024-02-01T00:00:00Z",
                "first": "100000.5",
                "last": "100000",
                "pnl": "-0.5",
                "return": -0.000005,
            },
        ],
    }
    events = api.get(f"/runs/{run_id}/events", params=shown | {"page_size": 500}).json()
    assert events["total"] == len(events["items"]) == 5 + 8
    assert [event["position"] for event in events["items"]] == sorted(event["position"] for event in events["items"])
    filled = api.get(f"/runs/{run_id}/events", params=shown | {"type": "order.filled"}).json()
    assert {event["type"] for event in filled["items"]} == {"order.filled"}
    assert filled["total"] == 3


def test_the_list_of_runs_is_filtered(api: httpx.Client, weaver: Weaver) -> None:
    tagged = record_run(weaver, tags=("night",), strategy_id="other")
    done = record_backtest(weaver)

    def found(**filters: str) -> list[str]:
        answer = api.get("/runs", params=filters | {"min_position": str(weaver.journal.head())})
        assert answer.status_code == 200, answer.text
        return [run["id"] for run in answer.json()["items"]]

    assert found() == [str(done), str(tagged)]
    assert found(tag="night") == found(strategy_id="other") == found(status="pending") == [str(tagged)]
    assert found(status="completed", mode="backtest") == [str(done)]
    assert found(mode="live") == []


def test_a_run_starts_once_and_stopping_again_changes_nothing(api: httpx.Client) -> None:
    run_id = api.post("/runs", json=new_backtest()).json()["id"]
    started = api.post(f"/runs/{run_id}/start")
    assert started.status_code == 202
    assert started.json() == {"run_id": run_id, "position": int(started.headers["weaver-position"])}
    require_error(api.post(f"/runs/{run_id}/start"), 409, "RUN_NOT_STARTABLE")
    require_error(api.delete(f"/runs/{run_id}"), 409, "CONFLICT")
    first, second = api.post(f"/runs/{run_id}/stop"), api.post(f"/runs/{run_id}/stop", json={})
    assert first.status_code == second.status_code == 202
    stops = api.get(f"/runs/{run_id}/events", params={"type": "run.stop_requested"}).json()
    assert stops["total"] == 1


def test_a_run_that_never_started_cannot_be_stopped_but_deleted(api: httpx.Client) -> None:
    run_id = api.post("/runs", json=new_backtest()).json()["id"]
    require_error(api.post(f"/runs/{run_id}/stop"), 409, "RUN_NOT_STOPPABLE")
    deleted = api.delete(f"/runs/{run_id}")
    assert deleted.status_code == 204
    assert deleted.content == b""
    require_error(
        api.get("/runs/" + run_id, params={"min_position": deleted.headers["weaver-position"]}), 404, "NOT_FOUND"
    )
    require_error(api.post(f"/runs/{run_id}/start"), 404, "NOT_FOUND")
    require_error(api.delete(f"/runs/{run_id}"), 404, "NOT_FOUND")


def test_what_belongs_to_no_run_is_not_found(api: httpx.Client) -> None:
    nobody = new_id()
    for path in ("", "/orders", "/fills", "/equity", "/periods", "/stats", "/events"):
        assert str(nobody) in require_error(api.get(f"/runs/{nobody}{path}"), 404, "NOT_FOUND")["message"]
    for command in ("start", "stop"):
        require_error(api.post(f"/runs/{nobody}/{command}"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": "paper"}, "a paper run trades from now on: it takes no start, end or bar files"),
        ({"mode": "live"}, "simulated takes no live runs: it takes paper runs"),
        ({"mode": "paper", "exchange": "alpaca"}, "alpaca takes no paper runs: it takes no runs"),
        ({"mode": "paper", "exchange": "alpace"}, "unknown exchange 'alpace': did you mean alpaca?"),
        ({"mode": "backtest", "exchange": "alpaca"}, "a backtest is simulated: leave out the exchange alpaca"),
        ({"mode": "backtest", "warmup_bars": 5}, "warmup_bars are for paper and live runs"),
    ],
)
def test_what_an_exchange_cannot_do_is_said(api: httpx.Client, changes: dict[str, Any], said: str) -> None:
    error = require_error(api.post("/runs", json=new_backtest(**changes)), 422, "VALIDATION_ERROR")
    assert said in error["message"]


def test_a_paper_run_needs_bars_to_play_back(api: httpx.Client) -> None:
    description = {"strategy_id": "sma_cross", "mode": "paper", "symbols": ["NOBODY/USD"], "timeframe": "1s"}
    error = require_error(api.post("/runs", json=description), 422, "VALIDATION_ERROR")
    assert "none of NOBODY/USD are stored" in error["message"]


def test_an_unknown_mode_says_which_there_are(api: httpx.Client) -> None:
    require_error(api.post("/runs", json=new_backtest(mode="Backtest")), 422, "INVALID_RUN_MODE")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strategy_id": "sma_crosss"}, "sma_cross"),
        ({"strategy_id": "/etc/passwd:Strategy"}, "strategy_id"),
        ({"strategy_id": None}, "strategy_id"),
        ({"mode": None}, "mode"),
        ({"symbols": None}, "symbols"),
        ({"symbols": []}, "symbols"),
        ({"symbols": ["NOPE"]}, "NOPE"),
        ({"symbols": ["BTC/USD", "btc/usd"]}, "each once"),
        ({"symbols": "BTC/USD"}, "symbols"),
        ({"timeframe": "7m"}, "5m"),
        ({"timeframe": None}, "1m"),
        ({"start_time": None}, "start_time"),
        ({"end_time": None}, "end_time"),
        ({"end_time": "2024-01-01T00:00:00Z"}, "before"),
        ({"end_time": "2024-01-20T00:00:00"}, "time zone"),
        ({"end_time": 1705708800}, "end_time"),
        ({"start_time": "2030-01-01", "end_time": "2031-01-01"}, "no bars"),
        ({"config": {"fasst": 3}}, "fast"),
        ({"config": {"fast": 0}}, "fast"),
        ({"config": {"fast": "many"}}, "fast"),
        ({"config": {"fast": 2**63}}, "config"),
        ({"config": {"fast": [1]}}, "config"),
        ({"initial_cash": "0"}, "initial_cash"),
        ({"initial_cash": "-1"}, "initial_cash"),
        ({"initial_cash": "1e5"}, "initial_cash"),
        ({"initial_cash": "1_000"}, "initial_cash"),
        ({"initial_cash": True}, "initial_cash"),
        ({"initial_cash": 10**30}, "initial_cash"),
        ({"costs": {"commission_bps": "10000"}}, "commission_bps"),
        ({"costs": {"commission": "10"}}, "commission"),
        ({"costs": {"slippage_impact": "1"}}, "slippage_impact"),
        ({"venue": "nasdaq"}, "unknown venue"),
        ({"volume_cap": "101"}, "volume_cap"),
        ({"account": {"kind": "loan"}}, "kind"),
        ({"account": {"kind": "margin", "leverage": "0.5"}}, "leverage"),
        ({"account": {"kind": "margin", "maintenance": "0.9"}}, "maintenance"),
        ({"risk": {"max_drawdown": "1.5"}}, "max_drawdown"),
        ({"risk": {"max_open_orders": 0}}, "max_open_orders"),
        ({"risk": {"max_positon": "1"}}, "max_positon"),
        ({"colour": "red"}, "colour"),
        ({"bar_files": [{"symbol": "X", "path": "/etc/passwd"}]}, "bar_files"),
    ],
)
def test_a_run_that_cannot_be_meant_is_refused_with_the_reason(
    lasting_api: httpx.Client, lasting_server: Served, changes: dict[str, Any], words: str
) -> None:
    before = lasting_server.weaver.journal.head()
    error = require_error(lasting_api.post("/runs", json=new_backtest(**changes)), 422, "VALIDATION_ERROR")
    assert words in error["message"]
    assert lasting_server.weaver.journal.head() == before, "nothing is recorded"


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ('"100000.10"', "100000.1"),
        ("0.1", "0.1"),
        ("100000", "100000"),
        ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
        ("1e3", "1000"),
    ],
)
def test_amounts_are_recorded_to_the_last_digit_however_they_are_written(
    lasting_api: httpx.Client, given: str, recorded: str
) -> None:
    text = httpx.Request("POST", "http://x", json=new_backtest(initial_cash="CASH")).content
    body = text.replace(b'"CASH"', given.encode())
    created = lasting_api.post("/runs", content=body, headers={"Content-Type": "application/json"})
    assert created.status_code == 201, created.text
    assert created.json()["initial_cash"] == recorded
    assert lasting_api.get(f"/runs/{created.json()['id']}").json()["initial_cash"] == recorded


def test_progress_of_a_run_is_what_was_last_heard_of_it(server: Served, api: httpx.Client) -> None:
    weaver = server.weaver
    run_id = record_run(weaver)
    shown = ready(api, weaver)
    assert api.get(f"/runs/{run_id}", params=shown).json()["progress"] == 0
    weaver.broadcast.progress(run_id, 0.375)
    assert api.get(f"/runs/{run_id}", params=shown).json()["progress"] == 0.375


def test_a_description_shows_in_the_answer_as_it_was_recorded(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver, symbols=("BTC/USD", "ETH/USD"), notes="ein Läufer ✓")
    run = api.get(f"/runs/{run_id}", params=ready(api, weaver)).json()
    recorded = described()
    assert run["symbols"] == ["BTC/USD", "ETH/USD"]
    assert run["notes"] == "ein Läufer ✓"
    assert run["initial_cash"] == str(recorded.initial_cash).rstrip("0")
    assert run["costs"] == NO_COSTS | {"commission_bps": "10"}
