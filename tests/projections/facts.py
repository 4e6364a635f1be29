"""Facts for tests of read models: runs and orders as aggregates make them, written to a journal by plain SQL."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.event_catalogue import encode
from domain.events import Event, Recorded
from domain.exchange_account import (
    AccountDiscrepancyFound,
    AccountReconciled,
    ExchangeAccountRecord,
    HeldPosition,
    account_stream_id,
)
from domain.figures import StatisticFigure
from domain.ids import OrderIds, new_id
from domain.order import Execution, Order, OrderCreated, OrderType, Side
from domain.run import CostSettings, Run, RunCompleted, RunCreated, RunEquityMarked
from domain.run_log import RunLog, log_line, log_stream_id
from domain.tape import Tape, TapeBar, tape_stream_id
from projections.catalog import READ_MODELS
from projections.view import ReadModel, fold_batch
from tests.projections.sweep_facts import life_of_a_sweep

START = datetime(2024, 3, 1, tzinfo=UTC)
STORE = UUID(int=7)


def minute(number: int) -> datetime:
    """The given minute after START."""
    return START + timedelta(minutes=number)


def run_created(**changes: Any) -> RunCreated:
    """A backtest as it is described."""
    described: dict[str, Any] = {
        "at": START,
        "name": "Crossing",
        "strategy_id": "sma_cross",
        "strategy_version": "1.0+abc",
        "mode": "backtest",
        "symbols": ("BTC/USD", "ETH/USD"),
        "timeframe": "1h",
        "exchange": "simulated",
        "parameters": {"fast": 5, "quantity": "0.5", "huge": 1e300, "on": True},
        "initial_cash": Decimal("100000.00"),
        "costs": CostSettings(commission_bps=Decimal(10)),
        "tags": ("nightly", "btc"),
        "notes": "first\ttry",
    }
    return RunCreated(**described | changes)


def run_completed(number: int, **changes: Any) -> RunCompleted:
    """The end of a backtest."""
    completed: dict[str, Any] = {
        "at": minute(number),
        "bars": 500,
        "orders": 4,
        "fills": 3,
        "trades": 1,
        "final_equity": Decimal("100123.45"),
        "stats": {
            "total_trades": StatisticFigure(1, "positions from flat to flat"),
            "winning_trades": StatisticFigure(1, "above zero"),
            "total_pnl": StatisticFigure("123.45", "final less initial"),
            "max_drawdown": StatisticFigure(0.1, "deepest fall"),
            "sharpe_ratio": StatisticFigure(None, reason="2.0 days: nothing is annualised under 30"),
        },
        "load_seconds": 0.25,
        "engine_seconds": 1.5,
        "persist_seconds": 0.125,
    }
    return RunCompleted(**completed | changes)


def order_created(run_id: UUID, sequence: int, **changes: Any) -> OrderCreated:
    """The intent of a market order."""
    intended: dict[str, Any] = {
        "at": minute(sequence),
        "run_id": run_id,
        "client_order_id": OrderIds(STORE, run_id).client_order_id(sequence),
        "sequence": sequence,
        "symbol": "BTC/USD",
        "side": "buy",
        "qty": Decimal("1.50"),
    }
    return OrderCreated(**intended | changes)


def new_order(run_id: UUID, sequence: int, **changes: Any) -> Order:
    """An order with its intent, not yet written."""
    order = Order(OrderIds(STORE, run_id).order_id(sequence))
    order.trigger(order_created(run_id, sequence, **changes))
    return order


def filled_order(
    run_id: UUID, sequence: int, side: Side, qty: str, price: str, fee: str = "0", base_fee: str = "0", **changes: Any
) -> list[Recorded]:
    """An order that was filled at once, a minute a sequence; its execution id is its client order id."""
    order = new_order(run_id, sequence, side=side, qty=Decimal(qty), **changes)
    execution = Execution(Decimal(qty), Decimal(price), Decimal(fee), Decimal(base_fee))
    order.fill(minute(sequence), order.created.client_order_id, execution)
    return list(order.collect_events())


def append(connection: Connection[TupleRow], recorded: Sequence[Recorded], run_id: UUID | None = None) -> list[int]:
    """Write events in one transaction, as the journal does; return their positions."""
    encoded = [encode(one.event) for one in recorded]
    [(positions,)] = connection.execute(
        "select weaver_append(%s::uuid[], %s::bigint[], %s::text[], %s::bytea[], %s, '{}')",
        (
            [one.originator_id for one in recorded],
            [one.originator_version for one in recorded],
            [topic for topic, _ in encoded],
            [state for _, state in encoded],
            run_id,
        ),
    )
    return list(positions)


def given(connection: Connection[TupleRow], stream_id: UUID, *events: Event, run_id: UUID | None = None) -> list[int]:
    """Write the next events of a stream; return their positions."""
    [(version,)] = connection.execute(
        "select coalesce(max(originator_version), 0) from weaver_events where originator_id = %s", (stream_id,)
    )
    recorded = [Recorded(stream_id, version + number, event) for number, event in enumerate(events, 1)]
    return append(connection, recorded, run_id or stream_id)


def given_unknown(connection: Connection[TupleRow], topic: str, state: bytes = b"{}") -> int:
    """Write an event this code does not know; return its position."""
    [(positions,)] = connection.execute(
        "select weaver_append(array[%s], array[1::bigint], array[%s], array[%s], null, '{}')", (new_id(), topic, state)
    )
    return int(positions[0])


def fold(connection: Connection[TupleRow], read_model: ReadModel, batch: int = 1_000) -> int:
    """Fold up to the head; return the position reached."""
    while not (progress := fold_batch(connection, read_model, batch)).is_complete:
        pass
    return progress.position


def fold_all(connection: Connection[TupleRow], batch: int = 1_000) -> None:
    """Fold every read model up to the head."""
    for read_model in READ_MODELS:
        fold(connection, read_model, batch)


def dump(connection: Connection[TupleRow], table: str, schema: str = "public") -> list[str]:
    """Every row as text, in one fixed order."""
    return [
        row for (row,) in connection.execute(f'select t::text from {schema}.{table} t order by t::text collate "C"')
    ]


def dump_all(connection: Connection[TupleRow]) -> dict[str, list[str]]:
    """Every row of every read model as text."""
    return {table: dump(connection, table) for read_model in READ_MODELS for table in read_model.tables}


def forget(connection: Connection[TupleRow]) -> None:
    """Empty every read model and put its offset back to 0."""
    connection.execute("truncate parked_events, " + ", ".join(table for one in READ_MODELS for table in one.tables))
    connection.execute("update projection_position set position = 0")


def random_facts(seed: int, runs: int = 4, orders: int = 30) -> Iterator[Recorded]:
    """Lives of runs and their orders, interleaved: filled in parts, cancelled, filled late, rejected, left open.

    Beside the backtests there is a run at an exchange, the account it trades there, and a sweep.
    """
    generator = np.random.default_rng(seed)
    lives = [list(_life(generator, orders)) for _ in range(runs)]
    lives += [list(_life_at_an_exchange(generator, orders // 2)), list(_life_of_an_account(generator, orders // 3))]
    lives.append(list(life_of_a_sweep(generator, run_created())))
    while waiting := [life for life in lives if life]:
        life = waiting[generator.integers(len(waiting))]
        yield from life[: (taken := int(generator.integers(1, 6)))]
        del life[:taken]


def _life(generator: np.random.Generator, orders: int) -> Iterator[Recorded]:
    run = Run(new_id())
    run.trigger(
        run_created(name=f"Run {generator.integers(100)}", tags=("nightly",) if generator.random() < 0.5 else ())
    )
    run.request_start(minute(0))
    run.start(minute(1), 500, {"BTC/USD": "ff"})
    yield from run.collect_events()
    working: list[Order] = []
    log = RunLog(log_stream_id(run.id))
    for sequence in range(1, orders + 1):
        side: Side = "buy" if generator.random() < 0.5 else "sell"
        limit = {"order_type": OrderType.LIMIT, "price": Decimal("9.5")} if generator.random() < 0.3 else {}
        working.append(order := new_order(run.id, sequence, side=side, tag="entry" if sequence % 3 else None, **limit))
        yield from order.collect_events()
        others = [working[generator.integers(len(working))]] if generator.random() < 0.7 else []
        for other in [*others, order][: int(generator.integers(3))]:
            _step(generator, other, minute(sequence), f"{other.id}-{other.version}")
            yield from other.collect_events()
        log.write(log_line(minute(sequence), f"bar {sequence}\0", {"sequence": sequence, "order": working[-1].id}))
        if sequence % 10 == 0:
            log.record(run.id)
            yield from log.collect_events()
            times = tuple(minute(sequence - 5 + step) for step in range(10))
            amounts = tuple(Decimal(int(cents)) / 100 for cents in generator.integers(1, 10**9, 10))
            run.mark_equity(RunEquityMarked(at=times[-1], times=times, equity=amounts, cash=amounts[::-1]))
            yield from run.collect_events()
    _end(generator, run)
    yield from run.collect_events()


def _step(generator: np.random.Generator, order: Order, at: datetime, execution_id: str) -> None:
    left = order.created.qty - order.filled_qty
    price = Decimal(int(generator.integers(1, 10**7))) / Decimal(1000)
    match int(generator.integers(6)):
        case 0 | 1 if left:
            order.fill(at, execution_id, Execution(left, price, price / 1000, liquidity="maker", ambiguous=True))
        case 2 if left:
            order.fill(at, execution_id, Execution(left / 2, price, Decimal(0)))
        case 3:
            order.cancel(at, "cancelled by the strategy")
        case 4 if not order.filled_qty:
            order.reject(at, "insufficient cash:\n 12 needed")
        case 5:
            order.expire(at, "day: the session closed")


def _end(generator: np.random.Generator, run: Run) -> None:
    match int(generator.integers(4)):
        case 0:
            run.complete(run_completed(600))
        case 1:
            run.request_stop(minute(600))
            run.stop(minute(601))
            run.delete(minute(602))
        case 2:
            run.fail(minute(600), "STRATEGY_ERROR", "ZeroDivisionError: \0 division\nby zero", 'File "a\\u0000.py"\0')


def reconciled(number: int, **changes: Any) -> AccountReconciled:
    """An account that was compared and found right."""
    compared: dict[str, Any] = {
        "at": minute(number),
        "exchange": "alpaca-paper",
        "cause": "timer",
        "account_id": "PA3XYZ",
        "currency": "USD",
        "cash": Decimal("99874.34"),
        "equity": Decimal("100000.01"),
        "buying_power": Decimal("199748.68"),
        "positions": (HeldPosition("BTC/USD", Decimal("0.5"), Decimal("0.50")),),
        "open_orders": 1,
        "external_orders": 0,
        "executions": 0,
        "seconds": 0.25,
    }
    return AccountReconciled(**compared | changes)


def discrepancy(number: int, **changes: Any) -> AccountDiscrepancyFound:
    """A position that Weaver's runs do not have."""
    found: dict[str, Any] = {
        "at": minute(number),
        "exchange": "alpaca-paper",
        "kind": "position",
        "subject": "SPY",
        "message": "SPY: the exchange holds -2, the runs 0",
        "expected": "0",
        "found": "-2",
        "policy": "ignore",
    }
    return AccountDiscrepancyFound(**found | changes)


