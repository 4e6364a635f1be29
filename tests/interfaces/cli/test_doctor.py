"""`weaver doctor`: every look in its bad state, over real servers, files and sockets."""

import socket
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from application.clock import WallClock
from domain.events import Recorded
from domain.exchange_account import AccountReconciled, account_stream_id
from domain.ids import new_id
from domain.run import RunStarted, RunStartRequested
from interfaces.cli import doctor_database, doctor_machine
from interfaces.cli.doctor_findings import Finding, looked
from interfaces.cli.opened import catch_up
from interfaces.database import connect
from interfaces.embedded_postgres import EmbeddedPostgres
from interfaces.event_store import journal_environment
from tests.alpaca_server.client import LocalAlpaca, local_alpaca
from tests.interfaces.cli.command_line import Answer, CommandLine, minute_rows, write_bars
from tests.interfaces.web.scenes import CHAIN, described
from tests.postgres_servers import with_database


def findings(answer: Answer, name: str) -> list[tuple[str, str, str]]:
    """State, message and remedy of every finding of a name."""
    return [(one["state"], one["message"], one["remedy"]) for one in answer.json if one["name"] == name]


def ill(answer: Answer, name: str, said: str) -> tuple[str, str]:
    """Return the state and the remedy of the one finding that says so; it is not ok."""
    [(state, _, remedy)] = [one for one in findings(answer, name) if said in one[1]]
    assert state != "ok"
    assert remedy
    assert "\n" not in remedy
    return state, remedy


def doctor(weaver: CommandLine) -> Answer:
    """Run it for its JSON."""
    return weaver("doctor", "--json")


