"""What is known of an account at an exchange: the newest comparison, and each discrepancy told once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec import structs

from domain.exchange_account import (
    AccountDiscrepancyFound,
    AccountReconciled,
    ExchangeAccountRecord,
    HeldPosition,
    account_stream_id,
)
from domain.run import RunStopped
from tests.specification import given

AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
RECONCILED = AccountReconciled(
    at=AT,
    exchange="alpaca-paper",
    cause="start",
    account_id="PA3XYZ",
    currency="USD",
    cash=Decimal("99874.34"),
    equity=Decimal("100000.01"),
    buying_power=Decimal("199748.68"),
    positions=(HeldPosition("BTC/USD", Decimal("0.5"), Decimal("0.5")),),
    open_orders=1,
    external_orders=0,
    executions=0,
    seconds=0.25,
)
SHORT = AccountDiscrepancyFound(
    at=AT,
    exchange="alpaca-paper",
    kind="position",
    subject="SPY",
    message="SPY: the exchange holds -2, the runs 0",
    expected="0",
    found="-2",
    policy="halt",
)


def test_every_comparison_is_recorded_and_the_newest_is_what_is_known() -> None:
    later = structs.replace(RECONCILED, at=AT + timedelta(minutes=1), cause="timer")
    scenario = given(ExchangeAccountRecord, RECONCILED).when(lambda account: account.reconcile(later))
    scenario.then(later)
    assert scenario.aggregate.reconciled == later


def test_a_discrepancy_is_told_once_as_long_as_it_is_the_same() -> None:
    given(ExchangeAccountRecord).when(lambda account: account.discrepancy(SHORT)).then(SHORT)
    again = structs.replace(SHORT, at=AT + timedelta(minutes=1), message="in other words", policy="ignore")
    scenario = given(ExchangeAccountRecord, SHORT)
    assert not scenario.aggregate.discrepancy(again)
    scenario.when(lambda account: account.discrepancy(again)).then()


@pytest.mark.parametrize(
    "changed",
    [{"found": "-3"}, {"expected": "1"}, {"subject": "QQQ"}, {"kind": "overfill"}, {"found": None}],
    ids=lambda change: " ".join(change),
)
def test_a_discrepancy_that_has_changed_is_another_one(changed: dict[str, str | None]) -> None:
    other = structs.replace(SHORT, **changed)
    given(ExchangeAccountRecord, SHORT).when(lambda account: account.discrepancy(other)).then(other)


@pytest.mark.parametrize(
    ("at_exchange", "of_runs", "differs"),
    [
        ("1", "1.0", False),
        ("0.9975", "1", False),
        ("0.995", "1", False),
        ("0.9949", "1", True),
        ("1.006", "1", True),
        ("0.001", "0", True),
        ("0", "0", False),
        ("-1", "1", True),
        ("-1.004", "-1", False),
    ],
)
def test_a_position_differs_by_more_than_fees_that_are_not_known_yet(
    at_exchange: str, of_runs: str, differs: bool
) -> None:
    assert HeldPosition("SPY", Decimal(at_exchange), Decimal(of_runs)).differs is differs


HELD = HeldPosition("SPY", Decimal(-2), Decimal(0))
EXTERNAL = structs.replace(SHORT, kind="external_order", subject="by hand", expected=None, found="buy 1 SPY")


@pytest.mark.parametrize(
    ("found", "compared", "is_gone"),
    [
        (SHORT, {"positions": (HELD,)}, False),
        (SHORT, {"positions": (HELD, HeldPosition("QQQ", Decimal(1), Decimal(1)))}, False),
        (SHORT, {"positions": (HeldPosition("SPY", Decimal(-2), Decimal(-2)),)}, True),
        (SHORT, {"positions": ()}, True),
        (EXTERNAL, {"external_orders": 1}, False),
        (EXTERNAL, {"external_orders": 0}, True),
        (structs.replace(SHORT, kind="account", subject="PA3XYZ"), {"blocked": "trading is blocked"}, False),
        (structs.replace(SHORT, kind="account", subject="PA3XYZ"), {}, True),
        (structs.replace(SHORT, kind="missing_order"), {}, False),
    ],
)
def test_what_a_comparison_showed_to_be_gone_is_news_when_it_comes_again(
    found: AccountDiscrepancyFound, compared: dict[str, Any], is_gone: bool
) -> None:
    comparison = structs.replace(RECONCILED, **compared)
    given(ExchangeAccountRecord, found, comparison).when(lambda account: account.discrepancy(found)).then(
        *([found] if is_gone else [])
    )


found = st.builds(
    lambda kind, subject, figure: structs.replace(SHORT, kind=kind, subject=subject, found=figure),
    st.sampled_from(["position", "external_order", "missing_order"]),
    st.sampled_from(["SPY", "QQQ"]),
    st.sampled_from(["1", "2", None]),
)


@for_all(st.lists(st.one_of(found, st.just(RECONCILED)), max_size=40))
def test_of_each_subject_the_last_finding_is_known_and_refolding_gives_the_same(
    facts: list[AccountDiscrepancyFound | AccountReconciled],
) -> None:
    account = ExchangeAccountRecord(account_stream_id("alpaca-paper"))
    newest: dict[tuple[str, str], AccountDiscrepancyFound] = {}
    for fact in facts:
        if isinstance(fact, AccountReconciled):
            account.reconcile(fact)
            newest = {key: one for key, one in newest.items() if key[0] == "missing_order"}
            continue
        key = fact.kind, fact.subject
        is_news = key not in newest or newest[key].found != fact.found
        assert account.discrepancy(fact) == is_news
        newest[key] = fact
        assert account.found == newest
    recorded = account.collect_events()
    again = ExchangeAccountRecord.fold(None, recorded)
    if again is not None:
        assert (again.version, again.reconciled, again.found) == (account.version, account.reconciled, account.found)


def test_an_account_has_one_stream_by_the_name_of_its_exchange() -> None:
    assert account_stream_id("alpaca-paper") == account_stream_id("alpaca-paper") != account_stream_id("alpaca-live")


def test_an_account_takes_no_event_of_others() -> None:
    with pytest.raises(TypeError, match=r"an account knows no event run\.stopped"):
        ExchangeAccountRecord(account_stream_id("alpaca-paper")).apply(RunStopped(at=AT))