def _life_at_an_exchange(generator: np.random.Generator, ticks: int) -> Iterator[Recorded]:
    run = Run(new_id())
    run.trigger(run_created(name="Live", mode="paper", exchange="alpaca-paper", symbols=("BTC/USD",), timeframe="1m"))
    run.request_start(minute(0))
    run.start(minute(0), 0, {})
    tape = Tape(tape_stream_id(run.id))
    tape.backfill(minute(0), run.id, [TapeBar("BTC/USD", minute(0), 9.5, 9.5, 9.5, 9.5)], "history")
    yield from [*run.collect_events(), *tape.collect_events()]
    working: list[Order] = []
    for number in range(1, ticks + 1):
        at = minute(number)
        missed = int(generator.integers(3)) if number % 4 == 0 else 0
        tape.tick(at, run.id, [], missed=missed, missed_because="asleep\0" if missed else None)
        chosen = [working[generator.integers(len(working))]] if working and generator.random() < 0.3 else []
        cancelled = [order for order in chosen if not (order.status.is_final or order.cancel_requested)]
        placed = [new_order(run.id, number, valid_until=minute(number + 1))] if generator.random() < 0.6 else []
        tape.decide(at, run.id, f"{tape.id}:{tape.version}", number, len(placed), len(cancelled))
        for order in cancelled:
            order.request_cancel(at)
        working += placed
        yield from [*tape.collect_events(), *(one for order in working for one in order.collect_events())]
        for order in working[-3:]:
            _hear(generator, order, at + timedelta(seconds=1))
            yield from order.collect_events()
        run.mark_equity(RunEquityMarked(at=at, times=(at,), equity=(Decimal(number),), cash=(Decimal(1),)))
        yield from run.collect_events()
    run.fault(minute(ticks + 1), "EXCHANGE_UNAVAILABLE", "alpaca-paper cannot be asked")
    if generator.random() < 0.5:
        run.fail(minute(ticks + 2), "EXCHANGE_UNAVAILABLE", "alpaca-paper cannot be asked")
    yield from run.collect_events()


