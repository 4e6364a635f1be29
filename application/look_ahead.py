"""Whether a strategy knows the future: its decisions must be the same whatever comes after them."""

from random import Random

import numpy as np

from application.strategy_trial import Candidate, Market, Tried
from application.verdicts import NOTHING_DECIDED, Patience, Verdict, first_difference

MOST_MOMENTS, LEAST_MOMENTS = 24, 4


def look_ahead(candidate: Candidate, market: Market, tried: Tried, seconds: float) -> Verdict:
    """Decide up to several moments again, with all later bars cut off and with others in their place.

    tried: the trial over the whole market. seconds: about how long; four moments are looked at in any case.
    """
    patience, closes = Patience(seconds), market.timeline().closes
    decisions, looked_at = tried.decisions(), 0
    for moment in moments(market, tried):
        if looked_at >= LEAST_MOMENTS and patience.is_over:
            break
        known = market.known_at(moment)
        given = [step for step in decisions if step.at <= closes[moment]]
        for words, other in (
            ("they are cut off", market.part([0] * len(known), known)),
            ("others stand in their place", market.scrambled(known, seed=moment)),
        ):
            difference = first_difference(given, candidate.tried(other, end=moment + 1).decisions())
            if difference is not None:
                message = (
                    f"it knows the future: at {difference.moment} {difference.one} with the later bars there, "
                    f"{difference.other} when {words}"
                )
                return Verdict("look_ahead", "failed", message, {"moments": looked_at + 1}, difference)
        looked_at += 1
    figures: dict[str, int | float] = {"moments": looked_at, "decisions": len(decisions)}
    if not decisions or not looked_at:
        return Verdict("look_ahead", "unsure", NOTHING_DECIDED, figures)
    message = f"decisions up to each of {looked_at} moments are the same with the later bars cut off, and with others"
    return Verdict("look_ahead", "ok", message, figures)


def follows_no_bars(candidate: Candidate, market: Market, tried: Tried) -> bool:
    """Return whether it decides the same on bars that never were: what it follows is something else."""
    elsewhere = candidate.tried(market.scrambled([0] * len(market.bars), seed=0), end=tried.instants)
    decided = [(step.at, step.outline) for step in tried.decisions()]
    return bool(decided) and decided == [(step.at, step.outline) for step in elsewhere.decisions()]


def moments(market: Market, tried: Tried) -> list[int]:
    """Return the instants to look at, each with bars before and after it: of decisions, right after them, and spread.

    More of them are early, where a trial is short; their order is mixed, so that any few of them are spread as well.
    """
    timeline = market.timeline()
    places = range(len(market.bars))
    first = next(at for at in range(len(timeline)) if all(timeline.place_of(place, at) >= 0 for place in places))
    last = tried.instants - 2
    if last < first:
        return []
    decided = np.unique(np.searchsorted(timeline.closing_times, [step.at for step in tried.decisions()]))
    third = MOST_MOMENTS // 3
    spread = np.linspace(0, 1, third, endpoint=False) ** 2
    chosen = [int(decided[int(part * len(decided))]) for part in spread] if len(decided) else []
    wanted = [*chosen, *(moment + 1 for moment in chosen), *(first + int(part * (last - first)) for part in spread)]
    found = sorted({moment for moment in wanted if first <= moment <= last})
    Random(0).shuffle(found)
    return found
