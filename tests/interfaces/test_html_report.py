"""A backtest as one file: nothing in it can break out of it, and what it leaves out it says."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput, Unavailable
from domain.figures import StatisticFigure
from domain.market import Bars, Timeframe, to_microseconds
from domain.order import OrderFill, OrderFilled, Side
from domain.run import AccountSettings, BarFile, CostSettings, RunCompleted
from interfaces import html_report
from interfaces.html_report import DATA_PLACE, ReportInput, report_data, report_html
from tests.interfaces.finished_backtest import finished_backtest
from tests.trading import RUN, START, description, market
from weaver.strategies.sma_cross import SmaCross

PAGE = f'<html><body><script id="report-data" type="application/json">{DATA_PLACE}</script><p>after</p></body></html>'
MINUTE = timedelta(minutes=1)


def fill(side: Side, price: float, minute: int, symbol: str = "BTC/USD", qty: str = "1") -> OrderFill:
    """An execution so many minutes after the start."""
    amount, paid = Decimal(qty), Decimal(str(price))
    return OrderFilled(
        at=START + minute * MINUTE,
        run_id=RUN,
        execution_id=f"{symbol}-{minute}-{side}",
        symbol=symbol,
        side=side,
        qty=amount,
        price=paid,
        fee=Decimal("0.5"),
        filled_qty=amount,
        filled_avg_price=paid,
    )


def reported(
    *bars: Bars,
    fills: Sequence[OrderFill] = (),
    equity: Sequence[tuple[datetime, Decimal]] = (),
    stats: dict[str, StatisticFigure] | None = None,
    **run: Any,
) -> ReportInput:
    """A completed backtest with these fills and points of equity, whatever they amount to."""
    described = description([one.symbol for one in bars], str(bars[0].timeframe))
    return ReportInput(
        run=msgspec.structs.replace(described, **run),
        run_id=RUN,
        completed=RunCompleted(
            at=bars[0].end_time,
            bars=sum(len(one) for one in bars),
            orders=len(fills),
            fills=len(fills),
            trades=len(fills) // 2,
            final_equity=equity[-1][1] if equity else described.initial_cash,
            stats=stats or {},
            load_seconds=0.1,
            engine_seconds=0.2,
            persist_seconds=0.3,
        ),
        start_time=bars[0].start_time,
        end_time=bars[0].end_time,
        bars={one.symbol: one for one in bars},
        fills=fills,
        equity=equity,
        weaver_version="1.2.3",
    )


def points(*amounts: tuple[str, int]) -> list[tuple[datetime, Decimal]]:
    """Points of a curve: time as ISO text, equity."""
    return [(datetime.fromisoformat(at).replace(tzinfo=UTC), Decimal(equity)) for at, equity in amounts]


class _Scripts(HTMLParser):
    """Collects the text of the data script, and of everything that is in no script."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.text = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data
        else:
            self.text += data


def embedded(html: str) -> Any:
    """The data as a browser finds it; the rest of the page must be untouched."""
    parser = _Scripts()
    parser.feed(html)
    parser.close()
    [script] = parser.scripts
    assert parser.text == "after"
    return json.loads(script)


BREAKING = "</script><script>alert(1)</script><!-- \u2028 & \" ' \\ {{}} \\1"


@pytest.mark.parametrize("field", ["name", "notes", "strategy_id", "strategy_version"])
def test_no_name_can_break_out_of_the_script_tag(field: str) -> None:
    changed: dict[str, Any] = {field: BREAKING}
    html = report_html(PAGE, reported(market([1, 2]), **changed))
    assert html.lower().count("</script") == 1
    assert "alert(1)" in html
    assert embedded(html)["run"][field] == BREAKING


@given(text=st.text(), value=st.text())
def test_any_text_comes_out_as_it_went_in(text: str, value: str) -> None:
    html = report_html(PAGE, reported(market([1, 2]), notes=text, parameters={text: value}, tags=(DATA_PLACE, text)))
    run = embedded(html)["run"]
    assert (run["notes"], run["parameters"], run["tags"]) == (text, {text: value}, [DATA_PLACE, text])


@pytest.mark.parametrize("text", ["", "<html></html>", PAGE + PAGE])
def test_a_page_without_exactly_one_place_for_data_is_no_template(text: str) -> None:
    with pytest.raises(InvalidInput, match="make haro"):
        report_html(text, reported(market([1, 2])))


def test_a_missing_template_says_how_to_build_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_report, "TEMPLATE", tmp_path / "report.html")
    with pytest.raises(Unavailable, match=r"^[^\n]*make haro$"):
        html_report.template()
    (tmp_path / "report.html").write_text("é", encoding="utf-8")
    assert html_report.template() == "é"


def year_of_minutes(symbol: str = "BTC/USD", bars: int = 525_600) -> Bars:
    """A random walk with awkward prices."""
    steps = np.random.default_rng(7).normal(0, 3e-4, bars)
    close = 20_000 * np.exp(np.cumsum(steps))
    opened = np.concatenate(([20_000.0], close[:-1]))
    time = to_microseconds(START) + np.arange(bars, dtype=np.int64) * 60_000_000
    high, low = np.maximum(opened, close) * 1.0001, np.minimum(opened, close) * 0.9999
    return Bars(symbol, Timeframe.parse("1m"), time, opened, high, low, close, np.ones(bars))


