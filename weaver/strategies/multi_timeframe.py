"""Several timeframes: the coarse one says where to, the fine one when."""

from decimal import Decimal

from weaver import Context, Strategy, crossed_above, ema, parameter, rsi


class MultiTimeframe(Strategy):
    """Buys a dip of the run's own bars while the bars of a coarser timeframe rise, sells when they fall."""

    coarse: str = parameter("1h", choices=("5m", "15m", "1h", "4h", "1d"), description="timeframe of the trend")
    trend: int = parameter(20, ge=2, description="coarse bars in the average that tells the trend")
    length: int = parameter(14, ge=2, description="bars in the RSI that tells the dip")
    dip: float = parameter(35.0, gt=0, lt=100, description="RSI that a dip goes below")
    quantity: Decimal = parameter(Decimal(1), gt=0, description="how much to buy")

    def on_start(self, ctx: Context) -> None:
        """Compute the trend of the coarse bars and the strength of the fine ones."""
        coarse = ctx.bars(timeframe=self.coarse)
        self.coarse_close = coarse.close
        self.average = ctx.indicator(ema, coarse.close, self.trend)
        self.strength = ctx.indicator(rsi, ctx.bars().close, self.length)

    def on_bar(self, ctx: Context) -> None:
        """Buy when a dip is over in a rising market; close when the market turns."""
        if not len(self.coarse_close):
            return
        rises = self.coarse_close[-1] > self.average[-1]
        if ctx.position():
            if self.coarse_close[-1] < self.average[-1]:
                ctx.close()
        elif rises and crossed_above(self.strength, self.dip):
            ctx.buy(self.quantity)
