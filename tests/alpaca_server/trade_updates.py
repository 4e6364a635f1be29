"""Alpaca's `/stream`: what becomes of an account's orders, told the moment it is written down."""

from typing import Any
from uuid import UUID, uuid5

from starlette.responses import Response
from starlette.websockets import WebSocket

from tests.alpaca_server.exchange import Exchange
from tests.alpaca_server.facts import OrderMoved
from tests.alpaca_server.orders import plain
from tests.alpaca_server.streams import Connection, Stream, as_binary, as_text, encoder
from tests.alpaca_server.times import rfc3339
from tests.alpaca_server.venue import Venue

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class TradeUpdates(Stream[Connection]):
    """The trade updates of one account. Nothing is kept for who is not there."""

    def __init__(self, exchange: Exchange, venue: Venue) -> None:
        super().__init__(exchange, venue.environment, "trade_updates")
        self._venue = venue
        self._told = 0
        exchange.listeners.append(self._tell)

    async def serve(self, websocket: WebSocket) -> None:
        """Serve a client from its handshake on; while another has the place it is turned away with 429."""
        refusal = self.struck("refuse_handshake")
        if refusal or self.taken:
            await websocket.send_denial_response(Response("too many connections", refusal.status if refusal else 429))
            return
        await websocket.accept()
        # Paper sends binary frames holding JSON, live sends text.
        encode = encoder(websocket, as_binary if self.environment == "paper" else as_text)
        connection = Connection(websocket, encode, self.environment, self.name, self.exchange)
        async with self.place(connection):
            await self._converse(connection)

    async def _converse(self, connection: Connection) -> None:
        is_authorized = False
        while True:
            message = await connection.received()
            action = message.get("action") if isinstance(message, dict) else None
            if action in ("auth", "authenticate"):
                is_authorized = self._are_keys(message) and self.struck("refuse_login") is None
                word = "authorized" if is_authorized else "unauthorized"
                connection.say({"stream": "authorization", "data": {"status": word, "action": "authenticate"}})
            elif action == "listen" and is_authorized:
                self._listen(connection, message)
            elif action == "listen":
                connection.say({"stream": "authorization", "data": {"status": "unauthorized", "action": "listen"}})
            else:
                connection.say({"stream": "error", "data": {"error_message": "invalid request"}})

    def _are_keys(self, message: dict[str, Any]) -> bool:
        given = message.get("data") if message["action"] == "authenticate" else message
        names = ("key_id", "secret_key") if message["action"] == "authenticate" else ("key", "secret")
        if not isinstance(given, dict):
            return False
        return tuple(given.get(name) for name in names) == (self._venue.key_id, self._venue.secret_key)

    def _listen(self, connection: Connection, message: dict[str, Any]) -> None:
        data = message.get("data")
        asked = data.get("streams") if isinstance(data, dict) else None
        streams = [name for name in asked if name == "trade_updates"] if isinstance(asked, list) else []
        connection.listens = bool(streams)
        connection.say({"stream": "listening", "data": {"streams": streams}})

    def _tell(self, fact: OrderMoved) -> None:
        if fact.environment != self.environment or fact.event is None:
            return
        self._told += 1
        for connection in [one for one in self.connections if one.listens]:
            message = {"stream": "trade_updates", "data": self._update(fact)}
            connection.tell(message, fact.event, fact.order.symbol, fact.order.client_order_id)

    def _update(self, fact: OrderMoved) -> dict[str, Any]:
        execution = fact.execution
        data: dict[str, Any] = {
            "at": rfc3339(fact.at),
            "event_id": ulid(fact.at, self._told),
            "event": fact.event,
            "timestamp": rfc3339(fact.at),
            "order": fact.order.wire(),
        }
        if execution is not None:
            data |= {
                "price": plain(execution.price),
                "qty": plain(execution.qty),
                "position_qty": plain(self._venue.book.quantity(execution.symbol)),
                "execution_id": execution.id,
                "swap_rate": "1",
                "settle_date": rfc3339(fact.at)[:10],
            }
        elif fact.event == "new":
            data["execution_id"] = str(uuid5(UUID(fact.order.id), "new"))
        return data


def ulid(at: int, number: int) -> str:
    """Return an id that sorts by its time: 48 bits of milliseconds, 80 bits of the rest."""
    value = (at // 1_000_000) << 80 | (at % 1_000_000) << 60 | number
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -5, -5))
