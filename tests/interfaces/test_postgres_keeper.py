"""A killed embedded server is back while its users run, with everything that was committed."""

import os
import signal
import tempfile
from pathlib import Path

from domain.errors import DatabaseUnavailable
from interfaces.database import connect
from interfaces.embedded_postgres import EmbeddedPostgres
from interfaces.postgres_keeper import PostgresKeeper
from tests.system.weaver_process import wait_until


def test_a_server_killed_under_its_user_is_started_again_with_all_that_was_committed() -> None:
    with tempfile.TemporaryDirectory(prefix="weaver-keeper-") as home:
        directory = Path(home) / "postgres"
        with EmbeddedPostgres(directory) as server, PostgresKeeper(server):
            with connect(server.url) as connection:
                connection.execute("create table kept as select 7 as seven")
            postmaster = int((directory / "data" / "postmaster.pid").read_text().splitlines()[0])
            os.kill(postmaster, signal.SIGKILL)

            def seven() -> int | None:
                try:
                    with connect(server.url) as connection:
                        row = connection.execute("select seven from kept").fetchone()
                        return int(row[0]) if row else None
                except DatabaseUnavailable:
                    return None

            assert wait_until(seven, 30, "the server is back") == 7
            assert int((directory / "data" / "postmaster.pid").read_text().splitlines()[0]) != postmaster
