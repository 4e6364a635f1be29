"""How much of its risk limits a run has used, for people: the gate in `domain.risk_gate` is what decides."""

from dataclasses import dataclass
from decimal import Decimal

from msgspec import structs

from domain.money import ZERO
from domain.risk import RiskLimits


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands. Amounts in quote currency, None before the first mark of equity.

    day_start, peak: of equity, anew when a halted run was resumed. largest_position: units of a symbol, absolute.
    gross: sum of absolute quantity x price of what is held. open_orders: that work.
    """

    equity: Decimal | None
    day_start: Decimal
    peak: Decimal
    largest_position: Decimal
    gross: Decimal
    open_orders: int


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A limit that is set, and what is used of it, in its own unit; None if it concerns each order by itself."""

    name: str
    limit: Decimal
    used: Decimal | None

    @property
    def left(self) -> Decimal | None:
        """What is left of it, below zero beyond the limit."""
        return None if self.used is None else self.limit - self.used


def limit_use(limits: RiskLimits, standing: Standing) -> list[LimitUse]:
    """Return every limit that is set to a number, in the order of RiskLimits."""
    used: dict[str, Decimal | None] = {
        "max_position": standing.largest_position,
        "max_open_orders": Decimal(standing.open_orders),
        "max_gross_exposure": standing.gross,
        "max_daily_loss": _loss(standing),
        "max_drawdown": _drawdown(standing),
    }
    return [
        LimitUse(name, Decimal(value), used.get(name))
        for name, value in structs.asdict(limits).items()
        if value is not None and not isinstance(value, bool)
    ]


def _loss(standing: Standing) -> Decimal:
    return ZERO if standing.equity is None else max(ZERO, standing.day_start - standing.equity)


def _drawdown(standing: Standing) -> Decimal:
    if standing.equity is None or standing.peak <= 0:
        return ZERO
    return round(max(ZERO, standing.peak - standing.equity) / standing.peak, 8)