def _hear(generator: np.random.Generator, order: Order, at: datetime) -> None:
    match int(generator.integers(9)):
        case 0 | 1 | 2:
            order.submit(at)
        case 3:
            order.accept(at, f"x-{order.id}")
        case 4:
            order.lose_sight(at, "no answer within 5 s")
        case 5 | 6:
            qty = order.created.qty / int(generator.integers(1, 4))
            order.fill(at, f"{order.id}-{order.version}", Execution(qty, Decimal(10), Decimal(0)), is_a_fact=True)
        case 7:
            order.cancel(at, "canceled")
        case 8 if not order.filled_qty:
            order.reject(at, "insufficient buying power")


def _life_of_an_account(generator: np.random.Generator, facts: int) -> Iterator[Recorded]:
    # a name of its own: the same seed may be drawn twice for one database
    exchange = f"exchange-{str(new_id())[-12:]}"
    account = ExchangeAccountRecord(account_stream_id(exchange))
    for number in range(1, facts + 1):
        held = HeldPosition("SPY", Decimal(int(generator.integers(3))), Decimal(1))
        if generator.random() < 0.5:
            account.reconcile(
                reconciled(
                    number,
                    exchange=exchange,
                    positions=(held,),
                    external_orders=int(generator.integers(2)),
                    executions=int(generator.integers(2)),
                )
            )
        kind = ("position", "external_order", "overfill")[generator.integers(3)]
        policy = ("adopt", "ignore", "halt")[generator.integers(3)]
        found = str(generator.integers(5))
        account.discrepancy(discrepancy(number, exchange=exchange, kind=kind, policy=policy, found=found))
        yield from account.collect_events()
