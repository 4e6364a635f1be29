"""RSI reversal: buys when a fall loses its strength."""

from decimal import Decimal

from weaver import Context, Strategy, crossed_above, crossed_below, parameter, rsi, sma


class RsiReversal(Strategy):
    """Buys when the RSI rises out of the oversold zone, sells when it falls out of the overbought one."""

    length: int = parameter(14, ge=2, description="bars in the RSI")
    oversold: float = parameter(30.0, gt=0, lt=50, description="RSI below which a fall has gone far")
    overbought: float = parameter(70.0, gt=50, lt=100, description="RSI above which a rise has gone far")
    trend: int = parameter(0, ge=0, description="buy only above the average of so many bars; 0: wherever the price is")
    percent: Decimal = parameter(Decimal(95), gt=0, le=100, description="percent of equity to hold")

    def on_start(self, ctx: Context) -> None:
        """Compute the index, and the average if one is asked for."""
        self.close = ctx.bars().close
        self.strength = ctx.indicator(rsi, self.close, self.length)
        self.average = ctx.indicator(sma, self.close, self.trend) if self.trend else None

    def on_bar(self, ctx: Context) -> None:
        """Buy at the end of a fall, sell at the end of a rise."""
        if ctx.position():
            if crossed_below(self.strength, self.overbought):
                ctx.close()
        elif crossed_above(self.strength, self.oversold) and self.is_with_the_trend():
            ctx.target(percent=self.percent)

    def is_with_the_trend(self) -> bool:
        """Whether the close is above its average; false while that warms up."""
        return self.average is None or self.close[-1] > self.average[-1]
