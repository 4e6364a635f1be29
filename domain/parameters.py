"""Strategy parameters: declared as class attributes, described as data, checked before a run is created."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from math import isfinite
from typing import Any, Literal, get_type_hints

import msgspec

from domain.errors import ParameterInvalid
from domain.run import ParameterValue

type ParameterType = Literal["int", "float", "decimal", "bool", "str"]
type Parsed = int | float | Decimal | bool | str

_TYPES: Mapping[object, ParameterType] = {int: "int", float: "float", Decimal: "decimal", bool: "bool", str: "str"}
_JSON_TYPES = {"int": "integer", "float": "number", "decimal": "string", "bool": "boolean", "str": "string"}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
MAX_TEXT = 1_000


class ParameterSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one parameter: enough for a form, a JSON Schema and a check. Bounds and default are texts."""

    name: str
    type: ParameterType
    default: str
    description: str = ""
    ge: str | None = None
    gt: str | None = None
    le: str | None = None
    lt: str | None = None
    choices: tuple[str, ...] = ()

    def parse(self, given: object) -> Parsed:
        """Return the value in the declared type; raise ParameterInvalid for another type or beyond a bound."""
        value = self._converted(given)
        self._check_bounds(value)
        if self.choices and str(value) not in self.choices:
            raise ParameterInvalid(
                f"{self.name} must be one of {', '.join(self.choices)}, not {given!r}", name=self.name
            )
        return value

    def json_schema(self) -> dict[str, object]:
        """Return the JSON Schema of this parameter; decimals are strings of the format `decimal`."""
        schema: dict[str, object] = {"type": _JSON_TYPES[self.type], "default": _json_value(self.parse(self.default))}
        if self.type == "decimal":
            schema["format"] = "decimal"
        if self.description:
            schema["description"] = self.description
        names = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
        for attribute, keyword in names.items():
            bound = getattr(self, attribute)
            if bound is not None:
                schema[keyword] = int(bound) if self.type == "int" else float(bound)
        if self.choices:
            schema["enum"] = [_json_value(self.parse(choice)) for choice in self.choices]
        return schema

    def _converted(self, given: object) -> Parsed:
        try:
            return _convert(self.type, given)
        except (ValueError, InvalidOperation, OverflowError):
            article = "an" if self.type == "int" else "a"
            raise ParameterInvalid(
                f"{self.name} must be {article} {self.type}, not {given!r}", name=self.name
            ) from None

    def _check_bounds(self, value: Parsed) -> None:
        if isinstance(value, (str, bool)):
            return
        exact = Decimal(str(value))
        bounds = (
            (self.ge, "at least", exact.__ge__),
            (self.gt, "above", exact.__gt__),
            (self.le, "at most", exact.__le__),
            (self.lt, "below", exact.__lt__),
        )
        for bound, words, holds in bounds:
            if bound is not None and not holds(Decimal(bound)):
                raise ParameterInvalid(f"{self.name} must be {words} {bound}, not {value}", name=self.name, bound=bound)


def _convert(kind: ParameterType, given: object) -> Parsed:
    if kind == "bool":
        text = str(given).lower()
        if text not in _TRUE + _FALSE:
            raise ValueError(text)
        return text in _TRUE
    if isinstance(given, bool):
        raise ValueError(given)
    if kind == "str":
        if not isinstance(given, str) or len(given) > MAX_TEXT or "\0" in given:
            raise ValueError(given)
        return given
    if kind == "int":
        return _whole(given)
    number = Decimal(str(given))
    if not number.is_finite():
        raise ValueError(given)
    if kind == "decimal":
        return number
    value = float(number)
    if not isfinite(value):
        raise ValueError(given)
    return value


def _whole(given: object) -> int:
    number = Decimal(str(given))
    if number != number.to_integral_value() or abs(number) >= 2**63:
        raise ValueError(given)
    return int(number)


def _json_value(value: Parsed) -> ParameterValue:
    return str(value) if isinstance(value, Decimal) else value


class Parameter:
    """A declared parameter: gives its default until an instance has a value of its own."""

    def __init__(
        self, default: Parsed, bounds: Mapping[str, object], choices: Sequence[object], description: str
    ) -> None:
        self.default = default
        self._bounds = {name: None if bound is None else str(bound) for name, bound in bounds.items()}
        self._choices = tuple(str(choice) for choice in choices)
        self._description = description
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> "Parameter | Parsed":
        return self if instance is None else self.default

    def spec(self, kind: ParameterType) -> ParameterSpec:
        """Return the declaration as data; raise ParameterInvalid when the default breaks its own bounds."""
        spec = ParameterSpec(
            self._name, kind, str(self.default), self._description, **self._bounds, choices=self._choices
        )
        spec.parse(self.default)
        return spec


def parameter(
    default: Parsed,
    *,
    ge: float | Decimal | None = None,
    gt: float | Decimal | None = None,
    le: float | Decimal | None = None,
    lt: float | Decimal | None = None,
    choices: Sequence[object] = (),
    description: str = "",
) -> Any:  # noqa: ANN401 - so that `fast: int = parameter(10)` type-checks; the annotation is the type
    """Declare a strategy parameter: its default, its bounds and what it means.

    ge, gt, le, lt: bounds of a number, inclusive or exclusive. choices: the only values allowed.
    The annotation gives the type: int, float, Decimal, bool or str.
    """
    return Parameter(default, {"ge": ge, "gt": gt, "le": le, "lt": lt}, choices, description)


def declared_parameters(strategy: type) -> tuple[ParameterSpec, ...]:
    """Return the parameters a class declares, inherited ones first, in order of declaration.

    Raises ParameterInvalid for a parameter whose annotation is missing or no parameter type.
    """
    found: dict[str, Parameter] = {}
    for owner in reversed(strategy.__mro__):
        found |= {name: value for name, value in vars(owner).items() if isinstance(value, Parameter)}
    hints = get_type_hints(strategy) if found else {}
    specs = []
    for name, declaration in found.items():
        kind = _TYPES.get(hints.get(name))
        if kind is None:
            raise ParameterInvalid(f"parameter {name} needs an annotation: int, float, Decimal, bool or str", name=name)
        specs.append(declaration.spec(kind))
    return tuple(specs)


def parse_parameters(specs: Sequence[ParameterSpec], given: Mapping[str, object]) -> dict[str, Parsed]:
    """Return every parameter's value, defaults filled in, in order of declaration.

    Raises ParameterInvalid for an unknown name, with a suggestion, and for a value of wrong type or out of bounds.
    """
    names = [spec.name for spec in specs]
    for name in given:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(names) or 'no parameters'}"
            raise ParameterInvalid(f"the strategy has no parameter {name!r}: {hint}", name=name)
    return {spec.name: spec.parse(given.get(spec.name, spec.default)) for spec in specs}


def recorded_values(parsed: Mapping[str, Parsed]) -> dict[str, ParameterValue]:
    """Return the values as the journal keeps them: decimals as text."""
    return {name: _json_value(value) for name, value in parsed.items()}


def json_schema(specs: Sequence[ParameterSpec]) -> dict[str, object]:
    """Return the JSON Schema of a strategy's parameters, an object without further properties."""
    properties = {spec.name: spec.json_schema() for spec in specs}
    return {"type": "object", "properties": properties, "additionalProperties": False}
