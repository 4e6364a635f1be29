"""What a person can get wrong: every case ends with exit code 2, one line that says what to do, and nothing written."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from tests.interfaces.cli.command_line import HEADER, Answer, CommandLine, command_line, minute_rows, write_bars
from tests.postgres_servers import fresh_database

ROOT = Path(__file__).parents[2]
GOOD = minute_rows(120)


def replaced(row: int, text: str) -> list[str]:
    """The good rows with row number `row` (from 1) replaced."""
    return [*GOOD[: row - 1], text, *GOOD[row:]]


def fields(row: int, **changes: str) -> list[str]:
    """The good rows with some fields of row number `row` (from 1) changed."""
    values = dict(zip(HEADER.split(","), GOOD[row - 1].split(","), strict=True)) | changes
    return replaced(row, ",".join(values.values()))


BAD_FILES = {
    "unsorted": ([*GOOD[:10], GOOD[11], GOOD[10], *GOOD[12:]], HEADER, ("row 12", "earlier")),
    "duplicate timestamps": ([*GOOD[:10], GOOD[9], *GOOD[10:]], HEADER, ("row 11", "same")),
    "high below low": (fields(7, high="90"), HEADER, ("row 7", "high")),
    "high below open": (fields(7, high="105", open="106"), HEADER, ("row 7", "high")),
    "not a number": (fields(7, close="NaN"), HEADER, ("row 7", "close")),
    "text for a price": (fields(7, close="cheap"), HEADER, ("row 7", "close", "cheap")),
    "zero price": (fields(7, low="0"), HEADER, ("row 7", "low")),
    "negative price": (fields(7, low="-3"), HEADER, ("row 7", "low")),
    "negative volume": (fields(7, volume="-1"), HEADER, ("row 7", "volume")),
    "a moment that is none": (fields(7, timestamp="yesterday"), HEADER, ("row 7", "yesterday")),
    "wrong columns": (GOOD, "when,o,h,l,c,v", ("timestamp",)),
    "a missing column": (GOOD, "timestamp,open,high,low,close,amount", ("volume",)),
    "no rows": ([], HEADER, ("no rows",)),
}

# What is typed after `weaver backtest`, and words of the one line that answers; {file} is a good file.
BAD_ARGUMENTS = {
    "missing file": ("sma_cross --symbol A --timeframe 1m --data {dir}/none.csv", ("none.csv", "no file")),
    "directory as file": ("sma_cross --symbol A --timeframe 1m --data {dir}", ("directory",)),
    "device as file": ("sma_cross --symbol A --timeframe 1m --data /dev/zero", ("zero",)),
    "range without bars": (
        "sma_cross --symbol A --timeframe 1m --data {file} --start 2030-01-01",
        ("no bars in that range", "2025-01-01 00:00"),
    ),
    "start after end": (
        "sma_cross --symbol A --timeframe 1m --data {file} --start 2025-01-02 --end 2025-01-01",
        ("2025-01-02", "before", "2025-01-01"),
    ),
    "start is end": (
        "sma_cross --symbol A --timeframe 1m --data {file} --start 2025-01-01 --end 2025-01-01",
        ("before",),
    ),
    "a day that is none": (
        "sma_cross --symbol A --timeframe 1m --data {file} --start 2025-02-30",
        ("--start", "2025-02-30"),
    ),
    "unknown strategy": ("sma_crss --symbol A --timeframe 1m --data {file}", ("sma_crss", "did you mean sma_cross")),
    "strategy file that is missing": ("{dir}/none.py:None --symbol A --timeframe 1m --data {file}", ("none.py",)),
    "unknown parameter": (
        "sma_cross --symbol A --timeframe 1m --data {file} --param fst=5",
        ("fst", "did you mean fast"),
    ),
    "parameter out of range": (
        "sma_cross --symbol A --timeframe 1m --data {file} --param fast=1",
        ("fast", "at least 2"),
    ),
    "parameter of another type": (
        "sma_cross --symbol A --timeframe 1m --data {file} --param fast=quick",
        ("fast", "int", "quick"),
    ),
    "parameter without a value": ("sma_cross --symbol A --timeframe 1m --data {file} --param fast", ("--param",)),
    "parameter given twice": (
        "sma_cross --symbol A --timeframe 1m --data {file} --param fast=5 --param fast=6",
        ("fast", "twice"),
    ),
    "symbol without bars": ("sma_cross --symbol NONE/USD --timeframe 1m", ("NONE/USD", "weaver data import")),
    "symbol that is none": ("sma_cross --symbol A$ --timeframe 1m --data {file}", ("A$",)),
    "the same symbol twice": (
        "sma_cross --symbol A --symbol a --timeframe 1m --data {file} --data {file}",
        ("symbols", "once"),
    ),
    "one file for two symbols": (
        "sma_cross --symbol A --symbol B --timeframe 1m --data {file}",
        ("2 --symbol", "1 --data"),
    ),
    "bad timeframe": ("sma_cross --symbol A --timeframe 1min --data {file}", ("1min", "did you mean")),
    "bars of another timeframe": ("sma_cross --symbol A --timeframe 1h --data {file}", ("1h",)),
    "cash that is no number": ("sma_cross --symbol A --timeframe 1m --data {file} --cash much", ("--cash", "much")),
    "no cash": ("sma_cross --symbol A --timeframe 1m --data {file} --cash 0", ("cash", "above zero")),
    "endless cash": ("sma_cross --symbol A --timeframe 1m --data {file} --cash Infinity", ("--cash",)),
    "cash of a billion digits": ("sma_cross --symbol A --timeframe 1m --data {file} --cash 1e999999999", ("--cash",)),
    "negative commission": (
        "sma_cross --symbol A --timeframe 1m --data {file} --commission-bps -1",
        ("commission_bps", "-1"),
    ),
    "no symbol": ("sma_cross --timeframe 1m --data {file}", ("--symbol",)),
    "no timeframe": ("sma_cross --symbol A --data {file}", ("--timeframe",)),
    "no strategy": ("--symbol A --timeframe 1m --data {file}", ("STRATEGY",)),
    "unknown option": ("sma_cross --symbl A --timeframe 1m --data {file}", ("--symbl",)),
    "an argument too many": ("sma_cross twice --symbol A --timeframe 1m --data {file}", ("twice",)),
}


@pytest.fixture(scope="module")
def shared_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """A migrated database for all cases: none of them writes anything."""
    with fresh_database(server_url, f"weaver_bad_input_{os.getpid()}", migrated_template) as url:
        yield url


@pytest.fixture
def weaver(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, shared_url: str
) -> Iterator[CommandLine]:
    """`weaver` in an empty directory, on the shared database."""
    with command_line(monkeypatch, capsys, tmp_path, shared_url) as line:
        yield line


def events_in(url: str) -> int:
    """How many events the journal has."""
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from weaver_events").fetchone()
    assert row is not None
    return int(row[0])


def expect(answer: Answer, code: int, words: Sequence[str]) -> None:
    """Check the code, that nothing is on stdout, and that the one line on stderr has the words."""
    assert answer.code == code, answer
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1, answer.err
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_bar_file_is_refused_in_one_line_and_nothing_is_written(
    weaver: CommandLine, shared_url: str, case: str
) -> None:
    rows, header, words = BAD_FILES[case]
    file = write_bars(weaver.directory / "bars.csv", rows, header)

    backtest = weaver("backtest", "sma_cross", "--symbol", "A", "--timeframe", "1m", "--data", file, "--json")
    imported = weaver("data", "import", file, "--symbol", "A", "--timeframe", "1m")

    expect(backtest, 2, ("bars.csv", *words))
    expect(imported, 2, ("bars.csv", *words))
    assert events_in(shared_url) == 0
    assert "A" not in [one["symbol"] for one in weaver.done("data", "list", "--json").json]


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_a_bad_argument_is_refused_in_one_line_and_nothing_is_written(
    weaver: CommandLine, shared_url: str, case: str
) -> None:
    typed, words = BAD_ARGUMENTS[case]
    file = write_bars(weaver.directory / "bars.csv", GOOD)
    arguments = [part.format(file=file, dir=weaver.directory) for part in typed.split()]

    answer = weaver("backtest", *arguments)

    expect(answer, 2, words)
    assert events_in(shared_url) == 0


def test_a_file_that_may_not_be_read_is_refused(weaver: CommandLine) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    file = Path(write_bars(weaver.directory / "bars.csv", GOOD))
    file.chmod(0)

    expect(weaver("data", "import", str(file), "--symbol", "A", "--timeframe", "1m"), 2, ("bars.csv", "ermission"))


def test_a_file_of_random_bytes_is_refused(weaver: CommandLine) -> None:
    file = weaver.directory / "bars.parquet"
    file.write_bytes(b"PAR1" + bytes(range(256)) * 4)

    expect(weaver("data", "import", str(file), "--symbol", "A", "--timeframe", "1m"), 2, ("bars.parquet",))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "create", "sma_crss", "--symbol", "A"), ("did you mean sma_cross",)),
        (("run", "create", "sma_cross", "--symbol", "A"), ("weaver data import",)),
        (("run", "create", "sma_cross", "--symbol", "A", "--mode", "dream"), ("--mode", "backtest")),
        (("run", "show", "17"), ("17", "weaver run list")),
        (("run", "stop", "01900000-0000-7000-8000-000000000000"), ("no run has the id",)),
        (("orders", "show", "01900000-0000-7000-8000-000000000000"), ("no order has the id",)),
        (("orders", "list", "--side", "up"), ("--side",)),
        (("events", "tail", "--after", "-1"), ("--after",)),
        (("rebuild",), ("--all",)),
        (("rebuild", "rnus"), ("rnus", "runs")),
        (("strategies", "show", "sma_crss"), ("did you mean sma_cross",)),
        (("serve", "--host", "0.0.0.0"), ("WEAVER_API_KEY",)),
        (("nonsense",), ("nonsense",)),
    ],
)
def test_every_command_refuses_what_cannot_be_meant_in_one_line(
    weaver: CommandLine, shared_url: str, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    expect(weaver(*arguments), 2, words)
    assert events_in(shared_url) == 0


@pytest.mark.parametrize(
    ("name", "value"), [("WEAVER_PORT", "eighty"), ("WEAVER_PROT", "80"), ("WEAVER_DATABASE_URL", "mysql://x")]
)
def test_a_bad_setting_is_refused_by_its_name(
    weaver: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    expect(weaver("run", "list"), 2, (name,))


def test_timestamps_without_a_zone_are_taken_as_utc_with_a_notice(weaver: CommandLine) -> None:
    file = write_bars(weaver.directory / "bars.csv", [row.replace("Z,", ",", 1) for row in GOOD])

    answer = weaver.done("data", "import", file, "--symbol", "NAIVE/USD", "--timeframe", "1m", "--json")

    assert len(answer.err.splitlines()) == 1
    assert "UTC" in answer.err
    assert answer.json["stored"]["start_time"] == "2025-01-01T00:00:00Z"


def test_a_database_out_of_reach_is_one_line(weaver: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://weaver:secret@127.0.0.1:{closed.getsockname()[1]}/weaver"
        monkeypatch.setenv("WEAVER_DATABASE_URL", url)

        answer = weaver("run", "list")

    expect(answer, 1, ("database",))
    assert "secret" not in answer.err


@pytest.mark.parametrize("command", ["run list", "serve --port 0", "events tail", "data list"])
def test_a_database_that_is_not_migrated_says_weaver_migrate(
    weaver: CommandLine, monkeypatch: pytest.MonkeyPatch, empty_database_url: str, command: str
) -> None:
    monkeypatch.setenv("WEAVER_DATABASE_URL", empty_database_url)

    expect(weaver(*command.split()), 1, ("weaver migrate",))


def test_a_port_that_is_taken_is_one_line(weaver: CommandLine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        port = str(taken.getsockname()[1])

        answer = weaver("serve", "--port", port)

    expect(answer, 1, (port, "--port"))


def test_a_process_of_its_own_ends_with_the_same_code_and_line(weaver: CommandLine, shared_url: str) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "WEAVER_DATABASE_URL": shared_url}
    command = [sys.executable, "-m", "weaver", "backtest", "sma_crss", "--symbol", "A", "--timeframe", "1m"]

    done = subprocess.run(
        command, env=environment, cwd=weaver.directory, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "did you mean sma_cross" in done.stderr
