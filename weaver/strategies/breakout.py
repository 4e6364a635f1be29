"""Breakout: an order waits above the channel, and a stop follows what it bought."""

from decimal import Decimal

from weaver import Context, Fill, Strategy, atr, highest, parameter


class Breakout(Strategy):
    """Buys by a stop order above the highest high of some bars, and leaves by a stop that trails the price.

    The stop's distance is a multiple of the average true range when the order fills.
    """

    length: int = parameter(20, ge=2, description="bars in the channel")
    range_length: int = parameter(14, ge=1, description="bars in the average true range")
    distance: Decimal = parameter(Decimal(3), gt=0, description="true ranges between the best price and the stop")
    quantity: Decimal = parameter(Decimal(1), gt=0, description="how much to buy")

    def on_start(self, ctx: Context) -> None:
        """Compute the channel and the range once."""
        bars = ctx.bars()
        self.high = bars.high
        self.top = ctx.indicator(highest, bars.high, self.length)
        self.range = ctx.indicator(atr, bars.high, bars.low, bars.close, self.range_length)
        self.level = 0.0

    def on_bar(self, ctx: Context) -> None:
        """Keep the entry at the top of the channel while flat."""
        if ctx.position() or not self.is_warm():
            return
        if ctx.orders():
            if self.level == self.top[-1]:
                return
            ctx.cancel_all()
        self.level = self.top[-1]
        ctx.buy(self.quantity, stop=self.level, tag="breakout")

    def on_fill(self, ctx: Context, fill: Fill) -> None:
        """Let a stop follow what was bought."""
        if fill.side == "buy":
            trail = self.distance * Decimal(repr(self.range[-1]))
            ctx.sell(fill.qty, trail=trail, tag="trailing stop")

    def is_warm(self) -> bool:
        """Whether the channel and the range have their bars, and the market moves at all."""
        return len(self.high) >= self.length and self.range[-1] > 0
