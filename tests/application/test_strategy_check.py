"""Look-ahead and warm-up: each way to cheat or never to forget is found, and honest strategies are not accused."""

from decimal import Decimal

import numpy as np
import pytest

from application.look_ahead import follows_no_bars, look_ahead, moments
from application.strategy_trial import Market
from application.warm_up import Compared, settled, warm_up
from domain.market import Floats
from domain.strategy import Context, Strategy
from interfaces.market_data.sample_bars import sample_bars
from tests.application.trial_scene import MARKET, SECONDS, candidate, on_trial, verdicts_on
from weaver import crossed_above, crossed_below, ema, sma
from weaver.strategies.sma_cross import SmaCross


class Follows(Strategy):
    """Long while a line rises; the line is what a cheat replaces."""

    def line(self, close: Floats) -> Floats:
        """Return a causal line."""
        return sma(close, 20)

    def on_start(self, ctx: Context) -> None:
        self.made = ctx.indicator(self.line, ctx.bars().close)

    def on_bar(self, ctx: Context) -> None:
        if len(self.made) < 2:
            return
        rises = self.made[-1] > self.made[-2]
        if rises and not ctx.position():
            ctx.buy(1)
        elif not rises and ctx.position():
            ctx.close()


class CentredMean(Follows):
    def line(self, close: Floats) -> Floats:
        return np.convolve(close, np.ones(21) / 21, mode="same")


class TomorrowsClose(Follows):
    def line(self, close: Floats) -> Floats:
        return np.roll(close, -1)


class Normalised(Strategy):
    """Buys in the lower part of all prices there will ever be."""

    def on_start(self, ctx: Context) -> None:
        self.share = ctx.indicator(lambda close: close / close.max(), ctx.bars().close)

    def on_bar(self, ctx: Context) -> None:
        if self.share[-1] < 0.95 and not ctx.position():
            ctx.buy(1)
        elif self.share[-1] > 0.97 and ctx.position():
            ctx.close()


class UnderTheHood(Strategy):
    """Reads the column that stands behind a series."""

    def on_bar(self, ctx: Context) -> None:
        bars = ctx.bars()
        column = bars.close._column
        rises = column[min(len(bars), len(column) - 1)] > bars.close[-1]
        if rises and not ctx.position():
            ctx.buy(1)
        elif not rises and ctx.position():
            ctx.close()


class BeyondTheEnd(UnderTheHood):
    """Fails where the future is cut off."""

    def on_bar(self, ctx: Context) -> None:
        if ctx.bars().close._column[len(ctx.bars()) + 4] > 0 and not ctx.position():
            ctx.buy(1)


class SizedByTheFuture(Strategy):
    """Trades at honest moments; how much, it takes from the last price of all."""

    def on_start(self, ctx: Context) -> None:
        self.average = ctx.indicator(sma, ctx.bars().close, 20)
        self.last = ctx.indicator(lambda close: np.full(len(close), close[-1]), ctx.bars().close)

    def on_bar(self, ctx: Context) -> None:
        close = ctx.bars().close
        if crossed_above(close, self.average) and not ctx.position():
            ctx.buy(Decimal(repr(round(self.last[-1] / 100, 2))))
        elif crossed_below(close, self.average) and ctx.position():
            ctx.close()


class CancelledByTheFuture(Strategy):
    """Places an order at honest moments, and takes it back before the price would reach it."""

    def on_start(self, ctx: Context) -> None:
        self.ahead = ctx.indicator(lambda close: np.roll(close, -1), ctx.bars().close)

    def on_bar(self, ctx: Context) -> None:
        place = len(ctx.bars())
        if place % 40 == 1 and not ctx.orders():
            ctx.buy(1, limit=ctx.bars().close[-1] / 2)
        elif place % 40 == 3 and self.ahead[-1] < ctx.bars().close[-1]:
            ctx.cancel_all()


@pytest.mark.parametrize(
    "kind", [CentredMean, TomorrowsClose, Normalised, UnderTheHood, SizedByTheFuture, CancelledByTheFuture]
)
def test_a_strategy_that_knows_the_future_is_found(kind: type[Strategy]) -> None:
    verdict = verdicts_on(kind)["look_ahead"]
    assert verdict.outcome == "failed", verdict.message
    assert "it knows the future: at 2025-01-0" in verdict.message
    assert verdict.difference is not None
    assert verdict.difference.one != verdict.difference.other


def test_one_that_fails_without_the_future_is_found_by_what_it_raises() -> None:
    market = Market((sample_bars(days=1),), {})
    one = candidate(BeyondTheEnd)
    tried = one.tried(market, end=1000)
    assert not tried.fault
    verdict = look_ahead(one, market, tried, SECONDS)
    assert verdict.outcome == "failed"
    assert "an error (IndexError" in verdict.message


@pytest.mark.parametrize("kind", [Follows, SmaCross])
def test_an_honest_strategy_is_not_accused_of_anything(kind: type[Strategy]) -> None:
    found = verdicts_on(kind)
    assert {name: verdict.outcome for name, verdict in found.items()} == {
        "look_ahead": "ok",
        "warm_up": "ok",
        "parameters": "ok",
    }
    assert found["look_ahead"].figures["moments"] >= 4


