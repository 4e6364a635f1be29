"""The kinds of values that cross the wire: what is taken, what is refused, and how answers are written."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from domain.money import plain

MAX_WHOLE = 2**63 - 1
_MAX_DIGITS_BEFORE, _MAX_DIGITS_AFTER = 20, 18
_DECIMAL = r"^[+-]?[0-9]{1,20}(\.[0-9]{1,18})?$"
_MOMENT_HINT = "write a time with its zone, such as 2024-01-31T14:30:00Z, or a day, such as 2024-01-31 (midnight UTC)"


class Given(BaseModel):
    """What a client sends: fields nobody knows are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _not_a_number(cls, given: object) -> object:
        """Refuse a number with a fraction: FastAPI reads fields from attributes, which a decimal has none of."""
        if isinstance(given, Decimal):
            raise ValueError("a JSON object is expected, not a number")
        return given


class Answered(BaseModel):
    """What the server answers."""

    model_config = ConfigDict(from_attributes=True)


class Nothing(Given):
    """The body of a command that needs none."""


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the character U+0000")
    return text


def _as_decimal(given: object) -> Decimal:
    match given:
        case str() if re.fullmatch(_DECIMAL.strip("^$"), given):
            number = Decimal(given)
        case int() | Decimal() if not isinstance(given, bool):
            number = Decimal(given)
        case _:
            raise ValueError('must be a decimal as text, such as "100000.50"')
    _, digits, exponent = number.as_tuple()
    before = len(digits) + int(exponent)
    if before > _MAX_DIGITS_BEFORE or -int(exponent) > _MAX_DIGITS_AFTER:
        raise ValueError(
            f"must have at most {_MAX_DIGITS_BEFORE} digits before and {_MAX_DIGITS_AFTER} after the point"
        )
    return number


def _as_moment(given: object) -> datetime:
    if isinstance(given, datetime):
        moment = given
    elif isinstance(given, str) and len(given) <= 40:
        moment = _read_moment(given)
    else:
        raise ValueError(_MOMENT_HINT)
    if moment.tzinfo is None:
        raise ValueError(f"has no time zone: {_MOMENT_HINT}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside the years 1 to 9999") from None


def _read_moment(text: str) -> datetime:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_MOMENT_HINT) from None


def _as_place_in_time(given: object) -> int | datetime:
    if isinstance(given, str) and given.isascii() and given.isdecimal():
        if len(given) > len(str(MAX_WHOLE)) or int(given) > MAX_WHOLE:
            raise ValueError(f"must be a position of at most {MAX_WHOLE}")
        return int(given)
    try:
        return _as_moment(given)
    except ValueError as error:
        raise ValueError(f"must be a position of the journal, or a time: {error}") from None


def _as_parameter(given: object) -> str | int | float | bool:
    match given:
        case bool():
            return given
        case str() if len(given) <= 1_000 and "\0" not in given:
            given.encode()  # a lone surrogate is a ValueError, as it is for every other text
            return given
        case int() if -MAX_WHOLE - 1 <= given <= MAX_WHOLE:
            return given
        case Decimal() if abs(given.adjusted()) <= 300:
            nearest = float(given)
            return nearest if Decimal(repr(nearest)) == given else str(given)
    raise ValueError("must be a text of at most 1000 characters, true or false, or a number of 64 bits")


_NO_NUL = r"^[^\x00]*$"

# Texts a client sends. PostgreSQL holds no U+0000, and no text of a request needs to be long.
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_NUL), AfterValidator(_without_nul)]
LongText = Annotated[str, StringConstraints(max_length=5_000, pattern=_NO_NUL), AfterValidator(_without_nul)]
# A name of the catalogue. Paths are for the command line: a request must not choose which file is run.
CatalogName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$")]
ParameterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]

DecimalIn = Annotated[
    Decimal,
    BeforeValidator(_as_decimal),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": _DECIMAL}, {"type": "number"}], "examples": ["100000.50"]}),
]
DecimalOut = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "format": "decimal", "examples": ["100000.5"]}),
]
MomentIn = Annotated[
    datetime,
    BeforeValidator(_as_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2024-01-31T00:00:00Z"]}),
]
AsOf = Annotated[
    int | datetime,
    BeforeValidator(_as_place_in_time),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": MAX_WHOLE},
                {"type": "string", "format": "date-time"},
            ],
            "examples": ["2024-01-31T14:30:00Z", 1200],
        }
    ),
]
MomentOut = Annotated[
    datetime,
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2024-01-31T14:30:00Z"]}),
]
ParameterIn = Annotated[
    Any,
    BeforeValidator(_as_parameter),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": 1_000},
                {"type": "integer", "minimum": -MAX_WHOLE - 1, "maximum": MAX_WHOLE},
                {"type": "number"},
                {"type": "boolean"},
            ]
        }
    ),
]
