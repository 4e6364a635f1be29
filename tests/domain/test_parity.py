"""What parts a run from its backtest: each cause by itself, and all of them together to the last digit."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import Event
from domain.market import from_microseconds
from domain.order import OrderCreated, OrderExpired, OrderFill, OrderFilled, OrderRejected
from domain.parity import MAX_EXAMPLES, Difference, Kind, attributed, paired, traded_orders
from domain.portfolio import Portfolio
from domain.run import CostSettings
from domain.timeline import Timeline
from tests.random_trading import World, play, worlds
from tests.trading import RUN, START

MINUTE = timedelta(minutes=1)
FRAME = 60_000_000
END = START + MINUTE * 10
SYMBOL = "BTC/USD"
MARKS = {SYMBOL: Decimal(110)}

type Recorded = list[tuple[UUID, Event]]


def order(number: int, qty: str = "2", side: Any = "buy", minute: int = 1, **more: Any) -> Recorded:
    """The intent of an order."""
    created = OrderCreated(
        at=START + MINUTE * minute,
        run_id=RUN,
        client_order_id=f"c-{number}",
        sequence=number,
        symbol=SYMBOL,
        side=side,
        qty=Decimal(qty),
        **more,
    )
    return [(UUID(int=number), created)]


def fill(number: int, price: str, qty: str = "2", side: Any = "buy", fee: str = "0", after: float = 0.0) -> Recorded:
    """Its execution, so many seconds after the decision at the first minute."""
    filled = OrderFilled(
        at=START + MINUTE + timedelta(seconds=after),
        run_id=RUN,
        execution_id=f"c-{number}-1",
        symbol=SYMBOL,
        side=side,
        qty=Decimal(qty),
        price=Decimal(price),
        fee=Decimal(fee),
        filled_qty=Decimal(qty),
        filled_avg_price=Decimal(price),
    )
    return [(UUID(int=number), filled)]


def compared(live: Recorded, backtest: Recorded) -> dict[Kind, Difference]:
    """The causes that are not empty, once it is certain that they add up."""
    sides = [traded_orders(one, END) for one in (live, backtest)]
    found = attributed(paired(*sides), MARKS, FRAME)
    equities = [equity([event for _, event in one], MARKS, Decimal(1_000)) for one in (live, backtest)]
    assert sum(one.amount for one in found.values()) == equities[0] - equities[1]
    return {kind: one for kind, one in found.items() if one.count}


def equity(events: list[Event], marks: dict[str, Decimal], cash: Decimal) -> Decimal:
    portfolio = Portfolio(cash)
    for event in events:
        if isinstance(event, OrderFill):
            portfolio.book(event)
    return portfolio.equity(marks)


def amounts(found: dict[Kind, Difference]) -> dict[Kind, Decimal]:
    return {kind: one.amount for kind, one in found.items()}


def test_what_is_equal_has_no_difference() -> None:
    assert compared(order(1) + fill(1, "100"), order(1) + fill(1, "100")) == {}
    assert compared(order(1) + fill(1, "100", after=2), order(1) + fill(1, "100")) == {}, "in the same bar"


def test_prices_and_fees_are_told_apart() -> None:
    found = compared(order(1) + fill(1, "101", fee="0.5"), order(1) + fill(1, "100", fee="0.2"))
    assert amounts(found) == {"fill_price": Decimal(-2), "fee": Decimal("-0.3")}
    [example] = found["fill_price"].examples
    assert example.live is not None
    assert example.backtest is not None
    assert (example.live["average_price"], example.backtest["average_price"]) == ("101", "100")
    sale = order(1, side="sell")
    sold = compared(sale + fill(1, "101", side="sell"), sale + fill(1, "100", side="sell"))
    assert amounts(sold) == {"fill_price": Decimal(2)}, "a sale at a better price"


def test_a_fill_in_another_bar_is_late() -> None:
    assert amounts(compared(order(1) + fill(1, "104", after=61), order(1) + fill(1, "100"))) == {"latency": Decimal(-8)}


def test_what_was_filled_on_one_side_only_is_a_matter_of_time() -> None:
    assert amounts(compared(order(1), order(1) + fill(1, "100"))) == {"latency": Decimal(-20)}
    part = compared(order(1) + fill(1, "101", qty="1"), order(1) + fill(1, "100"))
    assert amounts(part) == {"fill_price": Decimal(-1), "latency": Decimal(-10)}


def test_an_order_of_one_side_or_of_another_size_is_a_decision() -> None:
    assert amounts(compared(order(1) + fill(1, "100"), [])) == {"decision": Decimal(20)}
    assert amounts(compared([], order(1) + fill(1, "100"))) == {"decision": Decimal(-20)}
    found = compared(order(1, qty="1") + fill(1, "100", qty="1"), order(1) + fill(1, "100"))
    assert amounts(found) == {"decision": Decimal(-10)}


def test_one_more_decision_does_not_move_those_after_it() -> None:
    live = order(1) + fill(1, "100") + order(2, minute=2) + order(3, minute=3)
    backtest = order(1) + fill(1, "100") + order(2, minute=3)
    found = compared(live, backtest)
    assert {kind: one.count for kind, one in found.items()} == {"decision": 1}
    [example] = found["decision"].examples
    assert (example.at, example.backtest) == (START + MINUTE * 2, None)


def test_a_refusal_is_one_whoever_refused() -> None:
    at = START + MINUTE
    for refusal in (OrderRejected(at=at, run_id=RUN, reason="no"), OrderExpired(at=at, run_id=RUN, reason="too late")):
        refused = [*order(1), (UUID(int=1), refusal)]
        assert amounts(compared(refused, order(1) + fill(1, "100"))) == {"refusal": Decimal(-20)}
        assert amounts(compared(order(1) + fill(1, "100"), refused)) == {"refusal": Decimal(20)}
        assert compared(refused, refused) == {}


def test_what_comes_after_the_moment_does_not_count() -> None:
    late = traded_orders(order(1) + fill(1, "100", after=9 * 60) + order(2, minute=11), END)
    assert [(one.order_id, one.fills) for one in late] == [(UUID(int=1), [])]


def test_at_most_fifty_examples_are_kept_the_largest() -> None:
    live: Recorded = []
    backtest: Recorded = []
    for number in range(1, 61):
        live += order(number) + fill(number, str(100 + number))
        backtest += order(number) + fill(number, "100")
    found = compared(live, backtest)["fill_price"]
    assert (found.count, len(found.examples)) == (60, MAX_EXAMPLES)
    assert found.amount == -2 * sum(range(1, 61))
    assert [one.amount for one in found.examples[:2]] == [Decimal(-120), Decimal(-118)]


COSTS = (
    CostSettings(),
    CostSettings(Decimal(10), Decimal(5)),
    CostSettings(commission_bps=Decimal(25), maker_bps=Decimal(15), fee_in_base=True),
)


@settings(max_examples=150, deadline=None)
@given(world=worlds(costs=COSTS), seed=st.integers(0, 2**32))
def test_the_causes_add_up_whatever_differs(world: World, seed: int) -> None:
    played, dice = play(world), Random(seed)
    recorded = [(one.originator_id, one.event) for one in played.recorded]
    live = diverged(recorded, dice)
    timeline = Timeline(world.markets)
    end = from_microseconds(timeline.closes[len(timeline) - 1]) + MINUTE * 60
    marks = {bars.symbol: Decimal(repr(float(bars.close[-1]))) for bars in world.markets}
    sides = [traded_orders(one, end) for one in (live, recorded)]
    found = attributed(paired(*sides), marks, FRAME)
    cash = Decimal(world.settings["cash"])
    equities = [equity([event for _, event in one], marks, cash) for one in (live, recorded)]
    rest = equities[0] - equities[1] - sum((one.amount for one in found.values()), Decimal(0))
    # positions are posted with eight decimals, once a symbol and side
    assert abs(rest) <= Decimal("1e-8") * 2 * len(marks)


def diverged(recorded: Recorded, dice: Random) -> Recorded:
    """The same run as an exchange could have made it: other prices, fees and times, fills that never came, refusals."""
    lost = {order_id for order_id, _ in recorded if dice.random() < 0.1}
    never = {order_id for order_id, event in recorded if isinstance(event, OrderCreated) and dice.random() < 0.05}
    live: Recorded = []
    for order_id, event in recorded:
        if order_id in never:
            continue
        match event:
            case OrderFill() if order_id in lost:
                refused = OrderRejected(at=event.at, run_id=RUN, reason="as told")
                live += [(order_id, refused)] if dice.random() < 0.5 else []
            case OrderFill():
                price = event.price + Decimal(dice.choice((0, 0, 1, -3, 8))) / 7
                live.append(
                    (
                        order_id,
                        msgspec.structs.replace(
                            event,
                            price=max(price, Decimal("0.01")),
                            fee=event.fee + Decimal(dice.choice((0, 0, 1, -1))) / 9,
                            qty=event.qty if dice.random() < 0.8 else event.qty / 3,
                            at=event.at + timedelta(seconds=dice.choice((0, 0, 2, 70))),
                        ),
                    )
                )
            case OrderCreated() if dice.random() < 0.05:
                live.append((order_id, msgspec.structs.replace(event, qty=event.qty + 1)))
            case _:
                live.append((order_id, event))
    return live
