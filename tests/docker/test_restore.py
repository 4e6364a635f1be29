"""The restore that docs/containers.md shows, command by command, each as the process its container would run."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from application.journal import Journal
from domain.events import Chain, Recorded
from domain.ids import new_id
from interfaces.database import migrate
from interfaces.event_store import journal_environment
from tests.docker.dockerfiles import ROOT
from tests.docs.blocks import below
from tests.interfaces.web.scenes import described
from tests.postgres_servers import SystemServer, debian_binaries, with_database

GUIDE = ROOT / "docs" / "containers.md"
SECTION = "## Updates, backups, ends"
# What a container runs, by how compose is asked for it; the others start and stop what is not there.
RUN = (
    (re.compile(r"exec -T postgres (.+)"), r"\1"),
    (re.compile(r"exec (?:-T )?backend (.+)"), r"\1"),
    (re.compile(r"run --rm migrate"), "weaver migrate"),
    (re.compile(r"run --rm backend (.+)"), r"weaver \1"),
)
BESIDE = re.compile(r"stop|up --detach(?: --wait postgres)?")


def process(command: str) -> str:
    """Return the command line a container would run, empty where a container is started or stopped."""
    [asked] = re.findall(r"^docker compose -f docker/compose\.yaml (.+)$", command)
    for pattern, line in RUN:
        if found := pattern.fullmatch(asked):
            return found.expand(line)
    assert BESIDE.fullmatch(asked), f"what does {asked!r} run?"
    return ""


def commands(holding: str) -> list[str]:
    """The commands of the one block that has these words."""
    [block] = [one for one in below(GUIDE, SECTION) if holding in one.body]
    return [process(one.text) for one in block.commands if one.text.startswith("docker")]


def record_runs(url: str, count: int) -> None:
    with Journal(journal_environment(url, pool_size=1)) as journal:
        for run_id in (new_id() for _ in range(count)):
            journal.append_batch([Recorded(run_id, 1, described())], run_id, Chain("restore", "restore", actor="test"))


def recorded(url: str) -> int:
    """How many runs the journal has."""
    with psycopg.connect(url) as connection:
        [(found,)] = connection.execute("select count(*) from weaver_events where topic = 'run.created'").fetchall()
        return int(found)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The URL of a database as compose makes it, and what the containers find in their environment."""
    binaries = debian_binaries()
    if binaries is None:
        pytest.skip("no system PostgreSQL of version 15 or newer is installed (Debian: apt-get install postgresql)")
    with tempfile.TemporaryDirectory(prefix="weaver-containers-") as directory:
        postgres = SystemServer(binaries, Path(directory))
        postgres.start()
        try:
            url = with_database(postgres.url, "weaver")
            with psycopg.connect(postgres.url, autocommit=True) as connection:
                connection.execute("create database weaver")
            migrate(url)
            inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEAVER_")}
            path = os.pathsep.join([str(binaries), str(Path(sys.executable).parent), os.environ["PATH"]])
            settings = {"WEAVER_DATABASE_URL": url, "WEAVER_HOME": str(tmp_path / "home")}
            yield url, inherited | settings | {"PATH": path, "PGHOST": directory}
        finally:
            postgres.stop()


def test_the_journal_is_that_of_the_dump_and_halted_and_the_other_is_kept(
    server: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    url, environment = server

    def run(*lines: str) -> str:
        return "".join(
            subprocess.run(
                ["bash", "-euo", "pipefail", "-c", line],
                cwd=tmp_path,
                env=environment,
                check=True,
                capture_output=True,
                text=True,
                timeout=60,
            ).stdout
            for line in lines
            if line
        )

    [dump] = commands("pg_dump")
    record_runs(url, 3)
    run(dump)
    record_runs(url, 2)
    said = run(*commands("pg_restore"))
    assert "trading is halted" in said
    assert (recorded(url), recorded(with_database(url, "weaver_before"))) == (3, 5)
    assert '"halted": true' in run("weaver risk show --json")
