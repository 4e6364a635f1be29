"""`weaver strategies check`: whether a strategy can be trusted, before anything is made of its results."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interfaces.cli import options, typed
from interfaces.cli.backtest_command import DataFiles, bar_files
from interfaces.cli.opened import opened_database, read_settings
from interfaces.cli.options import Json
from interfaces.cli.outcomes import CommandFailed
from interfaces.cli.printing import print_facts, print_json, print_line, print_table

if TYPE_CHECKING:
    from interfaces.settings import Settings
    from interfaces.strategy_checks import CheckRequest, StrategyCheck


def check_strategy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name of the catalogue, or path/to/file.py:ClassName.")],
    symbol: options.SymbolsIfAny = None,
    timeframe: options.TimeframeIfAny = None,
    data: DataFiles = None,
    start: options.Start = None,
    end: options.End = None,
    param: options.Parameters = None,
    json_wanted: Json = False,
) -> None:
    """Check look-ahead, warm-up, determinism and bounds.

    Without --symbol it is tried on generated bars. Exits with 1 if a check failed.
    """
    from domain.errors import InvalidInput
    from domain.market import parse_symbol
    from interfaces.strategy_checks import CheckRequest

    if symbol and timeframe is None:
        raise InvalidInput("--timeframe is missing: the length of the bars of --symbol")
    if not symbol and any(one is not None for one in (timeframe, data, start, end)):
        raise InvalidInput("--symbol is missing: without it a strategy is checked on generated bars of a minute")
    symbols = [parse_symbol(one) for one in symbol or ()]
    request = CheckRequest(
        strategy_id=typed.strategy(name),
        parameters=typed.parameters(param or []),
        symbols=symbols,
        timeframe=timeframe or "1m",
        start=typed.moment(start, "--start"),
        end=typed.moment(end, "--end"),
        files=bar_files(symbols, data or []),
    )
    found = _checked(request, read_settings())
    if json_wanted:
        print_json(_as_json(found))
    else:
        _print(found)
    if found.outcome == "failed":
        failed = [verdict.check.replace("_", "-") for verdict in found.verdicts if verdict.outcome == "failed"]
        raise CommandFailed("" if json_wanted else f"{found.strategy_id} fails: {', '.join(failed)}")


def _checked(request: "CheckRequest", settings: "Settings") -> "StrategyCheck":
    from interfaces.strategy_catalog import FileStrategyCatalog
    from interfaces.strategy_checks import StrategyChecks

    catalog = FileStrategyCatalog(settings.strategies_dir)
    if request.symbols and not request.files:
        with opened_database() as url:
            return StrategyChecks(catalog, settings, url).check(request)
    return StrategyChecks(catalog, settings).check(request)


def _as_json(found: "StrategyCheck") -> dict[str, Any]:
    import msgspec

    return {"outcome": found.outcome, **msgspec.to_builtins(found)}


def _print(found: "StrategyCheck") -> None:
    print_facts(
        {
            "strategy": f"{found.strategy_id} {found.version}",
            "bars": f"{found.bars:,} of {' '.join(found.symbols)} {found.timeframe}",
            "from": found.start_time,
            "to": found.end_time,
            "orders": found.orders,
        }
    )
    print_line()
    print_table(
        ("check", "verdict", "why"),
        [(verdict.check.replace("_", "-"), verdict.outcome, verdict.message) for verdict in found.verdicts],
    )
    for verdict in found.verdicts:
        for note in verdict.notes:
            print_line(f"{verdict.check.replace('_', '-')}: {note}")
