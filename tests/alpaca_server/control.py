"""What a test may ask that no client of Alpaca can: `/control`, JSON in and out, no key."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from tests.alpaca_server import facts, statements
from tests.alpaca_server.answers import endpoint
from tests.alpaca_server.conditions import Conditions
from tests.alpaca_server.exchange import Exchange
from tests.alpaca_server.faults import Fault
from tests.alpaca_server.orders import plain
from tests.alpaca_server.refusals import Refused
from tests.alpaca_server.streams import Stream
from tests.alpaca_server.times import SECOND, parsed, rfc3339, wall_time
from tests.alpaca_server.venue import Venue


class Asked(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What control requests carry: each takes the fields it knows."""

    environment: str = "paper"


class ResetAsked(Asked):
    """A seed of prices and chance, the time the market's clock begins at, and its speed."""

    seed: int = 0
    start: str | None = None
    speed: float = 1.0


class PriceAsked(Asked):
    symbol: str
    price: Decimal


class BarAsked(Asked):
    """A bar that has just ended, unless `at` says when it began."""

    symbol: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = Decimal(1)
    at: str | None = None
    seconds: float = 60.0


class OrderAsked(Asked):
    """An order that comes from elsewhere: by hand on Alpaca's page, or from another program with the same keys."""

    order: dict[str, Any]
    client_order_id: str | None = None


class FillAsked(Asked):
    qty: Decimal | None = None
    price: Decimal | None = None


class StatusAsked(Asked):
    """Any word; `event` is what the stream says, nothing if it is missing."""

    status: str
    event: str | None = None


class CashAsked(Asked):
    amount: Decimal


class PositionAsked(Asked):
    symbol: str
    qty: Decimal


class ClockAsked(Asked):
    """A time to show, seconds to move on by, a speed: any of them."""

    at: str | None = None
    advance: float = 0.0
    speed: float | None = None


class AssetAsked(Asked):
    symbol: str
    status: str = "active"
    tradable: bool = True


class BreakAsked(Asked):
    """`cut` ends the connections without a word, `mute` leaves them silent, `mute_with_pongs` too but for the pongs."""

    stream: str = "trade_updates"
    how: str = "cut"


