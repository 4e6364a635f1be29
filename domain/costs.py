"""What trading costs: slippage moves the price, commission is a fee."""

from dataclasses import dataclass
from decimal import Decimal

from domain.errors import InvalidInput
from domain.money import BASIS_POINT, ONE, ZERO, posted, rounded_down, rounded_up
from domain.order import Side
from domain.run import CostSettings

MAX_BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Costs:
    """Commission and slippage as fractions of the price."""

    commission: Decimal
    slippage: Decimal

    @classmethod
    def of(cls, settings: CostSettings) -> "Costs":
        """Return the costs of a run's settings; raise InvalidInput below zero or at 100 % and more."""
        for name, bps in (("commission_bps", settings.commission_bps), ("slippage_bps", settings.slippage_bps)):
            if not bps.is_finite() or not 0 <= bps < MAX_BPS:
                raise InvalidInput(f"{name} must be at least 0 and below {MAX_BPS}, not {bps}")
        return cls(settings.commission_bps * BASIS_POINT, settings.slippage_bps * BASIS_POINT)

    def slipped(self, price: Decimal, side: Side) -> Decimal:
        """Return the price after slippage, against the trader, rounded against the trader to eight decimals."""
        if self.slippage == ZERO:
            return price
        if side == "buy":
            return rounded_up(price * (ONE + self.slippage))
        return rounded_down(price * (ONE - self.slippage))

    def fee(self, qty: Decimal, price: Decimal) -> Decimal:
        """Return the commission of an execution in quote currency, to eight decimals."""
        return posted(qty * price * self.commission)
