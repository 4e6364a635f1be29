"""A connection to a fresh migrated database."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[TupleRow]]:
    """An open connection that commits every statement."""
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened
