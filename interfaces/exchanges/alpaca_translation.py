"""Alpaca's JSON and Weaver's values, one into the other: pure functions.

Words that nobody has heard of are tolerated - such an order is WORKING, for it may still trade - and amounts are not:
where one is missing or no number, NotUnderstood is raised, and the order must be asked for again.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from application.exchange import (
    ExchangeAccount,
    ExchangeExecution,
    ExchangeOrder,
    ExchangePosition,
    ExchangeStatus,
    ExchangeUpdate,
    Listing,
    OrderTicket,
)
from domain.instruments import AssetClass
from domain.money import ZERO, plain
from domain.order import Side

# Everything else can still trade, words of the future included.
_FINAL_WORDS: Mapping[str, ExchangeStatus] = {
    "filled": ExchangeStatus.FILLED,
    "canceled": ExchangeStatus.CANCELLED,
    # another order has taken its place, with an id of its own
    "replaced": ExchangeStatus.CANCELLED,
    "expired": ExchangeStatus.EXPIRED,
    "rejected": ExchangeStatus.REJECTED,
}
_EXECUTING_EVENTS = frozenset({"fill", "partial_fill"})
_ASSET_CLASSES: Mapping[str, AssetClass] = {"crypto": "crypto", "us_equity": "us_equity"}
_BLOCKS = ("account_blocked", "trading_blocked", "trade_suspended_by_user")

type SymbolOf = Callable[[str], str]


class NotUnderstood(Exception):
    """What came from Alpaca cannot be read; the message names the field."""


def order_body(ticket: OrderTicket) -> dict[str, object]:
    """Return the body of a request for an order; every amount is a plain decimal string, exactly as given."""
    body: dict[str, object] = {
        "symbol": ticket.symbol,
        "qty": plain(ticket.qty),
        "side": str(ticket.side),
        "type": str(ticket.order_type),
        "time_in_force": str(ticket.time_in_force),
        "client_order_id": ticket.client_order_id,
    }
    prices = {
        "limit_price": ticket.limit,
        "stop_price": ticket.stop,
        "trail_price": ticket.trail,
        "trail_percent": ticket.trail_percent,
    }
    return body | {name: plain(price) for name, price in prices.items() if price is not None}


def order_from(answer: object, symbol_of: SymbolOf) -> ExchangeOrder:
    """Return the order; raise NotUnderstood without an id, a side or its amounts.

    symbol_of: the symbol Weaver knows by the name Alpaca has given.
    """
    given = _object(answer, "the order")
    word = str(given.get("status") or "")
    submitted = _time(given, "submitted_at", "created_at")
    return ExchangeOrder(
        exchange_order_id=_text(given, "id"),
        client_order_id=str(given.get("client_order_id") or ""),
        symbol=symbol_of(str(_of_legs(given, "symbol") or "")),
        side=_side(_of_legs(given, "side") or _side_of_package(given)),
        qty=_amount_or_none(given, "qty"),
        order_type=str(given.get("type") or given.get("order_type") or ""),
        status=_FINAL_WORDS.get(word, ExchangeStatus.WORKING),
        word=word,
        filled_qty=_amount_or_none(given, "filled_qty") or ZERO,
        filled_avg_price=_amount_or_none(given, "filled_avg_price"),
        submitted_at=submitted,
        updated_at=_time(given, "updated_at", "submitted_at", "created_at"),
        limit=_amount_or_none(given, "limit_price"),
        stop=_amount_or_none(given, "stop_price"),
        reason=_reason(given),
        time_in_force=str(given.get("time_in_force") or "") or None,
    )


def execution_id(exchange_order_id: str, cumulative_qty: Decimal) -> str:
    """Return the id of an execution: equal by whichever way it is heard of.

    Alpaca gives executions an id on the stream and another in the list of activities, and does not promise that they
    agree. What an order has filled in all only ever grows, so with the order's id it names each execution, for ever.
    """
    return f"{exchange_order_id}:{plain(cumulative_qty)}"


def update_from(message: object, symbol_of: SymbolOf) -> ExchangeUpdate:
    """Return what `data` of a message of the stream trade_updates says; raise NotUnderstood."""
    given = _object(message, "the update")
    event = _text(given, "event")
    order = order_from(given.get("order"), symbol_of)
    if event not in _EXECUTING_EVENTS:
        return ExchangeUpdate(event, order)
    execution = ExchangeExecution(
        execution_id=execution_id(order.exchange_order_id, order.filled_qty),
        exchange_order_id=order.exchange_order_id,
        symbol=order.symbol,
        side=order.side,
        qty=_positive(given, "qty"),
        price=_positive(given, "price"),
        cumulative_qty=order.filled_qty,
        at=_time(given, "timestamp", "at"),
        client_order_id=order.client_order_id or None,
    )
    if execution.cumulative_qty < execution.qty:
        raise NotUnderstood(f"filled_qty {order.filled_qty} is less than the execution's own {execution.qty}")
    return ExchangeUpdate(event, order, execution)


def execution_from(activity: object, symbol_of: SymbolOf) -> ExchangeExecution:
    """Return what an entry of the list of fills says; raise NotUnderstood."""
    given = _object(activity, "the fill")
    order_id, cumulative = _text(given, "order_id"), _positive(given, "cum_qty")
    return ExchangeExecution(
        execution_id=execution_id(order_id, cumulative),
        exchange_order_id=order_id,
        symbol=symbol_of(_text(given, "symbol")),
        side=_side(given.get("side")),
        qty=_positive(given, "qty"),
        price=_positive(given, "price"),
        cumulative_qty=cumulative,
        at=_time(given, "transaction_time"),
    )


def position_from(answer: object, symbol_of: SymbolOf) -> ExchangePosition:
    """Return the position; raise NotUnderstood. Alpaca signs quantities of short positions, or says `short`."""
    given = _object(answer, "the position")
    sign = -1 if given.get("side") == "short" else 1
    qty = abs(_amount(given, "qty")) * sign if sign < 0 else _amount(given, "qty")
    available = _amount_or_none(given, "qty_available")
    return ExchangePosition(
        symbol=symbol_of(_text(given, "symbol")),
        qty=qty,
        available=qty if available is None else (-abs(available) if sign < 0 else available),
        avg_price=_amount_or_none(given, "avg_entry_price"),
        market_value=_amount_or_none(given, "market_value"),
    )


def account_from(answer: object) -> ExchangeAccount:
    """Return the account; raise NotUnderstood."""
    given = _object(answer, "the account")
    return ExchangeAccount(
        account_id=_text(given, "id"),
        currency=str(given.get("currency") or "USD"),
        cash=_amount(given, "cash"),
        equity=_amount(given, "equity"),
        buying_power=_amount(given, "buying_power"),
        blocked=_blocked(given),
        cash_buying_power=_amount_or_none(given, "non_marginable_buying_power"),
    )


def time_from(answer: object) -> datetime:
    """Return the time of a clock's answer, UTC."""
    return _time(_object(answer, "clock"), "timestamp")


