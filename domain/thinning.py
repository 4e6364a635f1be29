"""Few points out of many, for the eye: what is left out lies between what is shown."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from domain.market import Floats


def thinned(most: int, *series: Floats) -> NDArray[np.intp]:
    """Return the places of at most `most` points of one or more series over the same times, ascending.

    All of them where there are no more. Else the points are cut into stretches of equal numbers, and of each stretch
    its first and its last point are kept, and the lowest and the highest of every series, so that no peak and no trough
    is lost; NaN is neither. most: at least 2 and 2 more for each series.
    """
    count = len(series[0])
    if count <= most:
        return np.arange(count)
    edges = np.linspace(0, count, most // (2 + 2 * len(series)) + 1).astype(np.intp).tolist()
    kept = np.zeros(count, np.bool_)
    for first, end in pairwise(edges):
        kept[[first, end - 1]] = True
        for values in series:
            part = values[first:end]
            if not np.isnan(part).all():
                kept[first + np.nanargmin(part)] = kept[first + np.nanargmax(part)] = True
    return np.flatnonzero(kept)
