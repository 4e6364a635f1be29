"""What `weaver doctor` looks at of what is recorded: read models, the kill switch, accounts, bars, strategies."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from interfaces.cli.doctor_findings import Finding, ok, problem, warning
from interfaces.cli.outcomes import one_line

if TYPE_CHECKING:
    import psycopg

    from application.ports import SessionCalendar
    from interfaces.settings import Settings
    from projections.runs import RunRow

LAG_SECONDS = 30.0
# How far back bars of active runs are looked at.
DAYS_OF_BARS = 7
# Nobody may have traded for some bars; so many in a row are more likely a hole.
LONG_HOLE = 30


def strategies(settings: "Settings") -> Iterator[Finding]:
    """Look which strategies can be loaded."""
    from interfaces.strategy_catalog import FileStrategyCatalog

    found = FileStrategyCatalog(settings.strategies_dir).list()
    broken = [one for one in found if one.error is not None]
    yield ok("strategies", f"{len(found) - len(broken)} can be run")
    for one in broken:
        said = f"{one.strategy_id} cannot be loaded: {one_line(one.error or '')}"
        yield warning("strategies", said, "mend the file, or move it out of WEAVER_STRATEGIES_DIR")


def read_models(connection: "psycopg.Connection") -> Iterator[Finding]:
    """Look where each read model stands."""
    from projections.catalog import READ_MODELS
    from projections.view import ReadModelStopped, look

    for model in READ_MODELS:
        try:
            progress = look(connection, model.name)
        except ReadModelStopped as stopped:
            what, _, remedy = stopped.message.rpartition("; ")
            yield problem("read model", what or remedy, remedy if what else f"weaver rebuild {model.name}")
            continue
        said = f"{model.name} is at position {progress.position:,} of {progress.head:,}"
        if not progress.is_complete and progress.age > LAG_SECONDS:
            said += f", {progress.age:,.0f} s behind"
            yield warning("read model", said, "start weaver serve; while it runs, it should catch up within seconds")
        else:
            yield ok("read model", said)
        if progress.parked:
            said = f"{model.name} has passed over {progress.parked} events that it could not fold"
            yield warning("read model", said, f"update Weaver, then weaver rebuild {model.name}")


def halt(url: str) -> Iterator[Finding]:
    """Look whether the kill switch is thrown, as the journal has it."""
    from application.journal import Journal
    from application.kill_switch import halted
    from interfaces.event_store import journal_environment

    with Journal(journal_environment(url, pool_size=1)) as journal:
        halt = halted(journal)
    if halt is None:
        yield ok("trading", "not halted")
    else:
        said = f"halted since {halt.at:%Y-%m-%d %H:%M:%S} UTC: {halt.message}"
        yield warning("trading", said, "find out why, then weaver risk resume")


def accounts(connection: "psycopg.Connection", runs: Sequence["RunRow"], now: datetime) -> Iterator[Finding]:
    """Look when both sides of each account were compared. runs: those on a market."""
    from application.traded_account import OVERDUE_AFTER
    from projections.exchange_accounts import every

    traded = {f"{run.exchange}-{run.mode}" for run in runs}
    for account in every(connection):
        if account.reconciled_at is None:
            said, age = f"{account.name} was never compared with the journal", float("inf")
        else:
            age = (now - account.reconciled_at).total_seconds()
            said = f"{account.name} was compared with the journal {age / 60:,.0f} minutes ago"
        if account.name in traded and age > OVERDUE_AFTER:
            yield warning("accounts", said, "is weaver serve running? If it is, /readyz says what keeps it from it")
        else:
            yield ok("accounts", said)
        if account.discrepancies:
            newest = account.discrepancies[-1]
            said = f"{account.name} differs from the journal in {len(account.discrepancies)} ways: {newest.message}"
            yield warning("accounts", said, "compare with the exchange's own page before trading goes on")


def bars(url: str, runs: Sequence["RunRow"], calendar: "SessionCalendar") -> Iterator[Finding]:
    """Look for holes in stored bars of symbols that active runs trade, within their last days."""
    from domain.gaps import gaps
    from interfaces.market_data.bar_store import BarStore

    store, wanted = BarStore(url), {symbol for run in runs for symbol in run.symbols}
    for stored in store.series():
        if stored.symbol not in wanted:
            continue
        start = max(stored.start_time, stored.end_time - timedelta(days=DAYS_OF_BARS))
        found = store.load(stored.symbol, stored.timeframe, start, stored.end_time)
        sessions = calendar.sessions(stored.symbol, start, stored.end_time)
        missing = [gap.bars for gap in gaps(found.time, stored.timeframe, sessions)]
        said = f"{stored.symbol} {stored.timeframe} lacks {sum(missing):,} bars of its last {DAYS_OF_BARS} days"
        if missing and (longest := max(missing)) >= LONG_HOLE:
            remedy = f"weaver data download {stored.symbol} --timeframe {stored.timeframe} --start {start:%Y-%m-%d}"
            yield warning("bars", f"{said}, {longest:,} of them in a row", remedy)
        else:
            yield ok("bars", said)


def notifications(
    connection: "psycopg.Connection", settings: "Settings", runs: Sequence["RunRow"]
) -> Iterator[Finding]:
    """Look whether people would be told: no channel, or one that does not take its messages."""
    from interfaces.notifications.channels import configured_channels
    from interfaces.notifications.delivery_book import standings

    channels, found = configured_channels(settings), standings(connection)
    if not channels and any(run.mode == "live" for run in runs):
        said = "no channel is configured: nobody is told when a live run fails or is halted"
        yield warning("notifications", said, "docs/notifications.md says how to add one, in five minutes")
    elif not channels:
        yield ok("notifications", "no channel is configured")
    for channel in channels:
        standing = found.get(channel.name)
        if standing is None:
            yield ok("notifications", f"{channel.name} was never opened: weaver serve does it when it starts next")
        elif standing.state == "failing":
            waiting = f"{standing.deliveries['pending']:,} wait: {standing.last_error}"
            remedy = f"weaver notifications test {channel.name} shows whether it takes anything"
            yield warning("notifications", f"{channel.name} does not take its messages, {waiting}", remedy)
        elif standing.state == "parked":
            said = f"{channel.name} has refused {standing.deliveries['parked']:,} messages: {standing.last_error}"
            yield warning("notifications", said, f"weaver notifications retry {channel.name}, or skip to give them up")
        else:
            yield ok("notifications", f"{channel.name} has taken {standing.deliveries['sent']:,} messages")
