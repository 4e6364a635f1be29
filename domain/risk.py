"""How far a run may go, and what is recorded when it went too far: risk limits and the events of a halt.

The gate that holds orders and equity against the limits is `domain/risk_gate.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import ClassVar, Self
from uuid import UUID, uuid5

import msgspec

from domain.errors import InvalidInput, did_you_mean
from domain.events import Aggregate, Event
from domain.money import ONE, plain

# Beyond these a limit limits nothing, and sums no longer fit the 28 digits decimals are computed with.
MAX_AMOUNT = Decimal(10**15)
MAX_DECIMALS = 9
MAX_COUNT = 10**9

_FLAGS: Mapping[str, bool] = {"true": True, "yes": True, "on": True, "1": True} | {
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


class RiskLimits(msgspec.Struct, frozen=True, omit_defaults=True):
    """The parameters of a run's risk policies; None or False: that policy is off.

    max_position: units of a symbol, absolute, working orders of that side included. max_order_notional: of one order,
    quote currency. max_open_orders: working orders of the run. max_orders_per_minute: in any sixty seconds of market
    time. max_gross_exposure: sum of absolute quantity x mark and of what working orders would open, quote currency.
    long_only: no order may open a short position. max_daily_loss: quote currency, since the start of the day.
    max_drawdown: fraction of the peak of equity, above 0 and below 1. flatten_on_halt: close every position when the
    run is halted. max_bar_age_seconds: of the symbol's newest bar when an order is decided.
    cooldown_after_loss_seconds: how long no position is opened after a trade closed with a loss.
    """

    max_position: Decimal | None = None
    max_order_notional: Decimal | None = None
    max_open_orders: int | None = None
    max_orders_per_minute: int | None = None
    max_gross_exposure: Decimal | None = None
    long_only: bool = False
    max_daily_loss: Decimal | None = None
    max_drawdown: Decimal | None = None
    flatten_on_halt: bool = False
    max_bar_age_seconds: int | None = None
    cooldown_after_loss_seconds: int | None = None

    def require_valid(self) -> Self:
        """Return the limits themselves; raise InvalidInput naming the first limit that cannot be meant, and its value.

        Amounts are finite, above 0, at most 10^15 and have at most nine decimals; `max_drawdown` is below 1; counts
        and seconds lie between 1 and 10^9.
        """
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, Decimal):
                _require_amount(name, value)
            elif isinstance(value, int) and not isinstance(value, bool) and not 1 <= value <= MAX_COUNT:
                raise _invalid(name, "at least 1" if value < 1 else f"at most {MAX_COUNT}", str(value))
        return self


def _require_amount(name: str, value: Decimal) -> None:
    if not value.is_finite():
        raise _invalid(name, "a finite number", str(value))
    shown = f"{value:.12g}"
    if value <= 0:
        raise _invalid(name, "above 0", shown)
    if name == "max_drawdown" and value >= ONE:
        raise _invalid(name, "below 1 (0.1 is a fall of 10 % from the peak)", shown)
    if value > MAX_AMOUNT:
        raise _invalid(name, f"at most {plain(MAX_AMOUNT)}", shown)
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MAX_DECIMALS:
        raise _invalid(name, f"a number of at most {MAX_DECIMALS} decimals", shown)


def _invalid(name: str, bound: str, shown: str) -> InvalidInput:
    return InvalidInput(f"{name} must be {bound}, not {shown}", name=name, value=shown)


def parse_limits(pairs: Mapping[str, object]) -> RiskLimits:
    """Return the limits that were named, the others off; None turns a limit off too.

    pairs: name of a limit -> text or number, as a person typed it or JSON holds it. Raises InvalidInput for an unknown
    name, with a suggestion, and for a value of the wrong type or out of its bounds.
    """
    kinds = {field.name: field.type for field in msgspec.structs.fields(RiskLimits)}
    values: dict[str, Decimal | int | bool] = {}
    for name, given in pairs.items():
        if name not in kinds:
            known = f"choose one of {', '.join(kinds)}"
            raise InvalidInput(f"there is no risk limit {name!r}: {did_you_mean(name, kinds)}{known}", name=name)
        if given is not None:
            values[name] = _flag(name, given) if kinds[name] is bool else _number(name, given, kinds[name])
    return msgspec.convert(values, RiskLimits).require_valid()


def _flag(name: str, given: object) -> bool:
    found = _FLAGS.get(str(given).lower())
    if found is None:
        raise _invalid(name, "true or false", _shown(given))
    return found


def _number(name: str, given: object, kind: object) -> Decimal | int:
    if isinstance(given, bool) or not isinstance(given, (str, int, float, Decimal)):
        raise _invalid(name, "a number", _shown(given))
    try:
        # a float stands for its shortest text, so 0.1 is one tenth
        number = Decimal(str(given) if isinstance(given, float) else given)
    except InvalidOperation:
        raise _invalid(name, "a number", _shown(given)) from None
    if kind == Decimal | None:
        return number
    # compared before it is converted, so that 1e999999 does not become a number of a million digits
    if not number.is_finite() or abs(number) > MAX_COUNT:
        raise _invalid(name, f"a whole number from 1 to {MAX_COUNT}", _shown(given))
    if number != number.to_integral_value():
        raise _invalid(name, "a whole number", _shown(given))
    return int(number)


def _shown(given: object) -> str:
    if isinstance(given, (int, Decimal)) and not isinstance(given, bool):
        return f"{Decimal(given):.12g}"  # the text of a very long int would be an error of its own
    text = repr(given)
    return text if len(text) <= 40 else f"{text[:40]}…"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an order is refused or a run is halted.

    policy: the limit's name in RiskLimits, `halt`, or what the engine calls its own reason. message: one line for
    people. figures: the same for programs: numbers in plain digits, times in ISO 8601.
    """

    policy: str
    message: str
    figures: dict[str, str]


