"""What is used of a run's limits, and what is left."""

from decimal import Decimal

from domain.limit_use import LimitUse, Standing, limit_use
from domain.risk import RiskLimits, parse_limits


def standing(equity: str | None = "90", **changes: Decimal | int) -> Standing:
    fields: dict[str, Decimal | int] = {"largest_position": Decimal(3), "gross": Decimal(70), "open_orders": 2}
    fields |= {"day_start": Decimal(95), "peak": Decimal(120)} | changes
    return Standing(None if equity is None else Decimal(equity), **fields)  # type: ignore[arg-type]


def used(name: str, limit: str, stands: Standing) -> Decimal | None:
    [found] = limit_use(parse_limits({name: limit}), stands)
    assert (found.name, found.limit) == (name, Decimal(limit))
    return found.used


def test_each_limit_is_held_against_what_the_gate_looks_at() -> None:
    stands = standing()
    assert used("max_daily_loss", "10", stands) == 5
    assert used("max_drawdown", "0.5", stands) == Decimal("0.25")
    assert used("max_gross_exposure", "100", stands) == 70
    assert used("max_position", "4", stands) == 3
    [open_orders] = limit_use(RiskLimits(max_open_orders=1), stands)
    assert open_orders == LimitUse("max_open_orders", Decimal(1), Decimal(2))
    assert open_orders.left == -1


def test_a_gain_uses_nothing_and_before_the_first_mark_nothing_is_used() -> None:
    for stands in (standing("130"), standing(None)):
        assert used("max_daily_loss", "10", stands) == 0
        assert used("max_drawdown", "0.5", stands) == 0


def test_limits_of_one_order_are_shown_without_a_use_and_switches_not_at_all() -> None:
    limits = RiskLimits(max_order_notional=Decimal(7), max_orders_per_minute=3, long_only=True, flatten_on_halt=True)
    found = limit_use(limits, standing())
    assert [(one.name, one.used, one.left) for one in found] == [
        ("max_order_notional", None, None),
        ("max_orders_per_minute", None, None),
    ]
