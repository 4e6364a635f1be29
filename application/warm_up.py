"""How much history a strategy needs before its decisions no longer depend on how much there was."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from application.strategy_trial import Candidate, Market, Tried
from application.verdicts import NOTHING_DECIDED, Patience, Verdict

SHORTEST_HISTORY = 25

type Decisions = Counter[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Compared:
    """Decisions after a shorter history against those after the longest one.

    history: bars seen before the first decision. share: of decisions that are in one of the two alone. bars: how many
    were traded up to the last of these.
    """

    history: int
    share: float
    bars: int


def warm_up(candidate: Candidate, market: Market, tried: Tried, seconds: float) -> Verdict:
    """Trade the later half of the bars with more and more of those before it as history, as a live run sees them.

    tried: the trial over the whole market. seconds: about how long. Decisions are compared
    without their figures: an order's size can follow from all that was earned before.
    """
    patience = Patience(seconds)
    middle, end = tried.instants // 2, tried.instants
    if not middle or any(
        begin == stop for begin, stop in zip(market.known_at(middle - 1), market.known_at(end - 1), strict=True)
    ):
        return Verdict("warm_up", "skipped", "too few bars: each symbol needs some in the later half")
    longest = _decisions(candidate, market, middle, middle, end)
    if not longest:
        return Verdict("warm_up", "unsure", NOTHING_DECIDED)
    nearest = _compared(candidate, market, tried, longest, middle // 2)
    others: list[Compared] = []
    for history in histories(middle // 2):
        # two in a row that change nothing: longer ones will not either
        if (others and patience.is_over) or [one.share for one in others[-2:]] == [0, 0]:
            break
        others.append(_compared(candidate, market, tried, longest, history))
    return settled([*others, nearest], middle, end - middle)


def histories(longest: int) -> list[int]:
    """Return the lengths below the longest one to begin with, ascending: none, then each twice the one before."""
    lengths, length = [0], SHORTEST_HISTORY
    while length < longest:
        lengths.append(length)
        length *= 2
    return lengths


def settled(compared: Sequence[Compared], longest: int, traded: int) -> Verdict:
    """Return the verdict. compared: by history, ascending, at least one. traded: how many bars were."""
    least, nearest = compared[0], compared[-1]
    needed = longest
    for one in reversed(compared):
        if one.share:
            break
        needed = one.history
    figures: dict[str, int | float] = {
        "history_needed": needed,
        "longest_history": longest,
        "share_without_history": round(least.share, 6),
        "bars_until_equal": least.bars,
    }
    if needed == least.history:
        message = f"decisions are the same with any history before them, from {needed:,} bars to {longest:,}"
        return Verdict("warm_up", "ok", message, figures)
    if not nearest.share:
        message = (
            f"from {needed:,} bars of history on decisions are the same; with {least.history:,} {least.share:.1%} "
            f"of them are others, the last after {least.bars:,} bars"
        )
        return Verdict("warm_up", "ok", message, figures)
    message = (
        f"with {nearest.history:,} bars of history {nearest.share:.1%} of its decisions are others than with "
        f"{longest:,}, the last after {nearest.bars:,} bars"
    )
    if nearest.bars > traded // 2:
        return Verdict("warm_up", "failed", f"it never forgets where its bars begin: {message}", figures)
    return Verdict("warm_up", "unsure", f"{message}: give more bars to see from how many on they agree", figures)


def _compared(candidate: Candidate, market: Market, tried: Tried, longest: Decisions, history: int) -> Compared:
    closes, middle, end = market.timeline().closes, tried.instants // 2, tried.instants
    decided = _decisions(candidate, market, middle, history, end)
    differing = (decided - longest) + (longest - decided)
    last = max((at for at, _ in differing), default=0)
    bars = sum(closes[instant] <= last for instant in range(middle, end))
    return Compared(history, differing.total() / (decided | longest).total(), bars)


def _decisions(candidate: Candidate, market: Market, middle: int, history: int, end: int) -> Decisions:
    """What is decided in [middle, end) with so many instants before it to be seen."""
    begin = middle - history
    first = market.known_at(begin - 1) if begin else [0] * len(market.bars)
    tried = candidate.tried(market.part(first, market.known_at(end - 1)), first=history)
    return Counter((step.at, step.outline) for step in tried.decisions())