class Control:
    """The endpoints under `/control`."""

    def __init__(self, exchange: Exchange, streams: list[Stream[Any]]) -> None:
        self._exchange = exchange
        self._streams = streams

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        table: list[tuple[str, str, Callable[[Request], Any]]] = [
            ("POST", "/reset", self.reset),
            ("GET", "/audit", self.audit),
            ("GET", "/requests", self.requests),
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.add_fault),
            ("DELETE", "/faults", self.clear_faults),
            ("DELETE", "/faults/{fault_id}", self.clear_faults),
            ("GET", "/conditions", self.conditions),
            ("PATCH", "/conditions", self.set_conditions),
            ("GET", "/clock", self.clock),
            ("POST", "/clock", self.set_clock),
            ("POST", "/prices", self.give_price),
            ("POST", "/bars", self.give_bar),
            ("POST", "/assets", self.change_asset),
            ("POST", "/orders", self.place_order),
            ("POST", "/orders/{order_id}/fill", self.fill),
            ("POST", "/orders/{order_id}/status", self.set_status),
            ("POST", "/cash", self.move_cash),
            ("POST", "/positions", self.move_position),
            ("GET", "/streams", self.streams),
            ("POST", "/streams/break", self.break_streams),
        ]
        return [Route(path, endpoint(answer), methods=[method]) for method, path, answer in table]

    def _venue(self, environment: str) -> Venue:
        if environment not in self._exchange.venues:
            raise Refused(404, None, f"no environment {environment}: there are {', '.join(self._exchange.venues)}")
        return self._exchange.venues[environment]

    def _symbol(self, name: str) -> str:
        asset = self._exchange.listing.find(name)
        if asset is None:
            raise Refused(404, None, f"no asset {name}")
        return asset.symbol

    # The whole book

    async def reset(self, request: Request) -> dict[str, Any]:
        """Begin anew: new accounts, no faults, the usual conditions, no connection on any stream."""
        given = await asked(request, ResetAsked)
        self._exchange.faults.clear()
        for stream in self._streams:
            await stream.clear()
        self._exchange.open_book(given.seed, wall_time() if given.start is None else _time(given.start), given.speed)
        return await self.clock(request)

    async def audit(self, request: Request) -> dict[str, Any]:
        """Return an account's whole book and every request seen in its environment."""
        venue = self._venue(request.query_params.get("environment", "paper"))
        book = venue.book
        return {
            "environment": venue.environment,
            "at": rfc3339(venue.clock.now()),
            "cash": plain(book.cash),
            "orders": [order.wire() for order in book.orders.values()],
            "acceptances": dict(book.acceptances),
            "executions": [msgspec.to_builtins(execution) for execution in book.executions],
            "positions": {symbol: plain(position.qty) for symbol, position in book.positions.items()},
            "account": statements.account(venue),
            "requests": self._requests(venue.environment),
        }

    async def requests(self, request: Request) -> list[dict[str, Any]]:
        """Return every request seen in an environment; market data are asked for in the one called data."""
        return self._requests(request.query_params.get("environment", "paper"))

    def _requests(self, environment: str) -> list[dict[str, Any]]:
        return [msgspec.to_builtins(seen) for seen in self._exchange.requests if seen.environment == environment]

    # Faults and conditions

    async def faults(self, request: Request) -> list[Fault]:
        return self._exchange.faults.all()

    async def add_fault(self, request: Request) -> Fault:
        return self._exchange.faults.add(await asked(request, Fault))

    async def clear_faults(self, request: Request) -> list[Fault]:
        self._exchange.faults.clear(request.path_params.get("fault_id"))
        return self._exchange.faults.all()

    async def conditions(self, request: Request) -> Conditions:
        return self._exchange.conditions

    async def set_conditions(self, request: Request) -> Conditions:
        """Change the conditions that are named; the others stay."""
        try:
            changed = self._exchange.conditions.changed(await asked(request, dict[str, Any]))
        except msgspec.ValidationError as error:
            raise Refused(422, None, str(error)) from error
        self._exchange.record(facts.ConditionsSet(conditions=changed))
        return self._exchange.conditions

    # Time and prices

    async def clock(self, request: Request) -> dict[str, Any]:
        clock = self._exchange.clock
        return {"at": rfc3339(clock.now()), "speed": clock.speed}

    async def set_clock(self, request: Request) -> dict[str, Any]:
        given = await asked(request, ClockAsked)
        start = self._exchange.clock.now() if given.at is None else _time(given.at)
        self._exchange.set_clock(start + int(given.advance * SECOND), given.speed)
        return await self.clock(request)

    async def give_price(self, request: Request) -> dict[str, Any]:
        given = await asked(request, PriceAsked)
        self._exchange.give_price(self._symbol(given.symbol), given.price)
        return {"symbol": given.symbol, "price": plain(given.price)}

    async def give_bar(self, request: Request) -> facts.BarGiven:
        given = await asked(request, BarAsked)
        length = int(given.seconds * SECOND)
        bar = facts.BarGiven(
            symbol=self._symbol(given.symbol),
            at=self._exchange.clock.now() // length * length - length if given.at is None else _time(given.at),
            seconds=given.seconds,
            open=given.open,
            high=given.high,
            low=given.low,
            close=given.close,
            volume=given.volume,
        )
        if not bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high:
            raise Refused(422, None, "low <= open, close <= high must hold")
        self._exchange.give_bar(bar)
        return bar

    async def change_asset(self, request: Request) -> dict[str, Any]:
        given = await asked(request, AssetAsked)
        symbol = self._symbol(given.symbol)
        self._exchange.record(facts.AssetChanged(symbol=symbol, status=given.status, tradable=given.tradable))
        return self._exchange.listing.assets[symbol].wire()

    # Orders and holdings that nobody's client asked for

    async def place_order(self, request: Request) -> dict[str, Any]:
        """Place an order as its owner would elsewhere; the rules are the same."""
        given = await asked(request, OrderAsked)
        named = {} if given.client_order_id is None else {"client_order_id": given.client_order_id}
        return self._venue(given.environment).submit(given.order | named).wire()

    async def fill(self, request: Request) -> dict[str, Any]:
        given = await asked(request, FillAsked)
        return self._venue(given.environment).fill(request.path_params["order_id"], given.qty, given.price).wire()

    async def set_status(self, request: Request) -> dict[str, Any]:
        given = await asked(request, StatusAsked)
        venue = self._venue(given.environment)
        return venue.set_status(request.path_params["order_id"], given.status, given.event).wire()

    async def move_cash(self, request: Request) -> dict[str, Any]:
        given = await asked(request, CashAsked)
        venue = self._venue(given.environment)
        self._exchange.record(facts.CashMoved(environment=given.environment, amount=given.amount))
        return statements.account(venue)

    async def move_position(self, request: Request) -> list[dict[str, Any]]:
        """Put a quantity into an account, or take it out, at the price of now."""
        given = await asked(request, PositionAsked)
        venue, symbol = self._venue(given.environment), self._symbol(given.symbol)
        price = venue.market.quote(symbol, venue.clock.now()).last
        self._exchange.record(
            facts.PositionMoved(environment=given.environment, symbol=symbol, qty=given.qty, price=price)
        )
        return statements.positions(venue)

    # Streams

    def _chosen(self, environment: str, name: str) -> list[Stream[Any]]:
        return [one for one in self._streams if name in ("*", one.name) and one.environment in (environment, "data")]

    async def streams(self, request: Request) -> list[dict[str, Any]]:
        """Return how many clients each stream has, and for how many of them it is more than a connection."""
        return [
            {
                "environment": stream.environment,
                "stream": stream.name,
                "connections": len(stream.connections),
                "listening": stream.listening,
                "taken": stream.taken,
            }
            for stream in self._streams
        ]

    async def break_streams(self, request: Request) -> dict[str, int]:
        given = await asked(request, BreakAsked)
        broken = [one for stream in self._chosen(given.environment, given.stream) for one in stream.connections]
        for connection in broken:
            match given.how:
                case "cut":
                    connection.cut()
                case "mute" | "mute_with_pongs":
                    connection.mute(answers_pings=given.how == "mute_with_pongs")
                case _:
                    raise Refused(422, None, "how must be cut, mute or mute_with_pongs")
        return {"broken": len(broken)}


async def asked[T](request: Request, kind: type[T]) -> T:
    """Return what a control request carries; 422 with the reason when it is not that."""
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind, strict=False)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Refused(422, None, str(error)) from error


def _time(text: str) -> int:
    try:
        return parsed(text)
    except ValueError as error:
        raise Refused(422, None, str(error)) from error
