"""An account at Alpaca, paper or live, as Weaver needs it: the `Exchange` over its REST interface and its stream."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from urllib.parse import quote

import structlog

from application.exchange import (
    Accepted,
    CancelOutcome,
    Capabilities,
    Declined,
    ExchangeAccount,
    ExchangeExecution,
    ExchangeListener,
    ExchangeOrder,
    ExchangePosition,
    Listing,
    NotSent,
    OrderTicket,
    OutcomeUnknown,
    SubmitOutcome,
)
from domain.errors import CredentialsRefused, ExchangeUnavailable
from domain.instruments import Instrument
from domain.venues import ALPACA, venue
from interfaces.alpaca_wire.http import AlpacaHttp, AlpacaRefusal, NotAnswered
from interfaces.exchanges.alpaca_stream import AlpacaOrderStream
from interfaces.exchanges.alpaca_symbols import AlpacaSymbols
from interfaces.exchanges.alpaca_translation import (
    NotUnderstood,
    account_from,
    execution_from,
    order_body,
    order_from,
    position_from,
    time_from,
)

ORDERS_A_PAGE = 500
FILLS_A_PAGE = 100
# With these Alpaca says that there is no such order, provided that it is Alpaca who says so.
REFUSING = frozenset({400, 401, 403, 404, 422})
# The order is on its way to the market, and the stream will tell of it; one that waits for the open says nothing.
JUST_TAKEN = "pending_new"
ORDER_EXISTS = "client_order_id must be unique"
NOT_FOUND_CODE, ORDER_NOT_FOUND = "40410000", "order not found"
MISSING_ID = "order_id is missing"
# Alpaca takes moments to the second for certain: a little earlier is asked for, and what is older is dropped here.
ROUNDING = timedelta(seconds=1)

_log = structlog.get_logger("alpaca")


class AlpacaExchange:
    """Implements `Exchange`. mode: `paper` or `live`. stream: not opened before `follow`."""

    def __init__(self, mode: str, http: AlpacaHttp, stream: Callable[[AlpacaSymbols], AlpacaOrderStream]) -> None:
        self.name = f"{ALPACA}-{mode}"
        self.capabilities = Capabilities(
            asset_classes=frozenset({"crypto", "us_equity"}), streaming=True, is_real_money=mode == "live"
        )
        self._http = http
        self._symbols = AlpacaSymbols(http)
        self._new_stream = stream
        self._stream = stream(self._symbols)

    def instrument(self, symbol: str) -> Instrument:
        """Return what Alpaca allows of a symbol; take_profit and stop_loss are not sent to it by this version."""
        return replace(venue(ALPACA).instrument(symbol), legs=False)

    def listing(self, symbol: str) -> Listing | None:
        """Return what Alpaca says of a symbol, None if it has never heard of it."""
        return self._symbols.listing(symbol)

    def submit(self, ticket: OrderTicket) -> SubmitOutcome:
        """Send an order once. Raises nothing."""
        began_at = monotonic()
        try:
            answer = self._http.post("/orders", order_body(ticket))
            order = order_from(answer, self._symbols.symbol_of)
        except AlpacaRefusal as refusal:
            return self._refused(refusal)
        except NotAnswered as silence:
            return OutcomeUnknown(silence.reason) if silence.was_sent else NotSent(silence.reason)
        except NotUnderstood as error:
            return OutcomeUnknown(f"the answer to the order cannot be read: {error}")
        except Exception as error:  # noqa: BLE001 - a fault of ours: the order may be there all the same
            _log.exception("submitting failed", client_order_id=ticket.client_order_id)
            return OutcomeUnknown(f"submitting failed with {type(error).__name__}")
        if order.client_order_id != ticket.client_order_id:
            return OutcomeUnknown(f"the answer is about the order {order.client_order_id!r}")
        if order.word == JUST_TAKEN:
            self._stream.expect_message(began_at)
        return Accepted(order)

    def cancel(self, exchange_order_id: str) -> CancelOutcome:
        """Ask for an order to be cancelled, once. Raises nothing."""
        try:
            self._http.delete(f"/orders/{quote(exchange_order_id, safe='')}")
        except AlpacaRefusal as refusal:
            return _not_cancelled(refusal)
        except NotAnswered as silence:
            _log.warning("a cancel has no answer", exchange_order_id=exchange_order_id, reason=silence.reason)
            return CancelOutcome.UNKNOWN
        except Exception:  # noqa: BLE001 - a fault of ours: the request may be there all the same
            _log.exception("cancelling failed", exchange_order_id=exchange_order_id)
            return CancelOutcome.UNKNOWN
        return CancelOutcome.TAKEN

    def find(self, client_order_id: str) -> ExchangeOrder | None:
        """Return the order of that client id; None only if Alpaca itself said that there is none."""
        try:
            answer = self._http.get("/orders:by_client_order_id", {"client_order_id": client_order_id})
            return order_from(answer, self._symbols.symbol_of)
        except AlpacaRefusal as refusal:
            if _is_no_such_order(refusal):
                return None
            raise self._http.as_error(refusal) from None
        except NotAnswered as silence:
            raise ExchangeUnavailable(f"Alpaca cannot be asked for the order: {silence.reason}") from None
        except NotUnderstood as error:
            raise ExchangeUnavailable(f"the order {client_order_id} cannot be read: {error}") from None

    def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return every order that may still trade, whoever placed it, oldest first."""
        return self._orders({"status": "open"})

    def orders_since(self, after: datetime) -> Sequence[ExchangeOrder]:
        """Return every order placed since a moment, by whomever, ended ones too, oldest first, all pages of it."""
        placed = self._orders({"status": "all", "after": _moment(after - ROUNDING)})
        return [order for order in placed if order.submitted_at >= after]

    def _orders(self, asked: dict[str, str]) -> list[ExchangeOrder]:
        found: dict[str, ExchangeOrder] = {}
        query = {**asked, "limit": str(ORDERS_A_PAGE), "direction": "desc"}
        while True:
            orders = [self._order(one) for one in self._list("/orders", query)]
            fresh = [order for order in orders if order.exchange_order_id not in found]
            found |= {order.exchange_order_id: order for order in fresh}
            if len(orders) < ORDERS_A_PAGE or not fresh:
                break
            # there is no page token, and `until` excludes its moment: orders of that very moment are asked for again
            until = min(order.submitted_at for order in orders) + timedelta(microseconds=1)
            query["until"] = _moment(until)
        return sorted(found.values(), key=lambda order: order.submitted_at)

    def executions(self, after: datetime) -> Sequence[ExchangeExecution]:
        """Return every execution since a moment, oldest first, all pages of it."""
        self._symbols.refresh()
        executions = []
        for fill in self._fills(after - ROUNDING):
            try:
                executions.append(execution_from(fill, self._symbols.symbol_of))
            except NotUnderstood as error:
                raise ExchangeUnavailable(f"an execution cannot be read: {error}") from None
        # those of one millisecond come in any order
        executions.sort(key=lambda one: (one.at, one.exchange_order_id, one.cumulative_qty))
        return [execution for execution in executions if execution.at >= after]

    def positions(self) -> Sequence[ExchangePosition]:
        """Return what is held."""
        answers = self._list("/positions", {})
        try:
            return [position_from(one, self._symbols.symbol_of_position) for one in answers]
        except NotUnderstood as error:
            raise ExchangeUnavailable(f"a position cannot be read: {error}") from None

    def account(self) -> ExchangeAccount:
        """Return the account."""
        try:
            return account_from(self._http.ask("/account"))
        except NotUnderstood as error:
            raise ExchangeUnavailable(f"the account cannot be read: {error}") from None

    def time(self) -> datetime:
        """Return what time it is at Alpaca, UTC."""
        try:
            return time_from(self._http.ask("/clock"))
        except NotUnderstood as error:
            raise ExchangeUnavailable(f"Alpaca's clock cannot be read: {error}") from None

    def follow(self, listener: ExchangeListener) -> None:
        """Open the order stream in a thread of its own and keep it open until `unfollow` or `close`."""
        self._stream.follow(listener)

    def unfollow(self) -> None:
        """Close the order stream and leave its place to others; `follow` opens it again."""
        self._stream.close()
        self._stream = self._new_stream(self._symbols)

    def close(self) -> None:
        """Close the stream and every connection."""
        self._stream.close()
        self._http.close()

    def _refused(self, refusal: AlpacaRefusal) -> SubmitOutcome:
        if ORDER_EXISTS in refusal.message:
            # the opposite of a refusal: an order of this id is there, maybe this very one
            return OutcomeUnknown(f"an order of this id exists at Alpaca: {refusal.message}")
        if not refusal.is_alpacas or refusal.status not in REFUSING:
            return OutcomeUnknown(f"the answer was {refusal}")
        error = self._http.as_error(refusal)
        # of keys Alpaca says "unauthorized." only
        reason = error.message if isinstance(error, CredentialsRefused) else refusal.message
        return Declined(reason, refusal.code)

    def _order(self, answer: object) -> ExchangeOrder:
        try:
            return order_from(answer, self._symbols.symbol_of)
        except NotUnderstood as error:
            which = answer.get("id") if isinstance(answer, dict) else None
            raise ExchangeUnavailable(f"the order {which} cannot be read: {error}") from None

    def _fills(self, after: datetime) -> Iterator[object]:
        query = {"after": _moment(after), "direction": "asc", "page_size": str(FILLS_A_PAGE)}
        while True:
            page = self._list("/account/activities/FILL", query)
            yield from page
            last = page[-1] if page else None
            token = last.get("id") if isinstance(last, dict) else None
            if len(page) < FILLS_A_PAGE or not isinstance(token, str) or token == query.get("page_token"):
                return
            query["page_token"] = token

    def _list(self, path: str, query: dict[str, str]) -> list[object]:
        answer = self._http.ask(path, query)
        if not isinstance(answer, list):
            raise ExchangeUnavailable(f"Alpaca's answer to {path} cannot be read: it is no list")
        return answer


def _is_no_such_order(refusal: AlpacaRefusal) -> bool:
    # an address that is not there answers 404 as well, and so may whatever stands between
    return refusal.status == 404 and refusal.code == NOT_FOUND_CODE and ORDER_NOT_FOUND in refusal.message


def _not_cancelled(refusal: AlpacaRefusal) -> CancelOutcome:
    if not refusal.is_alpacas:
        return CancelOutcome.UNKNOWN
    if refusal.status == 404 or (refusal.status == 422 and MISSING_ID in refusal.message):
        return CancelOutcome.NOT_FOUND
    return CancelOutcome.NOT_CANCELABLE if refusal.status == 422 else CancelOutcome.UNKNOWN


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
