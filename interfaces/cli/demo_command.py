"""`weaver demo`: everything at once on a fresh machine: sample bars, a finished backtest, a paper run, and Haro."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.backtest_command import report, traded
from interfaces.cli.opened import ACTOR, catch_up, page_url, read_settings
from interfaces.cli.printing import print_line
from interfaces.cli.serve_command import Host, Port, listening, serve_until_told

if TYPE_CHECKING:
    from uuid import UUID

    from interfaces.settings import Settings

STRATEGY = "sma_cross"
TAG, PAPER_TAG = "demo", "demo-paper"
TIMEFRAME = "1m"
SOURCE = "generated"
# Long averages: on one-minute bars short ones trade so often that costs are all the report would show.
PARAMETERS: dict[str, str | int | float | bool] = {"fast": 120, "slow": 600, "quantity": "100"}
COMMISSION_BPS = Decimal(1)
# Generated minutes are played back faster than they would pass: something is to be seen at once.
PAPER_TIMEFRAME = "5s"
PAPER_PARAMETERS: dict[str, str | int | float | bool] = {"fast": 5, "slow": 15, "quantity": "10"}
PAPER_WARMUP_BARS = 60


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Import the sample bars, run the backtest, print its report and end.")
    ] = False,
    host: Host = None,
    port: Port = None,
) -> None:
    """Show Weaver at work: sample bars, a backtest, a paper run, Haro.

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
            _paper_run(settings, url)
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


def _paper_run(settings: "Settings", url: str) -> None:
    """Make sure that a paper run trades once the server is there; one of an earlier start simply goes on."""
    from application.commands import CreateRun, StartRun
    from domain.ids import new_id
    from interfaces.composition import compose
    from interfaces.database import connect
    from interfaces.market_data.sample_bars import SAMPLE_SYMBOL
    from projections import runs

    with connect(url) as connection:
        catch_up(connection, (runs.NAME,))
        found, _ = runs.page(connection, tag=PAPER_TAG, limit=1)
    if found:
        print_line(f"The paper run of the demo: {page_url(settings, found[0].id)} ({found[0].status})")
        return
    run_id = new_id()
    create = CreateRun(
        run_id=run_id,
        strategy_id=STRATEGY,
        mode="paper",
        symbols=(SAMPLE_SYMBOL,),
        timeframe=PAPER_TIMEFRAME,
        name=f"Demo: {STRATEGY} on paper, generated bars played back",
        parameters=dict(PAPER_PARAMETERS),
        warmup_bars=PAPER_WARMUP_BARS,
        tags=(PAPER_TAG,),
        notes="The bars are generated, and played back faster than they would pass.",
    )
    weaver = compose(settings, url)
    try:
        weaver.dispatch.dispatch(create, actor=ACTOR)
        weaver.dispatch.dispatch(StartRun(run_id=run_id), actor=ACTOR)
    finally:
        weaver.stop()
    print_line(f"A paper run trades on the simulated exchange: {page_url(settings, run_id)}")
