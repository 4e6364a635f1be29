"""`weaver backtest`: what it prints, what it leaves behind, and how it ends when the strategy fails."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.ids import new_id
from interfaces.cli.backtest_report import FIGURES, NOT_PRINTED, of_strategy
from interfaces.run_claims import DatabaseRunClaims
from tests.interfaces.cli.command_line import CommandLine, command_line, minute_rows, write_bars

PROMISED = [
    "run_id",
    "strategy_id",
    "config",
    "symbols",
    "timeframe",
    "start_time",
    "end_time",
    "bars",
    "load_seconds",
    "engine_seconds",
    "persist_seconds",
    "total_seconds",
    "read_models_seconds",
    "bars_per_second",
    "orders",
    "fills",
    "trades",
    "initial_cash",
    "final_equity",
    "stats",
    "events_recorded",
    "journal_position",
]
BROKEN = """
from weaver import Context, Strategy


class Broken(Strategy):
    def on_bar(self, ctx: Context) -> None:
        if len(ctx.bars()) == 20:
            self.divide()

    def divide(self) -> None:
        raise ZeroDivisionError("my own mistake")
"""


def backtest(weaver: CommandLine, *more: str, rows: int = 240) -> Any:
    """Run sma_cross over a file and return the JSON."""
    file = write_bars(weaver.directory / "bars.csv", minute_rows(rows))
    arguments = ("backtest", "sma_cross", "--symbol", "TEST/USD", "--timeframe", "1m", "--data", file, "--json", *more)
    return weaver.done(*arguments, "--param", "fast=3", "--param", "slow=8").json


def test_json_is_the_promised_object_and_agrees_with_journal_and_read_models(
    weaver: CommandLine, database_url: str
) -> None:
    result = backtest(weaver, "--tag", "nightly", "--name", "mine")

    assert list(result) == PROMISED
    assert result["config"] == {"fast": 3, "slow": 8, "quantity": "1"}
    assert result["symbols"] == ["TEST/USD"]
    assert (result["start_time"], result["end_time"]) == ("2025-01-01T00:00:00Z", "2025-01-01T04:00:00Z")
    assert result["bars"] == 240
    assert result["initial_cash"] == "100000"
    assert result["orders"] == result["fills"] > 0
    assert result["bars_per_second"] == pytest.approx(240 / result["engine_seconds"], rel=1e-2)
    assert result["total_seconds"] > result["engine_seconds"]
    for figure in result["stats"].values():
        assert set(figure) == ({"value", "reason"} if figure["value"] is None else {"value", "basis"})
    pnl = Decimal(result["final_equity"]) - Decimal(result["initial_cash"])
    assert Decimal(result["stats"]["total_pnl"]["value"]) == pnl
    with psycopg.connect(database_url) as connection:
        events = connection.execute(
            "select count(*), max(notification_id) from weaver_events where run_id = %s", (result["run_id"],)
        ).fetchone()
        shown = connection.execute(
            "select status, final_equity, fills, name, tags from runs where id = %s", (result["run_id"],)
        ).fetchone()
        fills = connection.execute("select count(*) from fills").fetchone()
    assert events == (result["events_recorded"], result["journal_position"])
    assert shown == ("completed", Decimal(result["final_equity"]), result["fills"], "mine", ["nightly"])
    assert fills == (result["fills"],)


def test_the_same_input_gives_the_same_result(weaver: CommandLine) -> None:
    timed = {
        "run_id",
        "load_seconds",
        "engine_seconds",
        "persist_seconds",
        "total_seconds",
        "read_models_seconds",
        "bars_per_second",
    }
    first, second = backtest(weaver), backtest(weaver)

    changed = {name for name in PROMISED if first[name] != second[name]}

    assert changed <= timed | {"journal_position"}


def test_the_commission_is_ten_basis_points_unless_given(weaver: CommandLine) -> None:
    free, usual, ten = (
        backtest(weaver, "--commission-bps", "0"),
        backtest(weaver),
        backtest(weaver, "--commission-bps", "10"),
    )

    assert Decimal(free["final_equity"]) > Decimal(usual["final_equity"])
    assert usual["final_equity"] == ten["final_equity"]


def test_start_and_end_cut_the_bars_and_the_range_told_is_that_of_the_bars_used(weaver: CommandLine) -> None:
    result = backtest(weaver, "--start", "2025-01-01T01:00:00Z", "--end", "2025-01-01 03:00")

    assert result["bars"] == 120
    assert (result["start_time"], result["end_time"]) == ("2025-01-01T01:00:00Z", "2025-01-01T03:00:00Z")


def test_two_files_are_traded_as_two_symbols(weaver: CommandLine) -> None:
    one = write_bars(weaver.directory / "one.csv", minute_rows(100))
    two = write_bars(weaver.directory / "two.csv", minute_rows(140))

    result = weaver.done(
        *("backtest", "sma_cross", "--symbol", "ONE/USD", "--symbol", "two/usd", "--timeframe", "1m", "--json"),
        *("--data", one, "--data", two),
    ).json

    assert result["symbols"] == ["ONE/USD", "TWO/USD"]
    assert result["bars"] == 240
    assert result["end_time"] == "2025-01-01T02:20:00Z"


def test_stored_bars_give_the_result_of_the_file_they_came_from(weaver: CommandLine) -> None:
    from_file = backtest(weaver)
    weaver.done("data", "import", "bars.csv", "--symbol", "TEST/USD", "--timeframe", "1m")

    from_store = weaver.done(
        *("backtest", "sma_cross", "--symbol", "TEST/USD", "--timeframe", "1m", "--json"),
        *("--param", "fast=3", "--param", "slow=8"),
    ).json

    for name in ("bars", "start_time", "end_time", "fills", "final_equity", "stats"):
        assert from_store[name] == from_file[name]


def test_the_report_for_people_says_what_ran_what_came_of_it_and_where_to_look(weaver: CommandLine) -> None:
    file = write_bars(weaver.directory / "bars.csv", minute_rows())

    answer = weaver.done("backtest", "sma_cross", "--symbol", "TEST/USD", "--timeframe", "1m", "--data", file)

    for words in ("sma_cross on TEST/USD 1m", "240 bars", "10 bps", "fast 10", "bars/s", "positions from flat to flat"):
        assert words in answer.out
    assert "http://127.0.0.1:8000/runs/" in answer.out
    assert answer.err == ""


def test_a_strategy_that_fails_is_told_with_its_own_frames_only(weaver: CommandLine) -> None:
    strategy = weaver.directory / "broken.py"
    strategy.write_text(BROKEN)
    file = write_bars(weaver.directory / "bars.csv", minute_rows())

    answer = weaver(
        *("backtest", "broken.py:Broken", "--symbol", "TEST/USD", "--timeframe", "1m", "--data", file, "--json")
    )

    assert (answer.code, answer.out) == (1, "")
    assert "broken.py" in answer.err
    assert "in divide" in answer.err
    assert "application/session.py" not in answer.err
    assert "ZeroDivisionError: my own mistake" in answer.err.splitlines()[-1]
    assert [run["status"] for run in weaver.done("run", "list", "--json").json] == ["error"]


def test_frames_of_weaver_are_left_out_of_a_traceback_and_the_error_itself_is_not() -> None:
    own = str(Path(__file__).parents[3] / "domain" / "strategy.py")
    text = (
        "Traceback (most recent call last):\n"
        f'  File "{own}", line 1, in step\n    strategy.on_bar()\n    ^^^^^\n'
        '  File "/home/me/mine.py", line 9, in on_bar\n    ctx.buy(-1)\n'
        f'  File "{own}", line 5, in buy\n    raise OrderRefused\n'
        "domain.errors.OrderRefused: a quantity must be above zero\n"
    )

    assert of_strategy(text).splitlines() == [
        "Traceback (most recent call last):",
        '  File "/home/me/mine.py", line 9, in on_bar',
        "    ctx.buy(-1)",
        "domain.errors.OrderRefused: a quantity must be above zero",
    ]


def test_every_figure_has_its_place_in_the_report(weaver: CommandLine) -> None:
    stats = [name for name in backtest(weaver)["stats"] if not name.startswith(NOT_PRINTED)]
    assert sorted(stats) == sorted(FIGURES)


@pytest.fixture
def claimed_by_another(database_url: str) -> Iterator[DatabaseRunClaims]:
    """Claims of another process on the same database."""
    claims = DatabaseRunClaims(database_url)
    yield claims
    claims.close()


def test_the_run_of_a_backtest_is_claimed_before_it_exists(
    weaver: CommandLine, database_url: str, claimed_by_another: DatabaseRunClaims, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = new_id()
    monkeypatch.setattr("domain.ids.new_id", lambda: run_id)
    assert claimed_by_another.claim(run_id)
    file = write_bars(weaver.directory / "bars.csv", minute_rows())

    answer = weaver("backtest", "sma_cross", "--symbol", "TEST/USD", "--timeframe", "1m", "--data", file)

    assert answer.code == 1
    assert "another process" in answer.err
    assert weaver.done("events", "tail").out == ""


def test_a_backtest_needs_nothing_but_a_home(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with command_line(monkeypatch, capsys, tmp_path, "") as weaver:
        result = backtest(weaver)

        assert weaver.done("run", "show", result["run_id"], "--json").json["status"] == "completed"
