"""`weaver run`: create, start, pause, stop, delete, show and list runs, in the words of the REST interface."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from interfaces.cli import fork_command, options, parity_command, typed
from interfaces.cli.new_run import TypedRun
from interfaces.cli.opened import dispatched, reading
from interfaces.cli.options import Json, Limit, RunId
from interfaces.cli.outcomes import one_line
from interfaces.cli.printing import notice, print_facts, print_json, print_line, print_table, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal
    from uuid import UUID

    from application.commands import Command
    from projections.runs import RunRow

Mode = Literal["backtest", "paper", "live"]
Status = Literal["pending", "running", "paused", "stopped", "completed", "error"]

# Of a line, as the REST interface shows it.
LOG_FIELDS = ("number", "at", "level", "message", "fields")

group = typer.Typer(name="run", help="Runs: one strategy on its symbols.", no_args_is_help=True)


@group.command("create")
def create_run(
    strategy: options.Strategy,
    symbol: options.Symbols,
    mode: Annotated[Mode, typer.Option("--mode", help="What to trade on.")] = "backtest",
    exchange: Annotated[
        str | None, typer.Option("--exchange", metavar="NAME", help="Where a paper or live run trades.")
    ] = None,
    warmup_bars: Annotated[
        int, typer.Option("--warmup-bars", metavar="N", help="Bars a paper or live run sees first.")
    ] = 0,
    timeframe: options.TimeframeName = "1m",
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
    notes: Annotated[str, typer.Option("--notes", metavar="TEXT", help="Whatever is worth remembering of it.")] = "",
    json_wanted: Json = False,
) -> None:
    """Describe a run; nothing trades until it is started."""
    command = TypedRun(
        strategy=strategy,
        mode=mode,
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
        notes=notes,
        exchange=exchange,
        warmup_bars=warmup_bars,
    ).command()
    position = dispatched(command)
    if json_wanted:
        print_json({"run_id": command.run_id, "position": position})
    else:
        print_line(f"created run {command.run_id}: weaver run start {command.run_id} starts it")


@group.command("start")
def start_run(run: RunId, json_wanted: Json = False) -> None:
    """Ask for a run to be started."""
    from application.commands import StartRun

    _accept(
        run, lambda run_id: StartRun(run_id=run_id), json_wanted, "start requested: a running weaver serve starts it"
    )


@group.command("stop")
def stop_run(run: RunId, json_wanted: Json = False) -> None:
    """Ask a run to stop; asking again changes nothing."""
    from application.commands import StopRun

    _accept(run, lambda run_id: StopRun(run_id=run_id), json_wanted, "stop requested")


@group.command("pause")
def pause_run(run: RunId, json_wanted: Json = False) -> None:
    """Let a run place no new orders; open ones keep working."""
    from application.commands import PauseRun

    _accept(run, lambda run_id: PauseRun(run_id=run_id), json_wanted, "paused: no new orders until weaver run resume")


@group.command("resume")
def resume_run(run: RunId, json_wanted: Json = False) -> None:
    """Let a paused run place orders again."""
    from application.commands import ResumeRun

    _accept(run, lambda run_id: ResumeRun(run_id=run_id), json_wanted, "resumed")


@group.command("flatten")
def flatten_run(run: RunId, json_wanted: Json = False) -> None:
    """Ask for all positions of a run to be closed."""
    from application.commands import FlattenRun

    _accept(run, lambda run_id: FlattenRun(run_id=run_id), json_wanted, "closing of all positions requested")


group.command("fork")(fork_command.fork_run)
group.command("parity")(parity_command.show_parity)


@group.command("delete")
def delete_run(run: RunId, json_wanted: Json = False) -> None:
    """Remove a run from sight; refused while it is being run."""
    from application.commands import DeleteRun

    _accept(run, lambda run_id: DeleteRun(run_id=run_id), json_wanted, "deleted")


@group.command("show")
def show_run(run: RunId, json_wanted: Json = False) -> None:
    """Show one run with all its figures."""
    from domain.errors import RunNotFound
    from projections import runs, stats

    run_id = typed.identity(run, "run")
    with reading(runs.NAME, stats.NAME) as connection:
        row, figures = runs.find(connection, run_id), stats.figures(connection, run_id)
    if row is None:
        raise RunNotFound(run_id)
    if json_wanted:
        print_json(_as_json(row) | {"figures": figures} | _outcome(row))
        return
    print_facts(_facts(row))
    if row.error is not None:
        print_line()
        print_line(row.error.get("traceback") or row.error["message"])
    if figures is not None:
        from interfaces.cli.backtest_report import print_figures

        print_line()
        print_figures(figures)


@group.command("list")
def list_runs(
    status: Annotated[Status | None, typer.Option("--status", help="Only runs in this state.")] = None,
    mode: Annotated[Mode | None, typer.Option("--mode", help="Only runs of this mode.")] = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="STRATEGY", help="Only runs of this strategy.")
    ] = None,
    tag: Annotated[str | None, typer.Option("--tag", metavar="TAG", help="Only runs with this tag.")] = None,
    limit: Limit = 50,
    json_wanted: Json = False,
) -> None:
    """List runs, the newest first."""
    from projections import runs

    with reading(runs.NAME) as connection:
        rows, total = runs.page(connection, status=status, mode=mode, strategy_id=strategy, tag=tag, limit=limit)
    if json_wanted:
        print_json([_as_json(row) for row in rows])
        return
    print_table(
        ("run", "name", "mode", "status", "created", "trades", "total PnL"),
        [(row.id, row.name, row.mode, row.status, row.created_at, row.trades, _pnl(row)) for row in rows],
        right=("trades", "total PnL"),
    )
    if total > len(rows):
        print_line(f"{len(rows):,} of {total:,} runs: --limit shows more")


@group.command("log")
def show_log(
    run: RunId,
    start: options.Start = None,
    end: options.End = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="Only lines whose message contains this.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_001, help="At most so many, the oldest first.")] = 200,
    json_wanted: Json = False,
) -> None:
    """Print what a run's strategy has logged, the oldest line first."""
    from domain.errors import RunNotFound
    from projections import log, runs

    run_id = typed.identity(run, "run")
    since, until = typed.moment(start, "--start"), typed.moment(end, "--end")
    with reading(runs.NAME, log.NAME) as connection:
        if runs.find(connection, run_id) is None:
            raise RunNotFound(run_id)
        rows, total = log.page(connection, run_id, start=since, end=until, text=text, limit=limit)
    if json_wanted:
        print_json([{name: getattr(row, name) for name in LOG_FIELDS} for row in rows])
        return
    for row in rows:
        fields = " ".join(f"{name}={value}" for name, value in row.fields.items())
        print_line(one_line(f"{shown(row.at)}  {row.message}  {fields}").rstrip())
    if total > len(rows):
        notice(f"{len(rows):,} of {total:,} lines: --limit shows more")


