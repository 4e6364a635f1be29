"""Facts for tests of the read model of sweeps: the lives of a sweep and its trials, as aggregates make them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from domain.events import Recorded
from domain.figures import StatisticFigure
from domain.ids import new_id
from domain.objective import Constraint, Objective
from domain.run import RunCreated
from domain.search_space import Dimension
from domain.sweep import (
    Sweep,
    SweepCreated,
    Trial,
    TrialCompleted,
    TrialEnded,
    TrialFailed,
    TrialPruned,
    TrialStarted,
    WalkForward,
    trial_stream_id,
)
from domain.walk_forward import WalkForwardWindow

MARCH = datetime(2024, 3, 1, tzinfo=UTC)


def sweep_created(run: RunCreated, **changes: Any) -> SweepCreated:
    """A search over two parameters for a large total return, of trials that trade."""
    fields: dict[str, Any] = {
        "at": MARCH,
        "name": "a sweep",
        "run": run,
        "dimensions": (Dimension("fast", (5, 10, 20)), Dimension("slow", (30, 60))),
        "method": "grid",
        "trials": 6,
        "objective": Objective("total_return"),
        "constraints": (Constraint("trades", ">=", 1.0),),
    }
    return SweepCreated(**(fields | changes))


def trial_completed(sweep_id: UUID, number: int, total_return: float | None, **changes: Any) -> TrialCompleted:
    """A trial that came to this return with two trades."""
    fields: dict[str, Any] = {
        "at": MARCH + timedelta(minutes=number),
        "sweep_id": sweep_id,
        "number": number,
        "bars": 500,
        "orders": 4,
        "fills": 4,
        "trades": 2,
        "final_equity": Decimal("100123.45"),
        "figures": {"total_return": total_return, "total_pnl": "123.45", "sharpe_ratio": None},
        "engine_seconds": 0.25,
    }
    return TrialCompleted(**(fields | changes))


def life_of_a_sweep(generator: np.random.Generator, run: RunCreated) -> Iterator[Recorded]:
    """A walk of two windows, stopped and resumed, whose trials end in every way there is."""
    sweep = Sweep(new_id())
    sweep.trigger(sweep_created(run, walk_forward=WalkForward(30, 10)))
    yield from sweep.collect_events()
    bounds = [MARCH + timedelta(days=10 * step) for step in range(6)]
    windows = tuple(WalkForwardWindow(bounds[step], bounds[step + 3], bounds[step + 4]) for step in range(2))
    sweep.start(MARCH, 500, {"BTC/USD": "ff"}, windows)
    yield from sweep.collect_events()
    for number in range(14):
        window, place = divmod(number, 7)
        trial = Trial(trial_stream_id(sweep.id, number))
        bound = windows[window]
        outside = place == 6
        trial.start(
            TrialStarted(
                at=MARCH,
                sweep_id=sweep.id,
                number=number,
                parameters={"fast": 5 * (place % 3 + 1), "slow": 30},
                window=window,
                part="out_of_sample" if outside else "in_sample",
                start_time=bound.split if outside else bound.start,
                end_time=bound.end if outside else bound.split,
            )
        )
        yield from trial.collect_events()
        if number == 5:
            sweep.stop(MARCH + timedelta(minutes=5))
            sweep.resume(MARCH + timedelta(minutes=6))
            yield from sweep.collect_events()
        trial.end(_end(generator, sweep.id, number, outside))
        yield from trial.collect_events()
    figures = {"trials": StatisticFigure(14, "trials that were run")}
    sweep.complete(MARCH + timedelta(hours=1), 8, figures, {"efficiency": StatisticFigure(None, reason="too short")})
    yield from sweep.collect_events()


def _end(generator: np.random.Generator, sweep_id: UUID, number: int, outside: bool) -> TrialEnded:
    at = MARCH + timedelta(minutes=number)
    if outside:
        times = (at + timedelta(days=1), at + timedelta(days=2))
        return trial_completed(sweep_id, number, 0.01, times=times, equity=(100_000.5, 101_000.0))
    match generator.integers(4):
        case 0:
            return TrialPruned(at=at, sweep_id=sweep_id, number=number, steps=(0.1, None, -0.1))
        case 1:
            return TrialFailed(at=at, sweep_id=sweep_id, number=number, code="STRATEGY_ERROR", message="boom")
        case 2:
            return trial_completed(sweep_id, number, None, trades=0)
        case _:
            return trial_completed(sweep_id, number, round(float(generator.random()), 3))
