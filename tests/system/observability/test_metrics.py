"""What a trading server tells Prometheus: all of it is documented, all that is documented is told, and it is true."""

import os
import signal

import pytest

from tests.system.observability.catalogue import documented, exposed, samples
from tests.system.observability.conftest import Desk, scrape
from tests.system.weaver_process import wait_until

pytestmark = pytest.mark.timeout(300)
# PostgreSQL estimates the size of a table when it has analysed it, which it does when it sees fit.
SOMETIMES = {"weaver_journal_events"}


def test_every_metric_is_in_the_catalogue_and_everything_there_is_told(desk: Desk) -> None:
    told, named = exposed(desk.scrape()), documented()
    assert sorted(told.keys() - named.keys()) == [], "add these to docs/metrics.md"
    assert sorted(named.keys() - told.keys() - SOMETIMES) == [], "docs/metrics.md names what nobody tells"
    for name, metric in told.items():
        assert metric.type == named[name].type, name
        assert metric.labels == named[name].labels, name
    assert [name for name, metric in named.items() if (metric.type == "counter") != name.endswith("_total")] == []


def test_runs_accounts_and_lines_are_told_as_they_stand(desk: Desk) -> None:
    text = desk.scrape()
    assert samples(text, "weaver_runs_active") == {("backtest",): 0, ("paper",): 2, ("live",): 0}
    assert samples(text, "weaver_sessions_running") == {(): 2}
    assert samples(text, "weaver_trading_halted") == {(): 0}
    overdue = samples(text, "weaver_run_tick_overdue_seconds")
    assert overdue.keys() == {(desk.simulated,), (desk.at_alpaca,)}
    assert max(overdue.values()) < 10
    assert samples(text, "weaver_reconciliation_age_seconds").keys() == {("alpaca-paper",)}
    assert samples(text, "weaver_reconciliation_overdue") == {("alpaca-paper",): 0}
    assert samples(text, "weaver_exchange_orders")["alpaca-paper", "unknown"] == 0
    assert samples(text, "weaver_line_up") == {("alpaca crypto bars",): 1, ("alpaca paper orders",): 1}
    assert 0 < samples(text, "weaver_rate_limit_requests_left")["127.0.0.1",] <= 200
    assert samples(text, "weaver_journal_append_seconds_count")["committed",] > 0
    assert samples(text, "weaver_order_events_total")["filled",] > 0
    free, size = samples(text, "weaver_disk_free_bytes"), samples(text, "weaver_disk_size_bytes")
    assert free.keys() == size.keys() == {("home",), ("database",)}
    assert all(0 < free[place] < size[place] for place in size)
    assert samples(text, "weaver_database_connections")[()] > 3
    assert samples(text, "weaver_processes") == {("server",): 1, ("projector",): 1, ("session",): 2}


def test_a_session_that_dies_is_counted(desk: Desk) -> None:
    before = samples(desk.scrape(), "weaver_session_restarts_total")[()]
    processes = desk.server.get("/system/processes")["items"]
    [session] = [one for one in processes if one["run_id"] == desk.simulated]
    os.kill(session["pid"], signal.SIGKILL)
    wait_until(lambda: samples(desk.scrape(), "weaver_session_restarts_total")[()] == before + 1, 60, "it is counted")
    wait_until(lambda: samples(desk.scrape(), "weaver_sessions_running")[()] == 2, 60, "another one runs")


def test_a_line_that_is_cut_is_down_and_counted(desk: Desk) -> None:
    before = samples(desk.scrape(), "weaver_line_failures_total")
    desk.alpaca.kill()

    def is_down() -> bool:
        text = desk.scrape()
        up, failures = samples(text, "weaver_line_up"), samples(text, "weaver_line_failures_total")
        return set(up.values()) == {0} and all(failures[name] > before[name] for name in up)

    wait_until(is_down, 60, "both lines are down")
    wait_until(lambda: samples(desk.scrape(), "weaver_exchange_ready")["alpaca-paper",] == 0, 30, "no order can leave")
    silent = samples(desk.scrape(), "weaver_line_silent_seconds")["alpaca crypto bars",]
    wait_until(
        lambda: samples(desk.scrape(), "weaver_line_silent_seconds")["alpaca crypto bars",] > silent, 10, "it grows"
    )
    desk.alpaca.start()
    wait_until(lambda: set(samples(desk.scrape(), "weaver_line_up").values()) == {1}, 90, "both lines are up")


def test_a_halt_is_told_at_once(desk: Desk) -> None:
    assert desk.server.api.post("/api/v1/halt", json={"reason": "a test"}).status_code in (200, 202)
    assert samples(scrape(desk.server), "weaver_trading_halted") == {(): 1}
    desk.server.api.post("/api/v1/resume")
    wait_until(lambda: samples(desk.scrape(), "weaver_trading_halted") == {(): 0}, 20, "it is released")
