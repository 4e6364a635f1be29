"""Exponential smoothing of whole columns: each average a fixed part of the way from the one before to the new value."""

from itertools import accumulate

import numpy as np

from domain.market import Floats
from domain.windows import window_means

# Steps taken for all blocks at once. Fixed, so that a longer column changes nothing of what came before.
_BLOCK = 64


def ema_decay(length: int) -> float:
    """Return the decay of an exponential average whose newest value weighs 2 / (length + 1)."""
    return (length - 1) / (length + 1)


def wilder_decay(length: int) -> float:
    """Return the decay of Wilder's average, whose newest value weighs 1 / length."""
    return (length - 1) / length


def smoothed(values: Floats, length: int, decay: float) -> Floats:
    """Return the averages `decay * average before + (1 - decay) * value`, the first one the mean of `length` values.

    values: float64 column; decay: from 0 up to 1, exclusive. Returns a column of the same size, NaN for the first
    `length - 1` values. Where a value is not finite the average is NaN, and it starts anew after it. Equal values
    have exactly that value as their average, and where values stay equal long enough it arrives exactly there.
    """
    return _averages(values, length, decay)[0]


class GrowingAverages:
    """The averages of a column that grows at its end, equal to those of `smoothed` to the last bit.

    What one more value costs does not depend on how many there are: only the values since the begin of a block are
    kept, and how far the first of them was above its average.
    """

    def __init__(self, length: int, decay: float) -> None:
        self._length = length
        self._decay = decay
        self._kept = np.empty(0)
        # the place in the column of the first that is kept
        self._begin = 0
        # how far that one is above its average, if a block ends with it: else an average starts behind it, if any
        self._carried: float | None = None

    def add(self, values: Floats, after: int) -> Floats:
        """Return the averages of the values, which follow the first `after` ones in place of what followed there.

        after: not less than in the call before.
        """
        settled = after - self._begin
        self._kept = np.concatenate([self._kept[:settled], values])
        averages, above = _averages(self._kept, self._length, self._decay, self._carried)
        self._settle(settled, above)
        return averages[settled:]

    def _settle(self, settled: int, above: Floats) -> None:
        """Keep no more than it takes to go on behind the first so many of what is kept."""
        missing = np.flatnonzero(~np.isfinite(self._kept[:settled]))
        start = int(missing[-1]) + 1 if len(missing) else 0
        goes_on = start == 0 and self._carried is not None
        first = start if goes_on else start + self._length - 1
        blocks = (settled - 1 - first) // _BLOCK
        if blocks > 0:
            start = first + blocks * _BLOCK
            self._carried = float(above[start])
        elif not goes_on:
            self._carried = None
        self._kept = self._kept[start:].copy()
        self._begin += start


def _averages(values: Floats, length: int, decay: float, carried: float | None = None) -> tuple[Floats, Floats]:
    """Return the averages, and how far above it each value is; both NaN where there is none.

    carried: how far above its average the first value is, if a block ends with it.
    """
    above = np.full(len(values), np.nan)
    runs = np.flatnonzero(np.diff(np.isfinite(values), prepend=False, append=False)).reshape(-1, 2)
    if carried is not None:
        end = int(runs[0, 1])
        above[0] = carried
        above[1:end] = _decaying_sums(np.diff(values[:end]), decay, carried=carried)
        runs = runs[1:]
    runs = runs[runs[:, 1] - runs[:, 0] >= length]
    firsts = runs[:, 0] + length - 1
    seeds = window_means(values[(runs[:, :1] + np.arange(length)).reshape(-1)], length)[length - 1 :: length]
    above[firsts] = values[firsts] - seeds
    for first, end in zip(firsts.tolist(), runs[:, 1].tolist(), strict=True):
        # How far the values are above their average decays and grows by each move: without moves nothing is rounded.
        above[first + 1 : end] = _decaying_sums(np.diff(values[first:end]), decay, start=float(above[first]))
    averages = values - above
    averages[firsts] = seeds
    return averages, above


def _decaying_sums(moves: Floats, decay: float, start: float = 0.0, carried: float = 0.0) -> Floats:
    """Return the sums `decay * (sum before + move)`, the sum before the first move being `start`, or `carried`.

    Each block of moves is summed as if nothing came before it, all blocks side by side; what each carries into the next
    is then added to it, decayed. So is what is carried into the first; the start is a part of it. Up to one block into
    which nothing is carried this is the plain recursion, to the last bit.
    """
    if len(moves) <= _BLOCK and not carried:
        return np.array(list(accumulate(moves.tolist(), lambda total, move: decay * (total + move), initial=start))[1:])
    blocks = -(-len(moves) // _BLOCK)
    padded = np.zeros(blocks * _BLOCK)
    padded[: len(moves)] = moves
    padded[:1] += start
    sums = padded.reshape(blocks, _BLOCK).T.copy()
    sums[0] *= decay
    for step in range(1, _BLOCK):
        sums[step] += sums[step - 1]
        sums[step] *= decay
    # not a power: its last bit may differ from one processor to another
    decays = np.cumprod(np.full(_BLOCK, decay))
    last = float(decays[-1])
    carries = list(accumulate(sums[-1].tolist(), lambda carry, end: end + carry * last, initial=carried))
    sums += np.multiply.outer(decays, np.array(carries[:-1]))
    return sums.T.reshape(-1)[: len(moves)]
