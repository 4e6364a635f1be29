"""Moving average crossover: the first strategy of every trading course."""

from decimal import Decimal

from weaver import Context, Strategy, crossed_above, crossed_below, parameter, sma


class SmaCross(Strategy):
    """Long while the fast average is above the slow one."""

    fast: int = parameter(10, ge=2, description="bars in the fast average")
    slow: int = parameter(30, ge=3, description="bars in the slow average")
    quantity: Decimal = parameter(Decimal(1), gt=0, description="how much to buy")

    def on_start(self, ctx: Context) -> None:
        """Compute both averages once."""
        self.fast_sma = ctx.indicator(sma, ctx.bars().close, self.fast)
        self.slow_sma = ctx.indicator(sma, ctx.bars().close, self.slow)

    def on_bar(self, ctx: Context) -> None:
        """Buy when the fast average rises through the slow one, close when it falls through."""
        if crossed_above(self.fast_sma, self.slow_sma) and ctx.position().quantity == 0:
            ctx.buy(self.quantity)
        elif crossed_below(self.fast_sma, self.slow_sma) and ctx.position().quantity > 0:
            ctx.close()
