"""Exponential smoothing of whole columns: each average a fixed part of the way from the one before to the new value."""

from itertools import accumulate

import numpy as np

from domain.market import Floats
from domain.windows import window_means

# Steps taken for all blocks at once. Fixed, so that a longer column changes nothing of what came before.
_BLOCK = 64


def smoothed(values: Floats, length: int, decay: float) -> Floats:
    """Return the averages `decay * average before + (1 - decay) * value`, the first one the mean of `length` values.

    values: float64 column; decay: from 0 up to 1, exclusive. Returns a column of the same size, NaN for the first
    `length - 1` values. Where a value is not finite the average is NaN, and it starts anew after it. Equal values
    have exactly that value as their average, and where values stay equal long enough it arrives exactly there.
    """
    averages = np.full(len(values), np.nan)
    edges = np.flatnonzero(np.diff(np.isfinite(values), prepend=False, append=False))
    runs = edges.reshape(-1, 2)
    runs = runs[runs[:, 1] - runs[:, 0] >= length]
    seeds = window_means(values[(runs[:, :1] + np.arange(length)).reshape(-1)], length)[length - 1 :: length]
    for start, end, seed in zip(*runs.T.tolist(), seeds.tolist(), strict=True):
        first = start + length - 1
        # How far the values are above their average decays and grows by each move: without moves nothing is rounded.
        above = _decaying_sums(np.diff(values[first:end]), decay, float(values[first]) - seed)
        averages[first] = seed
        averages[first + 1 : end] = values[first + 1 : end] - above
    return averages


def _decaying_sums(moves: Floats, decay: float, start: float) -> Floats:
    """Return the sums `decay * (sum before + move)`, the sum before the first move being `start`.

    Each block of moves is summed as if nothing came before it, all blocks side by side; what each carries into the next
    is then added to it, decayed. Up to one block this is the plain recursion, to the last bit.
    """
    if len(moves) <= _BLOCK:
        return np.array(list(accumulate(moves.tolist(), lambda total, move: decay * (total + move), initial=start))[1:])
    blocks = -(-len(moves) // _BLOCK)
    padded = np.zeros(blocks * _BLOCK)
    padded[: len(moves)] = moves
    padded[0] += start
    sums = padded.reshape(blocks, _BLOCK).T.copy()
    sums[0] *= decay
    for step in range(1, _BLOCK):
        sums[step] += sums[step - 1]
        sums[step] *= decay
    # not a power: its last bit may differ from one processor to another
    decays = np.cumprod(np.full(_BLOCK, decay))
    last = float(decays[-1])
    carried = list(accumulate(sums[-1].tolist(), lambda carry, end: end + carry * last, initial=0.0))
    sums += np.multiply.outer(decays, np.array(carried[:-1]))
    return sums.T.reshape(-1)[: len(moves)]
