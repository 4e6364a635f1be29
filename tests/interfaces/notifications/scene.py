"""A journal with paper and live runs in it, and channels of every kind, for the tests of notifications."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from application.journal import Journal
from domain.events import Chain, Event, Recorded
from domain.ids import OrderIds, new_id
from domain.order import OrderCreated, OrderRejected
from domain.run import CostSettings, RunCreated, RunFailed
from interfaces.notifications.channels import AnyChannel, read_channels
from interfaces.notifications.delivery_book import DeliveryBook, Draft, delivery_id
from interfaces.notifications.messages import Delivery, Message

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHAIN = Chain("scene", "scene", actor="test")
SECRET = "a-secret-of-twenty-four-c"
TELEGRAM_TOKEN = "123456789:AAF-not-a-real-token_of_anyone"


class ToldClock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **time: float) -> None:
        self.moment += timedelta(**time)


def channel(tmp_path: Path, **fields: Any) -> AnyChannel:
    """Return one channel, written to a file and read from it."""
    table = {"name": "here", "kind": "webhook"} | fields
    if table["kind"] == "webhook":
        table = {"url": "https://hooks.example.test/in", "secret": SECRET} | table
    path = tmp_path / f"{table['name']}.toml"
    path.write_text("[[channel]]\n" + "".join(f"{name} = {written(value)}\n" for name, value in table.items()))
    [one] = read_channels(path, {})
    return one


def written(value: object) -> str:
    """Return a value as TOML; JSON's text, numbers and lists are."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {written(one)}" for name, one in value.items()) + " }"
    return msgspec.json.encode(value).decode()


def described(**changes: Any) -> RunCreated:
    """Return the first event of a paper run."""
    fields: dict[str, Any] = {
        "at": NOW,
        "name": "morning",
        "strategy_id": "sma_cross",
        "strategy_version": "1.0",
        "mode": "paper",
        "symbols": ("BTC/USD",),
        "timeframe": "1m",
        "exchange": "simulated",
        "parameters": {},
        "initial_cash": Decimal(100_000),
        "costs": CostSettings(Decimal(10), Decimal(0)),
    }
    return RunCreated(**fields | changes)


def record(journal: Journal, run_id: UUID, *events: Event, stream: UUID | None = None, version: int = 1) -> int:
    """Append events to a stream, the run's own without one; return the position of the last."""
    recorded = [Recorded(stream or run_id, number, event) for number, event in enumerate(events, start=version)]
    return journal.append_batch(recorded, run_id, CHAIN)


def record_run(journal: Journal, **changes: Any) -> UUID:
    """Record a run that nobody has started; return its id."""
    run_id = new_id()
    record(journal, run_id, described(**changes))
    return run_id


def record_rejections(journal: Journal, run_id: UUID, count: int, first: int = 0) -> None:
    """Record orders that were refused."""
    ids = OrderIds(journal.store_id, run_id)
    recorded: list[Recorded] = []
    for number in range(first, first + count):
        order_id = ids.order_id(number)
        created = OrderCreated(
            at=NOW,
            run_id=run_id,
            client_order_id=ids.client_order_id(number),
            sequence=number,
            symbol="BTC/USD",
            side="buy",
            qty=Decimal("0.50"),
        )
        refused = OrderRejected(
            at=NOW, run_id=run_id, reason="more than the limit", policy="max_position", figures={"limit": "2"}
        )
        recorded += [Recorded(order_id, 1, created), Recorded(order_id, 2, refused)]
    for begin in range(0, len(recorded), 1_000):
        journal.append_batch(recorded[begin : begin + 1_000], run_id, CHAIN)


def failure(message: str = "division by zero") -> RunFailed:
    """Return the end of a run by an error."""
    return RunFailed(at=NOW, code="STRATEGY_FAULT", message=message, traceback="Traceback: …")


def draft(text: str = "what happened", **changes: Any) -> Draft:
    """Return what is told of some event."""
    fields: dict[str, Any] = {
        "severity": "critical",
        "run_id": None,
        "subject": "paper run morning",
        "title": text,
        "text": text,
        "envelope": '{"id":"x:1"}',
    }
    return Draft(**fields | changes)


def message(text: str = "[critical] it broke\nwhy: it was old", count: int = 1, **changes: Any) -> Message:
    """Return a message of so many deliveries."""
    deliveries = tuple(
        Delivery(
            delivery_id("epoch", "here", position),
            position,
            "order.rejected",
            None,
            "warning",
            "paper run morning",
            text.partition("\n")[0],
            text,
            f'{{"id":"x:{position}","payload":{{"price":"1.50"}},"position":{position}}}',
        )
        for position in range(7, 7 + count)
    )
    return Message("here", deliveries, **changes)


def states(connection: Connection[TupleRow], book: DeliveryBook) -> Sequence[tuple[int, str]]:
    """Return position and state of every delivery of a channel, oldest first."""
    return connection.execute(
        "select position, state from notification_deliveries where channel = %s order by position", (book.channel,)
    ).fetchall()
