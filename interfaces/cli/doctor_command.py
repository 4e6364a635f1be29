"""`weaver doctor`: is everything as it should be, and if not, what to do."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import typer

from domain.errors import CredentialsRefused, ExchangeUnavailable, InvalidInput, Unavailable
from interfaces.cli.opened import read_settings
from interfaces.cli.options import Json
from interfaces.cli.outcomes import FAILED, one_line
from interfaces.cli.printing import print_json, print_line, separated

if TYPE_CHECKING:
    import psycopg

    from application.exchange import ExchangeCatalog
    from interfaces.settings import Settings

MEGABYTE = 1_000_000
FAIL_BELOW_MB, WARN_BELOW_MB = 200, 2_000
MAX_CLOCK_DIFFERENCE = 1.0

State = Literal["ok", "warn", "fail"]


class Check(NamedTuple):
    """One thing that was looked at; `message` says what was found and, unless all is well, what to do."""

    name: str
    state: State
    message: str


def doctor(json_wanted: Json = False) -> None:
    """Check that everything is as it should be.

    Looks at settings, disk, strategies, exchanges and their keys, database, read models and clock; says how to mend
    what is wrong.
    """
    checks = []
    for check in _examined():
        checks.append(check)
        if not json_wanted:
            print_line(f"{check.state:<5} {check.name:<12} {check.message}")
    if json_wanted:
        print_json([check._asdict() for check in checks])
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(FAILED)


def _examined() -> Iterator[Check]:
    try:
        settings = read_settings()
    except InvalidInput as error:
        yield Check("settings", "fail", error.message)
        return
    where = "of WEAVER_DATABASE_URL" if settings.database_url.get_secret_value() else "embedded"
    yield Check("settings", "ok", f"home {settings.home}, database {where}, address {settings.host}:{settings.port}")
    yield _disk(settings.home)
    yield from _strategies(settings)
    yield from _exchanges(settings)
    yield from _database(settings)


def _disk(home: Path) -> Check:
    existing = next(place for place in (home, *home.parents) if place.exists())
    free = shutil.disk_usage(existing).free // MEGABYTE
    said = f"{free:,} MB free for {home}"
    if free < FAIL_BELOW_MB:
        return Check("disk", "fail", f"{said}: make room, the database stops when it is full")
    if free < WARN_BELOW_MB:
        return Check("disk", "warn", f"{said}: make room soon")
    return Check("disk", "ok", said)


def _strategies(settings: "Settings") -> Iterator[Check]:
    from interfaces.strategy_catalog import FileStrategyCatalog

    found = FileStrategyCatalog(settings.strategies_dir).list()
    broken = [one for one in found if one.error is not None]
    yield Check("strategies", "ok", f"{len(found) - len(broken)} can be run")
    for one in broken:
        yield Check("strategies", "warn", f"{one.strategy_id} cannot be loaded: {one_line(one.error or '')}")


def _exchanges(settings: "Settings") -> Iterator[Check]:
    from interfaces.exchanges.catalog import EntryPointExchangeCatalog
    from interfaces.market_data.bar_store import BarStore

    catalog = EntryPointExchangeCatalog(settings, BarStore(settings.database_url.get_secret_value()))
    for one in catalog.list():
        if one.error is not None:
            yield Check("exchange", "warn", f"{one.name} cannot be used: {one_line(one.error)}")
            continue
        modes = " and ".join(one.modes) or "no keys are set, so it cannot be traded at"
        yield Check("exchange", "ok", f"{one.name} ({one.source}): {modes}. {one.summary}")
        for kind, taken in one.details.items():
            yield Check("exchange", "ok", f"{one.name} {kind}: {taken}")
        for mode in one.modes:
            yield _account(catalog, one.name, mode)


def _account(catalog: "ExchangeCatalog", name: str, mode: str) -> Check:
    """Ask the exchange for the account, which shows whether it accepts the keys."""
    try:
        exchange = catalog.open(name, mode)
        try:
            account = exchange.account()
        finally:
            exchange.close()
    except (CredentialsRefused, InvalidInput) as error:
        return Check("account", "fail", f"{name} {mode}: {error.message}")
    except ExchangeUnavailable as error:
        return Check("account", "warn", f"{name} {mode}: {error.message}")
    said = f"{name} {mode}: equity {separated(account.equity)} {account.currency}"
    if account.blocked is not None:
        return Check("account", "fail", f"{said}, and it may not trade: {account.blocked}")
    return Check("account", "ok", said)


def _database(settings: "Settings") -> Iterator[Check]:
    from interfaces.composition import database
    from interfaces.database import connect, require_migrated
    from interfaces.postgres_binaries import EmbeddedPostgresError

    try:
        with database(settings) as url:
            with connect(url) as connection:
                yield Check("database", "ok", f"PostgreSQL {connection.info.parameter_status('server_version')}")
                require_migrated(url)
                yield Check("schema", "ok", "up to date")
                yield from _read_models(connection)
                yield _clock(connection)
    except Unavailable as error:
        yield Check("database", "fail", error.message)
    except EmbeddedPostgresError as error:
        yield Check("database", "fail", str(error))


def _read_models(connection: "psycopg.Connection") -> Iterator[Check]:
    from projections.catalog import READ_MODELS
    from projections.view import ReadModelStopped, look

    for model in READ_MODELS:
        try:
            progress = look(connection, model.name)
        except ReadModelStopped as stopped:
            yield Check("read model", "fail", stopped.message)
            continue
        behind = progress.head - progress.position
        said = f"{model.name} is at position {progress.position:,} of {progress.head:,}"
        if behind > 0:
            yield Check("read model", "warn", f"{said}: weaver serve brings it up to date")
        else:
            yield Check("read model", "ok", said)


def _clock(connection: "psycopg.Connection") -> Check:
    from application.clock import WallClock

    clock = WallClock()
    before = clock.now()
    row = connection.execute("select clock_timestamp()").fetchone()
    after = clock.now()
    theirs = row[0] if row else before
    middle = before + (after - before) / 2
    difference = abs((theirs - middle).total_seconds())
    if difference > MAX_CLOCK_DIFFERENCE:
        return Check("clock", "warn", f"{difference:.1f} s from the database's clock: set both by NTP")
    return Check("clock", "ok", f"{difference * 1000:.0f} ms from the database's clock")
