"""Whether a strategy works with each of its parameters at the ends of what it declares."""

import math
import sys
from decimal import Decimal

from application.strategy_trial import Candidate, Market, Tried, plain_text
from application.verdicts import Difference, Patience, Verdict
from domain.errors import InvalidInput, OrderRefused, ParameterInvalid, StrategyFault, WeaverError
from domain.market import from_microseconds
from domain.money import POSTING_STEP
from domain.parameters import ParameterSpec, declared_parameters
from domain.run import ParameterValue

INSTANTS = 1_000
# A strategy that ends itself by one of these has said clearly which values do not go together.
CLEAR_REFUSALS = tuple(f"{kind.__name__}: " for kind in (OrderRefused, ParameterInvalid, InvalidInput))


def values_at_bounds(spec: ParameterSpec) -> list[ParameterValue]:
    """Return the outermost values a parameter may have, as a run records them; of choices and truth values all.

    Of an exclusive bound the next value: a whole number, a float, or a decimal of eight places.
    """
    if spec.choices:
        return [_recorded(spec, choice) for choice in spec.choices]
    if spec.type == "bool":
        return [False, True]
    values = [bound for bound in (spec.ge, spec.le) if bound is not None]
    values += [_beside(spec, bound, way) for bound, way in ((spec.gt, 1), (spec.lt, -1)) if bound is not None]
    return [_recorded(spec, value) for value in dict.fromkeys(values)]


def parameter_bounds(candidate: Candidate, market: Market, tried: Tried, seconds: float) -> Verdict:
    """Try each parameter at each of its bounds, the others as they are, on the first bars; it must not fail.

    tried: the trial over the whole market. What the strategy refuses clearly, by OrderRefused or InvalidInput, is fine.
    """
    if tried.fault:
        raised = tried.steps[-1]
        difference = Difference(from_microseconds(raised.at), raised.what, "no error")
        return Verdict("parameters", "failed", f"with its parameters as they are: {raised.what}", {}, difference)
    wanted: list[tuple[str, ParameterValue]] = []
    notes: list[str] = []
    for spec in declared_parameters(candidate.kind):
        values = values_at_bounds(spec)
        wanted += [(spec.name, value) for value in values]
        if not values:
            notes.append(f"{spec.name} has no bounds")
    # a slow strategy trades fewer bars with each value; with each it trades some
    patience, share = Patience(2 * seconds), seconds / max(len(wanted), 1)
    for number, (name, value) in enumerate(wanted):
        if number and patience.is_over:
            message = f"only {number} of {len(wanted)} bounds and choices were tried in the time there was: none failed"
            return Verdict("parameters", "unsure", message, {"tried": number}, notes=tuple(notes))
        there = Candidate(candidate.strategy_id, candidate.kind, {**candidate.parameters, name: value})
        fault = _fault(there, market, Patience(share))
        if fault.startswith(CLEAR_REFUSALS):
            notes.append(f"{name}={value} is refused: {fault}")
        elif fault:
            return Verdict("parameters", "failed", f"with {name}={value} it fails: {fault}", {"tried": number + 1})
    message = f"it works at all {len(wanted)} bounds and choices" if wanted else "there are no bounds to try"
    return Verdict("parameters", "ok", message, {"tried": len(wanted)}, notes=tuple(notes))


def _fault(candidate: Candidate, market: Market, patience: Patience) -> str:
    """The error a short trial ends with, empty for none."""
    try:
        tried = candidate.tried(market, end=min(len(market.timeline()), INSTANTS), deadline=patience.deadline)
    except StrategyFault as error:
        return plain_text(error.message)
    except WeaverError as error:
        return plain_text(f"{type(error).__name__}: {error.message}")
    return tried.fault


def _beside(spec: ParameterSpec, bound: str, way: int) -> str:
    """The next value above (1) or below (-1) an exclusive bound."""
    if spec.type == "float":
        # not a subnormal number: those lose digits with every operation, which is no fault of the strategy
        beside = math.nextafter(float(bound), way * math.inf)
        return repr(beside if abs(beside) >= sys.float_info.min else way * sys.float_info.min)
    if spec.type == "decimal":
        return str(Decimal(bound) + way * POSTING_STEP)
    whole = Decimal(bound).to_integral_value("ROUND_FLOOR" if way > 0 else "ROUND_CEILING")
    return str(whole + way)


def _recorded(spec: ParameterSpec, value: str) -> ParameterValue:
    parsed = spec.parse(value)
    return str(parsed) if isinstance(parsed, Decimal) else parsed
