"""A run as one file: written, checked, refused where it was touched, taken into another journal, and derived there."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interfaces.database import connect
from interfaces.journal_verification import verify_journal
from tests.interfaces.cli.command_line import CommandLine, minute_rows, write_bars

OWN = """
from decimal import Decimal

from weaver import Context, Strategy


class Own(Strategy):
    def on_bar(self, ctx: Context) -> None:
        if len(ctx.bars()) % 10 == 0:
            ctx.buy(Decimal(1)) if ctx.position().quantity == 0 else ctx.close()
"""

type Lines = list[dict[str, Any]]


def backtest(weaver: CommandLine, *more: str) -> str:
    """Run a backtest of the user's own strategy on bars of the store; return its id."""
    (weaver.directory / "own.py").write_text(OWN)
    file = write_bars(weaver.directory / "bars.csv", minute_rows(600))
    weaver.done("data", "import", file, "--symbol", "TEST/USD", "--timeframe", "1m")
    done = weaver.done("backtest", "own.py:Own", "--symbol", "TEST/USD", "--timeframe", "1m", "--json", *more)
    assert done.json["fills"] > 20
    return str(done.json["run_id"])


@pytest.fixture
def elsewhere(weaver: CommandLine, empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes `weaver` that of another machine: another database and home, and neither bars nor strategy files."""

    def move() -> None:
        (weaver.directory / "own.py").unlink()
        (weaver.directory / "bars.csv").unlink()
        monkeypatch.setenv("WEAVER_DATABASE_URL", empty_database_url)
        monkeypatch.setenv("WEAVER_HOME", str(weaver.directory / "elsewhere"))
        weaver.done("migrate")

    return move


@pytest.fixture
def exported(weaver: CommandLine) -> tuple[str, Path]:
    """A backtest and the file it was exported to."""
    run_id, file = backtest(weaver), weaver.directory / "run.gz"
    weaver.done("run", "export", run_id, "--out", str(file))
    return run_id, file


def lines_of(file: Path) -> Lines:
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def test_a_backtest_is_derived_again_where_neither_its_bars_nor_its_strategy_are(
    weaver: CommandLine, exported: tuple[str, Path], elsewhere: Callable[[], None], empty_database_url: str
) -> None:
    run_id, file = exported
    orders = weaver.done("orders", "list", "--run", run_id, "--limit", "500", "--json").json
    shown = weaver.done("run", "show", run_id, "--json").json
    elsewhere()
    imported = weaver.done("run", "import", str(file), "--json").json
    assert (imported["run_id"], imported["status"], imported["missing"]) == (run_id, "completed", [])
    assert (
        imported["position"]
        == imported["events"]
        == len(lines_of(file)) - len([line for line in lines_of(file) if line["line"] != "event"])
    )
    verified = verify_journal(empty_database_url)
    assert (verified.events, verified.findings) == (imported["events"], [])
    replay = weaver.done("replay", run_id, "--verify", "--json").json
    assert (replay["difference"], replay["compared"] > 40) == (None, True)
    file.unlink()
    assert weaver.done("replay", run_id, "--verify", "--json").json == replay
    again = weaver.done("run", "show", run_id, "--json").json
    assert again == shown
    assert weaver.done("orders", "list", "--run", run_id, "--limit", "500", "--json").json == orders


def test_what_was_imported_is_exported_with_its_bars_and_its_strategy(
    weaver: CommandLine, exported: tuple[str, Path], elsewhere: Callable[[], None]
) -> None:
    run_id, file = exported
    elsewhere()
    weaver.done("run", "import", str(file))
    again = weaver.directory / "again.gz"
    weaver.done("run", "export", run_id, "--out", str(again))
    kinds = ["run", "strategy", "bars"]
    first, second = ([line for line in lines_of(one) if line["line"] in kinds[1:]] for one in (file, again))
    assert first == second
    assert [line["line"] for line in first] == kinds[1:]
    origins = {json.loads(line["meta"])["origin"] for line in lines_of(again) if line["line"] == "event"}
    assert origins == {lines_of(file)[0]["store_id"]}
    weaver.done("run", "import", str(again), "--check")


def test_without_its_archive_an_imported_run_says_what_to_do(
    weaver: CommandLine, exported: tuple[str, Path], elsewhere: Callable[[], None]
) -> None:
    run_id, file = exported
    elsewhere()
    weaver.done("run", "import", str(file))
    [kept] = (weaver.directory / "elsewhere" / "imports").iterdir()
    kept.unlink()
    answer = weaver("replay", run_id)
    assert answer.code == 2
    assert f"its archive is not there: put the file it came in at {kept}" in answer.err
    shutil.copy(file, kept)
    weaver.done("replay", run_id, "--verify")


def test_a_run_that_is_there_is_not_imported_again(weaver: CommandLine, exported: tuple[str, Path]) -> None:
    run_id, file = exported
    answer = weaver("run", "import", str(file))
    assert (answer.code, answer.err) == (1, f"weaver: run {run_id} is in the journal already\n")
    assert not (weaver.directory / "home" / "imports").exists()


def test_a_run_that_has_not_ended_is_exported_and_checked_but_not_imported(
    weaver: CommandLine, elsewhere: Callable[[], None]
) -> None:
    backtest(weaver)
    created = weaver.done("run", "create", "own.py:Own", "--symbol", "TEST/USD", "--json").json["run_id"]
    file = weaver.directory / "pending.gz"
    weaver.done("run", "export", created, "--out", str(file))
    assert weaver.done("run", "import", str(file), "--check", "--json").json["status"] == "pending"
    elsewhere()
    answer = weaver("run", "import", str(file))
    assert answer.code == 3
    assert f"run {created} is pending in {file}: export it again once it has ended" in answer.err


def test_what_a_run_does_not_have_any_more_is_left_out_and_named(weaver: CommandLine) -> None:
    run_id, file = backtest(weaver), weaver.directory / "run.gz"
    (weaver.directory / "own.py").write_text(OWN.replace("% 10", "% 11"))
    more = write_bars(weaver.directory / "more.csv", [row.replace(",5", ",6") for row in minute_rows(10)])
    weaver.done("data", "import", more, "--symbol", "TEST/USD", "--timeframe", "1m")
    answer = weaver.done("run", "export", run_id, "--out", str(file))
    first, second = answer.err.splitlines()
    assert "left out: the strategy's file: own.py is not version" in first
    assert second == "left out: the bars of TEST/USD: they are not those the run was traded on any more"
    assert weaver.done("run", "import", str(file), "--check", "--json").json["missing"] == [
        line.removeprefix("left out: ") for line in (first, second)
    ]


def event(lines: Lines, number: int) -> dict[str, Any]:
    return [line for line in lines if line["line"] == "event"][number]


def edit_state(lines: Lines) -> None:
    event(lines, 5)["state"] = event(lines, 5)["state"].replace("1", "2", 1)


def edit_meta(lines: Lines) -> None:
    event(lines, 5)["meta"] = "{}"


def delete_event(lines: Lines) -> None:
    lines.remove(event(lines, 2))


def swap_events(lines: Lines) -> None:
    at = lines.index(event(lines, 5))
    lines[at], lines[at + 1] = lines[at + 1], lines[at]


def edit_bars(lines: Lines) -> None:
    [bars] = [line for line in lines if line["line"] == "bars"]
    bars["columns"][1] = bars["columns"][2]


def edit_strategy(lines: Lines) -> None:
    [strategy] = [line for line in lines if line["line"] == "strategy"]
    strategy["text"] += "\n"


def edit_description(lines: Lines) -> None:
    lines[0]["exported_at"] = "2020-01-01T00:00:00Z"


def cut_off(lines: Lines) -> None:
    del lines[-3:]


def delete_the_last_event(lines: Lines) -> None:
    del lines[-2]


def another_run(lines: Lines) -> None:
    lines[0]["run_id"] = "00000000-0000-0000-0000-000000000001"


def from_the_future(lines: Lines) -> None:
    lines[0]["format"] = 2


def garbage(lines: Lines) -> None:
    lines[3] = {"line": "nonsense"}


TOUCHED: tuple[tuple[Callable[[Lines], None], str], ...] = (
    (edit_state, "is not what its hash was made of"),
    (edit_meta, "is not what its hash was made of"),
    (delete_event, "the one before it in its stream"),
    (swap_events, "position"),
    (edit_bars, "the bars of TEST/USD are not those the run was traded on"),
    (edit_strategy, "own.py is not version"),
    (edit_description, "its lines are not those it was closed with"),
    (delete_the_last_event, "its lines are not those it was closed with"),
    (cut_off, "the file was cut off after line"),
    (another_run, "is of another run"),
    (from_the_future, "line 1: this Weaver reads archives of format 1, not 2: update it"),
    (garbage, "line 4: it cannot be read"),
)


def test_a_file_that_was_touched_is_refused_with_the_first_difference(
    weaver: CommandLine, exported: tuple[str, Path], subtests: pytest.Subtests
) -> None:
    _, file = exported
    whole = file.read_bytes()
    for touch, said in TOUCHED:
        with subtests.test(touch.__name__):
            file.write_bytes(whole)
            lines = lines_of(file)
            touch(lines)
            file.write_bytes(gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))
            for arguments in (("--check",), ()):
                answer = weaver("run", "import", str(file), *arguments)
                assert answer.code == 2
                assert answer.err.startswith(f"weaver: {file}:")
                assert said in answer.err


def test_a_file_that_is_damaged_as_a_file_is_refused(weaver: CommandLine, exported: tuple[str, Path]) -> None:
    _, file = exported
    whole = file.read_bytes()
    for broken in (
        whole[: len(whole) // 2],
        whole[:-3],
        b"",
        whole[:100] + b"\0\0\0\0" + whole[104:],
        b"no gzip",
        whole * 2,
    ):
        file.write_bytes(broken)
        answer = weaver("run", "import", str(file), "--check")
        assert (answer.code, answer.err.startswith(f"weaver: {file}: ")) == (2, True), broken[:10]
    file.unlink()
    assert "there is no such file" in weaver("run", "import", str(file)).err


def test_an_archive_can_be_read_with_gunzip_and_jq(weaver: CommandLine, exported: tuple[str, Path]) -> None:
    run_id, file = exported
    described, strategy, bars, *events, end = lines_of(file)
    assert (described["line"], described["run_id"], described["missing"]) == ("run", run_id, [])
    assert (strategy["file"], strategy["class_name"], strategy["text"]) == ("own.py", "Own", OWN)
    assert (bars["symbol"], bars["timeframe"], len(bars["columns"])) == ("TEST/USD", "1m", 6)
    assert json.loads(events[0]["state"])["name"]
    assert {"position", "previous", "stream_id", "version", "topic", "meta", "recorded_at", "hash"} < set(events[0])
    assert (end["line"], end["lines"]) == ("end", len(events) + 3)


def test_the_exported_chain_is_the_one_of_the_journal(
    weaver: CommandLine, exported: tuple[str, Path], database_url: str
) -> None:
    _, file = exported
    with connect(database_url) as connection:
        stored = connection.execute("select hash from weaver_events order by notification_id").fetchall()
    assert [line["hash"] for line in lines_of(file) if line["line"] == "event"] == [
        digest.hex() for (digest,) in stored
    ]
