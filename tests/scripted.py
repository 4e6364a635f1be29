"""Markets of explicit bars, a strategy that follows a script, and what became of its orders."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from domain.events import Event
from domain.ids import OrderIds
from domain.instruments import Instrument
from domain.market import Bars, Timeframe, to_microseconds
from domain.order import OrderCreated, OrderFill, OrderRejected
from domain.order_request import OrderRequest
from domain.sessions import Sessions
from domain.strategy import Context, Strategy
from domain.venues import venue
from domain.working_order import OrderHandle, Working
from tests.trading import RUN, START, STORE

# open, high, low, close and, where it matters, volume
type Row = tuple[float, ...]
type Step = Callable[[Context], object]


def bars(
    *rows: Row, symbol: str = "BTC/USD", timeframe: str = "1m", opens: Sequence[int] | None = None, volume: float = 0.0
) -> Bars:
    """Return bars of these rows: open, high, low, close[, volume].

    opens: minutes after START at which each bar opens, one timeframe apart by default. volume: of rows without one.
    """
    step = Timeframe.parse(timeframe)
    minutes = opens if opens is not None else [index * (step.seconds // 60) for index in range(len(rows))]
    full = [(*row, volume) if len(row) == 4 else row for row in rows]
    columns = np.array(full, dtype=np.float64).reshape(len(full), 5).T
    time = to_microseconds(START) + np.array(minutes, dtype=np.int64) * 60_000_000
    return Bars(symbol, step, time, *(np.ascontiguousarray(column) for column in columns)).require_valid()


def flat(price: float, count: int = 1) -> list[Row]:
    """Return bars in which nothing moves."""
    return [(price, price, price, price)] * count


def minute(number: int) -> datetime:
    """Return the moment so many minutes after START."""
    return START + timedelta(minutes=number)


def sessions(*pairs: tuple[int, int]) -> Sessions:
    """Return sessions [open, close), in minutes after START."""
    edges = to_microseconds(START) + np.array(pairs, dtype=np.int64) * 60_000_000
    return Sessions(np.ascontiguousarray(edges[:, 0]), np.ascontiguousarray(edges[:, 1]))


class Script(Strategy):
    """Does what the test says at each bar, by number from 0.

    placed: the handles its steps returned, in order. heard: the status of each order it was told of by on_order.
    """

    def __init__(self, steps: Mapping[int, Step]) -> None:
        super().__init__()
        self.steps = steps
        self.number = -1
        self.placed: list[OrderHandle] = []
        self.heard: list[str] = []

    def on_bar(self, ctx: Context) -> None:
        self.number += 1
        if self.number in self.steps:
            answer = self.steps[self.number](ctx)
            answers = answer if isinstance(answer, (tuple, list)) else (answer,)
            self.placed += [one for one in answers if isinstance(one, OrderHandle)]

    def on_order(self, ctx: Context, order: OrderHandle) -> None:
        self.heard.append(str(order.status))

    def statuses(self) -> list[str]:
        """Return where each placed order ended."""
        return [str(one.status) for one in self.placed]


def fills(events: Sequence[Event]) -> list[OrderFill]:
    """Return the executions, in the order they happened."""
    return [event for event in events if isinstance(event, OrderFill)]


def facts(events: Sequence[Event], *names: str) -> list[tuple[Any, ...]]:
    """Return these fields of each execution, in the order they happened."""
    return [tuple(getattr(fill, name) for name in names) for fill in fills(events)]


def prices(events: Sequence[Event]) -> list[Decimal]:
    """Return the price of each execution."""
    return [fill.price for fill in fills(events)]


def quantities(events: Sequence[Event]) -> list[Decimal]:
    """Return the quantity of each execution."""
    return [fill.qty for fill in fills(events)]


def reasons(events: Sequence[Event]) -> list[str]:
    """Return why orders were rejected."""
    return [event.reason for event in events if isinstance(event, OrderRejected)]


def legs(events: Sequence[Event]) -> list[OrderCreated]:
    """Return the stop-losses and take-profits that entries called into being."""
    return [event for event in events if isinstance(event, OrderCreated) and event.parent_id is not None]


def decimals(*numbers: str | float) -> list[Decimal]:
    """Return the numbers as decimals."""
    return [Decimal(str(number)) for number in numbers]


def instrument(symbol: str = "BTC/USD", at: str = "generic") -> Instrument:
    """Return what the venue takes of the symbol."""
    return venue(at).instrument(symbol)


def working(request: OrderRequest, *, serial: int = 1, at: str = "generic") -> Working:
    """Return the request as an order on no book yet."""
    return Working(request, instrument(request.symbol, at), OrderIds(STORE, RUN), serial, serial, 0, 0)
