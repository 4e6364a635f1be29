"""The process: the exchange behind its sockets, served by uvicorn."""

import asyncio
import contextlib
import json
import os
import socket
import sys
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.alpaca_server.answers import json_answer
from tests.alpaca_server.control import Control
from tests.alpaca_server.data_api import DataApi
from tests.alpaca_server.data_stream import DataStream
from tests.alpaca_server.exchange import Exchange
from tests.alpaca_server.gateway import Gateway
from tests.alpaca_server.streams import Stream
from tests.alpaca_server.trade_updates import TradeUpdates
from tests.alpaca_server.trading_api import TradingApi


def application(exchange: Exchange) -> ASGIApp:
    """Return all the exchange answers: `/paper`, `/live`, `/data` as Alpaca does, `/control` as tests need it."""
    routes: list[BaseRoute] = []
    streams: list[Stream[Any]] = []
    for name, venue in exchange.venues.items():
        updates = TradeUpdates(exchange, venue)
        streams.append(updates)
        inside: list[BaseRoute] = [*TradingApi(venue).routes(), WebSocketRoute("/stream", updates.serve)]
        routes.append(Mount(f"/{name}", routes=inside))

    crypto, shares = DataStream(exchange, is_crypto=True), DataStream(exchange, is_crypto=False)
    streams += [crypto, shares]
    data: list[BaseRoute] = [
        *DataApi(exchange, is_crypto=True).routes(),
        *DataApi(exchange, is_crypto=False).routes(),
        WebSocketRoute("/v1beta3/crypto/{feed}", crypto.serve),
        WebSocketRoute("/v2/{feed}", shares.serve),
    ]
    routes.append(Mount("/data", routes=data))
    routes.append(Mount("/control", routes=Control(exchange, streams).routes()))

    @contextlib.asynccontextmanager
    async def working(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(one.run()) for one in (exchange, crypto, shares)]
        for task in tasks:
            task.add_done_callback(_end_if_failed)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        exchange.journal.close()

    handlers = {404: _nothing_there, 405: _nothing_there}
    return Gateway(Starlette(routes=routes, lifespan=working, exception_handlers=handlers), exchange)


def _end_if_failed(task: asyncio.Task[None]) -> None:
    """End the process when the market stands still by mistake: a judge who sleeps must not look awake."""
    if not task.cancelled() and (error := task.exception()):
        traceback.print_exception(error)
        os._exit(1)


async def _nothing_there(request: Any, error: Exception) -> Any:
    return json_answer({"message": "endpoint not found."}, 404)


class ReachableProtocol(H11Protocol):
    """HTTP that tells the application its transport, for the faults that are faults of the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = self.app_state | {"transport": transport}
        super().connection_made(transport)


class AnnouncingServer(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


def addresses(port: int, exchange: Exchange) -> dict[str, Any]:
    """Return where everything is, by the names Weaver's settings have."""
    http, ws = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
    return {
        "port": port,
        "paper_url": f"{http}/paper",
        "paper_stream_url": f"{ws}/paper/stream",
        "live_url": f"{http}/live",
        "live_stream_url": f"{ws}/live/stream",
        "data_url": f"{http}/data",
        "data_stream_url": f"{ws}/data",
        "control_url": f"{http}/control",
        **{f"{name}_key_id": venue.key_id for name, venue in exchange.venues.items()},
        **{f"{name}_secret_key": venue.secret_key for name, venue in exchange.venues.items()},
    }


def _announce(told: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


async def serve(exchange: Exchange, port: int) -> None:
    """Serve until the process is told to end: one line of JSON on stdout says where."""
    listening = socket.create_server(("127.0.0.1", port), reuse_port=False)
    config = uvicorn.Config(
        application(exchange),
        http=ReachableProtocol,
        ws="websockets-sansio",
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    bound = listening.getsockname()[1]
    server = AnnouncingServer(config, lambda: _announce(addresses(bound, exchange)))
    await server.serve([listening])
