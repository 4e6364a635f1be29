"""Fixtures for all tests: real databases, made quickly from a migrated template."""

import itertools
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from structlog.stdlib import ProcessorFormatter

from interfaces.database import migrate
from interfaces.embedded_postgres import EmbeddedPostgres
from tests.postgres_servers import debian_binaries, fresh_database, system_server

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("weaver", deadline=None)
settings.load_profile("weaver")

_numbers = itertools.count(1)


def _plain_logs() -> None:
    structlog.reset_defaults()
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


_plain_logs()


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take back what a command run inside the test process configures: its streams end with the test.

    Tracebacks are plain ones, as Weaver's own: structlog's default shows every local variable, which takes seconds.
    """
    root = logging.getLogger()
    level = root.level
    yield
    root.handlers[:] = [one for one in root.handlers if not isinstance(one.formatter, ProcessorFormatter)]
    root.setLevel(level)
    _plain_logs()


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The URL of a running PostgreSQL: the one WEAVER_TEST_DATABASE_URL names, else an embedded one."""
    given = os.environ.get("WEAVER_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="weaver-tests-") as home:
        with EmbeddedPostgres(Path(home) / "postgres") as server:
            yield server.url


@pytest.fixture(scope="session")
def migrated_template(server_url: str) -> Iterator[str]:
    """The name of a migrated, empty database to copy."""
    name = f"weaver_template_{os.getpid()}"
    with fresh_database(server_url, name) as url:
        migrate(url)
        yield name


@pytest.fixture
def database_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """A fresh migrated database."""
    with fresh_database(server_url, f"weaver_test_{os.getpid()}_{next(_numbers)}", migrated_template) as url:
        yield url


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """A fresh database without any table."""
    with fresh_database(server_url, f"weaver_empty_{os.getpid()}_{next(_numbers)}") as url:
        yield url


@pytest.fixture(scope="session")
def system_server_url() -> Iterator[str]:
    """The URL of the system's own PostgreSQL, started for the tests."""
    binaries = debian_binaries()
    if binaries is None:
        pytest.skip("no system PostgreSQL of version 15 or newer is installed (Debian: apt-get install postgresql)")
    with tempfile.TemporaryDirectory(prefix="weaver-system-postgres-") as directory:
        with system_server(binaries, Path(directory)) as url:
            yield url


@pytest.fixture
def system_database_url(system_server_url: str) -> Iterator[str]:
    """A fresh database without any table on the system's PostgreSQL."""
    with fresh_database(system_server_url, f"weaver_system_{os.getpid()}_{next(_numbers)}") as url:
        yield url
