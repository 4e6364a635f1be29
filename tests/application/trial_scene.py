"""A small market, and what the checks of one process find of a strategy on it."""

from collections.abc import Mapping
from typing import Any

from application.strategy_check import checked, whole_trial
from application.strategy_trial import Candidate, Market, Tried
from application.verdicts import Verdict
from domain.strategy import Strategy
from interfaces.market_data.sample_bars import sample_bars

SECONDS = 30.0
MARKET = Market((sample_bars(days=2),), {})


def candidate(kind: type[Strategy], **parameters: Any) -> Candidate:
    """The strategy with these parameters."""
    return Candidate("tried", kind, parameters)


def on_trial(kind: type[Strategy], market: Market = MARKET) -> tuple[Candidate, Tried]:
    """The strategy, and its trial over the whole market."""
    one = candidate(kind)
    return one, whole_trial(one, market, 1000)


def verdicts_on(kind: type[Strategy], market: Market = MARKET) -> Mapping[str, Verdict]:
    """What the checks of one process find, by name."""
    one, tried = on_trial(kind, market)
    return {verdict.check: verdict for verdict in checked(one, market, tried, SECONDS)}
