"""What an instrument allows at a venue: increments, minimums, and which orders in which time in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from typing import Literal

from domain.errors import OrderRefused
from domain.money import ZERO, plain
from domain.order import OrderType, Side, TimeInForce

type AssetClass = Literal["crypto", "us_equity"]
type Capabilities = Mapping[OrderType, frozenset[TimeInForce]]

# More than any venue takes: such a quantity is a mistake, not one to be cut.
MAX_QUANTITY_DECIMALS = 9
MAX_QUANTITY = Decimal(10**15)


@dataclass(frozen=True, slots=True)
class Instrument:
    """What one symbol allows at one venue.

    tick: the increment of a price, which may depend on the price. lot: the increment of a quantity.
    min_buy_notional, max_notional: of one order, quote currency; None for no bound. capabilities: the times in force
    each order type may have; a type that is missing is not taken at all. legs: whether take_profit and stop_loss are
    taken. fractional_only: the times in force of a quantity that is no whole number; None for all.
    """

    symbol: str
    venue: str
    asset_class: AssetClass
    tick: Callable[[Decimal], Decimal]
    lot: Decimal
    capabilities: Capabilities
    legs: bool
    shortable: bool
    min_buy_notional: Decimal | None = None
    max_notional: Decimal | None = None
    fractional_only: frozenset[TimeInForce] | None = None

    @property
    def has_size_rules(self) -> bool:
        """Whether `objection` may object at all."""
        return not (self.min_buy_notional is None and self.max_notional is None and self.fractional_only is None)

    def require_capable(self, order_type: OrderType, tif: TimeInForce, *, has_legs: bool) -> None:
        """Raise OrderRefused, with what is taken instead, for an order the venue does not take of this symbol."""
        taken = self.capabilities.get(order_type)
        if taken is None:
            raise OrderRefused(
                f"{self.venue} takes no {order_type} orders of {self.symbol}: {', '.join(self.capabilities)} only"
            )
        if tif not in taken:
            raise OrderRefused(
                f"{self.venue} takes no {tif} {order_type} orders of {self.symbol}: "
                f"{', '.join(one for one in TimeInForce if one in taken)} only"
            )
        if has_legs and not self.legs:
            raise OrderRefused(f"{self.venue} takes no take_profit or stop_loss with orders of {self.symbol}")

    def quantity(self, qty: Decimal) -> Decimal:
        """Return the quantity cut to whole lots; raise OrderRefused if that is nothing or it never was a quantity."""
        if not qty.is_finite() or qty <= 0:
            raise OrderRefused(f"the quantity must be above zero, not {qty}")
        if qty > MAX_QUANTITY:
            raise OrderRefused(f"the quantity must be at most {plain(MAX_QUANTITY)}, not {qty}")
        if not qty % self.lot:
            return qty
        exponent = qty.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > MAX_QUANTITY_DECIMALS:
            raise OrderRefused(f"the quantity {qty} has more than {MAX_QUANTITY_DECIMALS} decimals")
        cut = self.whole_lots(qty)
        if not cut:
            raise OrderRefused(f"the quantity {plain(qty)} is less than one lot of {self.symbol}: {plain(self.lot)}")
        return cut

    def whole_lots(self, qty: Decimal) -> Decimal:
        """Return the quantity cut down to a multiple of the lot, itself if it is one."""
        rest = qty % self.lot
        return qty if not rest else (qty - rest).quantize(self.lot, ROUND_DOWN)

    def parts(self, qty: Decimal, price: Decimal) -> list[tuple[Decimal, TimeInForce]]:
        """Return a quantity as the market orders the venue takes it in at about this price, largest first."""
        tif = TimeInForce.GTC
        if self.fractional_only is not None and qty % 1 and tif not in self.fractional_only:
            tif = next(one for one in TimeInForce if one in self.fractional_only)
        if self.max_notional is None or qty * price <= self.max_notional:
            return [(qty, tif)]
        # below the bound by a tenth: the price moves before the order arrives
        most = self.whole_lots(self.max_notional * 9 / 10 / price)
        whole, rest = divmod(qty, most)
        return [(most, tif)] * int(whole) + ([(rest, tif)] if rest else [])

    def limit_price(self, price: Decimal, side: Side) -> Decimal:
        """Return a limit on the tick, never worse for who gave it: a buyer's rounded down, a seller's up."""
        return self._on_tick(price, ROUND_FLOOR if side == "buy" else ROUND_CEILING)

    def stop_price(self, price: Decimal, side: Side) -> Decimal:
        """Return a trigger on the tick, never reached earlier than asked: a buyer's rounded up, a seller's down."""
        return self._on_tick(price, ROUND_CEILING if side == "buy" else ROUND_FLOOR)

    def objection(self, side: Side, qty: Decimal, tif: TimeInForce, notional: Decimal, *, has_legs: bool) -> str | None:
        """Return why the venue would reject an order of this size, None if it would not.

        notional: what the order is expected to cost, quote currency.
        """
        if self.min_buy_notional is not None and side == "buy" and notional < self.min_buy_notional:
            return (
                f"{self.venue} takes buys of at least {plain(self.min_buy_notional)}: this one is of {plain(notional)}"
            )
        if self.max_notional is not None and notional > self.max_notional:
            return f"{self.venue} takes orders of at most {plain(self.max_notional)}: this one is of {plain(notional)}"
        if self.fractional_only is not None and qty % 1:
            if has_legs:
                return f"{self.venue} takes fractions of {self.symbol} without take_profit and stop_loss only"
            if tif not in self.fractional_only:
                return f"{self.venue} takes fractions of {self.symbol} as {', '.join(self.fractional_only)} orders only"
        return None

    def _on_tick(self, price: Decimal, rounding: str) -> Decimal:
        tick = self.tick(price)
        rounded = (price / tick).to_integral_value(rounding) * tick
        if rounded <= ZERO:
            raise OrderRefused(f"the price {price} is less than one tick of {self.symbol}: {plain(tick)}")
        return rounded
