"""`as_of`: runs, orders and equity as they were at a position or a time."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from domain.events import Recorded
from domain.ids import new_id
from domain.run import RunStarted, RunStartRequested
from interfaces.composition import Weaver
from projections import orders, runs
from projections.orders import OrdersReadModel
from projections.view import fold_batch
from tests.interfaces.web.scenes import CHAIN, HOUR, START, orders_of, record_backtest, record_run, require_error


def positions_of(weaver: Weaver, run_id: UUID) -> dict[int, str]:
    return {entry.position: entry.topic for entry in weaver.journal.read(0, 1_000, run_id=run_id)}


def all_pages(api: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """Return every item of a list, following the cursor two at a time."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.get(path, params={**query, "page_size": 2, **cursor}).json()
        items += page["items"]
        if page["next_cursor"] is None:
            assert page["total"] == len(items)
            return items
        cursor = {"cursor": page["next_cursor"]}


def test_a_run_shows_each_state_it_has_been_in(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver)
    seen = {}
    for position, topic in positions_of(weaver, run_id).items():
        run = api.get(f"/runs/{run_id}", params={"as_of": position}).json()
        seen[topic] = (run["status"], run["started_at"] is not None, run["stats"] is not None)
    assert seen["run.created"] == seen["run.start_requested"] == ("pending", False, False)
    assert seen["run.started"] == seen["order.filled"] == seen["run.equity_marked"] == ("running", True, False)
    assert seen["run.completed"] == ("completed", True, True)
    last = api.get(f"/runs/{run_id}", params={"as_of": position}).json()
    assert last == api.get(f"/runs/{run_id}").json()


def test_a_run_was_not_there_before_it_was_created_and_is_shown_before_it_was_deleted(
    api: httpx.Client, weaver: Weaver
) -> None:
    first, run_id = record_run(weaver), record_run(weaver)
    before, created = positions_of(weaver, first), positions_of(weaver, run_id)
    require_error(api.get(f"/runs/{run_id}", params={"as_of": max(before)}), 404, "NOT_FOUND")
    assert api.delete(f"/runs/{run_id}").status_code == 204
    assert api.get(f"/runs/{run_id}", params={"as_of": max(created)}).json()["status"] == "pending"
    require_error(api.get(f"/runs/{run_id}", params={"as_of": weaver.journal.head()}), 404, "NOT_FOUND")


@pytest.mark.parametrize("status", [None, "pending", "filled", "cancelled"])
def test_orders_are_listed_as_they_were_at_every_position(
    api: httpx.Client, weaver: Weaver, database_url: str, status: str | None
) -> None:
    run_id = record_backtest(weaver, filled=3, cancelled=2)
    record_backtest(weaver, filled=1, cancelled=0)
    query = {} if status is None else {"status": status}
    for position, folded in every_fold(database_url, run_id):
        expected = [row for row in folded if status is None or row["status"] == status]
        shown = all_pages(api, f"/runs/{run_id}/orders", as_of=position, **query)
        assert [(one["id"], one["status"], one["filled_qty"]) for one in shown] == [
            (one["id"], one["status"], one["filled_qty"]) for one in expected
        ]
        across = all_pages(api, "/orders", as_of=position, run_id=str(run_id), **query)
        assert across == shown


def every_fold(database_url: str, run_id: UUID) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield each position, and the orders of a run as a read model that has come only so far has them."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create schema past")
        for table in ("projection_position", *OrdersReadModel.tables):
            connection.execute(f"create table past.{table} (like public.{table} including all)".encode())
        connection.execute("insert into past.projection_position values ('orders', 0)")
        connection.execute("set search_path = past, public")
        while not (reached := fold_batch(connection, OrdersReadModel(), 1)).is_complete:
            rows, _ = orders.page(connection, run_id=run_id, limit=100)
            yield (
                reached.position,
                [
                    {"id": str(row.id), "status": row.status, "filled_qty": f"{row.filled_qty.normalize():f}"}
                    for row in rows
                ],
            )


def test_one_order_shows_what_had_happened_to_it(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver, filled=1, cancelled=0)
    [order] = api.get(f"/runs/{run_id}/orders", params={"min_position": weaver.journal.head()}).json()["items"]
    created, filled = (event["position"] for event in api.get(f"/orders/{order['id']}").json()["events"])
    early = api.get(f"/orders/{order['id']}", params={"as_of": created}).json()
    assert (early["status"], early["filled_qty"], len(early["events"])) == ("pending", "0", 1)
    late = api.get(f"/orders/{order['id']}", params={"as_of": filled}).json()
    assert late == api.get(f"/orders/{order['id']}").json()
    require_error(api.get(f"/orders/{order['id']}", params={"as_of": created - 1}), 404, "NOT_FOUND")


def test_the_equity_of_a_backtest_has_come_as_far_as_its_market(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver, filled=3, cancelled=0)
    places = positions_of(weaver, run_id)
    first_order = min(position for position, topic in places.items() if topic == "order.created")
    first_fill = min(position for position, topic in places.items() if topic == "order.filled")

    def times(as_of: int) -> list[str]:
        curve = api.get(f"/runs/{run_id}/equity", params={"as_of": as_of}).json()
        return [point["time"] for point in curve["items"]]

    assert times(first_order - 1) == []
    assert times(first_order) == ["2024-01-01T00:00:00Z"]
    assert times(first_fill) == ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"]
    assert times(max(places)) == times(first_fill)


