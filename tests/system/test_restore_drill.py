"""A drill: a database restored to an earlier moment while the exchange has gone on. Nothing is sent twice or lost."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from interfaces.embedded_postgres import EmbeddedPostgres
from tests.alpaca_server.client import LocalAlpaca, local_alpaca
from tests.faults.invariants import (
    Evidence,
    every_execution_once,
    every_order_is_final,
    nothing_sent_again_without_asking,
    nothing_works_after_stopped,
    one_acceptance_per_intent,
    read_journal,
    same_position_and_cash,
)
from tests.faults.script import SCRIPTED, SOURCES, SYMBOL
from tests.system.paper_trading import events_of
from tests.system.test_paper_runs import status_of, stop
from tests.system.weaver_process import WeaverServer, wait_until, weaver

pytestmark = pytest.mark.timeout(400)

# All in seconds.
TRADES, TICKS, RECOVERS = 120.0, 60.0, 120.0
# What holds on both sides after a restore; an order is recorded after it was sent where the journal had lost it.
CHECKS = (
    one_acceptance_per_intent,
    nothing_sent_again_without_asking,
    every_execution_once,
    same_position_and_cash,
    nothing_works_after_stopped,
    every_order_is_final,
)


@pytest.fixture
def alpaca(tmp_path: Path) -> Iterator[LocalAlpaca]:
    with local_alpaca(tmp_path / "book.jsonl") as server:
        server.conditions(rate_limit=5_000)
        yield server


@pytest.fixture
def server(tmp_path: Path, alpaca: LocalAlpaca) -> Iterator[WeaverServer]:
    home = tmp_path / "home"
    (home / "strategies").mkdir(parents=True)
    (home / "strategies" / f"{SCRIPTED}.py").write_text(SOURCES[SCRIPTED])
    with WeaverServer(home, **alpaca.settings(), WEAVER_LOG_FORMAT="json") as running:
        yield running


def sent(alpaca: LocalAlpaca) -> int:
    return len(alpaca.requests("POST", "/v2/orders"))


def filled(alpaca: LocalAlpaca) -> int:
    return len(alpaca.audit()["executions"])


def restored(server: WeaverServer, file: str) -> dict[str, Any]:
    """Restore as soon as what was killed has let go of the database."""

    def done() -> dict[str, Any] | None:
        answer = weaver(server.home, "restore", file, "--replace", "--json")
        assert answer.returncode == 0 or "is in use" in answer.stderr, answer.stderr
        return dict(json.loads(answer.stdout)) if answer.returncode == 0 else None

    return wait_until(done, 60, "the database is restored")


def first_event(server: WeaverServer, last_event_id: str) -> str:
    """What a client of the event stream that comes back is told first."""
    with server.api.stream("GET", "/api/v1/events/stream", headers={"Last-Event-ID": last_event_id}) as answer:
        return next(line for line in answer.iter_lines() if line.startswith("event: "))


def evidence(server: WeaverServer, alpaca: LocalAlpaca, run_id: str) -> Evidence:
    head = server.get("/info")["journal_position"]
    positions = server.get(f"/runs/{run_id}/positions", min_position=head)["items"]
    [account] = [one for one in server.get("/accounts", min_position=head)["items"] if one.get("run_id") == run_id]
    with EmbeddedPostgres(server.home / "postgres") as database:
        journal = read_journal(database.url)
    return Evidence(
        journal=journal,
        audit=alpaca.audit(),
        run=server.get(f"/runs/{run_id}"),
        positions={one["symbol"]: Decimal(one["quantity"]) for one in positions if Decimal(one["quantity"])},
        cash=Decimal(account["cash"]),
        log=[],
        starts=2,
        sessions_killed=0,
    )


def test_a_restored_journal_catches_up_with_the_exchange_and_sends_nothing_twice(
    server: WeaverServer, alpaca: LocalAlpaca
) -> None:
    run_id = server.create_run(mode="paper", exchange="alpaca", symbols=[SYMBOL], timeframe="1s", strategy_id=SCRIPTED)
    server.start_run(run_id)
    wait_until(lambda: filled(alpaca) >= 2, TRADES, "the run trades")
    done = weaver(server.home, "backup", "moment.dump", "--json")
    assert done.returncode == 0, done.stderr
    backup = json.loads(done.stdout)
    known, executed = sent(alpaca), filled(alpaca)
    wait_until(lambda: sent(alpaca) >= known + 6 and filled(alpaca) >= executed + 2, TRADES, "it trades on")
    last_event_id = f"{backup['epoch']}-{server.get('/info')['journal_position']}"
    server.kill()

    outcome = restored(server, "moment.dump")
    assert (outcome["position"], outcome["halted"]) == (backup["position"], True)
    assert outcome["epoch"] != backup["epoch"]
    posted = sent(alpaca)
    server.start()

    # Nothing leaves before a person says so, though the run goes on looking at the market.
    wait_until(lambda: compared(server, backup["position"]), RECOVERS, "both sides are compared")
    ticks = len(events_of(server, run_id, "tape.ticked"))
    wait_until(lambda: len(events_of(server, run_id, "tape.ticked")) >= ticks + 5, TICKS, "the run ticks on")
    assert sent(alpaca) == posted
    assert status_of(server, run_id) == "running"
    halt = json.loads(weaver(server.home, "risk", "show", "--json").stdout)
    assert halt["reason"].startswith("restored from backup of ")
    assert first_event(server, last_event_id) == "event: reset"

    # What the exchange has of the lost time is the run's own again.
    names = {one["payload"]["client_order_id"] for one in events_of(server, run_id, "order.created")}
    there = {one["client_order_id"] for one in alpaca.audit()["orders"]}
    assert there <= names
    adopted = [one for one in events_of(server, run_id, "order.created") if one["payload"].get("tag") == "adopted"]
    assert len(adopted) >= 4
    tail = server.get("/events/tail", after=backup["position"], type="account.discrepancy_found")
    assert tail["items"] == []

    assert weaver(server.home, "risk", "resume").returncode == 0
    wait_until(lambda: sent(alpaca) >= posted + 3, RECOVERS, "the run trades again")
    stop(server, run_id)
    assert wrong(server, alpaca, run_id) == []
    assert set(alpaca.audit()["acceptances"].values()) == {1}
    verified = weaver(server.home, "replay", run_id, "--verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert weaver(server.home, "verify").returncode == 0


def wrong(server: WeaverServer, alpaca: LocalAlpaca, run_id: str) -> list[str]:
    both = evidence(server, alpaca, run_id)
    return [sentence for check in CHECKS for sentence in check(both)]


def compared(server: WeaverServer, after: int) -> bool:
    """Whether the exchange was compared with the journal since a position."""
    return bool(server.get("/events/tail", after=after, type="account.reconciled", limit=1)["items"])