def test_a_year_of_minutes_with_ten_thousand_trades_stays_under_three_megabytes() -> None:
    bars = [year_of_minutes(f"SYMBOL{number}/USD", 525_600 if number < 4 else 50_000) for number in range(15)]
    sides: tuple[Side, Side] = ("buy", "sell")
    fills = [
        fill(side, 20_000.12345678 + minute, minute, f"SYMBOL{(minute // 50) % 15}/USD", "0.123456789")
        for minute in range(0, 500_000, 50)
        for side in sides
    ]
    equity = [(START + MINUTE * minute, Decimal("100000.12345678") + minute) for minute in range(60, 525_601, 60)]
    stats = {f"figure_{number}": StatisticFigure(0.123456789, "a basis " * 10) for number in range(90)}
    made = report_html(PAGE, reported(*bars, fills=fills, equity=equity, stats=stats))
    assert len(made.encode()) < 2_400_000, "leaves no room for the template"
    data = embedded(made)
    assert len(data["candles"]) == 12
    assert sum(len(chart["times"]) for chart in data["candles"]) <= 12_000
    assert sum(len(chart["marked"]) for chart in data["candles"]) <= 1_000
    assert len(data["equity"]["times"]) <= 4_000
    assert data["equity"]["equity"][-1] == "625600.12345678"
    assert data["equity_points"] == 8_760
    assert [trade["number"] for trade in data["trades"]] == list(range(10_000, 9_000, -1))


def test_a_candle_of_a_year_of_minutes_is_three_hours() -> None:
    bars = year_of_minutes()
    [chart] = report_data(reported(bars))["candles"]
    assert (chart["seconds"], len(chart["times"]), chart["bars"]) == (3 * 3_600, 2_920, 525_600)
    assert chart["open"][0] == bars.open[0]
    assert chart["close"][-1] == bars.close[-1]
    assert max(chart["high"]) == bars.high.max()


def test_few_bars_are_their_own_candles() -> None:
    bars = market([10, 11, 12], minutes=[0, 1, 5])
    [chart] = report_data(reported(bars))["candles"]
    assert chart["seconds"] == 60
    assert chart["times"] == [int(START.timestamp()) + minute * 60 for minute in (0, 1, 5)]
    assert (chart["open"], chart["close"]) == ([10, 11, 12], [11, 12, 12])


