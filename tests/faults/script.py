"""The strategies of the trials: one with something to do at nearly every bar, by a known script, and one that waits."""

SYMBOL = "BTC/USD"
SCRIPTED, PATIENT = "scripted", "patient"

_SCRIPTED = '''
from decimal import Decimal

from weaver import Context, Strategy


class Scripted(Strategy):
    """Eight bars: market, an order that rests, cancel and a new one, limit, cancel all, sell, ioc, flat."""

    def on_start(self, ctx: Context) -> None:
        self.seen = 0

    def on_bar(self, ctx: Context) -> None:
        self.seen += 1
        close = Decimal(repr(ctx.bars().close[-1]))
        held = ctx.position().quantity
        match self.seen % 8:
            case 1:
                ctx.buy("0.002")
            case 2:
                ctx.buy("0.001", limit=close * Decimal("0.9"))
            case 3:
                ctx.cancel_all()
                ctx.buy("0.0015", limit=close * Decimal("0.92"))
            case 4:
                ctx.buy("0.003", limit=close * Decimal("1.01"))
            case 5:
                ctx.cancel_all()
            case 6 if held > 0:
                ctx.sell((held / 2).quantize(Decimal("1e-9")), limit=close * Decimal("0.97"))
            case 7:
                ctx.buy("0.001", limit=close * Decimal("0.9"), tif="ioc")
                ctx.buy("0.0025")
            case 0:
                ctx.close()
'''

_PATIENT = '''
from decimal import Decimal

from weaver import Context, Strategy


class Patient(Strategy):
    """Orders that rest in the book: another one at every bar while there are fewer than four."""

    def on_bar(self, ctx: Context) -> None:
        if len(ctx.orders()) < 4:
            ctx.buy("0.001", limit=Decimal(repr(ctx.bars().close[-1])) * Decimal("0.9"))
'''

SOURCES = {SCRIPTED: _SCRIPTED, PATIENT: _PATIENT}
