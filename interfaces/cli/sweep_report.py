"""What a sweep came to: one JSON object for programs, its best trials and what speaks against them for people."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.errors import SweepNotFound
from interfaces.cli.printing import print_json, print_line, print_table
from projections import sweeps
from projections.sweeps import SweepRow, TrialRow

if TYPE_CHECKING:
    import psycopg

    from interfaces.composition import Weaver

# Beside the objective; of these, whichever is not the objective itself.
SHOWN_FIGURES = ("total_return", "sharpe_ratio", "max_drawdown", "trades")
PERCENTAGES = frozenset({"total_return", "max_drawdown", "cagr", "win_rate", "volatility"})
GUARD_LINES = (
    ("deflated_sharpe", "Probability that the best has any skill, after so many trials"),
    ("probabilistic_sharpe", "The same, had it been the only trial"),
)
INTERVAL_NAMES = {"sharpe_ratio": "Sharpe ratio", "total_return": "total return", "max_drawdown": "max drawdown"}
OF_THE_LIST = frozenset({"created_position", "position"})


def print_sweep(weaver: "Weaver", sweep_id: UUID, top: int, *, json_wanted: bool) -> None:
    """Print the sweep and its best trials, as many as `top`."""
    with weaver.queries.connection() as connection:
        print_from(connection, sweep_id, top, json_wanted=json_wanted)


def print_from(connection: "psycopg.Connection", sweep_id: UUID, top: int, *, json_wanted: bool) -> None:
    """Print the sweep and its best trials as the read model has them; raise SweepNotFound if there is none."""
    sweep = sweeps.find(connection, sweep_id)
    if sweep is None:
        raise SweepNotFound(sweep_id)
    best, _ = sweeps.trials(connection, sweep, order="best", limit=top)
    if json_wanted:
        print_json({**_fields(sweep), "best_trials": [_fields(trial) for trial in best]})
        return
    _print_head(sweep)
    if sweep.windows:
        _print_windows(connection, sweep)
    else:
        _print_trials(sweep, best)
    _print_guards(sweep)


def _fields(row: SweepRow | TrialRow) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(row) if field.name not in OF_THE_LIST}


def _print_head(sweep: SweepRow) -> None:
    bars = "" if sweep.bars is None else f", {sweep.bars:,} bars"
    print_line(f"{sweep.name}: {sweep.method} over {', '.join(one['name'] for one in sweep.dimensions)}{bars}")
    ended = sweep.completed + sweep.pruned + sweep.failed
    total = "?" if sweep.trials is None else f"{sweep.trials:,}"
    print_line(
        f"{sweep.status}: {ended:,} of {total} trials, {sweep.completed:,} completed, {sweep.pruned:,} pruned, "
        f"{sweep.failed:,} failed"
    )
    if sweep.error is not None:
        print_line(f"{sweep.error['code']}: {sweep.error['message']}")
    print_line(f"Sweep {sweep.id}")
    print_line()


def _print_trials(sweep: SweepRow, best: list[TrialRow]) -> None:
    names = [one["name"] for one in sweep.dimensions]
    figures = [name for name in SHOWN_FIGURES if name != sweep.objective]
    columns = ("trial", *names, sweep.objective, *figures, "status")
    print_table(columns, [_cells(sweep, trial, names, figures) for trial in best], right=columns[:-1])
    for trial in best:
        if trial.error is not None:
            print_line(f"trial {trial.number}: {trial.error['message']}")


def _print_windows(connection: "psycopg.Connection", sweep: SweepRow) -> None:
    """A line for each step of a walk: what was chosen in sample, and what became of it out of sample."""
    kept, _ = sweeps.trials(connection, sweep, order="number", part="out_of_sample", limit=len(sweep.windows))
    names = [one["name"] for one in sweep.dimensions]
    rows: list[list[object]] = []
    for trial in kept:
        chosen, _ = sweeps.trials(
            connection, sweep, order="best", part="in_sample", window=trial.window_number, limit=1
        )
        rows.append(
            [
                *(trial.start_time, trial.end_time),
                *(str(trial.parameters.get(name, "")) for name in names),
                _figure(sweep.objective, chosen[0].value if chosen else None),
                _figure(sweep.objective, trial.value),
                _figure("total_return", (trial.figures or {}).get("total_return")),
                trial.trades,
                trial.status if trial.error is None else trial.error["message"],
            ]
        )
    objective = sweep.objective.replace("_", " ")
    told = (f"{objective}, in sample", "out of sample", "total return", "trades")
    print_table(("from", "to", *names, *told, "status"), rows, right=(*names, *told))


def _cells(sweep: SweepRow, trial: TrialRow, names: list[str], figures: list[str]) -> list[object]:
    known = {**(trial.figures or {}), "trades": trial.trades}
    status = trial.status if trial.feasible is not False else "misses a constraint"
    return [
        str(trial.number),
        *(str(trial.parameters.get(name, "")) for name in names),
        _figure(sweep.objective, trial.value),
        *(_figure(name, known.get(name)) for name in figures),
        status,
    ]


def _figure(name: str, value: object) -> str:
    match value:
        case None:
            return "-"
        case float() if name in PERCENTAGES:
            return f"{value:.2%}"
        case float():
            return f"{value:,.4g}"
        case _:
            return str(value)


def _print_guards(sweep: SweepRow) -> None:
    if sweep.walk:
        print_line()
        print_line("Out of sample, one part after the other:")
        for name, one in sweep.walk.items():
            print_line(f"  {name.replace('_', ' ')}: {_told(name, one)}")
    if not sweep.guards:
        return
    print_line()
    if sweep.best is None:
        rules = ", or miss a constraint" if sweep.constraints else ""
        print_line(f"No trial counts: in all of them {sweep.objective} is undefined{rules}.")
        print_line("Nothing is annualised under 30 days; total_return is always defined.")
        return
    print_line(f"Best is trial {sweep.best} of {sweep.guards['trials']['value']}.")
    for name, words in GUARD_LINES:
        print_line(f"{words}: {_told(name, sweep.guards[name])}")
    for name, words in INTERVAL_NAMES.items():
        low, high = sweep.guards[f"{name}_low"], sweep.guards[f"{name}_high"]
        if low["value"] is not None:
            print_line(f"95 % interval of its {words}: {_figure(name, low['value'])} to {_figure(name, high['value'])}")


def _told(name: str, one: dict[str, Any]) -> str:
    if one["value"] is None:
        return f"unknown ({one['reason']})"
    return f"{one['value']:.1%}" if name in dict(GUARD_LINES) else _figure(name, one["value"])