def test_a_healthy_weaver_has_only_ok_findings_each_in_one_line(
    weaver: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAVER_PORT", "0")
    answer = doctor(weaver)
    assert answer.code == 0
    assert [one for one in answer.json if one["state"] != "ok" and one["name"] != "page"] == []
    assert {one["name"] for one in answer.json} >= {
        "settings", "python", "page", "disk", "files", "port", "strategies", "keys", "exchange", "account", "clock",
        "database", "durability", "transactions", "schema", "connections", "read model", "trading",
    }  # fmt: skip
    told = weaver.done("doctor").out.splitlines()
    assert all(line.startswith(("ok ", "warning ", " ")) for line in told)


def test_bad_settings_are_the_only_finding(weaver: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEAVER_PORT", "x")
    answer = doctor(weaver)
    assert answer.code == 1
    assert [(one["name"], one["state"]) for one in answer.json] == [("settings", "problem")]


def test_without_its_database_everything_else_is_looked_at(
    weaver: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAVER_DATABASE_URL", "postgresql://weaver:hush-hush@127.0.0.1:1/weaver")
    answer = doctor(weaver)
    assert answer.code == 1
    assert ill(answer, "database", "does not answer")[0] == "problem"
    assert findings(answer, "account")
    assert findings(answer, "strategies")
    assert "hush-hush" not in answer.out + answer.err


def test_a_database_that_is_not_migrated(
    weaver: CommandLine, monkeypatch: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    monkeypatch.setenv("WEAVER_DATABASE_URL", empty_database_url)
    answer = doctor(weaver)
    assert answer.code == 1
    assert ill(answer, "schema", "not migrated") == ("problem", "run weaver migrate")
    assert findings(answer, "connections")


@pytest.mark.parametrize(
    ("setting", "name", "said"),
    [
        ("synchronous_commit = off", "durability", "synchronous_commit is off"),
        ("default_transaction_read_only = on", "database", "set to be read only"),
    ],
)
def test_settings_of_a_database_that_break_promises(
    weaver: CommandLine, database_url: str, setting: str, name: str, said: str
) -> None:
    database = database_url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f'alter database "{connection.info.dbname or database}" set {setting}'.encode())
    assert ill(doctor(weaver), name, said)[0] == "problem"


@pytest.fixture(scope="module")
def careless_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that is quick, small, and forgets."""
    settings = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_connections": "20"}
    with EmbeddedPostgres(tmp_path_factory.mktemp("careless") / "postgres", settings=settings) as server:
        yield server.url


def test_a_careless_server(weaver: CommandLine, monkeypatch: pytest.MonkeyPatch, careless_url: str) -> None:
    with psycopg.connect(careless_url, autocommit=True) as connection:
        connection.execute("create database ascii template template0 encoding 'SQL_ASCII' locale 'C'")
    monkeypatch.setenv("WEAVER_DATABASE_URL", with_database(careless_url, "ascii"))
    answer = doctor(weaver)
    assert answer.code == 1
    assert ill(answer, "durability", "fsync is off")[0] == "problem"
    assert ill(answer, "durability", "full_page_writes is off")[0] == "warning"
    assert ill(answer, "database", "autovacuum is off")[0] == "warning"
    assert ill(answer, "database", "its encoding is SQL_ASCII")[0] == "problem"
    assert ill(answer, "connections", "17 allowed")[1].startswith("set max_connections to ")


def test_a_transaction_somebody_forgot(weaver: CommandLine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_database, "LONG_SECONDS", 0)
    with psycopg.connect(database_url, application_name="forgetful") as connection:
        connection.execute("select 1")
        pid = connection.info.backend_pid
        found = ill(doctor(weaver), "transactions", "a transaction of forgetful")
    assert found == ("warning", f"end the program, or: select pg_terminate_backend({pid})")


class Ahead(WallClock):
    """A machine whose clock runs ahead."""

    def __init__(self, seconds: float) -> None:
        self._ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._ahead


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (4, "warning"), (-60, "problem")])
def test_a_clock_that_is_off_the_databases(database_url: str, seconds: float, state: str) -> None:
    with connect(database_url) as connection:
        [finding] = doctor_database.clock(connection, Ahead(seconds))
    assert finding.state == state
    assert "asked in" in finding.message


def test_read_models_that_lag_have_parked_or_cannot_go_on(weaver: CommandLine, database_url: str) -> None:
    run_id = new_id()
    with journal(database_url) as recording:
        recording.append_batch([Recorded(run_id, 1, described())], run_id, CHAIN)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update weaver_events set recorded_at = recorded_at - interval '1 hour'")
        connection.execute("update projection_position set position = 1000 where name = 'orders'")
        connection.execute(
            "insert into parked_events (read_model, position, topic, stream_id, error) "
            "values ('activity', 1, 'run.created', %s, 'no')",
            (run_id,),
        )
    answer = doctor(weaver)
    assert answer.code == 1
    assert "start weaver serve" in ill(answer, "read model", "runs is at position 0 of 1, 3,6")[1]
    assert ill(answer, "read model", "read model orders is at position 1000") == (
        "problem",
        "run weaver rebuild orders",
    )
    assert ill(answer, "read model", "activity has passed over 1 events")[0] == "warning"


def test_a_halt_is_told_with_its_reason(weaver: CommandLine) -> None:
    weaver("risk", "halt", "--reason", "a test")
    answer = doctor(weaver)
    assert answer.code == 0
    assert "weaver risk resume" in ill(answer, "trading", ": a test")[1]


def journal(database_url: str) -> Any:
    """The journal of a database."""
    from application.journal import Journal

    return Journal(journal_environment(database_url))


def test_an_account_that_is_traded_and_was_not_compared_in_time(weaver: CommandLine, database_url: str) -> None:
    run_id, long_ago = new_id(), WallClock().now() - timedelta(hours=2)
    reconciled = AccountReconciled(
        at=long_ago, exchange="alpaca-paper", cause="start", account_id="PA1", currency="USD", cash=Decimal(1),
        equity=Decimal(1), buying_power=Decimal(1), positions=(), open_orders=0, external_orders=0, executions=0,
        seconds=0.1,
    )  # fmt: skip
    run = described(mode="paper", exchange="alpaca", start_time=None, end_time=None)
    with journal(database_url) as recording:
        recording.append_batch([Recorded(account_stream_id("alpaca-paper"), 1, reconciled)], None, CHAIN)
        begun = [run, RunStartRequested(at=long_ago), RunStarted(at=long_ago, bars=0, bars_hash={})]
        recording.append_batch([Recorded(run_id, n, event) for n, event in enumerate(begun, 1)], run_id, CHAIN)
    with connect(database_url) as connection:
        catch_up(connection, ("exchange_accounts", "runs"))
    assert ill(doctor(weaver), "accounts", "alpaca-paper was compared with the journal 120 minutes ago")[0] == "warning"


def test_a_hole_in_bars_of_an_active_run(weaver: CommandLine, database_url: str) -> None:
    rows = minute_rows(240)
    file = write_bars(weaver.directory / "bars.csv", rows[:100] + rows[140:150] + rows[151:])
    weaver.done("data", "import", file, "--symbol", "TEST/USD", "--timeframe", "1m")
    assert findings(doctor(weaver), "bars") == []
    weaver.done("run", "create", "sma_cross", "--symbol", "TEST/USD", "--mode", "paper")
    with connect(database_url) as connection:
        catch_up(connection, ("runs",))
    state, remedy = ill(doctor(weaver), "bars", "TEST/USD 1m lacks 41 bars of its last 7 days, 40 of them in a row")
    assert state == "warning"
    assert remedy == "weaver data download TEST/USD --timeframe 1m --start 2025-01-01"


def test_a_strategy_that_cannot_be_loaded(weaver: CommandLine) -> None:
    (weaver.directory / "strategies").mkdir()
    (weaver.directory / "strategies" / "broken.py").write_text(
        "import nothing_of_this_name\nfrom weaver import Strategy"
    )
    (weaver.directory / "strategies" / "torn.py").write_text("def (")
    answer = doctor(weaver)
    assert answer.code == 0
    assert ill(answer, "strategies", "torn cannot be loaded")[0] == "warning"


def test_files_that_others_may_read_or_write(weaver: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    env, home = weaver.directory / ".env", weaver.directory / "home"
    env.write_text("WEAVER_ALPACA_PAPER_SECRET_KEY=very-secret\nWEAVER_ALPACA_PAPER_KEY_ID=\n")
    env.chmod(0o644)
    home.mkdir()
    home.chmod(0o777)
    answer = doctor(weaver)
    assert ill(answer, "files", f"{env} can be read")[1] == f"chmod 600 {env}"
    assert ill(answer, "files", f"{home} can be written")[1] == f"chmod go-w {home}"
    assert "very-secret" not in answer.out
    env.chmod(0o600)
    home.chmod(0o700)
    assert [state for state, _, _ in findings(doctor(weaver), "files")] == ["ok"]
    assert stat.S_IMODE(env.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("constant", "state"), [("PROBLEM_BELOW_MB", "problem"), ("WARN_BELOW_MB", "warning")], ids=["full", "filling"]
)
def test_a_disk_without_room(weaver: CommandLine, monkeypatch: pytest.MonkeyPatch, constant: str, state: str) -> None:
    monkeypatch.setattr(doctor_machine, constant, 10**12)
    assert ill(doctor(weaver), "disk", "MB free for")[0] == state


def test_a_port_that_something_else_has(weaver: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_machine, "PORT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("WEAVER_PORT", str(taken.getsockname()[1]))
        assert ill(doctor(weaver), "port", "cannot be listened on") == (
            "warning",
            "end what listens there, or set WEAVER_PORT",
        )


def test_a_page_that_is_not_built(tmp_path: Path) -> None:
    assert [one.state for one in doctor_machine.page(tmp_path)] == ["warning"]
    (tmp_path / "index.html").write_text("")
    assert [one.state for one in doctor_machine.page(tmp_path)] == ["ok"]


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_machine, "requires", lambda name: ["no-such-package>=1", "ray>=2; extra == 'ray'"])
    missing, _ = doctor_machine.python()
    assert (missing.state, missing.message) == ("problem", "not installed: no-such-package")


def test_a_look_that_fails_is_a_finding() -> None:
    def look() -> Iterator[Finding]:
        yield Finding("a look", "ok", "begun")
        raise RuntimeError("a fault\nof two lines")

    begun, failed = looked("a look", look)
    assert begun.state == "ok"
    assert (failed.state, failed.message) == ("problem", "looking failed: RuntimeError: a fault of two lines")


# Keys and the exchange's clock, at a local Alpaca.


@pytest.fixture
def alpaca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weaver: CommandLine) -> Iterator[LocalAlpaca]:
    """A local Alpaca whose keys are set."""
    with local_alpaca(tmp_path / "book.jsonl") as local:
        for name, value in local.settings().items():
            monkeypatch.setenv(name, value)
        yield local


def test_keys_that_are_accepted_and_a_clock_that_agrees(weaver: CommandLine, alpaca: LocalAlpaca) -> None:
    answer = doctor(weaver)
    assert answer.code == 0
    assert ("ok", "paper keys of Alpaca are set", "") in findings(answer, "keys")
    assert [said for _, said, _ in findings(answer, "clock") if "clock of alpaca live" in said]
    values = alpaca.settings()
    for name in ("PAPER_KEY_ID", "PAPER_SECRET_KEY", "LIVE_KEY_ID", "LIVE_SECRET_KEY"):
        assert values[f"WEAVER_ALPACA_{name}"] not in answer.out + answer.err


@pytest.mark.parametrize(("seconds", "state"), [(5, "warning"), (3_600, "problem")])
def test_an_exchange_whose_clock_differs(weaver: CommandLine, alpaca: LocalAlpaca, seconds: float, state: str) -> None:
    alpaca.clock(advance=seconds)
    assert ill(doctor(weaver), "clock", "clock of alpaca paper")[0] == state


def test_keys_that_are_mixed_up_halved_or_the_same(
    weaver: CommandLine, alpaca: LocalAlpaca, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper, live = "WEAVER_ALPACA_PAPER_KEY_ID", "WEAVER_ALPACA_LIVE_KEY_ID"
    given = alpaca.settings()
    monkeypatch.setenv(paper, given[live])
    answer = doctor(weaver)
    assert answer.code == 1
    assert "swap them" in ill(answer, "keys", "the paper keys look like keys of live")[1]
    assert ill(answer, "keys", "paper and live have the same key")[0] == "problem"
    assert ill(answer, "account", "alpaca paper:")[0] == "problem"
    assert given[live] not in answer.out + answer.err
    monkeypatch.setenv(paper, "")
    answer = doctor(weaver)
    assert paper in ill(answer, "keys", "one half of the paper keys is set")[1]
    assert ("ok", "live keys of Alpaca are set", "") in findings(answer, "keys")


def test_an_exchange_that_does_not_answer_is_a_warning_and_the_rest_is_looked_at(
    weaver: CommandLine, alpaca: LocalAlpaca, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAVER_ALPACA_PAPER_URL", f"http://127.0.0.1:{_closed_port()}")
    answer = doctor(weaver)
    assert answer.code == 0
    assert ill(answer, "account", "alpaca paper: Alpaca cannot be asked")[0] == "warning"
    assert findings(answer, "trading")


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
