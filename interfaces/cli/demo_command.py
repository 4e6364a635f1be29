"""`weaver demo`: everything at once on a fresh machine: database, sample bars, a finished backtest, and Haro."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.backtest_command import report, traded
from interfaces.cli.opened import catch_up, page_url, read_settings
from interfaces.cli.printing import print_line
from interfaces.cli.serve_command import Host, Port, listening, serve_until_told

if TYPE_CHECKING:
    from uuid import UUID

    from interfaces.settings import Settings

STRATEGY = "sma_cross"
TAG = "demo"
TIMEFRAME = "1m"
SOURCE = "generated"
# Long averages: on one-minute bars short ones trade so often that costs are all the report would show.
PARAMETERS: dict[str, str | int | float | bool] = {"fast": 120, "slow": 600, "quantity": "100"}
COMMISSION_BPS = Decimal(1)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Import the sample bars, run the backtest, print its report and end.")
    ] = False,
    host: Host = None,
    port: Port = None,
) -> None:
    """Show Weaver at work: sample bars, a backtest, Haro.

    Everything is made from nothing at the first start and found again at the next. Ctrl-C ends it.
    """
    import contextlib

    from interfaces.composition import database
    from interfaces.database import migrate

    settings = read_settings(host=host, port=port)
    with contextlib.ExitStack() as stack:
        listener = None if once else stack.enter_context(listening(settings))
        url = stack.enter_context(database(settings))
        migrate(url)
        _import_sample_bars(url)
        known = None if once else _finished_backtest(url)
        if known is None:
            _backtest(settings, url)
        else:
            print_line(f"The backtest of the demo is there since an earlier start: {page_url(settings, known)}")
        if listener is not None:
            serve_until_told(settings, url, listener)


def _finished_backtest(url: str) -> "UUID | None":
    from interfaces.database import connect
    from projections import runs

    with connect(url) as connection:
        catch_up(connection, (runs.NAME,))
        found, _ = runs.page(connection, status="completed", tag=TAG, limit=1)
    return found[0].id if found else None


def _import_sample_bars(url: str) -> None:
    from domain.market import Timeframe
    from interfaces.market_data.bar_store import BarStore
    from interfaces.market_data.sample_bars import SAMPLE_SYMBOL, sample_bars

    store = BarStore(url)
    if store.coverage(SAMPLE_SYMBOL, Timeframe.parse(TIMEFRAME)) is None:
        count = store.save(sample_bars(), SOURCE)
        print_line(f"Stored {count:,} bars of {SAMPLE_SYMBOL}: they are generated, nobody ever traded them.")


def _backtest(settings: "Settings", url: str) -> None:
    from application.commands import CreateRun
    from domain.ids import new_id
    from domain.run import CostSettings
    from interfaces.market_data.sample_bars import SAMPLE_SYMBOL

    command = CreateRun(
        run_id=new_id(),
        strategy_id=STRATEGY,
        mode="backtest",
        symbols=(SAMPLE_SYMBOL,),
        timeframe=TIMEFRAME,
        name=f"Demo: {STRATEGY} on generated bars",
        parameters=dict(PARAMETERS),
        costs=CostSettings(commission_bps=COMMISSION_BPS),
        tags=(TAG,),
        notes="The bars are generated: a result on them says nothing about any market.",
    )
    report(traded(settings, url, command), settings, json_wanted=False)
    print_line()
