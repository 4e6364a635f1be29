"""What happened to an order, and what it was decided on, in a line for people each."""

from domain.events import Event
from domain.money import exact, plain
from domain.order import (
    OrderAccepted,
    OrderCancelled,
    OrderCancelRequested,
    OrderCreated,
    OrderExpired,
    OrderFill,
    OrderOutcomeUnknown,
    OrderRejected,
    OrderSubmitted,
)
from domain.tape import TapeBackfilled, TapeDecided, TapeTicked
from projections import activity

_SOON_ENOUGH = 1.0
_ENDS: dict[type[Event], str] = {OrderCancelled: "Cancelled", OrderExpired: "Expired", OrderRejected: "Rejected"}


def told(event: Event, exchange: str, actor: str) -> str:
    """Return the line of an event on an order's way. exchange: the run's. actor: who recorded it."""
    match event:
        case TapeTicked():
            return _ticked(event)
        case TapeBackfilled():
            return f"{number_of(len(event.bars), 'bar')} seen as history: {event.reason}"
        case TapeDecided():
            return (
                f"Decided on tick {event.number}: {number_of(event.orders, 'order')} placed, {event.cancels} cancelled"
            )
        case OrderCreated():
            return _intended(event)
        case OrderFill():
            return _filled(event)
        case OrderCancelRequested():
            return f"Cancelling requested by {actor}"
        case OrderCancelled() | OrderExpired() | OrderRejected():
            return f"{_ENDS[type(event)]}: {event.reason}"
        case OrderSubmitted() | OrderAccepted() | OrderOutcomeUnknown():
            return _sent(event, exchange)
        case _:
            return activity.told(event)


def bar_closed(symbol: str, close: float) -> str:
    """Return the line of a bar's close."""
    return f"{symbol} closed at {plain(exact(close))}"


def number_of(count: int, thing: str) -> str:
    """Return how many there are: `1 order`, `2 orders`."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def _ticked(event: TapeTicked) -> str:
    closed = ", ".join(bar_closed(bar.symbol, bar.close) for bar in event.bars) or "no bar closed"
    late = f", recorded {event.lateness:.1f} s late" if event.lateness > _SOON_ENOUGH else ""
    missed = f", {number_of(event.missed, 'bar')} missed before ({event.missed_because})" if event.missed else ""
    return f"Tick {event.number}: {closed}{late}{missed}"


def _intended(event: OrderCreated) -> str:
    prices = {"limit": event.price, "stop": event.stop_price, "trail": event.trail, "trail %": event.trail_percent}
    exits = {"take profit": event.take_profit, "stop loss": event.stop_loss}
    terms = [f"{name} {plain(value)}" for name, value in (prices | exits).items() if value is not None]
    terms += [f"tag {event.tag}"] if event.tag else []
    what = "Exit recorded" if event.parent_id is not None else "Intent recorded"
    order = f"{event.side} {plain(event.qty)} {event.symbol}, {event.order_type}, {event.time_in_force}"
    return ", ".join([f"{what}: {order}", *terms])


def _sent(event: OrderSubmitted | OrderAccepted | OrderOutcomeUnknown, exchange: str) -> str:
    match event:
        case OrderSubmitted():
            return f"Sent to {exchange}" + (f", attempt {event.attempt}" if event.attempt > 1 else "")
        case OrderAccepted():
            return f"{exchange} accepted it as {event.exchange_order_id}"
        case OrderOutcomeUnknown():
            return f"Nobody knows whether {exchange} has it: {event.reason}"


def _filled(event: OrderFill) -> str:
    fee = f", fee {plain(event.fee)}" if event.fee else ""
    late = ", after the order had ended" if event.late else ""
    return f"Filled {plain(event.qty)} at {plain(event.price)}, {plain(event.filled_qty)} in all{fee}{late}"
