"""The other commands: what they print for people and for programs, and that help is quick and complete."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.main import get_command

from domain.market import TIMEFRAMES
from interfaces.cli import entry, options
from tests.costs import NO_COSTS
from tests.interfaces.cli.command_line import CommandLine, minute_rows, write_bars

ROOT = Path(__file__).parents[3]
HEAVY = ("numpy", "polars", "fastapi", "alembic", "eventsourcing", "psycopg", "uvicorn", "rich.table")

ENVELOPE = {
    "id",
    "kind",
    "type",
    "version",
    "run_id",
    "corr_id",
    "causation_id",
    "trace_id",
    "ts",
    "producer",
    "headers",
    "payload",
    "position",
}


def imported(weaver: CommandLine, symbol: str = "TEST/USD", count: int = 240) -> None:
    """Import bars of a symbol."""
    file = write_bars(weaver.directory / "bars.csv", minute_rows(count))
    weaver.done("data", "import", file, "--symbol", symbol, "--timeframe", "1m")


def created(weaver: CommandLine, *more: str) -> str:
    """Create a run over imported bars and return its id."""
    answer = weaver.done("run", "create", "sma_cross", "--symbol", "TEST/USD", *more, "--json")
    assert set(answer.json) == {"run_id", "position"}
    return str(answer.json["run_id"])


def commands() -> list[tuple[str, ...]]:
    """Every command and every group of commands, as typed."""
    found: list[tuple[str, ...]] = [()]
    for path in found:
        command = get_command(entry._application())
        for name in path:
            command = command.commands[name]  # type: ignore[attr-defined]
        found += [(*path, name) for name in getattr(command, "commands", {})]
    return found


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_help_has_a_line_on_every_option_and_command(weaver: CommandLine, path: tuple[str, ...]) -> None:
    answer = weaver.done(*path, "--help")

    assert answer.out.startswith(f"Usage: {' '.join(('weaver', *path))} ")
    assert "..." not in re.sub(r"[\]}]\.\.\.", "", answer.out), "a short help text is cut off"
    command = get_command(entry._application())
    for name in path:
        command = command.commands[name]  # type: ignore[attr-defined]
    assert path == () or command.help
    for parameter in command.params:
        assert getattr(parameter, "help", None) or parameter.name == "help"


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom interfaces.cli.entry import run\nrun(['backtest', '--help'])\n"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_the_timeframes_in_the_help_are_those_there_are() -> None:
    assert tuple(options.TIMEFRAMES.split()) == TIMEFRAMES


def test_version_is_one_line(weaver: CommandLine) -> None:
    assert re.fullmatch(r"weaver \d+(\.\d+\.\d+|\+checkout)\n", weaver.done("--version").out)


def test_imported_bars_are_listed(weaver: CommandLine) -> None:
    imported(weaver)

    assert weaver.done("data", "list", "--json").json == [
        {
            "symbol": "TEST/USD",
            "timeframe": "1m",
            "bars": 240,
            "start_time": "2025-01-01T00:00:00Z",
            "end_time": "2025-01-01T04:00:00Z",
            "source": "csv",
        }
    ]
    assert "TEST/USD" in weaver.done("data", "list").out


def test_strategies_are_listed_and_a_broken_file_is_a_line_of_the_list(
    weaver: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = weaver.directory / "strategies"
    directory.mkdir()
    (directory / "torn.py").write_text("def (")

    listed = {one["strategy_id"]: one for one in weaver.done("strategies", "list", "--json").json}

    assert listed["sma_cross"]["parameters"]["properties"]["fast"]["minimum"] == 2
    assert listed["sma_cross"]["error"] is None
    assert listed["torn"]["error"]
    assert "torn" in weaver.done("strategies", "list").out
    assert ">= 2" in weaver.done("strategies", "show", "sma_cross").out


def test_a_run_is_created_started_stopped_and_deleted_without_a_server(weaver: CommandLine) -> None:
    imported(weaver)
    run_id = created(weaver, "--tag", "first", "--param", "fast=4")

    shown = weaver.done("run", "show", run_id, "--json").json
    assert (shown["status"], shown["config"]["fast"], shown["tags"]) == ("pending", 4, ["first"])
    assert shown["costs"] == NO_COSTS | {"commission_bps": "10"}
    assert "weaver serve" in weaver.done("run", "start", run_id).out
    assert weaver("run", "start", run_id).code == 3
    assert weaver("run", "delete", run_id).code == 3
    stopped = weaver.done("run", "stop", run_id, "--json").json
    assert stopped["run_id"] == run_id
    assert weaver.done("run", "stop", run_id, "--json").json == stopped
    other = created(weaver)
    weaver.done("run", "delete", other)
    assert weaver("run", "show", other).code == 2
    assert [run["id"] for run in weaver.done("run", "list", "--json").json] == [run_id]
    assert weaver.done("run", "list", "--tag", "second", "--json").json == []


def test_a_strategy_given_by_its_path_is_found_from_any_directory(
    weaver: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(weaver)
    bundled = (ROOT / "weaver" / "strategies" / "sma_cross.py").read_text()
    (weaver.directory / "mine.py").write_text(bundled)

    answer = weaver.done("run", "create", "mine.py:SmaCross", "--symbol", "TEST/USD", "--json")

    monkeypatch.chdir(ROOT)
    shown = weaver.done("run", "show", answer.json["run_id"], "--json").json
    assert shown["strategy_id"] == f"{weaver.directory}/mine.py:SmaCross"


def test_what_is_refused_says_why_in_one_line(weaver: CommandLine) -> None:
    imported(weaver)
    run_id = created(weaver)

    answer = weaver("run", "stop", run_id)

    assert (answer.code, answer.out) == (3, "")
    assert answer.err.splitlines() == [f"weaver: run {run_id} cannot be stopped: it is pending"]


def test_orders_and_events_tell_the_same_story(weaver: CommandLine) -> None:
    imported(weaver)
    result = weaver.done(
        *("backtest", "sma_cross", "--symbol", "TEST/USD", "--timeframe", "1m", "--json"),
        *("--param", "fast=3", "--param", "slow=8"),
    ).json

    orders = weaver.done("orders", "list", "--run", result["run_id"], "--json", "--limit", "500").json
    events = [json.loads(line) for line in weaver.done("events", "tail", "--json").out.splitlines()]

    assert len(orders) == result["orders"]
    assert len(events) == result["events_recorded"]
    assert [event["position"] for event in events] == sorted(event["position"] for event in events)
    filled = [event for event in events if event["type"] == "order.filled"]
    assert len(filled) == result["fills"]
    assert set(filled[0]) == ENVELOPE
    order = weaver.done("orders", "show", orders[-1]["id"], "--json").json
    assert [event["type"] for event in order["events"]] == ["order.created", "order.filled"]
    assert order["events"][-1] == filled[0]
    assert order["filled_qty"] == "1"
    assert "order.filled" in weaver.done("orders", "show", orders[-1]["id"]).out
    later = weaver.done("events", "tail", "--after", str(events[2]["position"]), "--run", result["run_id"]).out
    assert len(later.splitlines()) == len(events) - 3
    assert weaver.done("events", "tail", "--run", orders[0]["id"]).out == ""


def test_rebuilt_read_models_show_what_they_showed(weaver: CommandLine) -> None:
    imported(weaver)
    result = weaver.done("backtest", "sma_cross", "--symbol", "TEST/USD", "--timeframe", "1m", "--json").json
    before = weaver.done("run", "show", result["run_id"], "--json").json

    rebuilt = weaver.done("rebuild", "--all", "--json").json

    assert {one["position"] for one in rebuilt} == {result["journal_position"]}
    assert weaver.done("run", "show", result["run_id"], "--json").json == before
    assert [one["name"] for one in weaver.done("rebuild", "runs", "orders", "--json").json] == ["runs", "orders"]


def test_migrate_says_what_it_did(
    weaver: CommandLine, monkeypatch: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    monkeypatch.setenv("WEAVER_DATABASE_URL", empty_database_url)

    assert weaver.done("migrate", "--json").json["migrated_from"] is None
    assert "up to date" in weaver.done("migrate").out


def test_the_doctor_finds_nothing_and_then_what_is_wrong(
    weaver: CommandLine, monkeypatch: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    imported(weaver)
    created(weaver)
    well = {(check["name"], check["state"]) for check in weaver.done("doctor", "--json").json}
    assert ("schema", "ok") in well
    assert ("read model", "ok") in well

    monkeypatch.setenv("WEAVER_DATABASE_URL", empty_database_url)
    ill = weaver("doctor")
    assert ill.code == 1
    assert re.search(r"^problem +schema .*not migrated\n +-> run weaver migrate$", ill.out, re.MULTILINE)
    monkeypatch.setenv("WEAVER_PORT", "x")
    assert weaver("doctor", "--json").code == 1


def test_follow_prints_what_happens_later_and_ends_silently_when_nobody_reads(
    weaver: CommandLine, database_url: str
) -> None:
    imported(weaver)
    program = [sys.executable, "-m", "weaver", "events", "tail", "--follow", "--json"]
    environment = {"PATH": "", "PYTHONPATH": str(ROOT), "WEAVER_DATABASE_URL": database_url}
    with subprocess.Popen(
        program, env=environment, cwd=weaver.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as tail:
        assert tail.stdout is not None
        assert tail.stderr is not None
        run_id = created(weaver)
        assert run_id in tail.stdout.readline()
        tail.stdout.close()
        deadline = time.monotonic() + 30
        while tail.poll() is None and time.monotonic() < deadline:
            created(weaver)
        assert tail.poll() == 0
        assert tail.stderr.read() == ""


def test_the_kill_switch_is_thrown_shown_and_released(weaver: CommandLine) -> None:
    assert weaver("risk", "show").out == "trading is not halted\n"
    assert weaver("risk", "halt", "--reason", "a test").out.endswith(" UTC: a test\n")
    assert weaver.done("risk", "show", "--json").json["halted"] is True
    assert weaver("risk", "resume").out == "trading is not halted\n"
