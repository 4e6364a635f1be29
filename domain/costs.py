"""What trading costs: slippage moves the price, commission is a fee."""

from dataclasses import dataclass
from decimal import Decimal

from domain.errors import InvalidInput
from domain.instruments import Instrument
from domain.money import BASIS_POINT, ONE, ZERO, posted, rounded_down, rounded_up
from domain.order import Liquidity, Side
from domain.run import CostSettings

MAX_BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Costs:
    """Commission and slippage: the rates as fractions of the price, the rest in quote currency.

    taker, maker: commission of orders that took liquidity, and of those that rested. in_base: whether a buy's fee is
    taken from what was bought. slips: whether any slippage is set.
    """

    taker: Decimal
    maker: Decimal
    per_unit: Decimal
    per_order: Decimal
    in_base: bool
    slippage: Decimal
    slippage_ticks: Decimal
    impact: Decimal
    slips: bool

    @classmethod
    def of(cls, settings: CostSettings) -> "Costs":
        """Return the costs of a run's settings; raise InvalidInput below zero, and for rates of 100 % and more."""
        maker_bps = settings.commission_bps if settings.maker_bps is None else settings.maker_bps
        rates = {
            "commission_bps": settings.commission_bps,
            "maker_bps": maker_bps,
            "slippage_bps": settings.slippage_bps,
        }
        for name, bps in rates.items():
            if not bps.is_finite() or not 0 <= bps < MAX_BPS:
                raise InvalidInput(f"{name} must be at least 0 and below {MAX_BPS}, not {bps}")
        amounts = ("commission_per_unit", "commission_per_order", "slippage_ticks", "slippage_impact")
        for name in amounts:
            amount = getattr(settings, name)
            if not amount.is_finite() or amount < 0:
                raise InvalidInput(f"{name} must be at least 0, not {amount}")
        if settings.slippage_impact >= 1:
            raise InvalidInput(f"slippage_impact is a fraction of the price below 1, not {settings.slippage_impact}")
        return cls(
            taker=settings.commission_bps * BASIS_POINT,
            maker=maker_bps * BASIS_POINT,
            per_unit=settings.commission_per_unit,
            per_order=settings.commission_per_order,
            in_base=settings.fee_in_base,
            slippage=settings.slippage_bps * BASIS_POINT,
            slippage_ticks=settings.slippage_ticks,
            impact=settings.slippage_impact,
            slips=bool(settings.slippage_bps or settings.slippage_ticks or settings.slippage_impact),
        )

    def slipped(self, price: Decimal, side: Side, instrument: Instrument, share: Decimal = ZERO) -> Decimal:
        """Return the price after slippage, against the trader, rounded against the trader to eight decimals.

        share: of the bar's volume that the execution takes, in [0, 1]; the impact is `slippage_impact` x share².
        """
        if not self.slips:
            return price
        fraction = self.slippage + self.impact * share * share
        ticks = self.slippage_ticks * instrument.tick(price) if self.slippage_ticks else ZERO
        if side == "buy":
            return rounded_up(price * (ONE + fraction) + ticks)
        # a sale gives at least the smallest amount there is
        return max(rounded_down(price * (ONE - fraction) - ticks), instrument.tick(price))

    def expected(self, qty: Decimal, price: Decimal, side: Side, instrument: Instrument) -> Decimal:
        """Return what an order of this size pays in quote currency if it takes liquidity at once, not rounded."""
        fee = ZERO if self._takes_base(side, instrument) else qty * price * self.taker
        if self.per_unit or self.per_order:
            fee += qty * self.per_unit + self.per_order
        return fee

    def charged(
        self, qty: Decimal, price: Decimal, side: Side, instrument: Instrument, liquidity: Liquidity, *, is_first: bool
    ) -> tuple[Decimal, Decimal]:
        """Return an execution's fee in quote currency, to eight decimals, and what of it is taken in base, in units.

        is_first: whether it is the first execution of its order, which pays what is due by the order. The part in base
        is rounded up to whole lots, so that what is left can be sold.
        """
        rate = self.taker if liquidity == "taker" else self.maker
        base_fee = ZERO
        if self._takes_base(side, instrument):
            owed = qty * rate
            base_fee = instrument.whole_lots(owed)
            if base_fee < owed:
                base_fee += instrument.lot
            rate = ZERO
        fee = qty * price * rate
        if self.per_unit:
            fee += qty * self.per_unit
        if self.per_order and is_first:
            fee += self.per_order
        return posted(fee), base_fee

    def _takes_base(self, side: Side, instrument: Instrument) -> bool:
        return self.in_base and side == "buy" and instrument.asset_class == "crypto"
