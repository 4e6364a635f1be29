"""When an order trades and at what price, and the facts that make of it. Pure: an order and a quote in, a fact out."""

from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any
from uuid import UUID, uuid5

from msgspec.structs import replace

from tests.alpaca_server.assets import NINE_DECIMALS, Asset
from tests.alpaca_server.facts import OrderMoved
from tests.alpaca_server.market import Quote
from tests.alpaca_server.orders import Execution, Order

TAKER, MAKER = Decimal("0.0025"), Decimal("0.0015")
WHEN = {
    "canceled": "canceled_at",
    "expired": "expired_at",
    "rejected": "failed_at",
    "replaced": "replaced_at",
    "pending_cancel": "cancel_requested_at",
}


def trailing(order: Order, quote: Quote) -> Order | None:
    """Return a trailing order whose mark the market has moved on, None while it has not."""
    mark = order.hwm if order.hwm is not None else quote.last
    better = max(mark, quote.last) if not order.is_buy else min(mark, quote.last)
    if order.type != "trailing_stop" or better == order.hwm:
        return None
    return replace(
        order, hwm=better, stop_price=trail_stop(order.is_buy, better, order.trail_price, order.trail_percent)
    )


def trail_stop(is_buy: bool, mark: Decimal, price: Decimal | None, percent: Decimal | None) -> Decimal:
    """Return the stop that trails a mark by a price or a percentage."""
    distance = price if price is not None else mark * (percent or Decimal(0)) / 100
    return mark + distance if is_buy else mark - distance


def triggers(order: Order, quote: Quote) -> bool:
    """Say whether the last trade has reached an order's stop for the first time."""
    if order.triggered or order.stop_price is None:
        return False
    return quote.last >= order.stop_price if order.is_buy else quote.last <= order.stop_price


def price_for(order: Order, quote: Quote) -> Decimal | None:
    """Return the price at which an order trades against a quote, None when it does not."""
    if order.stop_price is not None and not order.triggered:
        return None
    there = quote.ask if order.is_buy else quote.bid
    limit = order.limit_price
    if limit is None:
        return there
    if there > limit if order.is_buy else there < limit:
        return None
    return limit if order.rested else there


def wanted(order: Order, price: Decimal) -> Decimal:
    """Return the quantity an order still wants at a price: of a notional order, what its dollars buy."""
    if order.notional is None:
        return order.remaining_qty
    return ((order.notional - order.filled_cost) / price).quantize(NINE_DECIMALS, rounding=ROUND_DOWN)


def portion(order: Order, asset: Asset, qty: Decimal, share: Decimal) -> Decimal:
    """Return a share of a quantity, in whole shares if it is whole; the whole quantity when a share would be none."""
    whole_shares = not asset.is_crypto and not qty % 1
    part = (qty * share).quantize(Decimal(1) if whole_shares else NINE_DECIMALS, rounding=ROUND_DOWN)
    return part if 0 < part < qty else qty


def moved(environment: str, order: Order, at: int, status: str, event: str | None, **changes: Any) -> OrderMoved:
    """Return the fact that an order came to a status; `canceled_at` and its like are set."""
    times = {WHEN[status]: at} if status in WHEN else {}
    order = replace(order, status=status, updated_at=at, **times | changes)
    return OrderMoved(environment=environment, at=at, event=event, order=order)


def filled(
    environment: str, order: Order, asset: Asset, at: int, qty: Decimal, price: Decimal, *, is_last: bool
) -> OrderMoved:
    """Return the fact that a quantity of an order traded."""
    cum_qty = order.filled_qty + qty
    leaves = Decimal(0) if is_last else max(order.whole_qty - cum_qty, Decimal(0))
    fee, fee_asset = _fee(order, asset, qty, price)
    number = f"fill:{order.filled_qty}:{qty}:{at}"
    execution = Execution(
        id=str(uuid5(UUID(order.id), number)),
        order_id=order.id,
        symbol=order.symbol,
        side=order.side,
        qty=qty,
        price=price,
        at=at,
        cum_qty=cum_qty,
        leaves_qty=leaves,
        fee=fee,
        fee_asset=fee_asset,
    )
    status = "filled" if is_last else order.status if order.status not in ("new", "accepted") else "partially_filled"
    after = replace(
        order,
        status=status,
        updated_at=at,
        filled_at=at if is_last else order.filled_at,
        filled_qty=cum_qty,
        filled_cost=order.filled_cost + qty * price,
    )
    event = "fill" if is_last else "partial_fill"
    return OrderMoved(environment=environment, at=at, event=event, order=after, execution=execution)


def _fee(order: Order, asset: Asset, qty: Decimal, price: Decimal) -> tuple[Decimal, str]:
    """Return the fee and its currency: a buy pays in what it bought, a sell in dollars."""
    if not asset.is_crypto:
        return Decimal(0), "USD"
    rate = MAKER if order.rested and order.limit_price is not None else TAKER
    if order.is_buy:
        return (qty * rate).quantize(NINE_DECIMALS, rounding=ROUND_UP), asset.base
    return qty * price * rate, "USD"
