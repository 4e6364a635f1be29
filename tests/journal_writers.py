"""Processes that append to one journal at once, and what its tail makes of it."""

import multiprocessing
import random
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from application.journal import Journal
from domain.events import Chain, JournalEntry, Recorded
from domain.ids import new_id
from domain.order import Order, OrderCreated
from interfaces.database import connect
from interfaces.event_store import journal_environment
from interfaces.journal_tail import JournalTail

AT = datetime(2025, 1, 1, tzinfo=UTC)
PATIENCE = 60.0
# Imports once for all of them.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


class Race(NamedTuple):
    """What the tail was told, what the journal holds in order of position, and the seconds all appends took."""

    told: Sequence[int]
    recorded: Sequence[int]
    appends: int
    seconds: float


def race(database_url: str, writers: int, appends: int, largest: int) -> Race:
    """Let so many processes make so many appends each, every other one a batch of 1 to `largest` events."""
    told: list[int] = []
    tail = JournalTail(database_url)

    def note(entries: Sequence[JournalEntry]) -> None:
        told.extend(entry.position for entry in entries)

    tail.subscribe(note, lambda run_id, fraction: None)
    tail.start()
    assert tail.wait_for_first_look(PATIENCE)
    gate = _processes.Barrier(writers + 1)
    processes = [
        _processes.Process(target=write, args=(database_url, number, appends, largest, gate), daemon=True)
        for number in range(writers)
    ]
    for process in processes:
        process.start()
    gate.wait(PATIENCE)
    began = time.perf_counter()
    for process in processes:
        process.join()
    seconds = time.perf_counter() - began
    assert [process.exitcode for process in processes] == [0] * writers
    with connect(database_url) as connection:
        recorded = [at for (at,) in connection.execute("select notification_id from weaver_events order by 1")]
    deadline = time.monotonic() + PATIENCE
    while tail.head < recorded[-1] and time.monotonic() < deadline:
        tail.wait(tail.head, 1)
    tail.stop()
    return Race(told, recorded, writers * appends, seconds)


def write(database_url: str, number: int, appends: int, largest: int, gate: threading.Barrier) -> None:
    """Append by both paths of the recorder in turn; the work of one process."""
    chance, run_id, chain = random.Random(number), new_id(), Chain("race", "race", actor="test")
    with Journal(journal_environment(database_url, pool_size=1)) as journal:
        journal.head()
        gate.wait(PATIENCE)
        for turn in range(appends):
            if turn % 2:
                recorded = [Recorded(new_id(), 1, intent(run_id)) for _ in range(chance.randint(1, largest))]
                journal.append_batch(recorded, run_id, chain)
            else:
                order = Order(new_id())
                order.trigger(intent(run_id))
                journal.record(order, run_id=run_id, chain=chain)


def intent(run_id: UUID) -> OrderCreated:
    """Return the first event of an order."""
    return OrderCreated(
        at=AT, run_id=run_id, client_order_id=str(new_id()), sequence=1, symbol="X", side="buy", qty=Decimal(1)
    )
