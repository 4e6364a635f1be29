"""Pairs: two markets that move together, until one of them runs ahead."""

from collections import deque
from decimal import Decimal
from math import log
from statistics import fmean, pstdev

from weaver import Context, Strategy, parameter


class Pairs(Strategy):
    """Buys the cheaper of two symbols when their ratio is far from its average, sells when it is back.

    The ratio is that of the run's first two symbols, as a logarithm; how far it is counts in its own standard
    deviations. With `neutral` the dearer one is sold short for the same amount of money, which needs a margin account.
    """

    length: int = parameter(60, ge=10, description="bars the ratio is compared with")
    entry: float = parameter(2.0, gt=0, description="deviations from the average to get in at")
    leave: float = parameter(0.5, ge=0, description="deviations from the average to get out at")
    percent: Decimal = parameter(Decimal(40), gt=0, le=50, description="percent of equity on each side")
    neutral: bool = parameter(False, description="sell the dearer one short as well")

    def on_start(self, ctx: Context) -> None:
        """Remember the two symbols; raise ValueError for a run of fewer."""
        if len(ctx.symbols) < 2:
            raise ValueError("pairs needs two symbols: give --symbol twice")
        self.first, self.second = ctx.symbols[:2]
        self.ratios: deque[float] = deque(maxlen=self.length)
        self.side = 0

    def on_bar(self, ctx: Context) -> None:
        """Look at the ratio at every instant at which both have a bar."""
        first, second = ctx.bars(self.first), ctx.bars(self.second)
        if not len(first) or not len(second) or first.time[-1] != second.time[-1]:
            return
        ratio = log(first.close[-1] / second.close[-1])
        away = self.deviations(ratio)
        self.ratios.append(ratio)
        if away is None or ctx.orders():
            return
        held = [symbol for symbol in (self.first, self.second) if ctx.position(symbol)]
        if held:
            if away * self.side <= self.leave:
                for symbol in held:
                    ctx.close(symbol)
        elif abs(away) >= self.entry:
            self.side = 1 if away > 0 else -1
            cheap, dear = (self.second, self.first) if away > 0 else (self.first, self.second)
            ctx.target(percent=self.percent, symbol=cheap)
            if self.neutral:
                ctx.target(percent=-self.percent, symbol=dear)

    def deviations(self, ratio: float) -> float | None:
        """Return how far a ratio is from the average of those before; None while they are too few or all equal."""
        if len(self.ratios) < self.length:
            return None
        spread = pstdev(self.ratios)
        return (ratio - fmean(self.ratios)) / spread if spread > 0 else None