def test_positions_are_shown_as_they_were(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver, filled=3, cancelled=0)
    fills = [place for place, topic in positions_of(weaver, run_id).items() if topic == "order.filled"]
    held = []
    for place in [fills[0] - 1, *fills]:
        query: dict[str, Any] = {"as_of": place}
        page = api.get(f"/runs/{run_id}/positions", params=query).json()
        held.append([(one["quantity"], one["average_price"], len(one["lots"])) for one in page["items"]])
        assert page["total"] == len(page["items"])
    assert held == [[], [("0.5", "100.1", 1)], [], [("0.5", "100.1", 1)]]
    flat = api.get(f"/runs/{run_id}/positions", params={"as_of": fills[1], "state": "flat"}).json()
    assert [(one["trades"], one["side"]) for one in flat["items"]] == [(1, None)]
    assert api.get(f"/runs/{run_id}/positions", params={"as_of": fills[1], "side": "long"}).json()["items"] == []
    now = api.get(f"/runs/{run_id}/positions", params={"min_position": weaver.journal.head()}).json()
    assert api.get(f"/runs/{run_id}/positions", params={"as_of": weaver.journal.head()}).json() == now
    require_error(api.get(f"/runs/{new_id()}/positions", params={"as_of": fills[0]}), 404, "NOT_FOUND")


def test_a_time_is_the_time_of_recording(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver, mode="paper", at=weaver.clock.now())
    between = weaver.clock.now()
    weaver.journal.append_batch(orders_of(weaver, run_id, 1, 0), run_id, CHAIN)
    query: dict[str, Any] = {"min_position": weaver.journal.head(), "as_of": between.isoformat()}
    assert api.get(f"/runs/{run_id}/orders", params=query).json()["total"] == 0
    assert api.get("/orders", params=query).json()["total"] == 0
    later: dict[str, str] = {"as_of": (weaver.clock.now() + timedelta(seconds=1)).isoformat()}
    assert api.get(f"/runs/{run_id}/orders", params=later).json()["total"] == 1
    long_ago: dict[str, str] = {"as_of": "1999-01-01"}
    require_error(api.get(f"/runs/{run_id}", params=long_ago), 404, "NOT_FOUND")
    assert api.get("/orders", params=long_ago).json()["items"] == []


def test_a_time_before_a_backtest_was_created_is_a_time_of_its_market(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest_of_now(weaver)
    at = {"as_of": (START + 1.5 * HOUR).isoformat()}
    statuses = [order["status"] for order in api.get(f"/runs/{run_id}/orders", params=at).json()["items"]]
    assert statuses == ["pending", "filled"]
    assert api.get(f"/runs/{run_id}", params=at).json()["status"] == "running"
    before = {"as_of": (START - HOUR).isoformat()}
    assert api.get(f"/runs/{run_id}/orders", params=before).json()["total"] == 0
    assert api.get(f"/runs/{run_id}", params=before).json()["status"] == "running"


def record_backtest_of_now(weaver: Weaver) -> UUID:
    """Record a backtest that was created now, on bars of long ago."""
    now = weaver.clock.now()
    run_id = record_run(weaver, at=now)
    begun = [RunStartRequested(at=now), RunStarted(at=now, bars=500, bars_hash={})]
    lives = [Recorded(run_id, version, event) for version, event in enumerate(begun, start=2)]
    in_order = sorted(orders_of(weaver, run_id, 3, 0), key=lambda one: one.event.at)
    weaver.journal.append_batch([*lives, *in_order], run_id, CHAIN)
    weaver.processors[0].wait_for(weaver.journal.head(), 10)
    return run_id


@pytest.mark.parametrize(
    "as_of", ["", "-1", "1.5", "now", "9" * 30, str(2**63), "2024-13-01", "2024-01-01T00:00:00", "\uff11", "\0", "1e3"]
)
@pytest.mark.parametrize("path", ["/runs/{}", "/runs/{}/orders", "/runs/{}/positions", "/runs/{}/equity", "/orders"])
def test_a_place_in_time_that_is_none_is_refused(lasting_api: httpx.Client, path: str, as_of: str) -> None:
    answer = lasting_api.get(path.format(new_id()), params={"as_of": as_of})
    assert require_error(answer, 422, "VALIDATION_ERROR")["details"]["errors"][0]["field"].startswith("as_of")


def test_a_position_that_is_not_there_yet_is_refused_with_where_the_journal_ends(
    api: httpx.Client, weaver: Weaver
) -> None:
    run_id = record_run(weaver)
    head = weaver.journal.head()
    refused = require_error(api.get(f"/runs/{run_id}", params={"as_of": head + 1}), 422, "VALIDATION_ERROR")
    assert refused["details"] == {"head": head}
    assert api.get(f"/runs/{run_id}", params={"as_of": head}).status_code == 200


def test_a_cursor_of_one_time_is_no_good_for_another(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver, filled=4, cancelled=0)
    head = weaver.journal.head()
    page = api.get(f"/runs/{run_id}/orders", params={"as_of": head, "page_size": 2}).json()
    query = {"page_size": 2, "cursor": page["next_cursor"]}
    assert api.get(f"/runs/{run_id}/orders", params={"as_of": head, **query}).status_code == 200
    require_error(api.get(f"/runs/{run_id}/orders", params={"as_of": head - 1, **query}), 400, "BAD_REQUEST")


def test_the_past_of_a_run_is_what_its_row_was(api: httpx.Client, weaver: Weaver, database_url: str) -> None:
    run_id = record_backtest(weaver)
    api.get(f"/runs/{run_id}", params={"min_position": weaver.journal.head()})
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert runs.find_past(connection, run_id, weaver.journal.head()) == runs.find(connection, run_id)
        assert runs.find_past(connection, new_id(), weaver.journal.head()) is None
