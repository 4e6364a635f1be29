"""`weaver backtest`: venue, costs, account, limits, and the report as a file."""

from pathlib import Path

import psycopg
import pytest

from tests.interfaces.cli.command_line import CommandLine, minute_rows, write_bars
from tests.interfaces.cli.test_backtest import backtest

SHORT = """
from weaver import Context, Strategy


class Short(Strategy):
    def on_bar(self, ctx: Context) -> None:
        if len(ctx.bars()) == 2:
            ctx.sell(3)
        elif len(ctx.bars()) == 5:
            ctx.buy(1, limit=1, tif="ioc")
"""


def arguments(weaver: CommandLine, strategy: str, *more: str) -> tuple[str, ...]:
    file = write_bars(weaver.directory / "bars.csv", minute_rows(60))
    return ("backtest", strategy, "--symbol", "TEST/USD", "--timeframe", "1m", "--data", file, *more)


def short(weaver: CommandLine) -> str:
    path = weaver.directory / "short.py"
    path.write_text(SHORT)
    return f"{path}:Short"


def test_a_venue_brings_its_costs_unless_some_are_given(weaver: CommandLine, database_url: str) -> None:
    run_ids = [
        backtest(weaver, "--venue", "alpaca", *more)["run_id"]
        for more in ((), ("--commission-bps", "5"), ("--cost", "slippage_ticks=2", "--slippage-bps", "1"))
    ]
    with psycopg.connect(database_url) as connection:
        found = {
            run_id: (costs["commission_bps"], costs["maker_bps"], costs["fee_in_base"], costs["slippage_ticks"])
            for run_id, costs in connection.execute("select id::text, costs from runs")
        }
    assert [found[run_id] for run_id in run_ids] == [
        ("25", "15", True, "0"),
        ("5", None, False, "0"),
        ("25", "15", True, "2"),
    ]


def test_a_fee_in_base_leaves_less_to_sell(weaver: CommandLine, database_url: str) -> None:
    run_id = backtest(weaver, "--venue", "alpaca")["run_id"]
    with psycopg.connect(database_url) as connection:
        buys = connection.execute(
            "select distinct qty, base_fee, fee from fills where run_id = %s and side = 'buy'", (run_id,)
        ).fetchall()
        sells = connection.execute(
            "select distinct qty, base_fee from fills where run_id = %s and side = 'sell'", (run_id,)
        ).fetchall()
    assert [[str(one.normalize()) for one in row] for row in buys] == [["1", "0.0025", "0"]]
    assert [[str(one.normalize()) for one in row] for row in sells] == [["0.9975", "0"]]


def test_only_a_margin_account_goes_short(weaver: CommandLine, database_url: str) -> None:
    strategy = short(weaver)
    cash = weaver.done(*arguments(weaver, strategy, "--json")).json
    margin = weaver.done(*arguments(weaver, strategy, "--account", "margin", "--leverage", "3", "--json")).json
    assert (cash["orders"], cash["fills"]) == (2, 0)
    assert (margin["orders"], margin["fills"]) == (2, 1)
    assert margin["stats"]["open_positions"]["value"] == 1


def test_a_limit_refuses_orders_with_its_name_and_figures(weaver: CommandLine, database_url: str) -> None:
    run_id = backtest(weaver, "--risk", "max_position=0.5")["run_id"]
    with psycopg.connect(database_url) as connection:
        [(policy, figures)] = connection.execute(
            "select distinct payload ->> 'policy', payload -> 'figures' ->> 'limit' from weaver_events_readable "
            "where topic = 'order.rejected' and run_id = %s",
            (run_id,),
        ).fetchall()
        filled = connection.execute("select count(*) from fills where run_id = %s", (run_id,)).fetchone()
    assert (policy, figures, filled) == ("max_position", "0.5", (0,))


def test_a_volume_cap_fills_in_parts(weaver: CommandLine) -> None:
    whole = backtest(weaver)
    parts = backtest(weaver, "--volume-cap", "1", "--param", "quantity=5")
    assert whole["fills"] == whole["orders"]
    assert parts["fills"] > parts["orders"] > 0


def test_the_report_says_under_which_conditions_it_traded(weaver: CommandLine) -> None:
    printed = weaver.done(
        *arguments(weaver, "sma_cross", "--volume-cap", "50", "--account", "margin", "--risk", "max_drawdown=0.3")
    ).out
    assert "Venue generic, commission 10 bps, slippage 0 bps, at most 50 % of a bar's volume, " in printed
    assert "margin account with leverage 2, max drawdown 0.3" in printed


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--venue", "alpacca"), "unknown venue 'alpacca': did you mean alpaca?"),
        (("--cost", "makers=1"), "there is no cost 'makers': did you mean maker_bps?"),
        (("--cost", "maker_bps=low"), "maker_bps must be a number, not 'low'"),
        (("--cost", "fee_in_base=perhaps"), "fee_in_base must be true or false"),
        (("--cost", "maker_bps"), "--cost must look like name=value"),
        (("--volume-cap", "-1"), "volume_cap is a percentage from 0 (no cap) to 100, not -1"),
        (("--leverage", "3"), "--leverage is for a margin account"),
        (("--account", "margin", "--leverage", "500"), "leverage must be from 1 to 100, not 500"),
        (("--risk", "max_postion=1"), "did you mean max_position?"),
        (("--risk", "max_drawdown=2"), "max_drawdown must be below 1"),
        (("--report", "nowhere/report.html"), "there is no directory"),
        (("--report", "."), "cannot be written"),
    ],
)
def test_conditions_that_cannot_be_meant_are_one_line_and_exit_2(
    weaver: CommandLine, database_url: str, more: tuple[str, ...], words: str
) -> None:
    answer = weaver(*arguments(weaver, "sma_cross", *more))
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err
    assert answer.err.count("\n") == 1
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from weaver_events").fetchone() == (0,)


def test_a_report_is_one_file_with_the_runs_figures_in_it(weaver: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    result = backtest(weaver, "--report", str(file))
    html = file.read_text()
    assert result["run_id"] in html
    assert result["final_equity"] in html
    assert "<script src=" not in html, "it needs nothing else"
    assert "https://" not in html.split("</title>")[0]
