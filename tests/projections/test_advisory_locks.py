"""A lock is let go before its connection is closed, so that whoever asks right afterwards has it."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from projections.advisory_locks import letting_go, lock_key, try_lock

KEY = lock_key("test", "orders")


@pytest.fixture
def two(database_url: str) -> Iterator[list[Connection[Any]]]:
    with ExitStack() as opened:
        yield [opened.enter_context(psycopg.connect(database_url, autocommit=True)) for _ in range(2)]


def test_another_has_it_while_the_connection_is_still_open(two: list[Connection[Any]]) -> None:
    first, second = two
    assert try_lock(first, KEY)
    with letting_go(first, KEY):
        assert not try_lock(second, KEY)
    assert try_lock(second, KEY)


def test_what_went_wrong_is_told_and_not_what_came_of_it(two: list[Connection[Any]]) -> None:
    first, second = two
    assert try_lock(first, KEY)
    with pytest.raises(psycopg.errors.DivisionByZero), letting_go(first, KEY), first.transaction():
        first.execute("select 1 / 0")
    assert try_lock(second, KEY)
    first.execute("select pg_terminate_backend(%s)", (second.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError), letting_go(second, KEY):
        second.execute("select 1")
