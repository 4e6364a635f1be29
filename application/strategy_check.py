"""What a strategy is checked for before it is trusted: look-ahead, warm-up, determinism, bounds of its parameters.

All of it are trials, in processes that may run user code; nothing is recorded. (Marvin)
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from application.look_ahead import look_ahead
from application.parameter_bounds import parameter_bounds
from application.strategy_trial import Candidate, Market, Step, Tried
from application.verdicts import NOTHING_DECIDED, Patience, Verdict, first_difference
from application.warm_up import warm_up
from domain.market import from_microseconds

# Of the time there is for a check. What was not reached in it is told.
TRIAL_SHARE, LOOK_AHEAD_SHARE, WARM_UP_SHARE, BOUNDS_SHARE = 0.12, 0.4, 0.2, 0.16
MOST_INSTANTS = 50_000
MOST_STEPS = 20_000


class Examination(msgspec.Struct, frozen=True):
    """What one process found of a strategy.

    end: of the last bar the trial over the whole market reached; bars: how many that were, over all symbols. until: the
    same moment, or an earlier one if there were more steps than are kept; microseconds since 1970 UTC. verdicts: empty
    for a process that only traded.
    """

    symbols: tuple[str, ...]
    timeframe: str
    start: datetime
    end: datetime
    bars: int
    until: int
    orders: int
    steps: tuple[Step, ...]
    logged: tuple[str, ...]
    verdicts: tuple[Verdict, ...] = ()


def whole_trial(candidate: Candidate, market: Market, seconds: float) -> Tried:
    """Return the trial over the whole market, as far as its share of the seconds reaches."""
    patience, instants = Patience(TRIAL_SHARE * seconds), len(market.timeline())
    return candidate.tried(market, end=min(instants, MOST_INSTANTS), deadline=patience.deadline)


def examined(market: Market, tried: Tried, verdicts: Sequence[Verdict] = ()) -> Examination:
    """Return what there is to tell of the trial over the whole market."""
    timeline, last = market.timeline(), max(tried.instants - 1, 0)
    steps = tried.steps[:MOST_STEPS]
    # of the moment at which they were cut off not all steps are there
    until = timeline.closes[last] if len(steps) == len(tried.steps) else steps[-1].at - 1
    return Examination(
        symbols=tuple(bars.symbol for bars in market.bars),
        timeframe=market.bars[0].timeframe.name,
        start=from_microseconds(timeline.start),
        end=from_microseconds(timeline.closes[last]),
        bars=sum(market.known_at(last)),
        until=until,
        orders=tried.orders,
        steps=tuple(steps),
        logged=tuple(tried.logged),
        verdicts=tuple(verdicts),
    )


def checked(candidate: Candidate, market: Market, tried: Tried, seconds: float) -> list[Verdict]:
    """Return the verdicts a single process can give: look-ahead, warm-up, parameters; determinism only if it failed.

    tried: the trial over the whole market. seconds: for all of it, about, that trial included.
    """
    parameters = parameter_bounds(candidate, market, tried, BOUNDS_SHARE * seconds)
    if tried.fault:
        why = "it fails with its parameters as they are"
        return [Verdict("look_ahead", "skipped", why), Verdict("warm_up", "skipped", why), parameters]
    again = candidate.tried(market, end=tried.instants)
    difference = first_difference(tried.steps, again.steps)
    if difference is not None:
        why = "it decides otherwise from trial to trial, whatever the bars are"
        message = (
            f"a second trial in the same process differs: at {difference.moment} {difference.one} in the first, "
            f"{difference.other} in the second; keep what changes on self, and take random numbers from ctx.random"
        )
        return [
            Verdict("look_ahead", "skipped", why),
            Verdict("warm_up", "skipped", why),
            Verdict("determinism", "failed", message, {}, difference),
            parameters,
        ]
    return [
        look_ahead(candidate, market, tried, LOOK_AHEAD_SHARE * seconds),
        warm_up(candidate, market, tried, WARM_UP_SHARE * seconds),
        parameters,
    ]


def same_in_both(one: Examination, other: Examination) -> Verdict:
    """Hold the trials of two processes against each other, as far as both went."""
    until = min(one.until, other.until)
    reached = [[step for step in found.steps if step.at <= until] for found in (one, other)]
    difference = first_difference(*reached)
    if difference is not None:
        message = (
            f"two processes differ: at {difference.moment} {difference.one} in the first, {difference.other} in the "
            "second; look for the order of sets, the clock, and random numbers other than ctx.random"
        )
        return Verdict("determinism", "failed", message, {"events": len(reached[0])}, difference)
    figures: dict[str, int | float] = {"events": len(reached[0])}
    if not reached[0]:
        return Verdict("determinism", "unsure", NOTHING_DECIDED, figures)
    logs_differ = any(mine != its for mine, its in zip(one.logged, other.logged, strict=False))
    notes = ("what it logs is not the same each time",) if logs_differ else ()
    message = f"two processes with different hash seeds and time zones give the same {len(reached[0]):,} events"
    return Verdict("determinism", "ok", message, figures, notes=notes)
