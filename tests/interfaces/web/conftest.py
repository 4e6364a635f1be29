"""Fixtures of the web's tests: a Weaver that runs, served on a socket."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from interfaces.composition import Weaver
from tests.interfaces.web.scenes import Served, bars, composed, served
from tests.postgres_servers import fresh_database


@pytest.fixture
def weaver(database_url: str, tmp_path: Path) -> Iterator[Weaver]:
    """A running Weaver with some bars."""
    with composed(database_url, tmp_path) as weaver:
        weaver.bars.save(bars(), "test")
        yield weaver


@pytest.fixture
def server(weaver: Weaver) -> Iterator[Served]:
    """The Weaver served on 127.0.0.1."""
    with served(weaver) as server:
        yield server


@pytest.fixture
def api(server: Served) -> Iterator[httpx.Client]:
    """A client of the REST interface."""
    with server.rest() as client:
        yield client


@pytest.fixture(scope="module")
def lasting_database_url(request: pytest.FixtureRequest, server_url: str, migrated_template: str) -> Iterator[str]:
    """A migrated database for all tests of a module, none of which changes what another one sees."""
    name = f"weaver_web_{os.getpid()}_{request.module.__name__.rpartition('.')[2]}"
    with fresh_database(server_url, name, migrated_template) as url:
        yield url


@pytest.fixture(scope="module")
def lasting_server(lasting_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A served Weaver with some bars for all tests of a module."""
    with composed(lasting_database_url, tmp_path_factory.mktemp("home")) as weaver:
        weaver.bars.save(bars(), "test")
        with served(weaver) as server:
            yield server


@pytest.fixture
def lasting_api(lasting_server: Served) -> Iterator[httpx.Client]:
    """A client of the lasting server's REST interface."""
    with lasting_server.rest() as client:
        yield client
