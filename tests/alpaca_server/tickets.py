"""What a client asks for when it places an order, and the rules that need no account to be checked."""

from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any

import msgspec

from tests.alpaca_server.assets import NINE_DECIMALS, Asset
from tests.alpaca_server.refusals import Refused, forbidden, invalid, malformed

TYPES = ("market", "limit", "stop", "stop_limit", "trailing_stop")
CRYPTO_TYPES = ("market", "limit", "stop_limit")
TIMES_IN_FORCE = ("day", "gtc", "opg", "cls", "ioc", "fok")
CRYPTO_TIMES_IN_FORCE = ("gtc", "ioc")
ADVANCED = {"bracket": "otoco", "oto": "oto", "oco": "oco", "mleg": "mleg"}
LONGEST_ID = 128
LARGEST = Decimal("1e15")


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is asked for, its fields read and its form found right."""

    asset: Asset
    side: str
    type: str
    time_in_force: str
    qty: Decimal | None
    notional: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    trail_price: Decimal | None
    trail_percent: Decimal | None
    extended_hours: bool
    client_order_id: str | None
    position_intent: str | None

    @property
    def is_buy(self) -> bool:
        return self.side == "buy"

    @property
    def named_price(self) -> Decimal | None:
        """The price the order itself names, None when the market sets it."""
        return self.limit_price if self.limit_price is not None else self.stop_price


def read_ticket(body: dict[str, Any], asset: Asset | None) -> Ticket:
    """Return what a body asks for; Refused as Alpaca does when its form cannot be right."""
    symbol = body.get("symbol")
    if not symbol:
        raise malformed("symbol is required")
    if asset is None:
        raise invalid(f'asset "{symbol}" not found')
    if asset.status != "active" or not asset.tradable:
        raise invalid(f"asset {asset.symbol} is not active")
    ticket = Ticket(
        asset=asset,
        side=_word(body, "side", ("buy", "sell")),
        type=_word(body, "type", TYPES),
        time_in_force=_word(body, "time_in_force", TIMES_IN_FORCE),
        qty=_quantity(body),
        notional=decimal_of(body, "notional"),
        limit_price=decimal_of(body, "limit_price"),
        stop_price=decimal_of(body, "stop_price"),
        trail_price=decimal_of(body, "trail_price"),
        trail_percent=decimal_of(body, "trail_percent"),
        extended_hours=body.get("extended_hours") is True,
        client_order_id=client_order_id_of(body),
        position_intent=body.get("position_intent"),
    )
    _check_class(asset, body.get("order_class") or "simple")
    _check_size(ticket)
    _check_prices(ticket)
    if asset.is_crypto and ticket.type not in CRYPTO_TYPES:
        raise malformed("invalid order type for crypto order")
    check_time_in_force(asset, ticket.time_in_force)
    if not asset.is_crypto:
        _check_share(ticket)
    return ticket


def _word(body: dict[str, Any], field: str, words: tuple[str, ...]) -> str:
    value = body.get(field)
    if value not in words:
        raise malformed(f"{field} is required" if value in (None, "") else f"invalid {field}: {value}")
    return str(value)


def decimal_of(body: dict[str, Any], field: str) -> Decimal | None:
    """Return a number given as text or as a JSON number, None when it is absent; Refused unless it is above zero."""
    value = body.get(field)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        number = Decimal(str(value))
    except InvalidOperation:
        raise malformed(f"invalid {field}: {value}") from None
    if not number.is_finite() or not 0 < number < LARGEST:
        raise malformed(f"{field} must be > 0")
    return number


def _quantity(body: dict[str, Any]) -> Decimal | None:
    """Return the quantity; what it has beyond nine decimals is dropped without a word."""
    qty = decimal_of(body, "qty")
    if qty is None:
        return None
    cut = qty.quantize(NINE_DECIMALS, rounding=ROUND_DOWN)
    if not cut:
        raise malformed("qty must be > 0")
    return cut


def client_order_id_of(body: dict[str, Any]) -> str | None:
    """Return the id a client has given, None when it has left it to Alpaca; Refused when it is too long."""
    given = body.get("client_order_id")
    if given is None or given == "":
        return None
    if not isinstance(given, str) or len(given) > LONGEST_ID:
        raise malformed(f"client_order_id must be no more than {LONGEST_ID} characters")
    return given


def _check_class(asset: Asset, order_class: str) -> None:
    if order_class == "simple":
        return
    if order_class not in ADVANCED:
        raise malformed(f"invalid order_class: {order_class}")
    if asset.is_crypto:
        raise invalid(f"crypto orders not allowed for advanced order_class: {ADVANCED[order_class]}")
    raise invalid(f"the local Alpaca does not imitate order_class {order_class}")


def _check_size(ticket: Ticket) -> None:
    if (ticket.qty is None) == (ticket.notional is None):
        raise malformed("qty or notional is required, and not both")
    if ticket.notional is not None and ticket.notional != ticket.notional.quantize(Decimal("0.01")):
        raise invalid("notional value must be limited to 2 decimal places")


def _check_prices(ticket: Ticket) -> None:
    wants_limit = ticket.type in ("limit", "stop_limit")
    wants_stop = ticket.type in ("stop", "stop_limit")
    if wants_limit != (ticket.limit_price is not None):
        raise malformed(f"{ticket.type} orders require {'a' if wants_limit else 'no'} limit price")
    if wants_stop != (ticket.stop_price is not None):
        raise malformed(f"{ticket.type} orders require {'a' if wants_stop else 'no'} stop price")
    trails = (ticket.trail_price is not None) + (ticket.trail_percent is not None)
    if trails != (ticket.type == "trailing_stop"):
        raise malformed("trailing stop orders, and no others, require one of trail_price and trail_percent")


def check_time_in_force(asset: Asset, time_in_force: str) -> None:
    """Refuse a time in force that an asset does not have."""
    if time_in_force not in TIMES_IN_FORCE:
        raise malformed(f"invalid time_in_force: {time_in_force}")
    if asset.is_crypto and time_in_force not in CRYPTO_TIMES_IN_FORCE:
        raise invalid("invalid crypto time_in_force")
    if time_in_force in ("opg", "cls"):
        raise invalid(f"the local Alpaca does not imitate time_in_force {time_in_force}")


def _check_share(ticket: Ticket) -> None:
    if ticket.qty is None or ticket.qty % 1:
        if not ticket.asset.fractionable:
            raise forbidden(f'asset "{ticket.asset.symbol}" is not fractionable')
        if ticket.time_in_force != "day":
            raise invalid("fractional orders must be DAY orders")
    for field in ("limit_price", "stop_price"):
        check_penny(field, getattr(ticket, field))
    if ticket.extended_hours and (ticket.type != "limit" or ticket.time_in_force not in ("day", "gtc")):
        raise invalid("extended hours order must be DAY or GTC limit orders")


def check_penny(field: str, price: Decimal | None) -> None:
    """Refuse a share's price that is finer than a cent, or than a hundredth of one below a dollar."""
    if price is None:
        return
    finest = Decimal("0.01") if price >= 1 else Decimal("0.0001")
    if price % finest:
        raise Refused(
            422, 42210000, f"invalid {field} {price}. sub-penny increment does not fulfill minimum pricing criteria"
        )