class RiskHalted(Event, frozen=True, kw_only=True):
    """A run may place no orders until a person resumes it; policy, message and figures say why.

    run_id: None when a person has thrown the kill switch: no paper or live run may.
    """

    TOPIC: ClassVar[str] = "risk.halted"

    run_id: UUID | None = None
    policy: str
    message: str
    figures: dict[str, str]


class RiskResumed(Event, frozen=True, kw_only=True):
    """A person allowed a halted run to trade again, or all of them. by: who."""

    TOPIC: ClassVar[str] = "risk.resumed"

    run_id: UUID | None = None
    by: str


KILL_SWITCH = "kill_switch"
# The stream of the RiskGuard that holds all paper and live runs.
KILL_SWITCH_ID = UUID("6b696c6c-2073-8769-b463-680000000000")


def risk_stream_id(run_id: UUID) -> UUID:
    """Return the id of the stream of a run's RiskGuard: always the same for the same run."""
    return uuid5(run_id, RiskGuard.TOPIC)


class RiskGuard(Aggregate):
    """Whether a run, or all of them, is halted, folded from its events. halted: why, None if it is not."""

    TOPIC: ClassVar[str] = "risk"

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.halted: RiskHalted | None = None

    def halt(self, at: datetime, run_id: UUID | None, objection: Objection) -> None:
        """Record that the run is halted; a halted run stays halted for its first reason."""
        if self.halted is None:
            self.trigger(
                RiskHalted(
                    at=at,
                    run_id=run_id,
                    policy=objection.policy,
                    message=objection.message,
                    figures=objection.figures,
                )
            )

    def resume(self, at: datetime, run_id: UUID | None, by: str) -> None:
        """Record who let the run trade again; a run that is not halted stays as it is."""
        if self.halted is not None:
            self.trigger(RiskResumed(at=at, run_id=run_id, by=by))

    def apply(self, event: Event) -> None:
        """Change the state as the event says."""
        match event:
            case RiskHalted():
                self.halted = event
            case RiskResumed():
                self.halted = None
            case _:
                raise TypeError(f"a risk guard knows no event {type(event).TOPIC}")
