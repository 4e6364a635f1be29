"""The rules that look at the account: ids, minimum, wash trades, what can be paid and what can be sold."""

from decimal import Decimal

from tests.alpaca_server.book import Book
from tests.alpaca_server.market import Quote
from tests.alpaca_server.orders import Order, plain
from tests.alpaca_server.refusals import INVALID, MALFORMED, Refused, forbidden
from tests.alpaca_server.tickets import Ticket

SMALLEST_CRYPTO_BUY = Decimal(10)
SMALLEST_SHARE_ORDER = Decimal(1)
LARGEST_CRYPTO_ORDER = Decimal(200_000)
MULTIPLIER = 2


def check_account(ticket: Ticket, book: Book, quote: Quote) -> None:
    """Refuse, as Alpaca does, an order this account cannot place now."""
    check_id_unused(ticket.client_order_id, book)
    price = ticket.named_price or (quote.ask if ticket.is_buy else quote.bid)
    qty = ticket.qty if ticket.qty is not None else (ticket.notional or Decimal(0)) / price
    cost = ticket.notional if ticket.notional is not None else qty * price
    _check_cost(ticket, cost)
    _check_wash_trade(ticket, book)
    if ticket.is_buy:
        _check_buy(ticket, book, qty, cost)
    else:
        _check_sell(ticket, book, qty, cost)


def check_id_unused(client_order_id: str | None, book: Book) -> None:
    """Refuse an id under which an order was ever accepted: the code tells whether that one is still open."""
    prior = None if client_order_id is None else book.by_client(client_order_id)
    if prior is not None:
        raise Refused(422, INVALID if prior.is_open else MALFORMED, "client_order_id must be unique")


def _check_cost(ticket: Ticket, cost: Decimal) -> None:
    if ticket.asset.is_crypto:
        least = SMALLEST_CRYPTO_BUY if ticket.is_buy else Decimal(0)
        if cost > LARGEST_CRYPTO_ORDER:
            raise forbidden(f"cost basis must be <= maximal amount of order {LARGEST_CRYPTO_ORDER}")
    else:
        least = SMALLEST_SHARE_ORDER
    if cost < least:
        raise forbidden(f"cost basis must be >= minimal amount of order {least}", cost_basis=plain(cost))


def _check_wash_trade(ticket: Ticket, book: Book) -> None:
    """Refuse an order that could meet an open one of the same account."""
    for other in book.open_orders(ticket.asset.symbol):
        if other.side != ticket.side and _could_meet(ticket, other):
            kind = "limit" if other.type in ("limit", "stop_limit") else "market/stop"
            raise forbidden(
                "potential wash trade detected. use complex orders",
                existing_order_id=other.id,
                reject_reason=f"opposite side {kind} order exists",
            )


def _could_meet(ticket: Ticket, other: Order) -> bool:
    mine = ticket.named_price
    theirs = other.limit_price if other.limit_price is not None else other.stop_price
    if mine is None or theirs is None:
        return True
    return mine >= theirs if ticket.is_buy else mine <= theirs


def _check_buy(ticket: Ticket, book: Book, qty: Decimal, cost: Decimal) -> None:
    symbol = ticket.asset.symbol
    short = -book.quantity(symbol)
    if short > 0:
        _check_quantity(symbol, book, qty, short, book.held_quantity(symbol, "buy"), "buy")
        return
    available = book.spendable()
    if not ticket.asset.is_crypto:
        check_buying_power(book, cost)
    elif cost > available:
        raise forbidden(
            f"insufficient balance for USD (requested: {plain(cost)}, available: {plain(available)})",
            available=plain(available),
            balance=plain(book.cash),
            symbol="USD",
        )


def check_buying_power(book: Book, cost: Decimal) -> None:
    """Refuse what a margin account cannot pay."""
    power = buying_power(book)
    if cost > power:
        raise forbidden("insufficient buying power", buying_power=plain(power), cost_basis=plain(cost))


def buying_power(book: Book) -> Decimal:
    """Return what a margin account may buy shares for."""
    return max(book.spendable() * MULTIPLIER, Decimal(0))


def _check_sell(ticket: Ticket, book: Book, qty: Decimal, cost: Decimal) -> None:
    asset = ticket.asset
    existing = max(book.quantity(asset.symbol), Decimal(0))
    held = book.held_quantity(asset.symbol)
    if asset.is_crypto and qty > existing - held and not held:
        raise forbidden(
            f"insufficient balance for {asset.base} (requested: {plain(qty)}, available: {plain(existing)})",
            available=plain(existing),
            balance=plain(existing),
            symbol="USD",
        )
    if asset.is_crypto or existing:
        _check_quantity(asset.symbol, book, qty, existing, held, "sell")
        return
    if not asset.shortable:
        raise forbidden(f'asset "{asset.symbol}" cannot be sold short')
    if qty % 1:
        raise forbidden("fractional orders cannot be sold short")
    check_buying_power(book, cost)


def _check_quantity(symbol: str, book: Book, qty: Decimal, existing: Decimal, held: Decimal, side: str) -> None:
    """Refuse to close more than is there and not kept by other orders."""
    available = existing - held
    if qty > available:
        raise forbidden(
            f"insufficient qty available for order (requested: {plain(qty)}, available: {plain(available)})",
            available=plain(available),
            existing_qty=plain(existing),
            held_for_orders=plain(held),
            related_orders=[order.id for order in book.open_orders(symbol) if order.side == side],
            symbol=symbol,
        )
