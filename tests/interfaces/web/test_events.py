"""Events over the wire: the tail, long polls, the stream with resume, reset, filters and clients that stop reading."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.events import Recorded
from domain.ids import new_id
from domain.run import RunStartRequested
from domain.tape import Tape, TapeBar, tape_stream_id
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import (
    CHAIN,
    START,
    Served,
    orders_of,
    positions,
    record_backtest,
    record_run,
    served,
    streamed,
    until,
)


@contextlib.contextmanager
def stream(server: Served, query: str = "", **headers: str) -> Iterator[Iterator[str]]:
    """Give the lines of an event stream."""
    with server.client(headers=headers) as client, client.stream("GET", f"/api/v1/events/stream?{query}") as response:
        assert response.status_code == 200
        yield response.iter_lines()


def all_positions(weaver: Weaver) -> list[int]:
    return [entry.position for entry in weaver.journal.read(0, 10_000)]


def start_event(run_id: UUID) -> list[Recorded]:
    return [Recorded(run_id, 2, RunStartRequested(at=START))]


def test_the_tail_gives_envelopes_in_order_and_where_to_go_on(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver)
    record_run(weaver)
    seen: list[dict[str, Any]] = []
    after = 0
    while page := api.get("/events/tail", params={"after": after, "limit": 4}).json()["items"]:
        seen += page
        after = page[-1]["position"]
    assert [event["position"] for event in seen] == all_positions(weaver)
    first = seen[0]
    assert set(first) == {
        "id", "kind", "type", "version", "run_id", "corr_id", "causation_id",
        "trace_id", "ts", "producer", "headers", "payload", "position",
    }  # fmt: skip
    assert (first["type"], first["kind"], first["run_id"]) == ("run.created", "evt", str(run_id))
    assert first["payload"]["initial_cash"] == "100000.50"
    assert first["ts"].endswith("Z")
    filled = api.get("/events/tail", params={"run_id": str(run_id), "type": ["order.filled", "run.completed"]}).json()
    assert [event["type"] for event in filled["items"]] == ["order.filled"] * 3 + ["run.completed"]


def test_next_after_moves_past_what_was_not_wanted(api: httpx.Client, weaver: Weaver) -> None:
    record_backtest(weaver)
    head = weaver.journal.head()
    until(lambda: weaver.tail.head == head)
    assert api.get("/events/tail", params={"type": "risk.halted"}).json() == {"items": [], "next_after": head}
    assert api.get("/events/tail", params={"after": head + 5}).json() == {"items": [], "next_after": head + 5}


def test_a_long_poll_answers_when_something_wanted_happens(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver)
    params: dict[str, Any] = {"after": weaver.journal.head(), "wait": 15, "type": "run.start_requested"}
    answers: list[dict[str, Any]] = []
    poll = threading.Thread(target=lambda: answers.append(api.get("/events/tail", params=params).json()))
    poll.start()
    until(lambda: weaver.broadcast.clients == 1)
    record_run(weaver)
    weaver.journal.append_batch(start_event(run_id), run_id, CHAIN)
    began = time.monotonic()
    poll.join(15)
    assert time.monotonic() - began < 5
    assert [event["type"] for event in answers[0]["items"]] == ["run.start_requested"]
    until(lambda: weaver.broadcast.clients == 0)


def test_a_long_poll_without_an_event_ends_in_time(api: httpx.Client) -> None:
    began = time.monotonic()
    assert api.get("/events/tail", params={"wait": 0.3}).json()["items"] == []
    assert 0.3 <= time.monotonic() - began < 3


def test_the_stream_opens_with_what_proxies_and_browsers_need(server: Served) -> None:
    with server.client() as client, client.stream("GET", "/api/v1/events/stream") as response:
        assert response.headers["content-type"].partition(";")[0] == "text/event-stream"
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-accel-buffering"] == "no"
        assert "x-correlation-id" in response.headers
        assert next(response.iter_lines()) == "retry: 1000"


def test_a_client_of_http_1_0_is_streamed_to_without_chunks(server: Served) -> None:
    with socket.create_connection((server.host, server.port), timeout=20) as connection:
        connection.sendall(b"GET /api/v1/events/stream HTTP/1.0\r\nHost: localhost\r\n\r\n")
        received = connection.recv(65536)
        while b"retry: " not in received:
            received += connection.recv(65536)
        record_run(server.weaver)
        while b"event: run.created\n" not in received or not received.endswith(b"\n\n"):
            received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert body.startswith(b"retry: 1000\nid: ")
    assert b"\r" not in body


def test_a_client_that_reconnects_sees_each_position_once(server: Served) -> None:
    weaver = server.weaver
    record_backtest(weaver, filled=20)
    seen: list[int] = []
    last_id = f"{weaver.journal.epoch}-0"
    stop = threading.Event()

    def keep_recording() -> None:
        while not stop.is_set():
            record_backtest(weaver, filled=5)

    recorder = threading.Thread(target=keep_recording)
    recorder.start()
    try:
        for connection in range(12):
            with stream(server, **{"Last-Event-ID": last_id}) as lines:
                events = streamed(lines, 7 + 11 * connection)
            seen += positions(events)
            last_id = events[-1]["id"]
            assert last_id == f"{weaver.journal.epoch}-{seen[-1]}"
    finally:
        stop.set()
        recorder.join()
    assert seen == all_positions(weaver)[: len(seen)]


def test_a_fresh_client_is_told_what_happens_from_now_on(server: Served) -> None:
    weaver = server.weaver
    record_run(weaver)
    until(lambda: weaver.tail.head == weaver.journal.head())
    with stream(server) as lines:
        assert next(lines) == "retry: 1000"
        run_id = record_run(weaver)
        [event] = streamed(lines, 1)
    assert event["event"] == "run.created"
    thin = json.loads(event["data"])
    assert thin.keys() == {"position", "type", "run_id", "status", "ts"}
    assert (thin["run_id"], thin["position"]) == (str(run_id), weaver.journal.head())


def test_after_takes_a_position_or_an_id_and_the_header_wins(server: Served) -> None:
    weaver = server.weaver
    record_backtest(weaver)
    everything = all_positions(weaver)
    epoch = weaver.journal.epoch
    for query, headers, expected in (
        ("after=0", {}, everything[:3]),
        (f"after={everything[2]}", {}, everything[3:6]),
        (f"after={epoch}-{everything[2]}", {}, everything[3:6]),
        ("after=0", {"Last-Event-ID": f"{epoch}-{everything[4]}"}, everything[5:8]),
    ):
        with stream(server, query, **headers) as lines:
            assert positions(streamed(lines, 3)) == expected


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("{epoch}-999999", "future"),
        ("000000000000-3", "epoch"),
        ("-3", "epoch"),
        ("{epoch}", "malformed"),
        ("{epoch}-", "malformed"),
        ("{epoch}-1x", "malformed"),
        ("{epoch}-99999999999999999999999", "malformed"),
        ("3", "malformed"),
        ("", "malformed"),
        ("💥", "malformed"),
    ],
)
def test_a_place_that_is_not_of_this_journal_is_reset(server: Served, given: str, reason: str) -> None:
    weaver = server.weaver
    record_backtest(weaver)
    head = weaver.journal.head()
    until(lambda: weaver.tail.head == head)
    last_id = given.format(epoch=weaver.journal.epoch)
    with server.client() as client:
        headers = [(b"Last-Event-ID", last_id.encode())]
        with client.stream("GET", "/api/v1/events/stream", headers=headers) as response:
            lines = response.iter_lines()
            [told] = streamed(lines, 1)
            assert told["event"] == "reset"
            assert told["id"] == f"{weaver.journal.epoch}-{head}"
            assert json.loads(told["data"]) == {"position": head, "reason": reason}
            record_run(weaver)
            assert positions(streamed(lines, 1)) == [weaver.journal.head()], "it goes on from the head"
    assert weaver.broadcast.resets == 1


def test_filters_leave_only_what_was_asked_for(server: Served) -> None:
    weaver = server.weaver
    record_backtest(weaver)
    wanted = record_backtest(weaver)
    record_backtest(weaver)
    with stream(server, f"after=0&run_id={wanted}&type=order.filled&type=run.completed") as lines:
        events = streamed(lines, 4)
        assert [event["event"] for event in events] == ["order.filled"] * 3 + ["run.completed"]
        assert {json.loads(event["data"])["run_id"] for event in events} == {str(wanted)}
        assert all("order_id" in json.loads(event["data"]) for event in events[:3])
        weaver.broadcast.progress(wanted, 0.5)
        record_run(weaver)
        weaver.journal.append_batch(orders_of(weaver, wanted, 1, 0, first=50), wanted, CHAIN)
        [event] = streamed(lines, 1)
        assert event["event"] == "order.filled"


def test_progress_is_streamed_without_an_id(server: Served) -> None:
    run_id = new_id()
    with stream(server) as lines:
        assert next(lines) == "retry: 1000"
        server.weaver.broadcast.progress(run_id, 0.5)
        [event] = streamed(lines, 1)
    assert event == {"event": "progress", "data": f'{{"run_id":"{run_id}","progress":0.5}}'}


def test_a_tick_is_streamed_as_an_event_and_beside_it_without_an_id(server: Served) -> None:
    run_id = new_id()
    tape = Tape(tape_stream_id(run_id))
    tape.tick(START, run_id, [TapeBar("BTC/USD", START, 41.0, 43.0, 40.0, 42.5)])
    with stream(server) as lines:
        assert next(lines) == "retry: 1000"
        position = server.weaver.journal.record(tape, run_id=run_id, chain=CHAIN)
        ticked, tick = sorted(streamed(lines, 2), key=lambda event: "id" not in event)
    assert (ticked["event"], positions([ticked])) == ("tape.ticked", [position])
    closes = '{"BTC/USD":"42.5"}'
    data = f'{{"run_id":"{run_id}","number":1,"at":"2024-01-01T00:00:00Z","closes":{closes}}}'
    assert tick == {"event": "tick", "data": data}


def test_a_quiet_stream_beats(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interfaces.broadcast.HEARTBEAT_SECONDS", 0.2)
    with stream(server) as lines:
        assert [next(lines) for _ in range(3)] == ["retry: 1000", ": heartbeat", ""]


def test_a_client_that_stops_reading_is_dropped_and_costs_the_others_nothing(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interfaces.web.event_stream.SEND_SECONDS", 2)
    weaver = server.weaver
    run_id = record_run(weaver)
    with contextlib.ExitStack() as clients:
        stalled = clients.enter_context(socket.socket())
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect((server.host, server.port))
        stalled.sendall(b"GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: weaver.broadcast.clients == 1)
        lines = clients.enter_context(stream(server, f"after={weaver.journal.head()}"))
        seen: list[int] = []
        for batch in range(60):  # some 200 bytes each: far beyond what sockets buffer
            weaver.journal.append_batch(orders_of(weaver, run_id, 50, 0, first=50 * batch), run_id, CHAIN)
            began = time.monotonic()
            seen += positions(streamed(lines, 100))
            assert time.monotonic() - began < 5
        assert seen == all_positions(weaver)[1:]
        until(lambda: weaver.broadcast.clients == 1, 10)
        assert weaver.broadcast.clients_dropped == 1
        stalled.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            while stalled.recv(65536):
                pass


def test_a_server_that_stops_ends_its_streams_in_good_order(weaver: Weaver) -> None:
    with contextlib.ExitStack() as client_side:
        with served(weaver) as server:
            lines = client_side.enter_context(stream(server))
            assert next(lines) == "retry: 1000"
            began = time.monotonic()
        assert time.monotonic() - began < 3
        assert list(lines) == [], "the answer is complete: nothing broke off"


def test_a_hundred_clients_all_see_everything(server: Served) -> None:
    weaver = server.weaver
    count = 100
    with contextlib.ExitStack() as connections:
        clients = [connections.enter_context(stream(server, "after=0")) for _ in range(count)]
        record_backtest(weaver, filled=30)
        expected = all_positions(weaver)
        for lines in clients:
            assert positions(streamed(lines, len(expected))) == expected
    until(lambda: weaver.broadcast.clients == 0)
