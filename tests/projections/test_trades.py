"""Fills in, closed trades out."""

from decimal import Decimal

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import new_id
from projections import trades
from projections.ledger import LedgerReadModel
from projections.trades import TradeRow
from tests.projections.facts import append, filled_order, fold, given, minute, run_created

RUN = new_id()


def test_a_position_from_flat_to_flat_is_one_trade_however_many_batches_it_took(
    connection: Connection[TupleRow],
) -> None:
    given(connection, RUN, run_created())
    append(connection, filled_order(RUN, 1, "buy", "1", "10", "0.5"), RUN)
    fold(connection, LedgerReadModel())
    append(connection, filled_order(RUN, 2, "buy", "3", "20", "0.5"), RUN)
    append(connection, filled_order(RUN, 3, "sell", "1", "30", "0.5"), RUN)
    fold(connection, LedgerReadModel(), 1)
    assert trades.page(connection, limit=10) == ([], 0)
    append(connection, filled_order(RUN, 4, "sell", "3", "26", "0.5"), RUN)
    fold(connection, LedgerReadModel())
    assert trades.page(connection, limit=10) == (
        [
            TradeRow(
                position=9,
                run_id=RUN,
                symbol="BTC/USD",
                side="long",
                opened_at=minute(1),
                closed_at=minute(4),
                qty=Decimal(4),
                entry_price=Decimal("17.5"),
                exit_price=Decimal(27),
                pnl=Decimal(108 - 70 - 2),
                fees=Decimal(2),
            )
        ],
        1,
    )


def test_a_fill_through_flat_closes_one_trade_and_opens_the_next(connection: Connection[TupleRow]) -> None:
    given(connection, RUN, run_created())
    for order in (
        filled_order(RUN, 1, "buy", "2", "10", "1"),
        filled_order(RUN, 2, "sell", "5", "12", "5"),
        filled_order(RUN, 3, "buy", "3", "10"),
    ):
        append(connection, order, RUN)
        fold(connection, LedgerReadModel())
    rows, total = trades.page(connection, limit=10)
    assert total == 2
    assert [(row.side, row.qty, row.pnl, row.fees) for row in rows] == [
        ("short", Decimal(3), Decimal(6 - 3), Decimal(3)),
        ("long", Decimal(2), Decimal(4 - 1 - 2), Decimal(3)),
    ]
    assert [(row.opened_at, row.closed_at) for row in rows] == [(minute(2), minute(3)), (minute(1), minute(2))]


def test_trades_are_listed_newest_first_and_filtered(connection: Connection[TupleRow]) -> None:
    other = new_id()
    for run_id in (RUN, other):
        given(connection, run_id, run_created())
    for run_id, symbol, first, side in (
        (RUN, "BTC/USD", 1, "buy"),
        (RUN, "ETH/USD", 3, "sell"),
        (other, "BTC/USD", 5, "buy"),
    ):
        back = "sell" if side == "buy" else "buy"
        append(connection, filled_order(run_id, first, side, "1", "10", symbol=symbol), run_id)  # type: ignore[arg-type]
        append(connection, filled_order(run_id, first + 1, back, "1", "11", symbol=symbol), run_id)  # type: ignore[arg-type]
    fold(connection, LedgerReadModel())

    def found(**filters: object) -> list[int]:
        rows, total = trades.page(connection, limit=10, **filters)  # type: ignore[arg-type]
        assert total == len(rows)
        return [row.position for row in rows]

    assert found() == [14, 10, 6]
    assert found(run_id=RUN) == [10, 6]
    assert found(symbol="BTC/USD") == [14, 6]
    assert found(side="short") == [10]
    assert found(start=minute(4), end=minute(6)) == [10]
    assert found(symbol="'; drop table trades; --") == []
    older, total = trades.page(connection, limit=1, before=14)
    assert ([row.position for row in older], total) == ([10], 3)
