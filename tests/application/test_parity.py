"""The parity report of runs on a journal: nothing where nothing differs, and each cause where it is put in."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from application.parity import ParityReport, ParityTools, parity
from domain.errors import InvalidInput, RunNotFound
from domain.ids import new_id
from domain.market import Timeframe
from domain.order import Order
from domain.tape import TapeBar, TapeTicked, tape_bars
from interfaces.market_data.exchange_sessions import ExchangeSessions
from tests.application.paper_scene import MINUTE, SYMBOL, PaperScene
from tests.application.test_forks import prices
from tests.system.paper_trading import BUSY

TRADER = '''
from weaver import Context, Strategy


class Trader(Strategy):
    """Buys two at every other bar, and sells them at the next."""

    def on_bar(self, ctx: Context) -> None:
        if len(ctx.bars()) % 2:
            ctx.buy(2)
        else:
            ctx.sell(2)
'''


@pytest.fixture
def paper(database_url: str, tmp_path: Path) -> Iterator[PaperScene]:
    scene = PaperScene(database_url, tmp_path, "busy", BUSY)
    yield scene
    scene.close()


@pytest.fixture
def live(database_url: str, tmp_path: Path) -> Iterator[PaperScene]:
    scene = PaperScene(database_url, tmp_path, "trader", TRADER, exchange="exchange")
    scene.begin()
    yield scene
    scene.close()


def reported(scene: PaperScene) -> ParityReport:
    head = scene.journal.head()
    tools = ParityTools(scene.journal, scene.catalog, scene.bars, ExchangeSessions(scene.home))
    report = parity(scene.id, tools)
    assert scene.journal.head() == head, "a report writes nothing"
    assert report.live_equity - report.backtest_equity == report.difference
    assert sum(one.amount for one in report.differences) + report.unexplained == report.difference
    return report


def counts(report: ParityReport) -> dict[str, int]:
    return {one.kind: one.count for one in report.differences if one.count}


def amounts(report: ParityReport) -> dict[str, Decimal]:
    return {one.kind: one.amount for one in report.differences if one.count}


def test_a_run_on_the_simulated_exchange_differs_in_nothing(paper: PaperScene) -> None:
    paper.begin(history=[100.0, 101.0, 99.0])
    paper.trade(prices(30))
    report = reported(paper)
    assert counts(report) == {}
    assert (report.difference, report.unexplained) == (Decimal(0), Decimal(0))
    assert (report.bars, report.moment) == (33, paper.now())
    assert report.orders == report.backtest_orders > 20
    assert report.latency.orders > 5
    assert (report.latency.p50, report.latency.longest) == (0, 0)
    assert report.live_equity != 100_000


def bars_at(live: PaperScene, price: float, fills: list[tuple[str, str, float] | None]) -> None:
    """Let every order be filled: price, fee and seconds after the decision; None: never."""
    for number, filled in enumerate(fills, 1):
        live.trade([(price, price)])
        order_id = live.ids.order_id(number)
        if filled is not None:
            at, fee, after = filled
            live.fill(order_id, "2", at, fee, live.now() + timedelta(seconds=after))
    live.trade([(price, price)])


def test_prices_fees_and_late_fills_are_told_apart(live: PaperScene) -> None:
    bars_at(
        live,
        100.0,
        [("100.5", "0.2", 1.0), ("99", "0.2", 2.0), ("103", "0.2", 61.0), ("100", "0.3", 4.0)],
    )
    report = reported(live)
    assert counts(report) == {"fill_price": 2, "fee": 1, "latency": 1}
    assert amounts(report) == {"fill_price": Decimal(-3), "fee": Decimal("-0.1"), "latency": Decimal(-6)}
    assert report.unexplained == 0
    assert report.latency.orders == 4
    assert (report.latency.p50, report.latency.longest) == (3.0, 61.0)


def test_a_refusal_and_what_follows_from_it(live: PaperScene) -> None:
    live.trade([(100.0, 100.0)])
    order = live.journal.load(Order, live.ids.order_id(1))
    assert order is not None
    order.reject(live.now(), "the exchange is in a mood")
    live.record(order)
    live.trade([(100.0, 110.0), (110.0, 110.0)])
    report = reported(live)
    assert counts(report) == {"refusal": 2}, "the purchase was refused there, and so the sale here"
    [refused] = [one for one in report.differences if one.kind == "refusal"]
    told = [one.live for one in refused.examples if one.live and "mood" in one.live.get("refused", "")]
    assert len(told) == 1
    assert report.unexplained == 0


def test_bars_that_differ_from_history_and_bars_that_came_late_are_named(live: PaperScene) -> None:
    bars_at(live, 100.0, [("100", "0.2", 1.0), ("100", "0.2", 1.0), ("100", "0.2", 1.0)])
    taped = [bar for _, _, event in live.events() if isinstance(event, TapeTicked) for bar in event.bars]
    changed = [
        TapeBar(SYMBOL, bar.opened_at, bar.open, bar.high + 1, bar.low, bar.close, bar.volume) if place == 1 else bar
        for place, bar in enumerate(taped)
        if place != 2
    ]
    live.bars.save(tape_bars(SYMBOL, Timeframe.parse("1m"), changed), "test")
    report = reported(live)
    assert (report.bars, report.bars_compared) == (4, 3)
    [data] = [one for one in report.differences if one.kind == "data"]
    found = {one.at: (one.live, one.backtest) for one in data.examples}
    assert set(found) == {taped[1].opened_at, taped[2].opened_at}
    ours, theirs = found[taped[1].opened_at]
    assert ours is not None
    assert theirs is not None
    assert (ours["high"], theirs["high"]) == ("100", "101")
    assert found[taped[2].opened_at][1] is None
    assert (data.amount, report.difference) == (Decimal(0), Decimal(0))


def test_what_was_not_decided_yet_does_not_count(live: PaperScene) -> None:
    bars_at(live, 100.0, [("100", "0.2", 1.0)])
    live.fill(live.ids.order_id(2), "2", "90", at=live.now() + timedelta(seconds=1))
    moment = live.now()
    live.tick({SYMBOL: (100.0, 100.0)})
    report = reported(live)
    assert counts(report) == {}
    assert (report.moment, report.difference) == (moment, Decimal(0))
    assert live.now() == moment + MINUTE


def test_a_run_that_cannot_be_reported_on_says_why(live: PaperScene) -> None:
    tools = ParityTools(live.journal, live.catalog, live.bars, ExchangeSessions(live.home))
    with pytest.raises(InvalidInput, match="has not decided on a bar yet"):
        parity(live.id, tools)
    with pytest.raises(RunNotFound):
        parity(new_id(), tools)