@given(
    gaps=st.lists(st.sampled_from([1, 1, 1, 2, 7, 60, 1_441, 50_000]), min_size=1, max_size=60),
    most=st.integers(min_value=2, max_value=20),
    data=st.data(),
)
def test_a_candle_is_what_a_loop_over_its_bars_makes_of_them(gaps: list[int], most: int, data: st.DataObject) -> None:
    minutes = np.cumsum(gaps).tolist()
    prices = data.draw(st.lists(st.floats(1, 1e6), min_size=len(gaps), max_size=len(gaps)))
    bars = market(prices, prices[::-1], minutes=minutes)
    chart = html_report._candles(bars, most)
    assert len(chart["times"]) <= most or len(bars) <= most
    rows = list(zip(bars.time.tolist(), bars.open, bars.high, bars.low, bars.close, strict=True))
    places = np.searchsorted(chart["times"], bars.time // 1_000_000, side="right")
    groups = [[row for _, row in group] for _, group in groupby(zip(places, rows, strict=True), key=lambda one: one[0])]
    assert chart["times"] == [group[0][0] // 1_000_000 for group in groups]
    assert chart["open"] == [group[0][1] for group in groups]
    assert chart["high"] == [max(row[2] for row in group) for group in groups]
    assert chart["low"] == [min(row[3] for row in group) for group in groups]
    assert chart["close"] == [group[-1][4] for group in groups]
    spans = [(group[-1][0] - group[0][0]) // 1_000_000 for group in groups]
    assert max(spans) < chart["seconds"]


def test_months_are_cut_at_midnight_utc_and_chain_to_the_whole() -> None:
    equity = points(
        ("2025-01-15T00:00", 110_000),
        ("2025-02-01T00:00", 121_000),
        ("2025-02-01T00:01", 500_000),
        ("2025-03-01T00:00", 60_500),
        ("2025-12-31T23:59", 121_000),
        ("2026-01-02T00:00", 108_900),
    )
    first, second = report_data(reported(market([1, 2]), equity=equity))["years"]
    assert first["year"] == 2025
    assert first["months"] == [0.21, -0.5, *[None] * 9, 1.0]
    assert first["whole"] == 0.21
    assert second == {"year": 2026, "months": [-0.1, *[None] * 11], "whole": -0.1}


def test_a_month_that_began_with_nothing_has_no_return() -> None:
    equity = points(("2025-01-15T00:00", 0), ("2025-02-15T00:00", 5))
    [year] = report_data(reported(market([1, 2]), equity=equity))["years"]
    assert year["months"][:2] == [-1.0, None]
    assert year["whole"] == -0.99995


def test_drawdown_is_measured_from_the_initial_cash_on_and_holding_from_the_first_close() -> None:
    equity = points(("2025-01-01T00:01", 90_000), ("2025-01-01T00:02", 120_000), ("2025-01-01T00:03", 60_000))
    curve = report_data(reported(market([10, 20, 30], [20, 25, 30]), equity=equity))["equity"]
    assert curve["times"] == [int(START.timestamp()) + minute * 60 for minute in range(4)]
    assert curve["equity"] == ["100000", "90000", "120000", "60000"]
    assert curve["drawdown"] == [0, -0.1, 0, -0.5]
    assert curve["hold"] == [None, 100_000, 125_000, 150_000]


def test_trades_are_newest_first_and_what_is_open_is_listed_apart() -> None:
    fills = [fill("buy", 10, 0), fill("sell", 12, 1), fill("sell", 13, 1, qty="2"), fill("buy", 11, 2)]
    data = report_data(reported(market([10, 12, 11, 11]), fills=fills))
    [trade] = data["trades"]
    assert trade == {
        "number": 1,
        "symbol": "BTC/USD",
        "side": "long",
        "opened_at": int(START.timestamp()),
        "closed_at": int(START.timestamp()) + 60,
        "qty": "1",
        "entry_price": "10",
        "exit_price": "12",
        "pnl": "1",
        "fees": "1",
    }
    [held] = data["open_positions"]
    assert (held["side"], held["qty"], held["last_price"], held["value"]) == ("short", "1", "11", "-11")
    assert held["opened_at"] == int(START.timestamp()) + 60
    assert data["candles"][0]["marked"] == [trade]


def test_the_largest_gains_and_losses_are_marked_when_there_are_too_many() -> None:
    fills: list[OrderFill] = []
    for minute in range(300):
        change = minute if minute % 2 else -minute
        fills += [fill("buy", 1_000, minute), fill("sell", 1_000 + change, minute)]
    [chart] = report_data(reported(market([1_000] * 300), fills=fills))["candles"]
    assert chart["trades"] == 300
    assert [trade["number"] for trade in chart["marked"]] == list(range(51, 301))


def test_every_setting_that_is_on_is_told_and_no_directory_is() -> None:
    costs = CostSettings(
        commission_bps=Decimal(10),
        slippage_bps=Decimal(0),
        maker_bps=Decimal("2.5"),
        fee_in_base=True,
        commission_per_order=Decimal("0.35"),
    )
    conditions = report_data(
        reported(
            market([1, 2]),
            costs=costs,
            account=AccountSettings(kind="margin"),
            volume_cap=Decimal(10),
            bar_files=(BarFile("BTC/USD", "/home/somebody/secret/btc.csv"),),
        )
    )["run"]["conditions"]
    assert conditions == [
        ("Exchange", "simulated"),
        ("Venue", "generic"),
        ("Account", "margin, leverage 2, maintenance 0.25"),
        ("Commission", "10 bps"),
        ("Slippage", "0 bps"),
        ("Maker", "2.5 bps"),
        ("Commission per order", "0.35"),
        ("Fee in base", "yes"),
        ("Volume cap", "10 % of a bar's volume"),
        ("Bars of BTC/USD", "btc.csv"),
    ]


def test_figures_keep_their_basis_and_their_reason() -> None:
    stats = {"sharpe_ratio": StatisticFigure(None, reason="too short"), "total_pnl": StatisticFigure("1.5", "sum")}
    assert report_data(reported(market([1, 2]), stats=stats))["statistics"] == [
        {"name": "sharpe_ratio", "value": None, "basis": None, "reason": "too short"},
        {"name": "total_pnl", "value": "1.5", "basis": "sum", "reason": None},
    ]


def test_a_run_that_was_traded_is_reported_as_it_was() -> None:
    prices = (100 + 10 * np.sin(np.arange(600) / 20)).round(2).tolist()
    run = finished_backtest(SmaCross(fast=5, slow=15), market(prices), commission_bps="10")
    data = embedded(report_html(PAGE, run))
    result = data["result"]
    assert result["trades"] == len(data["trades"]) > 3
    assert sum(Decimal(trade["pnl"]) for trade in data["trades"]) + 100_000 == Decimal(result["final_equity"])
    assert data["open_positions"] == []
    assert data["equity"]["equity"][-1] == result["final_equity"]
    by_name = {figure["name"]: figure["value"] for figure in data["statistics"]}
    # this curve has every bar, so the drawing agrees with the statistics
    assert -min(data["equity"]["drawdown"]) == pytest.approx(by_name["max_drawdown"], abs=1e-8)
    assert data["equity"]["hold"][-1] / 100_000 - 1 == pytest.approx(by_name["buy_and_hold_return"], abs=1e-8)
    assert re.fullmatch(r"[0-9a-f-]{36}", data["run"]["id"])