def test_the_verdict_names_the_first_decision_that_differs_as_it_was_taken() -> None:
    verdict = verdicts_on(TomorrowsClose)["look_ahead"]
    assert verdict.difference is not None
    sides = {verdict.difference.one, verdict.difference.other}
    assert sides <= {"buy 1 SAMPLE/USD at the market", "sell 1 SAMPLE/USD at the market", "nothing"}
    assert verdict.difference.one in verdict.message


def test_moments_have_bars_before_and_after_them_and_include_those_of_decisions() -> None:
    _, tried = on_trial(SmaCross)
    chosen = moments(MARKET, tried)
    assert min(chosen) >= 0
    assert max(chosen) <= tried.instants - 2
    closes = MARKET.timeline().closes
    decided = {step.at for step in tried.decisions()}
    of_decisions = [moment for moment in chosen if closes[moment] in decided]
    assert len(of_decisions) >= 6
    assert {moment + 1 for moment in of_decisions} & set(chosen)


def test_moments_begin_where_every_symbol_has_a_bar() -> None:
    market = Market((sample_bars("A/USD", days=1), sample_bars("B/USD", days=1, seed=8).part(500, 1440)), {})
    _, tried = on_trial(SmaCross, market)
    assert min(moments(market, tried)) >= 500
    assert verdicts_on(SmaCross, market)["look_ahead"].outcome == "ok"


class Idle(Strategy):
    """Decides nothing."""


def test_where_nothing_is_decided_nothing_is_known() -> None:
    found = verdicts_on(Idle)
    assert {name: verdict.outcome for name, verdict in found.items()} == {
        "look_ahead": "unsure",
        "warm_up": "unsure",
        "parameters": "ok",
    }
    assert found["parameters"].message == "there are no bounds to try"


class Exponential(Strategy):
    """An average that forgets, but never quite."""

    def on_start(self, ctx: Context) -> None:
        self.average = ctx.indicator(ema, ctx.bars().close, 100)

    def on_bar(self, ctx: Context) -> None:
        close = ctx.bars().close
        if crossed_above(close, self.average) and not ctx.position():
            ctx.buy(1)
        elif crossed_below(close, self.average) and ctx.position():
            ctx.close()


class SinceTheBeginning(Exponential):
    """Compares with the average of all bars there were, so that it never forgets the first."""

    def on_start(self, ctx: Context) -> None:
        close = ctx.bars().close
        self.average = ctx.indicator(lambda values: np.cumsum(values) / np.arange(1, len(values) + 1), close)

    def on_bar(self, ctx: Context) -> None:
        far = ctx.bars().close[-1] / self.average[-1]
        if far < 1 and not ctx.position():
            ctx.buy(1)
        elif far > 1 and ctx.position():
            ctx.close()


def test_an_exponential_average_says_from_how_many_bars_on_it_is_warm() -> None:
    verdict = verdicts_on(Exponential)["warm_up"]
    assert verdict.outcome == "ok"
    assert 100 <= verdict.figures["history_needed"] <= 1000
    assert 0 < verdict.figures["share_without_history"] < 0.5
    assert f"from {verdict.figures['history_needed']:,} bars of history on decisions are the same" in verdict.message


def test_a_strategy_that_never_forgets_its_first_bar_is_found() -> None:
    verdict = verdicts_on(SinceTheBeginning)["warm_up"]
    assert verdict.outcome == "failed"
    assert "never forgets" in verdict.message


def test_history_is_seen_and_not_traded() -> None:
    tried = candidate(Follows).tried(MARKET, first=100, end=200)
    assert tried.instants == 100
    assert min(step.at for step in tried.steps) > MARKET.timeline().closes[99]


def test_too_few_bars_are_said_to_be_too_few() -> None:
    one = candidate(SmaCross)
    market = Market((sample_bars(days=1).part(0, 1),), {})
    assert warm_up(one, market, one.tried(market), SECONDS).outcome == "skipped"
    assert look_ahead(one, market, one.tried(market), SECONDS).outcome == "unsure"


@pytest.mark.parametrize(
    ("shares", "outcome", "needed"),
    [
        ([0, 0, 0], "ok", 0),
        ([0.5, 0.1, 0], "ok", 50),
        ([0.5, 0, 0], "ok", 25),
        ([0, 0.1, 0], "ok", 50),
        ([0.5, 0.2, 0.1], "unsure", 100),
    ],
)
def test_what_is_needed_is_the_history_from_which_on_nothing_differs(
    shares: list[float], outcome: str, needed: int
) -> None:
    compared = [
        Compared(history, share, 10 if share else 0) for history, share in zip((0, 25, 50), shares, strict=True)
    ]
    verdict = settled(compared, 100, 100)
    assert (verdict.outcome, verdict.figures["history_needed"]) == (outcome, needed)


def test_differences_to_the_end_fail_and_early_ones_do_not() -> None:
    assert settled([Compared(0, 0.1, 51)], 100, 100).outcome == "failed"
    assert settled([Compared(0, 0.1, 50)], 100, 100).outcome == "unsure"


class ByTheClockOfTheMarket(Strategy):
    """Trades at the full hour, whatever the price."""

    def on_bar(self, ctx: Context) -> None:
        if ctx.now.minute == 0:
            ctx.target(quantity=1 if not ctx.position() else 0)


def test_a_strategy_that_follows_no_bars_is_told_from_one_that_does() -> None:
    one, tried = on_trial(ByTheClockOfTheMarket)
    assert follows_no_bars(one, MARKET, tried)
    other, its = on_trial(SmaCross)
    assert not follows_no_bars(other, MARKET, its)
