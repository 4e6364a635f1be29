"""`weaver run fork`: a run from a position on under other settings, executed here and shown beside its parent."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from interfaces.cli import options, typed
from interfaces.cli.opened import page_url, read_settings
from interfaces.cli.options import Json, RunId
from interfaces.cli.printing import print_json, print_line, print_table, progress_bar

if TYPE_CHECKING:
    from application.commands import ForkRun
    from application.comparison import PlacedOrder, RunOutcome
    from interfaces.settings import Settings

MAIN_FIGURES = ("total_return", "cagr", "sharpe_ratio", "max_drawdown", "win_rate", "profit_factor", "fees_paid")


def fork_run(
    run: RunId,
    at: Annotated[
        int | None,
        typer.Option("--at", metavar="POSITION", help="Position of an event of the run; else at its beginning."),
    ] = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="STRATEGY", help="Another strategy; its parameters are its own.")
    ] = None,
    param: options.Parameters = None,
    commission_bps: options.CommissionBps = None,
    cost: options.OtherCosts = None,
    risk: options.Risk = None,
    name: options.Name = None,
    json_wanted: Json = False,
) -> None:
    """Let a run go on from a position under other settings.

    The fork is a backtest of its own, on the same bars, and shown side by side with the run. Up to the position it is
    the run itself; what is not given stays as the run has it. A risk limit is turned off with --risk NAME=none.
    """
    from application.commands import ForkRun
    from application.comparison import first_difference
    from domain.ids import new_id
    from interfaces.composition import database

    costs = typed.pairs(cost or [], "--cost")
    if commission_bps is not None:
        costs["commission_bps"] = typed.decimal(commission_bps, "--commission-bps")
    limits = typed.pairs(risk or [], "--risk")
    command = ForkRun(
        run_id=new_id(),
        parent_id=typed.identity(run, "run"),
        position=at,
        name=name,
        strategy_id=None if strategy is None else typed.strategy(strategy),
        parameters=typed.parameters(param or []),
        risk={limit: None if value == "none" else value for limit, value in limits.items()},
        costs=costs,
    )
    settings = read_settings()
    with database(settings) as url:
        parent, fork = _executed(settings, url, command)
    difference = first_difference(parent, fork)
    if json_wanted:
        first = None if difference is None else dict(zip(("parent", "fork"), difference, strict=True))
        print_json({"parent": _as_json(parent), "fork": _as_json(fork), "first_difference": first})
        return
    _print_both(parent, fork)
    if difference is None:
        print_line("No order differs")
    else:
        print_line("The first order that differs:")
        print_table(("", "order"), [("parent", _order(difference[0])), ("fork", _order(difference[1]))])
    print_line(f"Fork {fork.run_id}")
    print_line(f"With weaver serve running: {page_url(settings, fork.run_id)}")


def _executed(settings: "Settings", url: str, command: "ForkRun") -> "tuple[RunOutcome, RunOutcome]":
    from application.comparison import outcome_of
    from interfaces.cli.backtest_execution import BacktestFailed, completed, execute
    from interfaces.cli.backtest_report import of_strategy
    from interfaces.composition import compose

    weaver = compose(settings, url, only=command.run_id)
    try:
        parent = outcome_of(weaver.journal, command.parent_id)
        with progress_bar(f"fork of {parent.created.name}") as told:
            end = execute(weaver, command, told)
        try:
            completed(end, command.run_id)
        except BacktestFailed as failure:
            if failure.traceback is not None:
                sys.stderr.write(f"{of_strategy(failure.traceback).rstrip()}\n")
            raise
        return parent, outcome_of(weaver.journal, command.run_id)
    finally:
        weaver.stop()


def _as_json(outcome: "RunOutcome") -> dict[str, Any]:
    created = outcome.created
    return {
        "run_id": outcome.run_id,
        "name": created.name,
        "mode": created.mode,
        "status": outcome.status,
        "strategy_id": created.strategy_id,
        "strategy_version": created.strategy_version,
        "config": created.parameters,
        "forked_from": msgspec.to_builtins(created.forked_from),
        "final_equity": outcome.final_equity,
        "orders": len(outcome.orders),
        "fills": outcome.fills,
        "trades": outcome.trades,
        "stats": None if outcome.stats is None else msgspec.to_builtins(outcome.stats),
    }


def _print_both(parent: "RunOutcome", fork: "RunOutcome") -> None:
    from interfaces.cli.backtest_report import figure_text

    sides = (parent, fork)
    rows: list[tuple[object, ...]] = [
        ("name", *(side.created.name for side in sides)),
        ("strategy", *(f"{side.created.strategy_id} {side.created.strategy_version}" for side in sides)),
        ("parameters", *(_pairs(side.created.parameters) for side in sides)),
        ("risk limits", *(_pairs(msgspec.to_builtins(side.created.risk)) for side in sides)),
        ("final equity", *(side.final_equity for side in sides)),
        ("orders", *(len(side.orders) for side in sides)),
        ("fills", *(side.fills for side in sides)),
        ("trades", *(side.trades for side in sides)),
    ]
    for name in MAIN_FIGURES:
        found = [None if side.stats is None else side.stats.get(name) for side in sides]
        rows.append((name.replace("_", " "), *(None if one is None else figure_text(name, one.value) for one in found)))
    print_table(("figure", "parent", "fork"), rows, right=("parent", "fork"))


def _pairs(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _order(order: "PlacedOrder | None") -> str:
    if order is None:
        return "none any more"
    prices = "".join(f" at {price}" for price in (order.price, order.stop_price) if price is not None)
    filled = f", {order.filled_qty} filled at {order.filled_avg_price}" if order.filled_qty else ""
    wanted = f"{order.order_type} {order.side} {order.qty} {order.symbol}{prices}"
    return f"{order.at:%Y-%m-%d %H:%M:%S} {wanted}: {order.status}{filled}"
