"""Connections and pools: what is set, what is said when the database is away, and what is never said."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from domain.errors import DatabaseUnavailable
from interfaces import database
from interfaces.database import connect, migrate, pool, require_migrated, require_reachable, revision

AWAY = "postgresql://weaver:s3cret@127.0.0.1:1/weaver"


def borrow(url: str) -> None:
    with pool(url, max_size=1) as opened, opened.connection(timeout=0.2):
        pass


@pytest.mark.parametrize("use", [connect, borrow, migrate, revision, require_migrated, require_reachable])
def test_a_database_that_is_away_is_said_in_one_line_without_the_password(use: Callable[[str], object]) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        use(AWAY)
    assert "\n" not in caught.value.message
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://weaver:s3%zzcret@host/weaver",
        "postgresql://weaver:s3@cret@host/weaver",
        "postgresql://weaver:s3/cret@host/weaver",
        "postgresql+psycopg://weaver:s3cret@host/weaver",
        "postgresql://weaver:s3cret@host:port/weaver",
        "password=s3cret host",
        "s3cret",
    ],
)
@pytest.mark.parametrize("use", [connect, borrow, migrate])
def test_a_url_that_cannot_be_read_is_refused_without_showing_any_of_it(url: str, use: Callable[[str], object]) -> None:
    with pytest.raises(DatabaseUnavailable, match="postgresql://user:password@host:port/name") as caught:
        use(url)
    assert "cret" not in caught.value.message
    assert caught.value.__cause__ is None


def test_a_refused_password_is_not_shown(server_url: str) -> None:
    parts = urlsplit(server_url)
    if not parts.password:
        pytest.skip("the server given by WEAVER_TEST_DATABASE_URL asks for no password")
    wrong = server_url.replace(f":{parts.password}@", f":{quote('wr:ng/@%', safe='')}@")
    with pytest.raises(DatabaseUnavailable, match="password authentication failed") as caught:
        connect(wrong)
    assert "wr:ng" not in caught.value.message


def test_a_connection_commits_by_itself_speaks_utc_and_names_itself(database_url: str) -> None:
    with connect(database_url, application_name="weaver test") as connection:
        assert connection.autocommit
        [(now, name)] = connection.execute("select clock_timestamp(), current_setting('application_name')")
    assert now.utcoffset() == timedelta(0)
    assert name == "weaver test"


def test_what_the_url_says_wins_over_the_defaults(database_url: str) -> None:
    separator = "&" if "?" in database_url else "?"
    url = f"{database_url}{separator}application_name=mine&options=-c%20work_mem%3D5MB&connect_timeout=9"
    with connect(url) as connection:
        [row] = connection.execute(
            "select current_setting('application_name'), current_setting('work_mem'), current_setting('TimeZone')"
        )
        assert row == ("mine", "5MB", "UTC")
        assert connection.info.get_parameters()["connect_timeout"] == "9"


def test_a_pool_hands_out_connections_that_work_even_after_all_were_broken(database_url: str) -> None:
    with pool(database_url, max_size=3) as opened, connect(database_url) as operator:
        with opened.connection() as one, opened.connection() as two:
            assert one.autocommit
            pids = [one.info.backend_pid, two.info.backend_pid]
        operator.execute("select pg_terminate_backend(pid, 5000) from unnest(%s::int[]) as pid", (pids,))
        for _ in range(3):
            with opened.connection() as connection:
                assert connection.execute("select 1").fetchone() == (1,)


def test_a_pool_that_has_no_connection_to_spare_is_a_database_that_is_unavailable(database_url: str) -> None:
    with pool(database_url, max_size=1) as opened, opened.connection():
        with pytest.raises(DatabaseUnavailable), opened.connection(timeout=0.05):
            pass


def test_what_breaks_while_a_connection_is_borrowed_is_said_as_unavailable_and_a_wrong_statement_as_it_is(
    database_url: str,
) -> None:
    with pool(database_url, max_size=1) as opened:
        with pytest.raises(DatabaseUnavailable), opened.connection() as connection:
            connection.execute("select pg_terminate_backend(pg_backend_pid())")
        with pytest.raises(psycopg.errors.UndefinedTable), opened.connection() as connection:
            connection.execute("select * from nowhere")


def test_a_database_that_answers_is_reachable_whether_migrated_or_not(
    database_url: str, empty_database_url: str
) -> None:
    require_reachable(database_url)
    require_reachable(empty_database_url)


def test_a_server_that_is_too_old_is_refused_with_its_version(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "OLDEST_SERVER", 99)
    for use in (require_reachable, migrate, require_migrated):
        with pytest.raises(DatabaseUnavailable, match="Weaver needs 99 or newer"):
            use(database_url)
