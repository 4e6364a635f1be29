"""Fills in, positions, lots and accounts out."""

from decimal import Decimal

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import new_id
from domain.run import RunDeleted
from projections import accounts, positions, trades
from projections.accounts import AccountRow
from projections.ledger import LedgerReadModel
from projections.positions import LOTS_SHOWN, PositionRow
from tests.projections.facts import START, append, dump, filled_order, fold, given, minute, new_order, run_created

RUN = new_id()


def booked(connection: Connection[TupleRow], *orders: tuple[str, str, str], first: int = 1, batch: int = 1_000) -> None:
    """Fold a run with these orders: side, quantity and price, each with a fee of one."""
    if first == 1:
        given(connection, RUN, run_created(mode="paper"))
    for sequence, (side, qty, price) in enumerate(orders, first):
        append(connection, filled_order(RUN, sequence, side, qty, price, "1"), RUN)  # type: ignore[arg-type]
    fold(connection, LedgerReadModel(), batch)


def lots(connection: Connection[TupleRow]) -> list[tuple[Decimal, Decimal]]:
    [row] = positions.page(connection, limit=10)[0]
    found = positions.oldest_lots(connection, [row])
    return [(lot.quantity, lot.price) for lot in found.get((RUN, "BTC/USD"), ())]


def test_an_open_position_shows_what_it_cost_and_what_was_realised(connection: Connection[TupleRow]) -> None:
    booked(connection, ("buy", "2", "10"), ("buy", "2", "20"), ("sell", "1", "25"))
    [row], total = positions.page(connection, limit=10)
    assert total == 1
    assert (row.run_id, row.symbol, row.mode, row.side) == (RUN, "BTC/USD", "paper", "long")
    assert (row.quantity, row.cost, row.average_price) == (Decimal(3), Decimal(45), Decimal(15))
    assert (row.realised_pnl, row.fees, row.trades) == (Decimal(10), Decimal(3), 0)
    assert (row.opened_at, row.last_fill_at, row.last_fill_price) == (minute(1), minute(3), Decimal(25))
    assert (row.created_position, row.position) == (3, 7)


def test_the_account_adds_up(connection: Connection[TupleRow]) -> None:
    booked(connection, ("buy", "2", "10"), ("sell", "2", "20"), ("buy", "1", "25"))
    assert accounts.page(connection, limit=10) == (
        [
            AccountRow(
                run_id=RUN,
                mode="paper",
                initial_cash=Decimal(100_000),
                cash=Decimal(100_000 - 20 + 40 - 25 - 3),
                created_at=START,
                created_position=1,
                position=7,
                realised_pnl=Decimal(20),
                fees=Decimal(3),
                traded=Decimal(85),
                fills=3,
                trades=1,
                last_fill_at=minute(3),
            )
        ],
        1,
    )


def test_a_run_has_an_account_before_its_first_fill(connection: Connection[TupleRow]) -> None:
    booked(connection)
    [row], _ = accounts.page(connection, run_id=RUN, limit=1)
    assert (row.cash, row.fills, row.last_fill_at) == (Decimal(100_000), 0, None)


@pytest.mark.parametrize("batch", [1, 1_000])
def test_a_position_that_went_flat_keeps_its_row_and_its_sums(connection: Connection[TupleRow], batch: int) -> None:
    booked(connection, ("buy", "2", "10"), ("sell", "2", "20"), batch=batch)
    [row], _ = positions.page(connection, is_open=False, limit=10)
    assert (row.quantity, row.cost) == (Decimal(0), Decimal(0))
    assert (row.average_price, row.side, row.opened_at) == (None, None, None)
    assert (row.realised_pnl, row.fees, row.trades) == (Decimal(20), Decimal(2), 1)
    assert positions.page(connection, is_open=True, limit=10) == ([], 0)
    assert lots(connection) == []
    booked(connection, ("sell", "1", "30"), first=3, batch=batch)
    [row], _ = positions.page(connection, is_open=True, limit=10)
    assert (row.side, row.quantity, row.average_price, row.opened_at) == ("short", Decimal(-1), Decimal(30), minute(3))
    assert (row.realised_pnl, row.fees, row.trades) == (Decimal(20), Decimal(3), 1)


