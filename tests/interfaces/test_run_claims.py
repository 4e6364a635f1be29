"""Claims on runs, on a real database: one process has a run, for as long as its connection lives."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from domain.errors import DatabaseUnavailable
from domain.ids import new_id
from interfaces.run_claims import DatabaseRunClaims

type Claiming = Callable[[], DatabaseRunClaims]


@pytest.fixture
def process(database_url: str) -> Iterator[Claiming]:
    """Makes the claims of another process each time."""
    made: list[DatabaseRunClaims] = []

    def make() -> DatabaseRunClaims:
        made.append(DatabaseRunClaims(database_url))
        return made[-1]

    yield make
    for one in made:
        one.close()


def let_go_of_everybody(database_url: str) -> None:
    """End every other connection to the database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_one_process_has_a_run_and_may_ask_for_it_again_and_again(process: Claiming) -> None:
    first, second, run_id = process(), process(), new_id()
    assert [first.claim(run_id) for _ in range(3)] == [True, True, True]
    assert not second.claim(run_id)
    first.release(run_id)
    assert second.claim(run_id), "one release gives up what was asked for three times"
    assert not first.claim(run_id)


def test_what_is_closed_or_released_without_a_claim_is_free(process: Claiming) -> None:
    first, second, run_id, other = process(), process(), new_id(), new_id()
    second.release(other)
    assert first.claim(run_id)
    assert first.claim(other)
    first.close()
    assert second.claim(run_id)
    assert second.claim(other)


def test_a_claim_ends_with_its_connection_and_its_holder_learns_that_another_was_faster(
    process: Claiming, database_url: str
) -> None:
    first, second, run_id, kept = process(), process(), new_id(), new_id()
    assert first.claim(run_id)
    assert first.claim(kept)
    let_go_of_everybody(database_url)
    assert second.claim(run_id)
    with pytest.raises(DatabaseUnavailable):
        first.claim(run_id)
    assert not first.claim(run_id)
    assert first.claim(kept), "what nobody took meanwhile is claimed anew"
    assert not second.claim(kept)
