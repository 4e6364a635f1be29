"""`weaver doctor`: is everything as it should be, and if not, what to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from domain.errors import InvalidInput, Unavailable
from interfaces.cli.doctor_findings import Finding, looked, ok, problem
from interfaces.cli.opened import read_settings
from interfaces.cli.options import Json
from interfaces.cli.outcomes import FAILED
from interfaces.cli.printing import print_json, print_line

if TYPE_CHECKING:
    import psycopg

    from interfaces.settings import Settings
    from projections.runs import RunRow

STATEMENT_SECONDS = 10
INDENT = " " * 25


def doctor(json_wanted: Json = False) -> None:
    """Check that everything is as it should be.

    Looks at this machine, settings, keys and exchanges, strategies, the database, read models, accounts, bars, clocks
    and notifications; says how to mend what is wrong. Exits with 1 when there is a problem; a warning is none.
    """
    findings = []
    for finding in _examined():
        findings.append(finding)
        if not json_wanted:
            print_line(f"{finding.state:<8} {finding.name:<14}  {finding.message}")
            if finding.remedy:
                print_line(f"{INDENT}-> {finding.remedy}")
    if json_wanted:
        print_json([finding._asdict() for finding in findings])
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(FAILED)


def _examined() -> Iterator[Finding]:
    try:
        settings = read_settings()
    except InvalidInput as error:
        yield problem("settings", error.message, "mend it in the environment or in .env")
        return
    from interfaces.logs import Redaction

    hidden = Redaction(settings.secrets())
    for finding in _of(settings):
        yield finding._replace(message=hidden(finding.message), remedy=hidden(finding.remedy))


def _of(settings: "Settings") -> Iterator[Finding]:
    from application.clock import WallClock
    from interfaces.cli import doctor_exchanges, doctor_machine, doctor_trading
    from interfaces.web.page import BUILT_PAGE

    where = "of WEAVER_DATABASE_URL" if settings.database_url.get_secret_value() else "embedded"
    yield ok("settings", f"home {settings.home}, database {where}, address {settings.host}:{settings.port}")
    yield from looked("python", doctor_machine.python)
    yield from looked("page", lambda: doctor_machine.page(BUILT_PAGE))
    yield from looked("disk", lambda: doctor_machine.disks(settings))
    yield from looked("files", lambda: doctor_machine.files(settings, Path.cwd()))
    yield from looked("port", lambda: doctor_machine.port(settings))
    yield from looked("strategies", lambda: doctor_trading.strategies(settings))
    yield from looked("keys", lambda: doctor_exchanges.keys(settings))
    yield from looked("exchange", lambda: doctor_exchanges.exchanges(settings, WallClock()))
    yield from _database(settings)


def _database(settings: "Settings") -> Iterator[Finding]:
    from interfaces.composition import database
    from interfaces.database import connect
    from interfaces.postgres_binaries import EmbeddedPostgresError

    try:
        # a database of another encoding would answer in bytes
        with database(settings) as url, connect(url, client_encoding="UTF8") as connection:
            connection.execute(f"set statement_timeout = '{STATEMENT_SECONDS}s'".encode())
            yield from _of_database(settings, url, connection)
    except Unavailable as error:
        yield problem("database", error.message, "start it, or mend WEAVER_DATABASE_URL")
    except EmbeddedPostgresError as error:
        yield problem("database", str(error), f"look at the newest file in {settings.home / 'postgres' / 'log'}")


def _of_database(settings: "Settings", url: str, connection: "psycopg.Connection") -> Iterator[Finding]:
    from application.clock import WallClock
    from interfaces.cli import doctor_database, doctor_trading
    from interfaces.database import require_migrated
    from interfaces.market_data.exchange_sessions import ExchangeSessions
    from projections.runs import on_a_market

    clock, runs = WallClock(), list["RunRow"]()

    def schema() -> Iterator[Finding]:
        require_migrated(url)
        yield ok("schema", "up to date")
        runs.extend(on_a_market(connection))

    def bars() -> Iterator[Finding]:
        return doctor_trading.bars(url, runs, ExchangeSessions(settings.home / "cache"))

    yield from looked("database", lambda: doctor_database.settings(connection))
    yield from looked("transactions", lambda: doctor_database.transactions(connection))
    yield from looked("clock", lambda: doctor_database.clock(connection, clock))
    migrated = list(looked("schema", schema))
    yield from migrated
    yield from looked("connections", lambda: doctor_database.connections(connection, len(runs)))
    if any(finding.state == "problem" for finding in migrated):
        return  # the tables that would be looked at are not there
    yield from looked("read model", lambda: doctor_trading.read_models(connection))
    yield from looked("trading", lambda: doctor_trading.halt(url))
    yield from looked("accounts", lambda: doctor_trading.accounts(connection, runs, clock.now()))
    yield from looked("bars", bars)
    yield from looked("notifications", lambda: doctor_trading.notifications(connection, settings, runs))
