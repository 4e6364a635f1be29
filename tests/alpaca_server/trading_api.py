"""Alpaca's trading API over HTTP for one account: `/v2/account`, orders, positions, assets, clock, calendar, fills."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.alpaca_server import sessions, statements
from tests.alpaca_server.answers import endpoint, integer, json_answer, json_body, one_of, time_of
from tests.alpaca_server.assets import Asset
from tests.alpaca_server.orders import Order, plain
from tests.alpaca_server.refusals import Refused, malformed, not_found
from tests.alpaca_server.tickets import decimal_of
from tests.alpaca_server.times import moment_of
from tests.alpaca_server.venue import Venue

MOST_ORDERS = 500
MOST_ACTIVITIES = 100


class TradingApi:
    """The endpoints of one account; each method is one, and answers or raises what Alpaca says instead."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def routes(self) -> list[Route]:
        """Return the endpoints; an id that looks like a word must come after the words."""
        table: list[tuple[str, str, Callable[[Request], Any]]] = [
            ("GET", "/v2/account", self.account),
            ("GET", "/v2/account/activities/FILL", self.fills),
            ("GET", "/v2/account/activities", self.fills),
            ("GET", "/v2/orders", self.orders),
            ("POST", "/v2/orders", self.submit),
            ("DELETE", "/v2/orders", self.cancel_all),
            ("GET", "/v2/orders:by_client_order_id", self.order_by_client_order_id),
            ("GET", "/v2/orders/{order_id}", self.order),
            ("PATCH", "/v2/orders/{order_id}", self.replace),
            ("DELETE", "/v2/orders/{order_id}", self.cancel),
            ("GET", "/v2/positions", self.positions),
            ("DELETE", "/v2/positions", self.close_all),
            ("GET", "/v2/positions/{name}", self.position),
            ("DELETE", "/v2/positions/{name}", self.close),
            ("GET", "/v2/assets", self.assets),
            ("GET", "/v2/assets/{name:path}", self.asset),
            ("GET", "/v2/clock", self.clock),
            ("GET", "/v2/calendar", self.calendar),
        ]
        return [Route(path, endpoint(answer), methods=[method]) for method, path, answer in table]

    async def account(self, request: Request) -> dict[str, Any]:
        return statements.account(self._venue)

    # Orders

    async def submit(self, request: Request) -> dict[str, Any]:
        return self._venue.submit(await json_body(request)).wire()

    async def order(self, request: Request) -> dict[str, Any]:
        return self._venue.find(request.path_params["order_id"]).wire()

    async def order_by_client_order_id(self, request: Request) -> dict[str, Any]:
        client_order_id = request.query_params.get("client_order_id", "")
        order = self._venue.book.by_client(client_order_id)
        if order is None:
            raise not_found(f"order not found for {client_order_id}")
        return order.wire()

    async def orders(self, request: Request) -> list[dict[str, Any]]:
        """List orders, by the time of their submission; both ends of the time are left out."""
        given = request.query_params
        status = one_of(given, "status", ("open", "closed", "all"), "open")
        newest_first = one_of(given, "direction", ("asc", "desc"), "desc") == "desc"
        limit = integer(given, "limit", 50, most=MOST_ORDERS)
        chosen = [order for order in self._listed(request) if status == "all" or order.is_open == (status == "open")]
        chosen.sort(key=lambda order: order.submitted_at, reverse=newest_first)
        return [order.wire() for order in chosen[:limit]]

    def _listed(self, request: Request) -> list[Order]:
        given = request.query_params
        chosen = list(self._venue.book.orders.values())
        if (after := time_of(given, "after")) is not None:
            chosen = [order for order in chosen if order.submitted_at > after]
        if (until := time_of(given, "until")) is not None:
            chosen = [order for order in chosen if order.submitted_at < until]
        if "symbols" in given:
            wanted = {name.strip().replace("/", "") for name in given["symbols"].split(",")}
            chosen = [order for order in chosen if order.symbol.replace("/", "") in wanted]
        for field in ("side", "asset_class"):
            if field in given and given[field] != "all":
                chosen = [order for order in chosen if getattr(order, field) in given[field].split(",")]
        ids = list(self._venue.book.orders)
        if "after_order_id" in given:
            later = set(ids[ids.index(self._venue.find(given["after_order_id"]).id) + 1 :])
            chosen = [order for order in chosen if order.id in later]
        if "before_order_id" in given:
            earlier = set(ids[: ids.index(self._venue.find(given["before_order_id"]).id)])
            chosen = [order for order in chosen if order.id in earlier]
        return chosen

    async def replace(self, request: Request) -> dict[str, Any]:
        return self._venue.replace(request.path_params["order_id"], await json_body(request)).wire()

    async def cancel(self, request: Request) -> Response:
        self._venue.cancel(request.path_params["order_id"])
        return Response(status_code=204)

    async def cancel_all(self, request: Request) -> Response:
        return json_answer([self._canceled(order) for order in self._venue.book.open_orders()], 207)

    def _canceled(self, order: Order) -> dict[str, Any]:
        try:
            self._venue.cancel(order.id)
        except Refused as refused:
            return {"id": order.id, "status": 500, "body": refused.body}
        return {"id": order.id, "status": 200}

    # Positions

    def _held(self, name: str) -> Asset:
        asset = self._venue.market.listing.find(name)
        if asset is None or asset.symbol not in self._venue.book.positions:
            raise not_found("position does not exist")
        return asset

    async def positions(self, request: Request) -> list[dict[str, Any]]:
        return statements.positions(self._venue)

    async def position(self, request: Request) -> dict[str, Any]:
        asset = self._held(request.path_params["name"])
        return statements.position(self._venue, asset, self._venue.book.positions[asset.symbol])

    async def close(self, request: Request) -> dict[str, Any]:
        """Close a position, or a part of it, by an order whose ids are Alpaca's."""
        asset = self._held(request.path_params["name"])
        given = dict(request.query_params)
        percentage = decimal_of(given, "percentage")
        if percentage is not None and percentage > 100:
            raise malformed("percentage must be between 0 and 100")
        held = abs(self._venue.book.quantity(asset.symbol))
        qty = decimal_of(given, "qty") or portion_of(asset, held, percentage or Decimal(100))
        return self._closing_order(asset, qty).wire()

    def _closing_order(self, asset: Asset, qty: Decimal) -> Order:
        side = "sell" if self._venue.book.quantity(asset.symbol) > 0 else "buy"
        time_in_force = "gtc" if asset.is_crypto else "day"
        body = {
            "symbol": asset.symbol,
            "side": side,
            "type": "market",
            "time_in_force": time_in_force,
            "qty": plain(qty),
        }
        return self._venue.submit(body)

    async def close_all(self, request: Request) -> Response:
        """Close all positions; with `cancel_orders` the open orders go first, and what they kept is free at once."""
        if request.query_params.get("cancel_orders", "").lower() == "true":
            for order in self._venue.book.open_orders():
                self._venue.set_status(order.id, "canceled", "canceled")
        return json_answer([self._closed(symbol) for symbol in sorted(self._venue.book.positions)], 207)

    def _closed(self, symbol: str) -> dict[str, Any]:
        asset = self._venue.market.listing.assets[symbol]
        try:
            order = self._closing_order(asset, abs(self._venue.book.quantity(symbol)))
        except Refused as refused:
            return {"symbol": asset.joined, "status": refused.status, "body": refused.body}
        return {"symbol": asset.joined, "status": 200, "body": order.wire()}

    # Reference

    async def assets(self, request: Request) -> list[dict[str, Any]]:
        given = request.query_params
        return [
            asset.wire()
            for asset in self._venue.market.listing.assets.values()
            if given.get("status") in (None, "", asset.status)
            and given.get("asset_class") in (None, "", asset.asset_class)
            and given.get("exchange") in (None, "", asset.exchange)
        ]

    async def asset(self, request: Request) -> dict[str, Any]:
        name = request.path_params["name"]
        asset = self._venue.market.listing.find(name)
        if asset is None:
            raise not_found(f"asset not found for {name}")
        return asset.wire()

    async def clock(self, request: Request) -> dict[str, Any]:
        return sessions.clock(self._venue.clock.now())

    async def calendar(self, request: Request) -> list[dict[str, str]]:
        given = request.query_params
        try:
            start = date.fromisoformat(given["start"][:10]) if "start" in given else sessions.FIRST_DAY
            end = date.fromisoformat(given["end"][:10]) if "end" in given else sessions.LAST_DAY
        except ValueError as error:
            raise malformed(f"invalid date: {error}") from error
        return sessions.calendar(start, end)

    async def fills(self, request: Request) -> list[dict[str, Any]]:
        """List fills; a page goes on after the id that `page_token` names."""
        given = request.query_params
        size = integer(given, "page_size", MOST_ACTIVITIES, most=MOST_ACTIVITIES)
        newest_first = one_of(given, "direction", ("asc", "desc"), "desc") == "desc"
        after, until = time_of(given, "after"), time_of(given, "until")
        rows = [
            statements.activity(execution)
            for execution in self._venue.book.executions
            if (after is None or execution.at > after)
            and (until is None or execution.at < until)
            and ("date" not in given or f"{moment_of(execution.at):%Y-%m-%d}" == given["date"][:10])
        ]
        if newest_first:
            rows.reverse()
        if token := given.get("page_token"):
            ids = [row["id"] for row in rows]
            if token not in ids:
                raise malformed("invalid page_token")
            rows = rows[ids.index(token) + 1 :]
        return rows[:size]


def portion_of(asset: Asset, held: Decimal, percentage: Decimal) -> Decimal:
    """Return a percentage of a holding, cut to what can be traded."""
    part = held * percentage / 100
    return part if asset.is_crypto or asset.fractionable else part.to_integral_value()