def _accept(run: str, command: "Callable[[UUID], Command]", json_wanted: bool, said: str) -> None:
    run_id = typed.identity(run, "run")
    position = dispatched(command(run_id))
    if json_wanted:
        print_json({"run_id": run_id, "position": position})
    else:
        print_line(f"run {run_id}: {said}")


def _as_json(row: "RunRow") -> dict[str, Any]:
    """The run as the REST interface shows it; how far a running backtest is, only a server hears."""
    return {
        "id": row.id,
        "name": row.name,
        "strategy_id": row.strategy_id,
        "strategy_version": row.strategy_version,
        "mode": row.mode,
        "status": row.status,
        "symbols": row.symbols,
        "timeframe": row.timeframe,
        "exchange": row.exchange,
        "config": row.config,
        "initial_cash": row.initial_cash,
        "costs": row.costs,
        "venue": row.venue,
        "volume_cap": row.volume_cap,
        "account": row.account,
        "risk": row.risk,
        "start_time": row.start_time,
        "end_time": row.end_time,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "stopped_at": row.stopped_at,
        "progress": _progress(row),
        "error": row.error,
        "tags": row.tags,
        "notes": row.notes,
        "stats": row.summary,
        "position": row.position,
        "forked_from": row.forked_from,
    }


def _pnl(row: "RunRow") -> "Decimal | None":
    from decimal import Decimal

    pnl = (row.summary or {}).get("total_pnl")
    return None if pnl is None else Decimal(str(pnl))


def _progress(row: "RunRow") -> float | None:
    if row.mode != "backtest":
        return None
    return 1.0 if row.status == "completed" else 0.0


def _outcome(row: "RunRow") -> dict[str, Any]:
    return {
        "bars": row.bars,
        "orders": row.orders,
        "fills": row.fills,
        "trades": row.trades,
        "final_equity": row.final_equity,
        "timings": row.timings,
    }


def _facts(row: "RunRow") -> dict[str, object]:
    return {
        "run": row.id,
        "name": row.name,
        "status": row.status,
        "strategy": f"{row.strategy_id} {row.strategy_version}",
        "parameters": ", ".join(f"{name} {value}" for name, value in row.config.items()),
        "mode": row.mode,
        "symbols": row.symbols,
        "timeframe": row.timeframe,
        "range": f"{row.start_time or 'first bar'} to {row.end_time or 'last bar'}",
        "venue": row.venue,
        "costs": _set_ones(row.costs),
        "account": _set_ones(row.account) if row.account["kind"] == "margin" else row.account["kind"],
        "risk limits": _set_ones(row.risk),
        "created": row.created_at,
        "started": row.started_at,
        "ended": row.stopped_at,
        "forked from": _origin(row.forked_from),
        "tags": row.tags,
        "notes": row.notes,
        "bars": row.bars,
        "orders": row.orders,
        "fills": row.fills,
        "trades": row.trades,
        "initial cash": row.initial_cash,
        "final equity": row.final_equity,
    }


def _origin(forked_from: dict[str, Any] | None) -> str | None:
    if forked_from is None:
        return None
    return f"run {forked_from['run_id']} at position {forked_from['position']}"


def _set_ones(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items() if value not in (None, False, "0"))
