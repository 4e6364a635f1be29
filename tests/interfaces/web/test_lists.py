"""Lists over REST: pages, cursors, orders and fills across runs, bars, strategies, and answers fresh enough."""

import base64
import time
from decimal import Decimal
from typing import Any

import httpx
import pytest

from domain.ids import new_id
from domain.money import exact, plain
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import CHAIN, bars, orders_of, record_backtest, record_run, require_error


def followed(api: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """Return every item of a list, cursor by cursor."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        answer = api.get(path, params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["page"] == (None if cursor else 1)
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items
        assert len(page["items"]) == page["page_size"]


@pytest.mark.parametrize("page_size", [1, 3, 7, 50])
def test_cursors_and_page_numbers_show_each_item_once(api: httpx.Client, weaver: Weaver, page_size: int) -> None:
    run_id = record_backtest(weaver, filled=5, cancelled=2)
    shown = {"min_position": weaver.journal.head(), "page_size": page_size}
    for path, count in ((f"/runs/{run_id}/orders", 7), (f"/runs/{run_id}/fills", 5), (f"/runs/{run_id}/events", 19)):
        items = followed(api, path, **shown)
        assert len(items) == count
        pages = [
            api.get(path, params=shown | {"page": number}).json() for number in range(1, -(-count // page_size) + 1)
        ]
        assert [item for page in pages for item in page["items"]] == items
        assert {page["total"] for page in pages} == {count}
        assert pages[-1]["next_cursor"] is None
        beyond = api.get(path, params=shown | {"page": 1_000}).json()
        assert (beyond["items"], beyond["total"], beyond["next_cursor"]) == ([], count, None)


def test_a_cursor_stays_where_it_was_while_the_list_grows(api: httpx.Client, weaver: Weaver) -> None:
    old = [record_run(weaver) for _ in range(4)]
    params = {"page_size": 2, "min_position": weaver.journal.head()}
    first = api.get("/runs", params=params).json()
    record_run(weaver)
    params = {"page_size": 2, "min_position": weaver.journal.head(), "cursor": first["next_cursor"]}
    second = api.get("/runs", params=params).json()
    shown = [run["id"] for run in first["items"] + second["items"]]
    assert shown == [str(run_id) for run_id in reversed(old)]


def test_a_cursor_is_good_for_its_own_list_alone(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver, filled=4, cancelled=0)
    shown = {"min_position": weaver.journal.head(), "page_size": 2}
    cursor = api.get(f"/runs/{run_id}/orders", params=shown | {"side": "buy", "page_size": 1}).json()["next_cursor"]
    same = api.get(f"/runs/{run_id}/orders", params=shown | {"side": "buy", "cursor": cursor})
    assert same.status_code == 200

    def refused(path: str, **params: Any) -> None:
        require_error(api.get(path, params=shown | params), 400, "BAD_REQUEST")

    refused(f"/runs/{run_id}/orders", cursor=cursor)
    refused(f"/runs/{run_id}/orders", cursor=cursor, side="sell")
    refused(f"/runs/{run_id}/fills", cursor=cursor)
    refused("/orders", cursor=cursor, side="buy")
    refused(f"/runs/{run_id}/orders", cursor=cursor + "=", side="buy")
    refused(f"/runs/{run_id}/orders", cursor="ä€", side="buy")
    refused(f"/runs/{run_id}/orders", cursor=base64.b64encode(b'{"before": 1}').decode(), side="buy")
    for place in range(len(cursor)):
        other = "A" if cursor[place] != "A" else "B"
        refused(f"/runs/{run_id}/orders", cursor=cursor[:place] + other + cursor[place + 1 :], side="buy")


def test_orders_of_all_runs_are_filtered(api: httpx.Client, weaver: Weaver) -> None:
    first, second = record_backtest(weaver, filled=2, cancelled=0), record_backtest(weaver, filled=1, cancelled=1)
    shown = {"min_position": weaver.journal.head()}

    def found(**filters: Any) -> int:
        answer = api.get("/orders", params=shown | filters)
        assert answer.status_code == 200, answer.text
        total: int = answer.json()["total"]
        return total

    assert found() == 4
    assert found(run_id=str(first)) == found(run_id=str(second)) == 2
    assert found(status="cancelled") == 1
    assert found(side="buy") == found(side="sell") == 2
    assert found(symbol="ETH/USD") == 0
    assert found(start="2024-01-01T01:00:00Z") == 2
    assert found(end="2024-01-01T02:00:00+01:00") == 2
    assert found(start="2024-01-01", end="2024-01-02") == 4
    assert api.get("/fills", params=shown).json()["total"] == 3
    assert api.get("/fills", params=shown | {"run_id": str(second)}).json()["total"] == 1


def test_one_order_tells_its_whole_story(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver, filled=1, cancelled=0)
    shown = {"min_position": weaver.journal.head()}
    [listed] = api.get("/orders", params=shown).json()["items"]
    order = api.get(f"/orders/{listed['id']}", params=shown).json()
    events = order.pop("events")
    assert order == listed
    assert order["run_id"] == str(run_id)
    assert (order["qty"], order["filled_qty"], order["filled_avg_price"]) == ("0.5", "0.5", "100.1")
    assert (order["created_at"], order["filled_at"]) == ("2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z")
    assert [event["type"] for event in events] == ["order.created", "order.filled"]
    assert events[0]["payload"]["qty"] == "0.50"
    assert {event["corr_id"] for event in events} == {CHAIN.correlation_id}
    require_error(api.get(f"/orders/{new_id()}"), 404, "NOT_FOUND")


def test_candles_are_decimals_in_order_of_time(api: httpx.Client, weaver: Weaver) -> None:
    stored = bars()
    params: dict[str, Any] = {"symbol": "BTC/USD", "timeframe": "1h"}
    answer = api.get("/candles", params=params).json()
    assert (answer["timeframe"], answer["seconds"]) == ("1h", 3_600)
    everything = answer["items"]
    assert len(everything) == 500
    assert everything[0]["timestamp"] == "2024-01-01T00:00:00Z"
    assert [Decimal(candle["close"]) for candle in everything] == [
        Decimal(repr(float(close))) for close in stored.close
    ]
    assert everything[0]["volume"] == "2.5"
    window = {"start": "2024-01-02", "end": "2024-01-02T03:00:00Z"}
    assert [candle["timestamp"] for candle in api.get("/candles", params=params | window).json()["items"]] == [
        f"2024-01-02T0{hour}:00:00Z" for hour in range(3)
    ]
    assert api.get("/candles", params=params | {"limit": 2}).json()["items"] == everything[-2:]
    nothing = {"timeframe": "1h", "seconds": 3_600, "items": []}
    assert api.get("/candles", params=params | {"start": "2030-01-01"}).json() == nothing
    assert api.get("/candles", params=params | {"start": "2030-01-01", "points": 9}).json() == nothing
    assert "BTC/USD" in require_error(api.get("/candles?symbol=NOPE&timeframe=1h"), 404, "NOT_FOUND")["message"]


def test_a_whole_range_is_shown_in_as_many_candles_as_there_is_room_for(api: httpx.Client, weaver: Weaver) -> None:
    stored = bars()
    params: dict[str, Any] = {"symbol": "BTC/USD", "timeframe": "1h"}
    whole = api.get("/candles", params=params | {"points": 500}).json()
    assert whole == api.get("/candles", params=params).json()
    fewer = api.get("/candles", params=params | {"points": 25}).json()
    assert (fewer["timeframe"], fewer["seconds"]) == ("1d", 86_400)
    assert len(fewer["items"]) == 21
    first = fewer["items"][0]
    assert first == {
        "symbol": "BTC/USD",
        "timeframe": "1d",
        "timestamp": "2024-01-01T00:00:00Z",
        "open": plain(exact(float(stored.open[0]))),
        "high": plain(exact(float(stored.high[:24].max()))),
        "low": plain(exact(float(stored.low[:24].min()))),
        "close": plain(exact(float(stored.close[23]))),
        "volume": "60",
        "trade_count": None,
    }
    day = {"start": "2024-01-02", "end": "2024-01-03", "points": 12}
    assert [one["timestamp"][:13] for one in api.get("/candles", params=params | day).json()["items"]] == [
        f"2024-01-02T{hour:02}" for hour in range(0, 24, 2)
    ]
    assert (
        "BTC/USD" in require_error(api.get("/candles?symbol=NOPE&timeframe=1h&points=9"), 404, "NOT_FOUND")["message"]
    )


def test_symbols_say_what_is_stored(api: httpx.Client, weaver: Weaver) -> None:
    weaver.bars.save(bars(3, "ETH/USD", "1m"), "test")
    answer = api.get("/symbols").json()
    assert answer["total"] == 2
    assert answer["items"][-1] == {
        "symbol": "ETH/USD",
        "timeframe": "1m",
        "bars": 3,
        "start_time": "2024-01-01T00:00:00Z",
        "end_time": "2024-01-01T00:03:00Z",
        "source": "test",
    }
    assert [item["symbol"] for item in followed(api, "/symbols", page_size=1)] == ["BTC/USD", "ETH/USD"]


def test_strategies_come_with_the_json_schema_of_their_parameters(api: httpx.Client, weaver: Weaver) -> None:
    weaver.settings.strategies_dir.mkdir()
    (weaver.settings.strategies_dir / "broken.py").write_text("import nothing_of_that_name\n")
    listed = {found["name"]: found for found in api.get("/strategies").json()["items"]}
    one = api.get("/strategies/sma_cross").json()
    assert listed["sma_cross"] == one
    assert one["parameters"]["additionalProperties"] is False
    assert one["parameters"]["properties"]["fast"]["type"] == "integer"
    assert one["error"] is None
    broken = next(found for name, found in listed.items() if "broken" in name)
    assert broken["error"]
    assert broken["parameters"] is None
    error = require_error(api.get("/strategies/sma_crosss"), 404, "NOT_FOUND")
    assert "sma_cross" in error["message"]


def test_an_answer_shows_at_least_the_position_asked_for(api: httpx.Client, weaver: Weaver) -> None:
    for _ in range(30):
        run_id = record_run(weaver)
        answer = api.get(f"/runs/{run_id}", params={"min_position": weaver.journal.head()})
        assert answer.status_code == 200, answer.text


def test_a_position_that_does_not_come_is_given_up_with_the_lag(api: httpx.Client, weaver: Weaver) -> None:
    record_run(weaver)
    head = weaver.journal.head()
    api.get("/runs", params={"min_position": head})
    began = time.monotonic()
    error = require_error(api.get("/runs", params={"min_position": head + 7}), 503, "SERVICE_UNAVAILABLE")
    assert 4 < time.monotonic() - began < 8
    behind = error["details"]["behind"]
    assert behind == {"runs": {"position": head, "lag": 7, "state": "following"}}
    require_error(api.get("/info", params={"min_position": head + 7}), 503, "SERVICE_UNAVAILABLE")


def test_waiting_for_a_position_keeps_nobody_else_waiting(api: httpx.Client, weaver: Weaver) -> None:
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(60) as many, httpx.Client(base_url=api.base_url, timeout=20) as other:
        waiting = [
            many.submit(httpx.get, f"{api.base_url}runs", params={"min_position": 99}, timeout=20) for _ in range(60)
        ]
        began = time.monotonic()
        assert other.get("/runs").status_code == 200
        assert time.monotonic() - began < 3
        assert {future.result().status_code for future in waiting} == {503}


def test_a_big_page_of_orders_arrives(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver)
    weaver.journal.append_batch(orders_of(weaver, run_id, filled=500, cancelled=0), run_id, CHAIN)
    answer = api.get("/orders", params={"page_size": 500, "min_position": weaver.journal.head()}).json()
    assert len(answer["items"]) == answer["total"] == 500


def test_what_happened_is_listed_in_sentences_newest_first(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver, name="the first")
    record_backtest(weaver)
    assert api.post(f"/runs/{run_id}/start").status_code == 202
    assert api.post("/halt", json={"reason": "a test"}).status_code == 202
    shown = {"min_position": weaver.journal.head(), "page_size": 2}
    told = followed(api, "/activity", **shown)
    assert [one["position"] for one in told] == sorted((one["position"] for one in told), reverse=True)
    assert (told[0]["severity"], told[0]["message"], told[0]["run_id"]) == ("error", "Trading halted: a test", None)
    of_run = followed(api, "/activity", run_id=str(run_id), **shown)
    assert [(one["type"], one["run_id"]) for one in of_run] == [
        ("run.start_requested", str(run_id)),
        ("run.created", str(run_id)),
    ]
    assert "the first" in of_run[1]["message"]
    assert followed(api, "/activity", severity="error", **shown) == told[:1]
    require_error(api.get("/activity", params={"severity": "fatal"}), 422, "VALIDATION_ERROR")
