"""Runs as they stand: one row for each, folded from its stream (WallE)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow

from domain.events import Event
from domain.run import (
    RunCompleted,
    RunCreated,
    RunDeleted,
    RunFailed,
    RunFaulted,
    RunFlattened,
    RunFlattenRequested,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStartRequested,
    RunStatus,
    RunStopped,
    RunStopRequested,
)
from projections.paging import Listing, columns_of, rows_of
from projections.past import streams_until
from projections.rows import Table
from projections.tallies import Tallies, Tally
from projections.view import Folded, Poison

NAME = "runs"
SUMMARY_FIGURES = ("total_trades", "winning_trades", "total_pnl", "max_drawdown", "sharpe_ratio")


@dataclass(slots=True)
class RunRow:
    """A run as the REST contract shows it; changed only while a batch is folded.

    config: the strategy's parameters. costs, account: amounts as text. risk: limits that are
    set. error: `code, message, traceback`; of a run that cannot go on it is there before the status is: its orders are
    being cancelled.
    summary: the five figures of a list, bare values; None as long as the run has no statistics.
    timings: `load_seconds, engine_seconds, persist_seconds`. forked_from: `run_id, position, moment` of a fork.
    created_position: of its first event, what lists are ordered by.
    position: of its last event, marks of equity aside.
    """

    id: UUID
    name: str
    strategy_id: str
    strategy_version: str
    mode: str
    symbols: list[str]
    timeframe: str
    exchange: str
    config: dict[str, Any]
    initial_cash: Decimal
    costs: dict[str, Any]
    venue: str
    volume_cap: Decimal
    account: dict[str, Any]
    risk: dict[str, Any]
    start_time: datetime | None
    end_time: datetime | None
    created_at: datetime
    tags: list[str]
    notes: str
    created_position: int
    position: int
    status: str = RunStatus.PENDING
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    error: dict[str, Any] | None = None
    bars: int | None = None
    orders: int | None = None
    fills: int | None = None
    trades: int | None = None
    final_equity: Decimal | None = None
    summary: dict[str, Any] | None = None
    timings: dict[str, Any] | None = None
    deleted: bool = False
    forked_from: dict[str, Any] | None = None


TALLIES = Tallies(
    of={"status": "status", "mode": "mode", "strategy_id": "strategy_id"},
    tallies=(Tally("run_tally", ("status", "mode", "strategy_id")),),
    always="not deleted",
)
TABLE = Table(RunRow, "runs", key=("id",), tallies=TALLIES)
LISTING = Listing(RunRow, "runs", place="created_position", always="not deleted", tallies=TALLIES)


_ON_A_MARKET = sql.SQL(
    "select {} from runs where not deleted and mode <> 'backtest' and status <> all(%s) order by created_position desc"
).format(columns_of(RunRow))


def find(connection: Connection[TupleRow], run_id: UUID) -> RunRow | None:
    """Return the run, None if there is none or it is deleted."""
    return LISTING.find(connection, run_id)


def counts(connection: Connection[TupleRow]) -> list[tuple[str, str, int]]:
    """Return how many runs there are of each mode and status that occurs, by mode and status."""
    counted = connection.execute("select mode, status, sum(tallied) from run_tally group by 1, 2 order by 1, 2")
    return [(mode, status, int(count)) for mode, status, count in counted]


def on_a_market(connection: Connection[TupleRow]) -> list[RunRow]:
    """Return the paper and live runs that are not over, newest first."""
    over = [status for status in RunStatus if status.is_final]
    with rows_of(connection, RunRow) as cursor:
        return cursor.execute(_ON_A_MARKET, (over,)).fetchall()


def find_past(connection: Connection[TupleRow], run_id: UUID, as_of: int) -> RunRow | None:
    """Return the run as it was at a position, None if it was not created by then, or was deleted."""
    row: RunRow | None = None
    for entry, event in streams_until(connection, [run_id], as_of):
        if isinstance(event, RunCreated):
            row = _created(run_id, entry.position, event)
        elif row is not None and event.TOPIC in RunsReadModel.topics:
            _change(row, event)
            row.position = entry.position
    return None if row is None or row.deleted else row


def page(
    connection: Connection[TupleRow],
    *,
    status: str | None = None,
    mode: str | None = None,
    strategy_id: str | None = None,
    tag: str | None = None,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> tuple[list[RunRow], int]:
    """Return runs that are not deleted, newest first, and how many there are in all.

    before: only runs with a lower created_position (keyset paging).
    """
    filters = {"status = %s": status, "mode = %s": mode, "strategy_id = %s": strategy_id, "tags @> array[%s]": tag}
    return LISTING.page(connection, filters, limit=limit, offset=offset, before=before)


class RunsReadModel:
    """Keeps the table `runs`, and how many there are of each kind."""

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "stop"
    tables: ClassVar[tuple[str, ...]] = ("runs", *TALLIES.tables)
    topics: ClassVar[frozenset[str]] = frozenset(
        event.TOPIC
        for event in (
            RunCreated,
            RunStartRequested,
            RunStarted,
            RunPaused,
            RunResumed,
            RunFlattened,
            RunFlattenRequested,
            RunStopRequested,
            RunFaulted,
            RunStopped,
            RunCompleted,
            RunFailed,
            RunDeleted,
        )
    )

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Fold each stream in memory from where its row stands, then write all rows at once."""
        TABLE.fold(cursor, entries, RunCreated, _created, _change)

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove everything of these runs."""
        TABLE.remove(cursor, "id", run_ids)


def _created(run_id: UUID, position: int, event: RunCreated) -> RunRow:
    return RunRow(
        id=run_id,
        name=event.name,
        strategy_id=event.strategy_id,
        strategy_version=event.strategy_version,
        mode=event.mode,
        symbols=list(event.symbols),
        timeframe=event.timeframe,
        exchange=event.exchange,
        config=dict(event.parameters),
        initial_cash=event.initial_cash,
        costs=msgspec.to_builtins(event.costs),
        venue=event.venue,
        volume_cap=event.volume_cap,
        account=msgspec.to_builtins(event.account),
        risk=msgspec.to_builtins(event.risk),
        start_time=event.start_time,
        end_time=event.end_time,
        created_at=event.at,
        tags=list(event.tags),
        notes=event.notes,
        created_position=position,
        position=position,
        forked_from=None if event.forked_from is None else msgspec.to_builtins(event.forked_from),
    )


def _change(run: RunRow, event: Event) -> None:
    match event:
        case RunStartRequested() | RunStopRequested() | RunFlattenRequested() | RunFlattened():
            pass  # asked for is not done: the status follows with run.started and run.stopped
        case RunPaused():
            run.status = RunStatus.PAUSED
        case RunResumed():
            run.status = RunStatus.RUNNING
        case RunStarted():
            run.status, run.started_at, run.bars = RunStatus.RUNNING, event.at, event.bars
        case RunStopped():
            run.status, run.stopped_at = RunStatus.STOPPED, event.at
        case RunCompleted():
            _complete(run, event)
        case RunFaulted():
            run.error = _error(event)
        case RunFailed():
            run.status, run.stopped_at, run.error = RunStatus.ERROR, event.at, _error(event)
        case RunDeleted():
            run.deleted = True
        case _:
            raise TypeError(f"a run's row knows no event {event.TOPIC}")


def _error(event: RunFaulted | RunFailed) -> dict[str, Any]:
    return {"code": event.code, "message": event.message, "traceback": event.traceback}


def _complete(run: RunRow, event: RunCompleted) -> None:
    run.status, run.stopped_at = RunStatus.COMPLETED, event.at
    run.bars, run.orders, run.fills, run.trades = event.bars, event.orders, event.fills, event.trades
    run.final_equity = event.final_equity
    figures = event.stats
    run.summary = {name: figures[name].value if name in figures else None for name in SUMMARY_FIGURES}
    run.timings = {
        "load_seconds": event.load_seconds,
        "engine_seconds": event.engine_seconds,
        "persist_seconds": event.persist_seconds,
    }
