"""What Prometheus scrapes: figures that are true, names that are documented, and an answer that waits for nobody."""

import contextlib
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.errors import ConcurrentChange
from domain.events import Recorded
from domain.ids import new_id
from interfaces.composition import Weaver
from interfaces.web.metrics import Metrics
from interfaces.web.release import release
from tests.interfaces.web.scenes import (
    CHAIN,
    Served,
    composed,
    described,
    record_backtest,
    record_run,
    served,
    until,
)

FOLDED = {"runs": 4, "orders": 8, "fills": 3, "equity": 1, "activity": 4, "ledger": 4, "stats": 1}
type Samples = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(server: Served) -> Samples:
    """Every sample by its name and labels."""
    with server.client() as client:
        response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


def test_events_are_counted_by_family_and_followed_to_the_last(server: Served) -> None:
    weaver = server.weaver
    before = weaver.journal.head()
    record_backtest(weaver, filled=3, cancelled=1)
    head = weaver.journal.head()
    until(lambda: value(scraped(server), "weaver_journal_position") == head)
    until(lambda: all(processor.position >= head for processor in weaver.processors))
    samples = scraped(server)
    assert value(samples, "weaver_events_appended_total", family="order") == 8
    assert value(samples, "weaver_events_appended_total", family="run") == head - before - 8
    assert value(samples, "weaver_events_appended_total", family="risk") == 0
    assert value(samples, "weaver_journal_last_look_age_seconds") < 5
    for name, folded in FOLDED.items():
        assert value(samples, "weaver_read_model_position", read_model=name) == head
        assert value(samples, "weaver_read_model_lag_events", read_model=name) == 0
        assert value(samples, "weaver_read_model_lag_seconds", read_model=name) < 2
        assert value(samples, "weaver_read_model_up", read_model=name) == 1
        assert value(samples, "weaver_read_model_events_folded_total", read_model=name) == folded
        assert value(samples, "weaver_read_model_parked", read_model=name) == 0


def test_requests_are_counted_by_route_never_by_path(server: Served) -> None:
    secret_ids = [str(new_id()) for _ in range(3)]
    with server.client() as client:
        for run_id in secret_ids:
            client.get(f"/api/v1/runs/{run_id}")
            client.get(f"/{run_id}.txt")
            client.get(f"/api/v1/{run_id}")
            client.request("BREW", f"/api/v1/runs/{run_id}")
        samples = scraped(server)
        text = client.get("/metrics").text
    name = "weaver_http_request_seconds_count"
    assert value(samples, name, method="GET", route="/api/v1/runs/{run_id}", status="4xx") == 3
    assert value(samples, name, method="GET", route="(page)", status="4xx") == 3
    assert value(samples, name, method="GET", route="(none)", status="4xx") == 3
    assert value(samples, name, method="other", route="/api/v1/runs/{run_id}", status="4xx") == 3
    assert value(samples, "weaver_http_request_seconds_bucket", le="10.0", **_LABELS_OF_A_RUN) == 3
    assert not [run_id for run_id in secret_ids if run_id in text]
    assert value(samples, "weaver_http_requests_in_flight") == 1, "the scrape itself"


_LABELS_OF_A_RUN = {"method": "GET", "route": "/api/v1/runs/{run_id}", "status": "4xx"}


def test_refused_requests_and_clients_of_the_stream_are_counted(database_url: str, tmp_path: Path) -> None:
    with composed(database_url, tmp_path, rate_limit=0.001, rate_burst=1) as weaver, served(weaver) as server:
        with server.client() as client, client.stream("GET", "/api/v1/events/stream") as stream:
            lines = stream.iter_lines()  # without a name it would end, and the connection with it
            assert next(lines)
            assert [client.get("/api/v1/info").status_code for _ in range(4)] == [200, 429, 429, 429]
            until(lambda: value(scraped(server), "weaver_stream_clients") == 1)
            samples = scraped(server)
            assert value(samples, "weaver_http_rate_limited_requests_total") == 3
            assert value(samples, "weaver_http_requests_in_flight") == 1, "a stream is answered once it has begun"
        until(lambda: value(scraped(server), "weaver_stream_clients") == 0)


def test_a_scrape_does_not_wait_for_the_database(server: Served) -> None:
    until(lambda: value(scraped(server), "weaver_clock_drift_age_seconds") >= 0)
    server.weaver.queries.close()
    server.weaver.tail.stop()
    began = time.monotonic()
    samples = scraped(server)
    assert time.monotonic() - began < 1.5
    assert value(samples, "weaver_journal_position") >= 0
    assert abs(value(samples, "weaver_clock_drift_seconds")) < 1


def test_a_drift_that_cannot_be_measured_stays_and_ages(weaver: Weaver) -> None:
    drift = Metrics(weaver).drift
    assert drift.last is None
    drift.measure()
    assert not drift.is_due
    measured = drift.last
    weaver.queries.close()
    drift.measure()
    assert measured is not None
    assert drift.last is not None
    assert drift.last[0] == measured[0]
    assert drift.last[1] > measured[1]


def test_what_nobody_can_see_any_more_is_absent_or_grows(server: Served) -> None:
    weaver = server.weaver
    until(lambda: any(name == "weaver_database_size_bytes" for name, _ in scraped(server)))
    assert weaver.supervisor is not None
    weaver.supervisor.stop()
    for processor in weaver.processors:
        processor.stop()
    weaver.tail.stop()
    record_backtest(weaver)
    until(lambda: value(scraped(server), "weaver_read_model_lag_seconds", read_model="orders") > 0.5)
    before, after = scraped(server), scraped(server)
    for name in ("weaver_journal_last_look_age_seconds", "weaver_clock_drift_age_seconds"):
        assert value(after, name) > value(before, name)
    looked = [value(samples, "weaver_look_age_seconds", what="database") for samples in (before, after)]
    assert looked[1] > looked[0]
    assert not [labels for name, labels in after if name == "weaver_read_model_lag_events"]
    assert not [labels for name, labels in after if name == "weaver_runs_active"]
    assert value(after, "weaver_supervisor_up") == 0


def test_a_pool_that_is_used_up_and_those_who_wait_for_it_are_told(server: Served) -> None:
    queries = server.weaver.queries
    most = int(value(scraped(server), "weaver_pool_connections_max", pool="queries"))
    with contextlib.ExitStack() as lent:
        for _ in range(most):
            lent.enter_context(queries.connection())
        waiting = threading.Thread(target=_ask_for_runs, args=(server,), daemon=True)
        waiting.start()
        until(lambda: value(scraped(server), "weaver_pool_waiting", pool="queries") >= 1)
        assert value(scraped(server), "weaver_pool_connections_in_use", pool="queries") == most
    waiting.join()
    until(lambda: value(scraped(server), "weaver_pool_waiting", pool="queries") == 0)


def _ask_for_runs(server: Served) -> None:
    with server.rest() as client:
        client.get("/runs")


def test_appends_that_fail_are_told_apart(server: Served) -> None:
    weaver = server.weaver
    run_id = record_run(weaver)
    with pytest.raises(ConcurrentChange):
        weaver.journal.append_batch([Recorded(run_id, 1, described())], run_id, CHAIN)
    samples = scraped(server)
    assert value(samples, "weaver_journal_append_seconds_count", result="committed") == 1
    assert value(samples, "weaver_journal_append_seconds_count", result="failed") == 1


def test_the_build_is_told(server: Served) -> None:
    samples = scraped(server)
    [labels] = [dict(labels) for name, labels in samples if name == "weaver_build_info"]
    assert labels["version"] == release()
    assert labels["python"].startswith("3.")
