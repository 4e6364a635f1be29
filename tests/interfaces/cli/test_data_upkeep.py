"""`weaver data gaps`, `export` and `drop`: what is missing, bars as files, and old bars that nothing kept needs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from application.clock import WallClock
from domain.market import Timeframe
from interfaces.market_data.bar_store import BarStore
from tests.interfaces.cli.command_line import CommandLine, minute_rows, write_bars
from tests.interfaces.market_data.stored_bars import require_exact_series

BLOCK = 512
MINUTES = 5 * 1440
SERIES = ("--symbol", "TEST/USD", "--timeframe", "1m")
ONE_DAY = ("data", "drop", "--older-than", "1d")
BACKTEST = ("backtest", "sma_cross", *SERIES, "--param", "fast=3", "--param", "slow=7", "--json")


def stored(weaver: CommandLine, rows: list[str], symbol: str = "TEST/USD") -> None:
    """Store bars of minutes, all of a time long ago."""
    file = write_bars(weaver.directory / "bars.csv", rows)
    weaver.done("data", "import", file, "--symbol", symbol, "--timeframe", "1m")


def bars_of(weaver: CommandLine) -> dict[str, int]:
    """How many bars are listed, by symbol."""
    return {one["symbol"]: one["bars"] for one in weaver.done("data", "list", "--json").json}


def blocks_before(moment: datetime) -> int:
    """How many of the minutes go of those before a moment: whole blocks of 512, counted from 1970."""
    begin = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) // 60
    return max(int(moment.timestamp()) // 60 // BLOCK * BLOCK - begin, 0)


# Gaps.


def test_gaps_are_listed_with_what_is_there(weaver: CommandLine) -> None:
    rows = minute_rows(60)
    stored(weaver, rows[:10] + rows[13:40] + rows[41:])
    told = weaver.done("data", "gaps", "TEST/USD", "--timeframe", "1m", "--json").json
    assert (told["bars"], told["missing"]) == (56, 4)
    assert told["gaps"][0] == {"start": "2025-01-01T00:10:00Z", "end": "2025-01-01T00:13:00Z", "bars": 3}
    out = weaver.done("data", "gaps", "TEST/USD", "--timeframe", "1m").out
    assert "2025-01-01 00:10:00" in out
    assert out.splitlines()[-1] == "4 bars missing, gaps: 2; 56 bars are there"
    part = weaver.done("data", "gaps", "TEST/USD", "--timeframe", "1m", "--end", "2025-01-01T00:30:00Z").out
    assert part.splitlines()[-1] == "3 bars missing, gaps: 1; 27 bars are there"


def test_a_series_that_is_not_stored_has_no_gaps_to_list(weaver: CommandLine) -> None:
    answer = weaver("data", "gaps", "TEST/USD", "--timeframe", "1m")
    assert (answer.code, answer.out) == (2, "")
    assert "no bars of TEST/USD 1m are stored" in answer.err


# Files.


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_exported_is_imported_bit_by_bit(weaver: CommandLine, kind: str) -> None:
    rows = [row.replace(",5", ",5.1234567890123456") for row in minute_rows(700)]
    stored(weaver, rows)
    out = weaver.directory / f"out.{kind}"
    told = weaver.done("data", "export", "TEST/USD", "--timeframe", "1m", "--out", str(out), "--json").json
    assert (told["bars"], told["start_time"]) == (700, "2025-01-01T00:00:00Z")
    again = weaver.done("data", "import", str(out), *SERIES, "--json").json
    assert (again["bars"], again["written"]) == (700, 0), "nothing was new or different"
    assert [one.name for one in weaver.directory.glob("*partial*")] == []


def test_a_part_is_exported_over_a_file_that_is_there(weaver: CommandLine, tmp_path: Path) -> None:
    stored(weaver, minute_rows(60))
    out = tmp_path / "part.csv"
    out.write_text("older\n")
    span = ("--start", "2025-01-01T00:10:00Z", "--end", "2025-01-01T00:12:00Z")
    weaver.done("data", "export", "TEST/USD", "--timeframe", "1m", *span, "--out", str(out))
    assert out.read_text().splitlines() == [
        "timestamp,open,high,low,close,volume",
        "2025-01-01T00:10:00Z,110.0,112.0,108.0,111.0,5.0",
        "2025-01-01T00:11:00Z,111.0,113.0,109.0,112.0,5.0",
    ]


def test_what_cannot_be_exported_is_said_in_a_line(weaver: CommandLine, tmp_path: Path) -> None:
    stored(weaver, minute_rows(60))
    for out, more, said in (
        (tmp_path / "no" / "where.csv", (), "name a file in a directory that is there"),
        (tmp_path / "bars.xlsx", (), "bars are written as .csv or .parquet"),
        (tmp_path / "none.csv", ("--start", "2026-01-01"), "nothing is written"),
    ):
        answer = weaver("data", "export", "TEST/USD", "--timeframe", "1m", "--out", str(out), *more)
        assert (answer.code, answer.out, said in answer.err) == (2, "", True), answer.err
        assert not out.exists()


# Old bars.


def test_old_bars_go_in_whole_blocks_and_are_shown_before(weaver: CommandLine, database_url: str) -> None:
    stored(weaver, minute_rows(MINUTES))
    stored(weaver, minute_rows(60), "OTHER/USD")
    dry = weaver.done(*ONE_DAY, "--dry-run").out
    assert dry.splitlines()[-1] == f"{MINUTES + 60:,} bars of 2 series would go"
    assert bars_of(weaver) == {"OTHER/USD": 60, "TEST/USD": MINUTES}
    answer = weaver(*ONE_DAY)
    assert (answer.code, answer.out) == (3, "")
    assert "would go: give --yes" in answer.err
    assert weaver.done(*ONE_DAY, "OTHER/USD", "--yes").out == "dropped 60 bars of 1 series\n"
    assert bars_of(weaver) == {"TEST/USD": MINUTES}
    assert weaver.done(*ONE_DAY, "--timeframe", "1h", "--yes").out == "dropped 0 bars of 0 series\n"
    age = int((WallClock().now() - datetime(2025, 1, 3, tzinfo=UTC)).total_seconds() // 3600)
    told = weaver.done("data", "drop", "--older-than", f"{age}h", "--yes", "--json").json
    [dropped] = [one["bars"] for one in told["series"]]
    assert -60 <= 2 * 1440 - dropped < BLOCK, "the age is told in hours"
    assert bars_of(weaver) == {"TEST/USD": MINUTES - dropped}
    require_exact_series(BarStore(database_url), database_url)


def test_bars_that_a_kept_backtest_is_replayed_on_stay(weaver: CommandLine, database_url: str) -> None:
    stored(weaver, minute_rows(MINUTES))
    start = datetime(2025, 1, 3, 5, tzinfo=UTC)
    run_id = weaver.done(*BACKTEST, "--start", start.isoformat()).json["run_id"]
    [plan] = weaver.done(*ONE_DAY, "--dry-run", "--json").json["series"]
    assert (plan["held_by"], plan["bars"]) == (run_id, blocks_before(start))
    weaver.done(*ONE_DAY, "--yes")
    weaver.done("replay", run_id, "--verify")
    coverage = BarStore(database_url).coverage("TEST/USD", Timeframe.parse("1m"))
    assert coverage is not None
    assert datetime(2025, 1, 1, tzinfo=UTC) < coverage.start_time <= start
    require_exact_series(BarStore(database_url), database_url)
    weaver.done("prune", "--keep", "0", "--yes")
    weaver.done(*ONE_DAY, "--yes")
    assert bars_of(weaver) == {}, "nothing needs them any more"


def test_bars_that_a_sweep_or_a_paper_run_needs_stay(weaver: CommandLine) -> None:
    stored(weaver, minute_rows(MINUTES))
    swept = ("sweep", "sma_cross", *SERIES, "--grid", "fast=3:4:1", "--grid", "slow=7:8:1", "--workers", "1")
    weaver.done(*swept, "--json")
    [plan] = weaver.done(*ONE_DAY, "--dry-run", "--json").json["series"]
    assert (plan["bars"], plan["held_by"] is not None) == (0, True)
    stored(weaver, minute_rows(60), "OTHER/USD")
    created = ("run", "create", "sma_cross", "--symbol", "OTHER/USD", "--timeframe", "1s", "--mode", "paper", "--json")
    run_id = weaver.done(*created).json["run_id"]
    plans = weaver.done(*ONE_DAY, "--dry-run", "--json").json["series"]
    assert [(one["bars"], one["held_by"]) for one in plans if one["symbol"] == "OTHER/USD"] == [(0, run_id)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say which bars go: --older-than AGE"),
        (("--older-than", "old"), "--older-than: a number and h, d or w"),
        (("--older-than", "3d", "--timeframe", "7m"), "7m"),
    ],
)
def test_what_is_no_policy_is_refused(weaver: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    answer = weaver("data", "drop", *arguments)
    assert (answer.code, answer.out, said in answer.err) == (2, "", True), answer.err
