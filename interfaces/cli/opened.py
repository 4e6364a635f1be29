"""What a command opens for its time: settings, the database, read models that show all that was recorded before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from interfaces.cli.printing import notice

if TYPE_CHECKING:
    import psycopg

    from application.commands import Command
    from interfaces.composition import Weaver
    from interfaces.settings import Settings

ACTOR = "command line"


def read_settings(**overrides: object) -> "Settings":
    """Return the settings, those given as options over those of the environment; logs go where they say.

    Only what needs attention is logged: what a command does, it says itself.
    """
    from interfaces.logs import configure_logs
    from interfaces.settings import Settings

    settings = Settings.read(**{name: value for name, value in overrides.items() if value is not None})
    level = "WARNING" if settings.log_level == "INFO" else settings.log_level
    configure_logs(level, settings.log_format, settings.secrets())
    return settings


@contextmanager
def opened_database() -> Iterator[str]:
    """Give the URL of a migrated database; raise DatabaseUnavailable when it is away or not migrated."""
    from interfaces.composition import database
    from interfaces.database import require_migrated

    settings = read_settings()
    with database(settings) as url:
        if settings.database_url.get_secret_value():
            require_migrated(url)
        yield url


@contextmanager
def reading(*read_models: str) -> Iterator["psycopg.Connection"]:
    """Give a connection on which these read models show everything recorded before now.

    No process needs to run for that: what is missing is folded here, in turn with whoever else folds.
    """
    from interfaces.database import connect

    with opened_database() as url, connect(url) as connection:
        catch_up(connection, read_models)
        yield connection


def catch_up(connection: "psycopg.Connection", read_models: tuple[str, ...]) -> None:
    """Fold what the read models lack; one that cannot go on is told on stderr and shows what it has."""
    from projections.catalog import read_model
    from projections.view import ReadModelStopped, fold_batch

    for name in read_models:
        model = read_model(name)
        try:
            while not fold_batch(connection, model).is_complete:
                pass
        except ReadModelStopped as stopped:
            notice(f"what follows may be out of date: {stopped.message}")


@contextmanager
def composed() -> Iterator["Weaver"]:
    """Give Weaver's parts, connected and not started; everything is closed afterwards."""
    from interfaces.composition import compose, database

    settings = read_settings()
    with database(settings) as url:
        weaver = compose(settings, url)
        try:
            yield weaver
        finally:
            weaver.stop()


def dispatched(command: "Command") -> int:
    """Carry the command out; return the position of what it caused."""
    with composed() as weaver:
        return weaver.dispatch.dispatch(command, actor=ACTOR)


def page_url(settings: "Settings", run_id: UUID) -> str:
    """Return where Haro shows the run while `weaver serve` runs."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}/runs/{run_id}"
