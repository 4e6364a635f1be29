"""What a person is told of an event."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from application.notices import MAX_FACT, MAX_TITLE, notice_of
from domain.event_catalogue import EVENTS, decode
from domain.events import Event
from domain.exchange_account import AccountDiscrepancyFound
from domain.ids import new_id
from domain.order import OrderCreated, OrderFilled, OrderOutcomeUnknown, OrderRejected
from domain.risk import KILL_SWITCH, RiskHalted
from domain.run import RunFailed, RunStopped
from tests.interfaces.notifications.scene import described

RECORDED = Path(__file__).parents[1] / "domain" / "recorded_events"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = described(name="morning", mode="live", symbols=("BTC/USD", "ETH/USD"))


def test_a_failed_run_says_which_and_why_and_keeps_its_traceback_to_itself() -> None:
    event = RunFailed(at=AT, code="STRATEGY_FAULT", message="division by zero", traceback="Traceback: secret code")
    assert notice_of("run.error", event, RUN).text == (
        "[critical] live run morning: has failed\n"
        "why: division by zero\n"
        "code: STRATEGY_FAULT\n"
        "run: morning (live, sma_cross on BTC/USD ETH/USD 1m)\n"
        "event: run.error\n"
        "at: 2026-03-01 12:00:00 UTC"
    )


def test_a_refused_order_says_what_was_ordered_and_the_figures_of_the_limit() -> None:
    order = OrderCreated(
        at=AT, run_id=new_id(), client_order_id="wv1-x", sequence=1, symbol="BTC/USD", side="buy", qty=Decimal("0.50")
    )
    event = OrderRejected(
        at=AT, run_id=new_id(), reason="too much", policy="max_position", figures={"max_position": "2", "would_be": "3"}
    )
    notice = notice_of("order.rejected", event, RUN, order)
    assert notice.title == "live run morning: an order was rejected"
    assert dict(notice.facts) | {"at": ""} == {
        "why": "too much",
        "order": "buy 0.5 BTC/USD market",
        "policy": "max_position",
        "max position": "2",
        "would be": "3",
        "run": "morning (live, sma_cross on BTC/USD ETH/USD 1m)",
        "event": "order.rejected",
        "at": "",
    }


@pytest.mark.parametrize(
    ("topic", "event", "title"),
    [
        ("run.stopped", RunStopped(at=AT), "live run morning: was stopped"),
        (
            "order.outcome_unknown",
            OrderOutcomeUnknown(at=AT, run_id=new_id(), reason="no answer"),
            "live run morning: nobody knows what became of an order",
        ),
    ],
)
def test_the_title_names_the_run_and_what_happened(topic: str, event: Event, title: str) -> None:
    assert notice_of(topic, event, RUN).title == title


def test_what_belongs_to_no_run_says_whom_it_is_about() -> None:
    halt = RiskHalted(at=AT, policy=KILL_SWITCH, message="prices that cannot be", figures={})
    assert notice_of("risk.halted", halt).title == "all trading: is halted"
    found = AccountDiscrepancyFound(
        at=AT, exchange="alpaca-paper", kind="position", subject="SPY", message="3 there, 2 here", policy="adopt"
    )
    assert notice_of("account.discrepancy_found", found).title.startswith("alpaca-paper: the exchange says")


def test_names_and_reasons_of_others_stay_on_their_line_and_are_cut() -> None:
    event = RunFailed(at=AT, code="X", message="first\nrun: not the run\r\n\x1b[2J\u202e" + "long " * 500)
    notice = notice_of("run.error", event, described(name="a\nb" * 200))
    assert len(notice.title) == MAX_TITLE
    assert "\n" not in notice.title
    why = dict(notice.facts)["why"]
    assert why.startswith("first run: not the run [2J long long")
    assert len(why) == MAX_FACT
    assert len(notice.text.splitlines()) == len(notice.facts) + 1


@pytest.mark.parametrize("topic", EVENTS)
def test_there_is_something_to_say_of_every_event_ever_recorded(topic: str) -> None:
    for sample in json.loads((RECORDED / f"{topic}.json").read_text()):
        notice = notice_of(topic, decode(topic, sample["stored"].encode()), RUN)
        assert notice.title.startswith("live run morning: ")
        assert all(name for name, value in notice.facts), notice
        assert "Traceback" not in notice.text


def test_a_fill_says_what_was_executed() -> None:
    fill: dict[str, Any] = {"qty": Decimal("0.5"), "price": Decimal("101.20"), "fee": Decimal("0.1")}
    event = OrderFilled(
        at=AT,
        run_id=new_id(),
        execution_id="x",
        symbol="BTC/USD",
        side="buy",
        filled_qty=Decimal("0.5"),
        filled_avg_price=Decimal("101.20"),
        **fill,
    )
    facts = dict(notice_of("order.filled", event, RUN).facts)
    assert (facts["qty"], facts["price"], facts["side"]) == ("0.5", "101.2", "buy")
