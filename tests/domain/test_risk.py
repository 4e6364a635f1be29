"""Risk: which limits can be meant, when a run is halted, and what is recorded of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf, nan
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.risk import Objection, RiskGuard, RiskHalted, RiskLimits, RiskResumed, parse_limits, risk_stream_id
from domain.risk_gate import RiskGate
from tests import specification

AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
RUN = UUID(int=7)
CASH = Decimal(100_000)
LOSS = Objection("max_drawdown", "equity 80000 is 20 % below its peak, 100000: max_drawdown is 10 %", {"limit": "0.1"})


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def gate(**limits: object) -> RiskGate:
    return RiskGate(parse_limits(limits), CASH)


# The limits themselves.

VALID: Mapping[str, object] = {
    "max_position": Decimal("1.5"),
    "max_order_notional": Decimal(10_000),
    "max_open_orders": 5,
    "max_orders_per_minute": 10,
    "max_gross_exposure": Decimal(50_000),
    "long_only": True,
    "max_daily_loss": Decimal("999.99"),
    "max_drawdown": Decimal("0.1"),
    "flatten_on_halt": True,
    "max_bar_age_seconds": 120,
    "cooldown_after_loss_seconds": 300,
}


def test_limits_are_read_from_texts_and_from_numbers_alike() -> None:
    texts = {name: str(value) for name, value in VALID.items()}
    assert parse_limits(texts) == parse_limits(VALID) == msgspec.convert(VALID, RiskLimits)


def test_a_limit_of_none_and_one_that_is_not_named_are_off() -> None:
    assert parse_limits(dict.fromkeys(VALID)) == parse_limits({}) == RiskLimits()


def test_a_fraction_given_as_a_float_is_the_decimal_it_shows() -> None:
    assert parse_limits({"max_drawdown": 0.1}).max_drawdown == Decimal("0.1")


@pytest.mark.parametrize(
    ("on", "off"),
    [("true", "false"), ("True", "FALSE"), ("yes", "no"), ("on", "off"), ("1", "0"), (1, 0), (True, False)],
)
def test_a_policy_is_switched_on_and_off_by_any_usual_word(on: object, off: object) -> None:
    assert parse_limits({"long_only": on}).long_only
    assert not parse_limits({"long_only": off}).long_only


@pytest.mark.parametrize(
    ("name", "given_value", "message"),
    [
        ("max_position", "0", "max_position must be above 0, not 0"),
        ("max_position", -1.5, "max_position must be above 0, not -1.5"),
        ("max_position", "NaN", "max_position must be a finite number, not NaN"),
        ("max_position", "many", "max_position must be a number, not 'many'"),
        ("max_position", True, "max_position must be a number, not True"),
        ("max_position", "0.0000000001", "max_position must be a number of at most 9 decimals, not 1e-10"),
        ("max_position", [1], "max_position must be a number, not [1]"),
        ("max_position", "x" * 10_000, f"max_position must be a number, not '{'x' * 39}…"),
        ("max_order_notional", "-0.01", "max_order_notional must be above 0, not -0.01"),
        ("max_gross_exposure", "Infinity", "max_gross_exposure must be a finite number, not Infinity"),
        ("max_gross_exposure", "1e999", "max_gross_exposure must be at most 1000000000000000, not 1e+999"),
        ("max_daily_loss", inf, "max_daily_loss must be a finite number, not Infinity"),
        ("max_drawdown", "1", "max_drawdown must be below 1 (0.1 is a fall of 10 % from the peak), not 1"),
        ("max_drawdown", 15, "max_drawdown must be below 1 (0.1 is a fall of 10 % from the peak), not 15"),
        ("max_drawdown", "0", "max_drawdown must be above 0, not 0"),
        ("max_open_orders", 0, "max_open_orders must be at least 1, not 0"),
        ("max_open_orders", "2.5", "max_open_orders must be a whole number, not '2.5'"),
        ("max_open_orders", nan, "max_open_orders must be a whole number from 1 to 1000000000, not nan"),
        ("max_open_orders", False, "max_open_orders must be a number, not False"),
        ("max_orders_per_minute", -3, "max_orders_per_minute must be at least 1, not -3"),
        (
            "max_bar_age_seconds",
            "1e999999",
            "max_bar_age_seconds must be a whole number from 1 to 1000000000, not '1e999999'",
        ),
        ("cooldown_after_loss_seconds", "0", "cooldown_after_loss_seconds must be at least 1, not 0"),
        ("long_only", "maybe", "long_only must be true or false, not 'maybe'"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_named_with_its_value(name: str, given_value: object, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_limits({name: given_value})
    assert refused.value.message == message
    assert refused.value.details["name"] == name


@pytest.mark.parametrize("name", ["max_position", "max_open_orders"])
def test_an_integer_too_long_to_be_written_out_is_refused_like_any_other(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"not 1\.0*e\+5000$"):
        parse_limits({name: 10**5000})


def test_an_unknown_limit_is_answered_with_the_closest_there_is() -> None:
    with pytest.raises(InvalidInput, match="no risk limit 'max_drawdwon': did you mean max_drawdown"):
        parse_limits({"max_drawdwon": "0.1"})


@pytest.mark.parametrize(
    "limits", [RiskLimits(max_position=Decimal("NaN")), RiskLimits(max_open_orders=10**9 + 1)], ids=repr
)
def test_limits_made_past_the_parser_are_refused_by_the_gate_too(limits: RiskLimits) -> None:
    with pytest.raises(InvalidInput):
        RiskGate(limits, CASH)


def test_limits_are_recorded_as_texts_without_those_that_are_off() -> None:
    limits = parse_limits({"max_position": "1.50", "max_open_orders": 3, "long_only": "on"})
    written = msgspec.json.encode(limits)
    assert written == b'{"max_position":"1.50","max_open_orders":3,"long_only":true}'
    assert msgspec.json.decode(written, type=RiskLimits) == limits
    assert msgspec.json.encode(RiskLimits()) == b"{}"


# Halting and resuming.


def test_a_daily_loss_halts_at_exactly_the_limit_and_once() -> None:
    asked = gate(max_daily_loss="1000")
    assert asked.watches_equity
    assert asked.mark(Decimal("99000.01"), 1, AT) is None
    assert asked.mark(Decimal("99000.00"), 1, AT) == Objection(
        "max_daily_loss",
        "equity 99000 is 1000 below the start of the day, 100000: max_daily_loss is 1000",
        {"equity": "99000", "day_start": "100000", "loss": "1000", "limit": "1000"},
    )
    assert asked.is_halted
    assert asked.mark(Decimal(50_000), 2, AT) is None


def test_a_day_starts_with_the_last_equity_of_the_day_before() -> None:
    asked = gate(max_daily_loss="1000")
    assert asked.mark(Decimal(99_500), 1, AT) is None
    assert asked.mark(Decimal("98500.01"), 2, AT) is None  # a new day: 999.99 of its own
    overnight = asked.mark(Decimal("97500.01"), 3, AT)  # lost between two days: counted on the second
    assert overnight is not None
    assert overnight.figures["day_start"] == "98500.01"


def test_a_drawdown_halts_at_exactly_the_limit_from_the_highest_peak_and_once() -> None:
    asked = gate(max_drawdown="0.1")
    assert asked.watches_equity
    assert asked.mark(Decimal(120_000), 1, AT) is None
    assert asked.mark(Decimal(110_000), 2, after(60)) is None
    assert asked.mark(Decimal("108000.01"), 3, after(120)) is None
    assert asked.mark(Decimal(108_000), 4, after(180)) == Objection(
        "max_drawdown",
        "equity 108000 is 10 % below its peak, 120000: max_drawdown is 10 %",
        {
            "equity": "108000",
            "peak": "120000",
            "peak_at": "2025-03-01T12:00:00Z",
            "drawdown": "0.10000000",
            "limit": "0.1",
        },
    )
    assert asked.mark(Decimal(1), 5, AT) is None


def test_an_account_that_has_nothing_left_is_halted_by_its_drawdown() -> None:
    asked = gate(max_drawdown="0.5")
    asked.halt(LOSS)
    asked.resume(Decimal(0))
    found = asked.mark(Decimal(-10), 1, AT)
    assert found is not None
    assert found.message == "equity -10 is 100 % below its peak, 0: max_drawdown is 50 %"


marks = st.lists(st.tuples(st.decimals("500", "1500", places=2), st.integers(0, 2)), max_size=40)


@given(marks, st.decimals("1", "600", places=0), st.sampled_from(["0.05", "0.2", "0.5"]), st.booleans())
def test_equity_halts_at_the_first_mark_beyond_a_limit_once_in_every_arming(
    history: list[tuple[Decimal, int]], loss: Decimal, drawdown: str, resumes: bool
) -> None:
    asked = RiskGate(RiskLimits(max_daily_loss=loss, max_drawdown=Decimal(drawdown)), Decimal(1_000))
    seen, day, starts, running = [Decimal(1_000)], 0, Decimal(1_000), True
    for equity, days in history:
        if days:
            day, starts = day + days, seen[-1]
        found = asked.mark(equity, day, AT)
        if running:
            seen.append(equity)
            lost = starts - equity >= loss
            fallen = max(seen) - equity >= max(seen) * Decimal(drawdown)
            assert (found is not None) == asked.is_halted == (lost or fallen)
            assert found is None or found.policy == ("max_daily_loss" if lost else "max_drawdown")
            running = found is None
        else:
            assert found is None
        if not running and resumes:
            asked.resume(equity)
            assert not asked.is_halted
            seen, starts, running = [equity], equity, True


def test_resume_begins_the_day_anew_and_so_does_the_day_after() -> None:
    asked = gate(max_daily_loss="1000")
    assert asked.mark(Decimal(80_000), 1, AT) is not None
    asked.resume(Decimal(81_000))
    assert not asked.is_halted
    assert asked.mark(Decimal("80000.01"), 2, AT) is None
    again = asked.mark(Decimal(80_000), 2, AT)
    assert again is not None
    assert again.figures == {"equity": "80000", "day_start": "81000", "loss": "1000", "limit": "1000"}


def test_resume_begins_the_peak_anew() -> None:
    asked = gate(max_drawdown="0.1")
    assert asked.mark(Decimal(200_000), 1, AT) is None
    assert asked.mark(Decimal(100_000), 1, AT) is not None
    asked.resume(Decimal(100_000))
    assert asked.mark(Decimal("90000.01"), 1, AT) is None
    again = asked.mark(Decimal(90_000), 1, AT)
    assert again is not None
    assert again.figures == {"equity": "90000", "peak": "100000", "drawdown": "0.10000000", "limit": "0.1"}


def test_resuming_a_run_that_is_not_halted_does_not_forget_its_peak() -> None:
    asked = gate(max_drawdown="0.1")
    asked.resume(Decimal(91_000))
    assert asked.mark(Decimal(90_000), 1, AT) is not None


# The events.

HALTED = RiskHalted(at=AT, run_id=RUN, policy=LOSS.policy, message=LOSS.message, figures=LOSS.figures)
RESUMED = RiskResumed(at=after(60), run_id=RUN, by="anna")


def test_a_halt_is_recorded_with_its_reason() -> None:
    specification.given(RiskGuard).when(lambda guard: guard.halt(AT, RUN, LOSS)).then(HALTED)


def test_halting_a_halted_run_records_nothing() -> None:
    other = Objection("kill_switch", "a person halted everything", {})
    scenario = specification.given(RiskGuard, HALTED).when(lambda guard: guard.halt(after(1), RUN, other))
    scenario.then()
    assert scenario.aggregate.halted == HALTED


def test_a_person_resumes_a_halted_run_once() -> None:
    specification.given(RiskGuard, HALTED).when(lambda guard: guard.resume(after(60), RUN, "anna")).then(RESUMED)
    specification.given(RiskGuard, HALTED, RESUMED).when(lambda guard: guard.resume(after(61), RUN, "anna")).then()
    specification.given(RiskGuard).when(lambda guard: guard.resume(AT, RUN, "anna")).then()


def test_a_resumed_run_can_be_halted_again() -> None:
    scenario = specification.given(RiskGuard, HALTED, RESUMED)
    scenario.when(lambda guard: guard.halt(AT, RUN, LOSS)).then(HALTED)


def test_the_stream_of_a_runs_risk_is_its_own_and_always_the_same() -> None:
    ids = {risk_stream_id(UUID(int=number)) for number in range(100)}
    assert len(ids) == 100
    assert risk_stream_id(RUN) == risk_stream_id(UUID(int=7)) != RUN
    assert RUN not in ids
