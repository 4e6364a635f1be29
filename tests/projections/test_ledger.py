"""The ledger against the domain's portfolio, over random fills in any batches with any repetition."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.events import Recorded
from domain.ids import new_id
from domain.order import OrderFill, Side
from domain.portfolio import Portfolio
from projections import accounts, positions, trades
from projections.ledger import LedgerReadModel
from projections.rebuild import rebuild
from projections.trades import TradeRow
from projections.view import fold_batch
from tests.projections.facts import append, dump, filled_order, fold, forget, run_created

RUNS = (new_id(), new_id())
SYMBOLS = ("BTC/USD", "ETH/USD")

type History = Sequence[tuple[int, int, Side, Decimal, Decimal, Decimal, bool]]

histories = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1]),
        st.sampled_from([0, 0, 1]),
        st.sampled_from(["buy", "sell"]),
        # in steps that often meet, so that positions go flat
        st.decimals("0.5", "3", places=1).map(lambda qty: qty - qty % Decimal("0.5")),
        st.decimals("1", "100", places=3),
        st.decimals("0", "2", places=2),
        st.booleans(),
    ),
    max_size=30,
)
batches = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 9)), min_size=1, max_size=8)


def recorded(history: History) -> list[list[Recorded]]:
    """The events of two runs with these fills."""
    streams = [[Recorded(run_id, 1, run_created())] for run_id in RUNS]
    for sequence, (run, symbol, side, qty, price, fee, in_base) in enumerate(history, 1):
        base_fee = str(qty / 400) if in_base and side == "buy" else "0"
        run_id, text = RUNS[run], str(qty)
        streams.append(
            filled_order(run_id, sequence, side, text, str(price), str(fee), base_fee, symbol=SYMBOLS[symbol])
        )
    return streams


def portfolios(
    connection: Connection[TupleRow], events: Sequence[Recorded]
) -> dict[UUID, tuple[Portfolio, list[TradeRow]]]:
    """What the domain makes of the events at once: the portfolio of each run, and the rows of its trades."""
    booked = {run_id: (Portfolio(run_created().initial_cash), list[TradeRow]()) for run_id in RUNS}
    for position, one in enumerate(events, 1):
        if isinstance(one.event, OrderFill):
            portfolio, closed = booked[one.event.run_id]
            ended = portfolio.book(one.event)
            if ended is not None:
                closed.append(TradeRow.of(position, one.event.run_id, ended))
    return booked


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(history=histories, steps=batches)
def test_any_batches_with_any_repetition_book_what_the_portfolio_books_at_once(
    connection: Connection[TupleRow], history: History, steps: list[tuple[int, int]]
) -> None:
    connection.execute("truncate weaver_events restart identity")
    forget(connection)
    events = [one for stream in recorded(history) for one in stream]
    append(connection, events)
    for limit, back in steps:
        fold_batch(connection, LedgerReadModel(), limit)
        connection.execute(
            "update projection_position set position = greatest(position - %s, 0) where name = 'ledger'", (back,)
        )
    fold(connection, LedgerReadModel(), steps[0][0])
    for run_id, (portfolio, closed) in portfolios(connection, events).items():
        [account], _ = accounts.page(connection, run_id=run_id, limit=1)
        shown = account.portfolio(()).state()
        booked = Portfolio.restore(portfolio.state()).state()
        assert [getattr(shown, name) for name in shown.__struct_fields__ if name != "positions"] == [
            getattr(booked, name) for name in booked.__struct_fields__ if name != "positions"
        ]
        assert account.trades == len(portfolio.trades)
        assert trades.page(connection, run_id=run_id, limit=100)[0] == closed[::-1]
        held_positions(connection, run_id, portfolio)


def held_positions(connection: Connection[TupleRow], run_id: UUID, portfolio: Portfolio) -> None:
    """Compare what the run holds, and what it realised and paid, with its portfolio."""
    rows, _ = positions.page(connection, run_id=run_id, limit=100)
    assert {row.symbol for row in rows if row.quantity} == {held.symbol for held in portfolio.positions()}
    assert sum((row.realised_pnl for row in rows), Decimal(0)) == portfolio.realised_pnl
    assert sum((row.fees for row in rows), Decimal(0)) == portfolio.fees
    lots = positions.oldest_lots(connection, rows)
    for row in rows:
        held = portfolio.position(row.symbol)
        assert (row.quantity, row.cost, row.average_price) == (held.quantity, held.cost, held.average_price)
        stored = lots.get((run_id, row.symbol), ())
        assert [(lot.quantity, lot.price) for lot in stored] == [(lot.quantity, lot.price) for lot in held.lots]
    assert len(dump(connection, "lots")) == sum(
        len(found) for found in positions.oldest_lots(connection, positions.page(connection, limit=100)[0]).values()
    )


def test_a_rebuild_gives_the_rows_that_are_there(connection: Connection[TupleRow], database_url: str) -> None:
    history: History = [
        (n % 2, n % 3 % 2, "buy" if n % 5 < 3 else "sell", Decimal(1), Decimal(10 + n), Decimal("0.1"), n % 4 == 0)
        for n in range(60)
    ]
    for stream in recorded(history):
        append(connection, stream)
        fold(connection, LedgerReadModel())
    live = {table: dump(connection, table) for table in LedgerReadModel.tables}
    assert all(live.values())
    rebuild(database_url, "ledger", batch=7)
    assert {table: dump(connection, table) for table in LedgerReadModel.tables} == live