@pytest.mark.parametrize("batch", [1, 2, 1_000])
def test_lots_go_in_the_order_they_came(connection: Connection[TupleRow], batch: int) -> None:
    booked(connection, ("buy", "1", "10"), ("buy", "1", "20"), ("buy", "1", "30"), batch=batch)
    booked(connection, ("sell", "1.5", "40"), first=4, batch=batch)
    assert lots(connection) == [(Decimal("0.5"), Decimal(20)), (Decimal(1), Decimal(30))]
    booked(connection, ("buy", "1", "5"), ("sell", "2", "40"), first=5, batch=batch)
    assert lots(connection) == [(Decimal("0.5"), Decimal(5))]
    booked(connection, ("sell", "2", "40"), first=7, batch=batch)
    assert lots(connection) == [(Decimal("1.5"), Decimal(40))]


def test_of_many_lots_the_oldest_are_shown(connection: Connection[TupleRow]) -> None:
    booked(connection, *[("buy", "1", str(price)) for price in range(1, LOTS_SHOWN + 11)])
    booked(connection, ("sell", "3", "9"), first=LOTS_SHOWN + 11)
    assert [int(price) for _, price in lots(connection)] == [*range(4, LOTS_SHOWN + 4)]


def test_a_deleted_run_is_in_no_list(connection: Connection[TupleRow]) -> None:
    booked(connection, ("buy", "2", "10"), ("sell", "2", "20"), ("buy", "1", "30"))
    given(connection, RUN, RunDeleted(at=minute(9)))
    fold(connection, LedgerReadModel())
    assert accounts.page(connection, limit=10) == ([], 0)
    assert positions.page(connection, limit=10) == ([], 0)
    assert trades.page(connection, limit=10) == ([], 0)
    assert dump(connection, "lots") == []
    connection.execute("update projection_position set position = 0 where name = 'ledger'")
    fold(connection, LedgerReadModel(), 1)
    assert trades.page(connection, limit=10) == ([], 0)
    late = filled_order(RUN, 7, "buy", "1", "10")
    append(connection, late, RUN)
    fold(connection, LedgerReadModel())
    assert positions.page(connection, limit=10) == ([], 0)


def test_a_fill_of_a_run_that_was_never_created_stops_the_view(connection: Connection[TupleRow]) -> None:
    stranger = new_id()
    append(connection, filled_order(stranger, 1, "buy", "1", "10"), stranger)
    with pytest.raises(LookupError, match=f"order.filled of run {stranger}, whose run.created is missing"):
        fold(connection, LedgerReadModel())


def test_an_execution_recorded_for_two_orders_stops_the_view_and_changes_no_sum(
    connection: Connection[TupleRow],
) -> None:
    booked(connection, ("buy", "2", "10"))
    before = dump(connection, "accounts"), dump(connection, "positions")
    [_, fill] = filled_order(RUN, 1, "buy", "2", "10", "1")
    given(connection, new_id(), new_order(RUN, 2).created, fill.event, run_id=RUN)
    with pytest.raises(psycopg.errors.UniqueViolation, match="executions_pkey"):
        fold(connection, LedgerReadModel())
    assert (dump(connection, "accounts"), dump(connection, "positions")) == before


def test_positions_and_accounts_are_listed_newest_first_and_filtered(connection: Connection[TupleRow]) -> None:
    booked(connection, ("buy", "2", "10"))
    other = new_id()
    given(connection, other, run_created())
    append(connection, filled_order(other, 1, "sell", "1", "10", symbol="ETH/USD"), other)
    append(connection, filled_order(other, 2, "buy", "1", "10"), other)
    append(connection, filled_order(other, 3, "sell", "1", "10"), other)
    fold(connection, LedgerReadModel())

    def found(**filters: object) -> list[tuple[bool, str]]:
        rows, total = positions.page(connection, limit=10, **filters)  # type: ignore[arg-type]
        assert total == len(rows)
        return [(row.run_id == RUN, row.symbol) for row in rows]

    assert found() == [(False, "BTC/USD"), (False, "ETH/USD"), (True, "BTC/USD")]
    assert found(is_open=True) == [(False, "ETH/USD"), (True, "BTC/USD")]
    assert found(is_open=False, run_id=other) == [(False, "BTC/USD")]
    assert found(side="short") == [(False, "ETH/USD")]
    assert found(side="long", symbol="BTC/USD") == [(True, "BTC/USD")]
    assert found(mode="paper") == [(True, "BTC/USD")]
    [first], total = positions.page(connection, limit=1)
    assert isinstance(first, PositionRow)
    assert total == 3
    assert (
        positions.page(connection, limit=9, before=first.created_position)[0]
        == positions.page(connection, limit=9)[0][1:]
    )
    assert [row.run_id for row in accounts.page(connection, limit=9)[0]] == [other, RUN]
    assert [row.run_id for row in accounts.page(connection, mode="paper", limit=9)[0]] == [RUN]
