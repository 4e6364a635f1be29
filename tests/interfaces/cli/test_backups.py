"""`weaver backup` and `weaver restore`: what they print, what they refuse, and how they end."""

import os
from pathlib import Path

import psycopg
import pytest

from interfaces.database import connect
from interfaces.postgres_programs import client_programs
from interfaces.scratch_databases import database_name, sibling
from tests.interfaces.cli.command_line import CommandLine
from tests.projections.facts import append, random_facts


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of the server's version on PATH."""
    directory = client_programs(180_000, is_embedded=True).directory
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")


@pytest.fixture
def journal(database_url: str) -> str:
    with connect(database_url) as connection:
        recorded = list(random_facts(seed=3, runs=1))
        append(connection, recorded, run_id=recorded[0].originator_id)
    return database_url


def test_a_backup_is_written_verified_restored_and_trading_is_halted(weaver: CommandLine, journal: str) -> None:
    answer = weaver.done("backup", ".")
    written, held, kept = answer.out.splitlines()
    file = written.partition(":")[0]
    assert held == weaver.done("verify").out.splitlines()[-1]
    assert kept == f"the manifest is {file}.json: keep both together"
    assert weaver.done("backup", "--verify", file).out.splitlines()[-1] == held
    refused = weaver("restore", file)
    assert (refused.code, "--replace" in refused.err) == (3, True)
    restored = weaver.done("restore", file, "--replace", "--json").json
    assert (restored["halted"], restored["replaced"]) == (True, restored["replaced"])
    with psycopg.connect(sibling(journal, "postgres"), autocommit=True) as connection:
        connection.execute(f'drop database "{restored["replaced"]}"'.encode())
    assert weaver.done("risk", "show", "--json").json["reason"].startswith("restored from backup of 20")
    weaver.done("risk", "resume")
    assert weaver.done("restore", "--adopt").out.splitlines() == [
        "the database begins anew",
        "trading is halted: start weaver serve, compare with the broker, then weaver risk resume",
    ]


def test_what_cannot_be_meant_is_wrong_use(weaver: CommandLine, tmp_path: Path) -> None:
    for arguments, said in (
        (("backup",), "name a file or a directory"),
        (("backup", "x", "--verify", "y"), "name a file or a directory"),
        (("backup", "nowhere/x"), "nowhere is no directory"),
        (("backup", "--verify", "nothing"), "nothing is no file"),
        (("restore",), "name the backup to restore"),
        (("restore", "x", "--adopt"), "name the backup to restore"),
    ):
        answer = weaver(*arguments)
        assert (answer.code, answer.out, said in answer.err) == (2, "", True), answer.err


def test_a_journal_that_was_tampered_with_is_backed_up_and_told(weaver: CommandLine, journal: str) -> None:
    with connect(journal) as connection:
        connection.execute("update weaver_events set state = state || ' '::bytea where notification_id = 7")
    answer = weaver("backup", "moment.dump", "--json")
    assert (answer.code, answer.json["findings"]) == (1, 1)
    assert answer.err == (
        "weaver: the journal is backed up as it is, but it is not as it was recorded: see weaver verify\n"
    )
    assert weaver("backup", "--verify", "moment.dump").code == 0


def test_old_programs_are_told_in_one_line(
    weaver: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, journal: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = weaver("backup", "moment.dump")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "weaver: pg_dump and pg_restore are not on PATH; the server is PostgreSQL 18: install its client programs, of "
        "version 18 or newer\n"
    )
    assert database_name(journal) not in answer.err
