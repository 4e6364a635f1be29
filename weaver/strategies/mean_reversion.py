"""Mean reversion: what fell too far below its average comes back, sometimes."""

from decimal import Decimal

from weaver import Context, Fill, Strategy, bollinger, crossed_above, crossed_below, parameter


class MeanReversion(Strategy):
    """Buys what falls out of its Bollinger bands; sells it at the average, at a loss, or when it waited too long."""

    length: int = parameter(20, ge=2, description="bars in the average")
    width: float = parameter(2.0, gt=0, le=10, description="standard deviations from the average to the bands")
    stop_percent: Decimal = parameter(Decimal(3), gt=0, lt=100, description="loss to leave at, percent of the price")
    patience: int = parameter(60, ge=1, description="bars to wait for the average")
    quantity: Decimal = parameter(Decimal(1), gt=0, description="how much to buy")

    def on_start(self, ctx: Context) -> None:
        """Compute the bands once."""
        self.close = ctx.bars().close
        self.lower, self.middle, self.upper = ctx.indicator(bollinger, self.close, self.length, width=self.width)
        self.bought_at = 0

    def on_fill(self, ctx: Context, fill: Fill) -> None:
        """Protect what was bought."""
        if fill.side == "buy":
            self.bought_at = len(self.close)
            ctx.sell(fill.qty, stop=fill.price * (1 - self.stop_percent / 100), tag="stop")

    def on_bar(self, ctx: Context) -> None:
        """Buy below the lower band; leave at the average, or when it was not reached in time."""
        if not ctx.position():
            if not ctx.orders() and crossed_below(self.close, self.lower):
                ctx.buy(self.quantity, tag="below the band")
        elif crossed_above(self.close, self.middle) or len(self.close) - self.bought_at >= self.patience:
            ctx.cancel_all()
            ctx.close(tag="back at the average" if self.close[-1] >= self.middle[-1] else "waited too long")
