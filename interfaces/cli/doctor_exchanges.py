"""What `weaver doctor` looks at of exchanges: adapters, keys, and what the exchange says of itself."""

from collections.abc import Iterator
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING

from domain.errors import CredentialsRefused, ExchangeUnavailable, InvalidInput
from interfaces.cli.doctor_findings import Finding, ok, problem, warning
from interfaces.cli.outcomes import one_line
from interfaces.cli.printing import separated

if TYPE_CHECKING:
    from application.clock import Clock
    from application.exchange import Exchange, ExchangeCatalog
    from interfaces.settings import Settings

# Weaver trades nothing when the clocks differ by more than ten seconds.
WARN_SECONDS, PROBLEM_SECONDS = 2.0, 10.0
# Alpaca gives ids of keys that tell which environment they are of.
PREFIXES = {"paper": "PK", "live": "AK"}


def keys(settings: "Settings") -> Iterator[Finding]:
    """Look at the keys as they are set; nothing is sent, and nothing of them is shown."""
    ids = {}
    for mode in ("paper", "live"):
        halves = [getattr(settings, f"alpaca_{mode}_{half}") for half in ("key_id", "secret_key")]
        given = [half.get_secret_value().strip() if half is not None else "" for half in halves]
        names = f"WEAVER_ALPACA_{mode.upper()}_KEY_ID and WEAVER_ALPACA_{mode.upper()}_SECRET_KEY"
        if all(given):
            ids[mode] = given[0]
        elif any(given):
            yield problem("keys", f"one half of the {mode} keys is set, the other is not", f"set both: {names}")
        else:
            yield ok("keys", f"no {mode} keys of Alpaca are set: that account is not traded")
    other = {"paper": "live", "live": "paper"}
    for mode, key_id in ids.items():
        if key_id.startswith(PREFIXES[other[mode]]):
            yield problem(
                "keys", f"the {mode} keys look like keys of {other[mode]}", "swap them: each environment has its own"
            )
        elif list(ids.values()).count(key_id) > 1:
            yield problem("keys", "paper and live have the same key", "give each environment its own keys")
        else:
            yield ok("keys", f"{mode} keys of Alpaca are set")


def exchanges(settings: "Settings", clock: "Clock") -> Iterator[Finding]:
    """Look at every adapter, and ask each account for itself and for the time."""
    from interfaces.exchanges.catalog import EntryPointExchangeCatalog
    from interfaces.market_data.bar_store import BarStore

    catalog = EntryPointExchangeCatalog(settings, BarStore(settings.database_url.get_secret_value()))
    for one in catalog.list():
        if one.error is not None:
            said = f"{one.name} cannot be used: {one_line(one.error)}"
            yield warning("exchange", said, "update or uninstall the package it comes with")
            continue
        modes = " and ".join(one.modes) or "no keys are set, so it cannot be traded at"
        yield ok("exchange", f"{one.name} ({one.source}): {modes}. {one.summary}")
        for kind, taken in one.details.items():
            yield ok("exchange", f"{one.name} {kind}: {taken}")
        for mode in one.modes:
            yield from _asked(catalog, one.name, mode, clock)


def _asked(catalog: "ExchangeCatalog", name: str, mode: str, clock: "Clock") -> Iterator[Finding]:
    """Ask the exchange for the account, which shows whether it accepts the keys, and for its time."""
    try:
        exchange = catalog.open(name, mode)
        try:
            yield _account(exchange, name, mode)
            yield _time(exchange, name, mode, clock)
        finally:
            exchange.close()
    except (CredentialsRefused, InvalidInput) as error:
        what, _, remedy = error.message.rpartition(": ")
        yield problem("account", f"{name} {mode}: {what}", remedy)
    except ExchangeUnavailable as error:
        yield warning("account", f"{name} {mode}: {error.message}", "look at the network and at the exchange's status")


def _account(exchange: "Exchange", name: str, mode: str) -> Finding:
    account = exchange.account()
    said = f"{name} {mode}: equity {separated(account.equity)} {account.currency}"
    if account.blocked is not None:
        return problem("account", f"{said}, and it may not trade: {account.blocked}", "clear that with the exchange")
    return ok("account", said)


def _time(exchange: "Exchange", name: str, mode: str, clock: "Clock") -> Finding:
    began, before = monotonic(), clock.now()
    theirs = exchange.time()
    after, trip = clock.now(), monotonic() - began
    return clock_finding(f"{name} {mode}", before, after, theirs, trip)


def clock_finding(whose: str, before: datetime, after: datetime, theirs: datetime, trip: float) -> Finding:
    """Return how far the machine's clock is off, given when the question left and came back, and the answer."""
    difference = (before + (after - before) / 2 - theirs).total_seconds()
    said = f"{difference * 1000:+.0f} ms off the clock of {whose}, asked in {trip * 1000:.0f} ms"
    # the answer was given at any moment of the round trip
    certain = max(abs(difference) - trip / 2, 0.0)
    remedy = "set this machine's clock by NTP"
    if certain > PROBLEM_SECONDS:
        return problem("clock", said, f"{remedy}: nothing is traded until both agree")
    if certain > WARN_SECONDS:
        return warning("clock", said, remedy)
    return ok("clock", said)
