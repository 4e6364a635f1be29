"""`weaver sweep`: one strategy over many combinations of its parameters, run by this machine's processes."""

import re
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from interfaces.cli import options, typed
from interfaces.cli.backtest_command import DataFiles, bar_files
from interfaces.cli.new_run import TypedRun
from interfaces.cli.opened import read_settings
from interfaces.cli.options import Json
from interfaces.cli.printing import notice, progress_bar

if TYPE_CHECKING:
    from uuid import UUID

    from application.commands import CreateSweep
    from domain.sweep import WalkForward
    from interfaces.settings import Settings

Grid = Annotated[
    list[str] | None,
    typer.Option(
        "--grid",
        metavar="NAME=VALUES",
        help="A parameter and its values, as from:to:step or a,b,c; all combinations are tried.",
    ),
]
Range = Annotated[
    list[str] | None,
    typer.Option(
        "--range",
        metavar="NAME=RANGE",
        help="A parameter and where --search looks: from:to, from:to:step, from:to:log or a,b,c.",
    ),
]
Search = Annotated[
    Literal["tpe", "random"] | None,
    typer.Option("--search", help="Choose --trials points of the ranges: by what others came to (tpe), or at random."),
]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", min=1, max=256, help="Processes; one for each core by default.")
]
Ray = Annotated[
    str | None,
    typer.Option("--ray", metavar="ADDRESS", help="Run the trials on a Ray cluster: its address, or auto."),
]
Top = Annotated[int, typer.Option("--top", metavar="N", min=1, max=500, help="How many of the best trials to show.")]


def sweep(
    strategy: options.Strategy,
    symbol: options.Symbols,
    timeframe: options.TimeframeName,
    grid: Grid = None,
    range_: Range = None,
    search: Search = None,
    trials: Annotated[int | None, typer.Option("--trials", metavar="N", help="How many trials a search takes.")] = None,
    objective: Annotated[
        str, typer.Option("--objective", metavar="FIGURE", help="The statistic that is to be large.")
    ] = "sharpe_ratio",
    minimize: Annotated[bool, typer.Option("--minimize", help="The statistic is to be small instead.")] = False,
    constraint: Annotated[
        list[str] | None,
        typer.Option("--constraint", metavar="RULE", help="What a trial must hold to count, such as trades>=30."),
    ] = None,
    prune: Annotated[bool, typer.Option("--prune", help="Give up trials that look hopeless half-way.")] = False,
    walk_forward: Annotated[
        str | None,
        typer.Option(
            "--walk-forward",
            metavar="DAYS:DAYS",
            help="Choose on so many days, trade the next so many, and so on; :anchored always begins at the start.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the search.")] = 0,
    data: DataFiles = None,
    start: options.Start = None,
    end: options.End = None,
    param: options.Parameters = None,
    cash: options.Cash = "100000",
    commission_bps: options.CommissionBps = None,
    slippage_bps: options.SlippageBps = "0",
    cost: options.OtherCosts = None,
    venue: options.Venue = "generic",
    volume_cap: options.VolumeCap = None,
    account: options.Account = "cash",
    leverage: options.Leverage = None,
    risk: options.Risk = None,
    name: options.Name = None,
    tag: options.Tags = None,
    workers: Workers = None,
    ray: Ray = None,
    top: Top = 10,
    json_wanted: Json = False,
) -> None:
    """Try many combinations of a strategy's parameters.

    Ctrl-C leaves it as it is: `weaver sweeps resume` goes on with it.
    """
    from application.commands import CreateSweep
    from domain.ids import new_id
    from domain.market import parse_symbol

    described = TypedRun(
        strategy=strategy,
        mode="backtest",
        symbols=symbol,
        timeframe=timeframe,
        start=start,
        end=end,
        parameters=param,
        cash=cash,
        commission_bps=commission_bps,
        slippage_bps=slippage_bps,
        costs=cost,
        venue=venue,
        volume_cap=volume_cap,
        account=account,
        leverage=leverage,
        risk=risk,
        name=name,
        tags=tag,
    )
    command = CreateSweep(
        sweep_id=new_id(),
        run=described.command(bar_files([parse_symbol(one) for one in symbol], data or [])),
        vary=_varied(grid, range_, search),
        method=search or "grid",
        trials=trials,
        objective=objective,
        direction="minimize" if minimize else "maximize",
        constraints=tuple(constraint or ()),
        seed=seed,
        pruning=prune,
        walk_forward=_walk(walk_forward),
        name=name,
    )
    carry_out(read_settings(), command, command.sweep_id, workers=workers, ray=ray, top=top, json_wanted=json_wanted)


def carry_out(
    settings: "Settings",
    command: "CreateSweep | None",
    sweep_id: "UUID",
    *,
    workers: int | None,
    ray: str | None,
    top: int,
    json_wanted: bool,
    joins: bool = False,
) -> None:
    """Run the sweep to its end and print what came of it. command: creates it, None if it is there already.

    joins: works on it beside whoever looks after it.
    """
    from interfaces.cli.sweep_execution import execute
    from interfaces.cli.sweep_report import print_sweep
    from interfaces.composition import compose, database

    with database(settings) as url:
        weaver = compose(settings, url, only=sweep_id)
        try:
            with progress_bar("sweep") as told:
                execute(weaver, command, sweep_id, told, workers=workers, ray=ray, joins=joins)
            print_sweep(weaver, sweep_id, top, json_wanted=json_wanted)
        except KeyboardInterrupt:
            notice(f"the sweep can go on: weaver sweeps resume {sweep_id}")
            raise
        finally:
            weaver.stop()


def _varied(grid: list[str] | None, range_: list[str] | None, search: str | None) -> dict[str, str]:
    from domain.errors import InvalidInput

    if bool(grid) == bool(range_):
        raise InvalidInput("say what to vary: --grid NAME=VALUES for all combinations, or --range with --search")
    if bool(range_) != (search is not None):
        raise InvalidInput("--range is where --search looks: give both, or --grid alone")
    option, example = ("--grid", "fast=5:50:5") if grid else ("--range", "fast=5:50")
    return {name: str(value) for name, value in typed.pairs(grid or range_ or [], option, example).items()}


def _walk(text: str | None) -> "WalkForward | None":
    from domain.errors import InvalidInput
    from domain.sweep import WalkForward

    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6}):(\d{1,6})(:anchored)?", text.strip())
    if found is None:
        raise InvalidInput(f"--walk-forward must look like 90:30 or 90:30:anchored, in days, not {text!r}")
    return WalkForward(int(found[1]), int(found[2]), found[3] is not None)
