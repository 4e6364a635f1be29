"""`GET /runs/{id}/indicators`: what a strategy declared, with the values it read, at the candles of a chart."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest

from domain.declared_indicators import DeclaredIndicator
from domain.events import Recorded
from domain.indicators import rsi, sma
from domain.market import from_microseconds
from domain.run import BarFile
from domain.run_log import LogIndicatorsDeclared, log_stream_id
from domain.tape import TapeBackfilled, TapeBar, TapeTicked, tape_stream_id
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import CHAIN, HOUR, START, bars, record_backtest, record_run, require_error

SYMBOL = "BTC/USD"


def declare(weaver: Weaver, run_id: UUID, *declared: DeclaredIndicator) -> None:
    event = LogIndicatorsDeclared(at=START, run_id=run_id, indicators=declared)
    weaver.journal.append_batch([Recorded(log_stream_id(run_id), 1, event)], run_id, CHAIN)


def bundled(function: str, *inputs: str, timeframe: str = "1h", **changes: Any) -> DeclaredIndicator:
    return DeclaredIndicator(SYMBOL, timeframe, function, inputs, is_bundled=True, **changes)


def shown(api: httpx.Client, weaver: Weaver, run_id: UUID, **parameters: Any) -> dict[str, Any]:
    given = {"min_position": weaver.journal.head()} | parameters
    answer = api.get(f"/runs/{run_id}/indicators", params=given)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def plain(column: np.ndarray[Any, Any]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in column]


def test_a_backtests_lines_are_those_its_strategy_read(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver)
    declare(
        weaver,
        run_id,
        bundled("sma", "close", arguments=(10,)),
        bundled("rsi", "close", keywords={"length": 5}),
        bundled("sma", "1.0", arguments=(3,)),
        bundled("bollinger", "close", series=3),
        DeclaredIndicator(SYMBOL, "1h", "mine", ("close",)),
        DeclaredIndicator("ETH/USD", "1h", "sma", ("close",), (10,), is_bundled=True),
    )
    body = shown(api, weaver, run_id)
    source = bars()
    assert (body["symbol"], body["timeframe"], body["seconds"], len(body["times"])) == (SYMBOL, "1h", 3_600, 500)
    assert body["times"][0] == "2024-01-01T00:00:00Z"
    assert [(one["label"], one["pane"], [part["name"] for part in one["series"]]) for one in body["items"]] == [
        ("sma(close, 10)", 0, [""]),
        ("rsi(close, length=5)", 1, [""]),
        ("sma(rsi(close, length=5), 3)", 1, [""]),
        ("bollinger(close)", 0, ["lower", "middle", "upper"]),
        ("mine(close)", 0, []),
    ]
    lines = [part["values"] for one in body["items"] for part in one["series"]]
    strength = rsi(source.close, 5)
    assert lines[:3] == [plain(sma(source.close, 10)), plain(strength), plain(sma(strength, 3))]
    assert [one["missing"] is None for one in body["items"]] == [True, True, True, True, False]


def test_fewer_points_are_the_last_values_of_the_same_candles(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver)
    declare(weaver, run_id, bundled("sma", "close", arguments=(10,)))
    stretch: dict[str, Any] = {"start": "2024-01-02T00:00:00Z", "end": "2024-01-12T00:00:00Z", "points": 50}
    body = shown(api, weaver, run_id, **stretch)
    candles = api.get("/candles", params={"symbol": SYMBOL, "timeframe": "1h", **stretch}).json()
    assert body["seconds"] == candles["seconds"] > 3_600
    assert body["times"] == [one["timestamp"] for one in candles["items"]]
    source, [line] = bars(), body["items"][0]["series"]
    by_open = dict(zip((from_microseconds(int(at)) for at in source.time), sma(source.close, 10), strict=True))
    length = timedelta(seconds=body["seconds"])
    last = START + timedelta(days=1) + length - HOUR
    assert line["values"][0] == float(by_open[last])


def test_a_coarser_timeframe_is_seen_once_its_bar_has_closed(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver)
    declare(weaver, run_id, bundled("sma", "close", timeframe="4h", arguments=(1,)))
    [line] = shown(api, weaver, run_id)["items"][0]["series"]
    closes = bars().close
    assert line["values"][:8] == [None, None, None, *[float(closes[3])] * 4, float(closes[7])]


def test_a_paper_runs_lines_are_of_its_tape(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver, mode="paper", exchange="alpaca-paper", timeframe="1m", start_time=None, end_time=None)
    declare(weaver, run_id, bundled("sma", "close", timeframe="1m", arguments=(2,)))
    minute = timedelta(minutes=1)

    def bar(number: int, close: float) -> TapeBar:
        return TapeBar(SYMBOL, START + number * minute, close, close, close, close)

    tape = [
        TapeBackfilled(at=START, run_id=run_id, bars=(bar(0, 10.0), bar(1, 20.0)), reason="warm-up"),
        TapeTicked(at=START + 3 * minute, run_id=run_id, number=1, bars=(bar(2, 40.0),)),
        TapeTicked(at=START + 4 * minute, run_id=run_id, number=2, bars=(bar(2, 60.0), bar(3, 80.0))),
    ]
    stream = tape_stream_id(run_id)
    weaver.journal.append_batch([Recorded(stream, n, event) for n, event in enumerate(tape, 1)], run_id, CHAIN)
    body = shown(api, weaver, run_id)
    assert body["times"] == [f"2024-01-01T00:0{n}:00Z" for n in range(4)]
    assert body["items"][0]["series"][0]["values"] == [None, 15.0, 40.0, 70.0]


def test_a_run_without_indicators_or_without_stored_bars_has_no_line(api: httpx.Client, weaver: Weaver) -> None:
    assert shown(api, weaver, record_backtest(weaver))["items"] == []
    file = BarFile(SYMBOL, "bars.csv")
    of_a_file = record_run(weaver, bar_files=(file,))
    declare(weaver, of_a_file, bundled("sma", "close", arguments=(10,)))
    [item] = shown(api, weaver, of_a_file)["items"]
    assert item["series"] == []
    assert "not stored" in item["missing"]


@pytest.mark.parametrize("symbol", ["ETH/USD", "no symbol at all"])
def test_a_symbol_the_run_does_not_trade_is_refused(api: httpx.Client, weaver: Weaver, symbol: str) -> None:
    run_id = record_backtest(weaver)
    given: dict[str, Any] = {"symbol": symbol, "min_position": weaver.journal.head()}
    body = require_error(api.get(f"/runs/{run_id}/indicators", params=given), 422, "VALIDATION_ERROR")
    assert "BTC/USD" in body["message"]


def test_an_unknown_run_is_not_found(api: httpx.Client) -> None:
    assert api.get(f"/runs/{UUID(int=5)}/indicators").status_code == 404
