"""`weaver strategies`: what can be run, and what cannot be loaded and why."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interfaces.cli.opened import read_settings
from interfaces.cli.options import Json
from interfaces.cli.printing import print_facts, print_json, print_line, print_table
from interfaces.cli.strategy_check_command import check_strategy

if TYPE_CHECKING:
    from application.ports import StrategyDescription
    from domain.parameters import ParameterSpec
    from interfaces.strategy_catalog import FileStrategyCatalog

group = typer.Typer(name="strategies", help="Strategies that can be run.", no_args_is_help=True)
group.command("check")(check_strategy)


@group.command("list")
def list_strategies(json_wanted: Json = False) -> None:
    """List every strategy found; one that cannot be loaded says why."""
    found = _catalog().list()
    if json_wanted:
        print_json([_described(strategy) for strategy in found])
        return
    print_table(
        ("strategy", "version", "source", "description"),
        [(one.strategy_id, one.version, one.source, one.error or one.description) for one in found],
    )


@group.command("show")
def show_strategy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name of the catalogue, or path/to/file.py:ClassName.")],
    json_wanted: Json = False,
) -> None:
    """Show one strategy with its parameters."""
    strategy = _catalog().describe(name)
    if json_wanted:
        print_json(_described(strategy))
        return
    print_facts(
        {
            "strategy": strategy.strategy_id,
            "class": strategy.class_name,
            "version": strategy.version,
            "author": strategy.author,
            "source": strategy.source,
            "description": strategy.description,
        }
    )
    print_line()
    print_table(
        ("parameter", "type", "default", "bounds", "description"),
        [(one.name, one.type, one.default, _bounds(one), one.description) for one in strategy.parameters],
    )


def _catalog() -> "FileStrategyCatalog":
    from interfaces.strategy_catalog import FileStrategyCatalog

    return FileStrategyCatalog(read_settings().strategies_dir)


def _described(strategy: "StrategyDescription") -> dict[str, Any]:
    from domain.parameters import json_schema

    return {
        "strategy_id": strategy.strategy_id,
        "class_name": strategy.class_name,
        "version": strategy.version,
        "description": strategy.description,
        "author": strategy.author,
        "source": strategy.source,
        "parameters": json_schema(strategy.parameters),
        "error": strategy.error,
    }


def _bounds(spec: "ParameterSpec") -> str:
    bounds = ((">=", spec.ge), (">", spec.gt), ("<=", spec.le), ("<", spec.lt))
    said = [f"{sign} {bound}" for sign, bound in bounds if bound is not None]
    return ", ".join([*said, *([" | ".join(spec.choices)] if spec.choices else [])])
