"""What a sweep varies: each parameter with its values, or with the range they are sought in."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import prod

import msgspec

from domain.errors import InvalidInput
from domain.parameters import ParameterSpec, recorded_values
from domain.run import ParameterValue

MAX_VALUES = 10_000
MAX_COMBINATIONS = 100_000
MAX_DIMENSIONS = 20


class Dimension(msgspec.Struct, frozen=True, omit_defaults=True):
    """One parameter that is varied, over `values` or over the range from `low` to `high`, both included.

    low, high: numbers as text. log: whether the range is even in its logarithm. exact: whether its values are decimals,
    recorded as text. Of a range, `values` is empty.
    """

    name: str
    values: tuple[ParameterValue, ...] = ()
    low: str | None = None
    high: str | None = None
    log: bool = False
    exact: bool = False

    @property
    def is_listed(self) -> bool:
        """Whether there is a list of values to go through."""
        return bool(self.values)


def parse_grid(given: Mapping[str, str], specs: Sequence[ParameterSpec]) -> tuple[Dimension, ...]:
    """Return a dimension of listed values for each parameter, in the order given.

    given: by name `5:50:5` (from, to, step; without step 1 for whole numbers) or `a,b,c`. Raises InvalidInput, naming
    the parameter, for what cannot be read or what the strategy does not take, and for more than 100,000 combinations.
    """
    dimensions = tuple(_listed(_spec(name, specs), text) for name, text in given.items())
    if combinations(dimensions) > MAX_COMBINATIONS:
        raise InvalidInput(
            f"{combinations(dimensions):,} combinations are more than the {MAX_COMBINATIONS:,} of a sweep: take larger "
            "steps, or let --search choose"
        )
    return _all_of(dimensions)


def parse_ranges(given: Mapping[str, str], specs: Sequence[ParameterSpec]) -> tuple[Dimension, ...]:
    """Return a dimension for each parameter a search is to choose, in the order given.

    given: by name `0.01:1` (from, to), `5:50:5` (with a step), `0.001:1:log`, or `a,b,c`. Raises InvalidInput as
    `parse_grid` does.
    """
    return _all_of(tuple(_sought(_spec(name, specs), text) for name, text in given.items()))


def combinations(dimensions: Sequence[Dimension]) -> int:
    """Return how many combinations of listed values there are."""
    return prod(len(one.values) for one in dimensions)


def combination(dimensions: Sequence[Dimension], index: int) -> dict[str, ParameterValue]:
    """Return the combination of that index from 0, the last dimension varying fastest."""
    chosen: dict[str, ParameterValue] = {}
    for one in reversed(dimensions):
        index, place = divmod(index, len(one.values))
        chosen[one.name] = one.values[place]
    return {one.name: chosen[one.name] for one in dimensions}


def _all_of(dimensions: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
    if not 1 <= len(dimensions) <= MAX_DIMENSIONS:
        raise InvalidInput(f"a sweep varies 1 to {MAX_DIMENSIONS} parameters, not {len(dimensions)}")
    return dimensions


def _spec(name: str, specs: Sequence[ParameterSpec]) -> ParameterSpec:
    for spec in specs:
        if spec.name == name:
            return spec
    names = ", ".join(spec.name for spec in specs) or "no parameters"
    raise InvalidInput(f"the strategy has no parameter {name!r}: it has {names}", name=name)


def _listed(spec: ParameterSpec, text: str) -> Dimension:
    if ":" in text and spec.type not in ("str", "bool"):
        low, high, step = _range(spec, text)
        if step is None and spec.type != "int":
            raise InvalidInput(f"{spec.name}={text}: say how far apart the values are, such as {text}:0.1")
        return _values(spec, _steps(spec, low, high, step or Decimal(1)))
    return _values(spec, text.split(","))


def _sought(spec: ParameterSpec, text: str) -> Dimension:
    if ":" not in text or spec.type in ("str", "bool"):
        return _values(spec, text.split(","))
    if text.endswith(":log"):
        low, high, _ = _range(spec, text.removesuffix(":log"))
        if low <= 0:
            raise InvalidInput(f"{spec.name}={text}: a logarithmic range begins above zero")
        return Dimension(spec.name, low=str(low), high=str(high), log=True, exact=spec.type == "decimal")
    low, high, step = _range(spec, text)
    if spec.type == "int" or step is not None:
        return _values(spec, _steps(spec, low, high, step or Decimal(1)))
    return Dimension(spec.name, low=str(low), high=str(high), exact=spec.type == "decimal")


def _range(spec: ParameterSpec, text: str) -> tuple[Decimal, Decimal, Decimal | None]:
    parts = text.split(":")
    try:
        low, high, *steps = [Decimal(part) for part in parts]
        step = steps[0] if steps else None
        readable = len(parts) <= 3 and all(one.is_finite() for one in (low, high, *steps))
    except (InvalidOperation, ValueError):
        readable = False
    if not readable:
        raise InvalidInput(f"{spec.name}={text} is no range: write it as 5:50:5 (from, to, step), or as 5,10,20")
    if low > high or (step is not None and step <= 0):
        raise InvalidInput(f"{spec.name}={text}: a range goes up, by a step above zero")
    for bound in (low, high):
        spec.parse(str(bound))
    return low, high, step


def _steps(spec: ParameterSpec, low: Decimal, high: Decimal, step: Decimal) -> list[str]:
    count = int((high - low) / step) + 1
    if count > MAX_VALUES:
        raise InvalidInput(
            f"{spec.name} has {count:,} values: at most {MAX_VALUES:,} of one parameter are gone through"
        )
    return [str(low + place * step) for place in range(count)]


def _values(spec: ParameterSpec, texts: Sequence[str]) -> Dimension:
    values = tuple(recorded_values({spec.name: spec.parse(text.strip())})[spec.name] for text in texts)
    if len(set(values)) != len(values):
        raise InvalidInput(f"{spec.name} has a value twice: {', '.join(texts)}")
    if len(values) > MAX_VALUES:
        raise InvalidInput(f"{spec.name} has {len(values):,} values: at most {MAX_VALUES:,} are gone through")
    return Dimension(spec.name, values)