def listing_from(answer: object) -> Listing:
    """Return what Alpaca says of an asset; raise NotUnderstood."""
    given = _object(answer, "the asset")
    symbol, status, kind = _text(given, "symbol"), str(given.get("status") or ""), str(given.get("class") or "")
    reason = None
    if kind not in _ASSET_CLASSES:
        reason = f"Weaver does not trade assets of class {kind}"
    elif status != "active":
        reason = f"it is {status or 'of unknown status'} at Alpaca"
    elif given.get("tradable") is not True:
        reason = "Alpaca does not take orders of it now"
    return Listing(symbol, _ASSET_CLASSES.get(kind, "us_equity"), tradable=reason is None, reason=reason)


def _blocked(account: Mapping[str, object]) -> str | None:
    status = str(account.get("status") or "ACTIVE")
    flags = [name.replace("_", " ") for name in _BLOCKS if account.get(name) is True]
    reasons = flags if status == "ACTIVE" else [f"the account is {status}", *flags]
    return ", ".join(reasons) or None


def _reason(order: Mapping[str, object]) -> str | None:
    """Alpaca mostly does not say why it rejected an order it had taken."""
    for name in ("reject_reason", "rejected_reason", "reason"):
        said = order.get(name)
        if isinstance(said, str) and said:
            return said
    return None


def _object(given: object, what: str) -> Mapping[str, object]:
    if not isinstance(given, dict):
        raise NotUnderstood(f"{what} is no JSON object")
    return given


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise NotUnderstood(f"{name} is missing")
    return value


def _of_legs(order: Mapping[str, object], name: str) -> object:
    """An order of several legs, placed by hand, has no symbol and no side of its own: its first leg's then."""
    legs = order.get("legs")
    if order.get(name) or not isinstance(legs, list) or not legs or not isinstance(legs[0], dict):
        return order.get(name)
    return legs[0].get(name)


def _side_of_package(order: Mapping[str, object]) -> str | None:
    """A package of options is bought at its net price; its legs have the sides."""
    return "buy" if order.get("order_class") == "mleg" else None


def _side(given: object) -> Side:
    word = str(given or "")
    if word.startswith("buy"):
        return "buy"
    if word.startswith("sell"):
        return "sell"
    raise NotUnderstood(f"side is neither buy nor sell: {word!r}")


def _amount_or_none(given: Mapping[str, object], name: str) -> Decimal | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise NotUnderstood(f"{name} is no number: {value!r}")
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite():
        raise NotUnderstood(f"{name} is no number: {value!r}")
    return amount


def _amount(given: Mapping[str, object], name: str) -> Decimal:
    amount = _amount_or_none(given, name)
    if amount is None:
        raise NotUnderstood(f"{name} is missing")
    return amount


def _positive(given: Mapping[str, object], name: str) -> Decimal:
    amount = _amount(given, name)
    if amount <= ZERO:
        raise NotUnderstood(f"{name} is not above zero: {amount}")
    return amount


def _time(given: Mapping[str, object], *names: str) -> datetime:
    """Return the first of these times that is there, UTC, its nanoseconds cut to microseconds."""
    value = next((given[name] for name in names if given.get(name)), None)
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotUnderstood(f"{names[0]} is no time: {value!r}") from None
