"""Comparisons and discrepancies in, accounts as the broker sees them out."""

from decimal import Decimal
from typing import Any

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.events import Event
from domain.exchange_account import HeldPosition, account_stream_id
from domain.ids import new_id
from projections import exchange_accounts
from projections.exchange_accounts import (
    MOST_DISCREPANCIES,
    ExchangeAccountRow,
    ExchangeAccountsReadModel,
)
from tests.projections.facts import discrepancy, fold, given, minute, reconciled

PAPER = account_stream_id("alpaca-paper")


def folded(connection: Connection[TupleRow], *events: Event, batch: int = 1_000) -> ExchangeAccountRow:
    given(connection, PAPER, *events)
    fold(connection, ExchangeAccountsReadModel(), batch)
    [row] = exchange_accounts.every(connection)
    return row


def held(symbol: str, at_exchange: str, of_runs: str) -> HeldPosition:
    return HeldPosition(symbol, Decimal(at_exchange), Decimal(of_runs))


@pytest.mark.parametrize("batch", [1, 1_000])
def test_an_account_is_shown_as_it_was_compared_last(connection: Connection[TupleRow], batch: int) -> None:
    positions = held("BTC/USD", "0.50", "0.5"), held("SPY", "-2", "0")
    later = reconciled(5, cause="reconnect", positions=positions, cash=Decimal("-0.10"), external_orders=2)
    assert folded(connection, reconciled(1), later, batch=batch) == ExchangeAccountRow(
        id=PAPER,
        name="alpaca-paper",
        account_id="PA3XYZ",
        currency="USD",
        cash=Decimal("-0.10"),
        equity=Decimal("100000.01"),
        buying_power=Decimal("199748.68"),
        positions=list(positions),
        open_orders=1,
        external_orders=2,
        reconciled_at=minute(5),
        reconciled_because="reconnect",
        discrepancies=[],
        position=2,
    )


def test_what_differs_is_shown_before_anything_was_compared_to_the_end(connection: Connection[TupleRow]) -> None:
    run_id = new_id()
    found = discrepancy(1, run_id=run_id, policy="halt")
    row = folded(connection, found)
    assert (row.name, row.account_id, row.cash, row.positions, row.reconciled_at) == (
        "alpaca-paper",
        None,
        None,
        [],
        None,
    )
    assert row.discrepancies == [found]


def test_of_one_subject_the_newest_discrepancy_is_shown(connection: Connection[TupleRow]) -> None:
    row = folded(connection, discrepancy(1), discrepancy(2, subject="QQQ"), discrepancy(3, found="-3"))
    assert [(one.subject, one.found, one.at) for one in row.discrepancies] == [
        ("QQQ", "-2", minute(2)),
        ("SPY", "-3", minute(3)),
    ]


@pytest.mark.parametrize("batch", [1, 1_000])
@pytest.mark.parametrize(
    ("found", "compared", "is_open"),
    [
        ({}, {"positions": (held("SPY", "-2", "0"),)}, True),
        ({}, {"positions": (held("SPY", "-2", "-2.0"), held("QQQ", "1", "0"))}, False),
        ({}, {"positions": ()}, False),
        ({"kind": "external_order", "subject": "by hand"}, {"external_orders": 1}, True),
        ({"kind": "external_order", "subject": "by hand"}, {"external_orders": 0}, False),
        ({"kind": "account", "subject": "PA3XYZ", "policy": "halt"}, {"blocked": "trading is blocked"}, True),
        ({"kind": "account", "subject": "PA3XYZ", "policy": "halt"}, {}, False),
        ({"kind": "overfill", "subject": "an order"}, {"external_orders": 1}, False),
        ({"kind": "unreadable_message", "subject": "trade_updates"}, {}, False),
    ],
)
def test_a_discrepancy_is_open_until_a_comparison_shows_that_it_is_gone(
    connection: Connection[TupleRow], found: dict[str, Any], compared: dict[str, Any], is_open: bool, batch: int
) -> None:
    row = folded(connection, discrepancy(1, **found), reconciled(2, **compared), batch=batch)
    assert bool(row.discrepancies) == is_open


@pytest.mark.parametrize("batch", [1, 1_000])
def test_an_account_that_may_not_trade_is_shown_until_the_exchange_lets_it(
    connection: Connection[TupleRow], batch: int
) -> None:
    blocked = discrepancy(1, kind="account", subject="PA3XYZ", policy="halt")
    short = discrepancy(1, policy="halt")
    positions = (held("SPY", "-2", "0"),)
    comparison = reconciled(2, positions=positions, blocked="trading is blocked")
    assert folded(connection, blocked, short, comparison, batch=batch).discrepancies == [blocked, short]
    assert folded(connection, reconciled(4, positions=positions), batch=batch).discrepancies == [short]


def test_every_exchange_has_an_account_of_its_own(connection: Connection[TupleRow]) -> None:
    given(connection, account_stream_id("alpaca-live"), reconciled(1, exchange="alpaca-live", cash=Decimal(5)))
    given(connection, PAPER, reconciled(2))
    fold(connection, ExchangeAccountsReadModel())
    assert [(row.name, row.cash) for row in exchange_accounts.every(connection)] == [
        ("alpaca-live", Decimal(5)),
        ("alpaca-paper", Decimal("99874.34")),
    ]


def test_of_very_many_discrepancies_the_newest_are_kept(connection: Connection[TupleRow]) -> None:
    row = folded(connection, *(discrepancy(n, subject=f"S{n}") for n in range(MOST_DISCREPANCIES + 5)), batch=7)
    assert [one.subject for one in row.discrepancies] == [f"S{n}" for n in range(5, MOST_DISCREPANCIES + 5)]


def test_of_no_exchange_there_is_no_account(connection: Connection[TupleRow]) -> None:
    assert exchange_accounts.every(connection) == []
