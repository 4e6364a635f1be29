"""Trades, positions, accounts and decisions over REST, of one run and across runs."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.events import Recorded
from domain.exchange_account import ExchangeAccountRecord, HeldPosition, account_stream_id
from domain.ids import OrderIds, new_id
from domain.order import CANCELLED_BY_STRATEGY, Execution, Order, OrderCreated, Side
from domain.tape import Tape, tape_stream_id
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import CHAIN, HOUR, START, record_backtest, record_run, require_error
from tests.projections.facts import discrepancy, reconciled

PATHS = ("/trades", "/positions", "/accounts")


def place(weaver: Weaver, run_id: UUID, sequence: int, side: Side, qty: str, **changes: Any) -> Order:
    """Return an order placed at that hour, not yet recorded."""
    ids = OrderIds(weaver.journal.store_id, run_id)
    order = Order(ids.order_id(sequence))
    fields: dict[str, Any] = {"symbol": "BTC/USD", "at": START + sequence * HOUR} | changes
    client_order_id = ids.client_order_id(sequence)
    intent = OrderCreated(
        run_id=run_id, client_order_id=client_order_id, sequence=sequence, side=side, qty=Decimal(qty), **fields
    )
    order.trigger(intent)
    return order


def record_orders(weaver: Weaver, run_id: UUID, *orders: Order) -> None:
    recorded: Sequence[Recorded] = [one for order in orders for one in order.collect_events()]
    weaver.journal.append_batch(recorded, run_id, CHAIN)


def record_fills(weaver: Weaver, run_id: UUID, *fills: tuple[Side, str, str], symbol: str = "BTC/USD") -> None:
    """Record an order for each side, quantity and price, filled within the hour with a fee of 0.5."""
    orders = []
    for sequence, (side, qty, price) in enumerate(fills, 1):
        order = place(weaver, run_id, sequence, side, qty, symbol=symbol)
        order.fill(order.created.at, f"{order.id}-1", Execution(Decimal(qty), Decimal(price), Decimal("0.5")))
        orders.append(order)
    record_orders(weaver, run_id, *orders)


def items(api: httpx.Client, weaver: Weaver, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = api.get(path, params={"min_position": weaver.journal.head()} | params)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["total"] == len(page["items"])
    found: list[dict[str, Any]] = page["items"]
    return found


def test_a_trade_shows_what_was_made_of_it(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver)
    record_fills(weaver, run_id, ("buy", "2", "10"), ("sell", "1", "12"), ("sell", "1", "14"))
    [trade] = items(api, weaver, f"/runs/{run_id}/trades")
    assert trade == {
        "run_id": str(run_id),
        "symbol": "BTC/USD",
        "side": "long",
        "opened_at": "2024-01-01T01:00:00Z",
        "closed_at": "2024-01-01T03:00:00Z",
        "qty": "2",
        "entry_price": "10",
        "exit_price": "13",
        "pnl": "4.5",
        "fees": "1.5",
        "position": weaver.journal.head(),
    }
    assert items(api, weaver, "/trades", run_id=str(run_id)) == [trade]


def test_trades_are_filtered(api: httpx.Client, weaver: Weaver) -> None:
    long, short = record_run(weaver), record_run(weaver)
    record_fills(weaver, long, ("buy", "2", "10"), ("sell", "2", "12"))
    record_fills(weaver, short, ("sell", "1", "12"), ("buy", "1", "14"), symbol="ETH/USD")

    def found(path: str = "/trades", **filters: str) -> list[str]:
        return [trade["run_id"] for trade in items(api, weaver, path, **filters)]

    assert found() == [str(short), str(long)]
    assert found(side="long") == found(symbol="BTC/USD") == found(run_id=str(long)) == [str(long)]
    assert found(start="2024-01-01T02:00:00Z", end="2024-01-01T03:00:00Z") == [str(short), str(long)]
    assert found(end="2024-01-01T02:00:00Z") == []
    assert found(f"/runs/{long}/trades") == [str(long)]
    assert found(f"/runs/{long}/trades", side="short") == []


def test_a_position_shows_its_lots_and_its_sums(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver)
    record_fills(weaver, run_id, ("buy", "2", "10"), ("buy", "2", "20"), ("sell", "3", "25"))
    [position] = items(api, weaver, f"/runs/{run_id}/positions")
    assert position == {
        "run_id": str(run_id),
        "symbol": "BTC/USD",
        "mode": "backtest",
        "side": "long",
        "quantity": "1",
        "average_price": "15",
        "cost": "15",
        "realised_pnl": "30",
        "fees": "1.5",
        "trades": 0,
        "opened_at": "2024-01-01T01:00:00Z",
        "last_fill_at": "2024-01-01T03:00:00Z",
        "last_fill_price": "25",
        "lots": [{"quantity": "1", "price": "20", "opened_at": "2024-01-01T02:00:00Z"}],
        "position": weaver.journal.head(),
    }
    assert items(api, weaver, "/positions") == [position]


def test_positions_that_are_flat_are_shown_when_asked_for(api: httpx.Client, weaver: Weaver) -> None:
    flat, held = record_run(weaver, mode="paper"), record_run(weaver)
    record_fills(weaver, flat, ("buy", "2", "10"), ("sell", "2", "20"))
    record_fills(weaver, held, ("sell", "2", "20"))

    def found(path: str = "/positions", **filters: str) -> list[str]:
        return [position["run_id"] for position in items(api, weaver, path, **filters)]

    assert found() == [str(held)]
    assert found(state="flat") == [str(flat)]
    assert found(state="all") == [str(held), str(flat)]
    assert found(state="all", mode="paper") == [str(flat)]
    assert found(side="short") == found(symbol="BTC/USD") == [str(held)]
    assert found(side="long") == []
    assert found(f"/runs/{flat}/positions") == []
    [position] = items(api, weaver, f"/runs/{flat}/positions", state="all")
    assert (position["quantity"], position["average_price"], position["side"]) == ("0", None, None)
    assert (position["realised_pnl"], position["trades"], position["lots"]) == ("20", 1, [])


def test_an_account_adds_up(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver)
    record_run(weaver, mode="paper")
    record_fills(weaver, run_id, ("buy", "2", "10"), ("sell", "1", "20"))
    [account] = items(api, weaver, "/accounts", mode="backtest")
    assert account == {
        "run_id": str(run_id),
        "mode": "backtest",
        "initial_cash": "100000.5",
        "cash": "99999.5",
        "realised_pnl": "10",
        "fees": "1",
        "slippage": "0",
        "traded": "40",
        "fills": 2,
        "trades": 0,
        "created_at": "2024-01-01T00:00:00Z",
        "last_fill_at": "2024-01-01T02:00:00Z",
        "position": weaver.journal.head(),
    }
    assert items(api, weaver, "/accounts", run_id=str(run_id)) == [account]
    assert len(items(api, weaver, "/accounts")) == 2


def test_accounts_at_exchanges_are_shown_as_the_broker_sees_them(api: httpx.Client, weaver: Weaver) -> None:
    assert api.get("/accounts").json()["exchanges"] == []
    run_id = record_run(weaver)
    account = ExchangeAccountRecord(account_stream_id("alpaca-paper"))
    account.discrepancy(discrepancy(1, run_id=run_id))
    account.reconcile(reconciled(2, positions=(HeldPosition("SPY", Decimal("-2.50"), Decimal(0)),)))
    weaver.journal.record(account, run_id=None, chain=CHAIN)
    query: dict[str, Any] = {"min_position": weaver.journal.head(), "mode": "live"}
    page = api.get("/accounts", params=query).json()
    assert (page["items"], page["total"]) == ([], 0)
    assert page["exchanges"] == [
        {
            "name": "alpaca-paper",
            "account_id": "PA3XYZ",
            "currency": "USD",
            "cash": "99874.34",
            "equity": "100000.01",
            "buying_power": "199748.68",
            "positions": [{"symbol": "SPY", "at_exchange": "-2.5", "of_runs": "0"}],
            "open_orders": 1,
            "external_orders": 0,
            "reconciled_at": "2024-03-01T00:02:00Z",
            "reconciled_because": "timer",
            "discrepancies": [
                {
                    "at": "2024-03-01T00:01:00Z",
                    "kind": "position",
                    "subject": "SPY",
                    "message": "SPY: the exchange holds -2, the runs 0",
                    "expected": "0",
                    "found": "-2",
                    "policy": "ignore",
                    "run_id": str(run_id),
                }
            ],
            "position": weaver.journal.head(),
        }
    ]


def test_a_decision_tells_what_was_placed_refused_and_cancelled(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver)
    earlier = place(weaver, run_id, 1, "buy", "1", price=Decimal("9.50"), order_type="limit", tag="entry")
    taken = place(weaver, run_id, 2, "buy", "2", stop_loss=Decimal(8))
    refused = place(weaver, run_id, 3, "sell", "1", symbol="ETH/USD", at=taken.created.at)
    earlier.cancel(taken.created.at, CANCELLED_BY_STRATEGY)
    refused.reject(taken.created.at, "2 open orders, at most 1", "max_open_orders", {"open": "2"})
    record_orders(weaver, run_id, earlier, taken, refused)
    later, first = items(api, weaver, f"/runs/{run_id}/decisions")
    assert first["orders"] == [
        {
            "id": str(earlier.id),
            "symbol": "BTC/USD",
            "side": "buy",
            "qty": "1",
            "order_type": "limit",
            "price": "9.5",
            "stop_price": None,
            "take_profit": None,
            "stop_loss": None,
            "tag": "entry",
            "refused": None,
        }
    ]
    assert (later["run_id"], later["at"], later["placed"]) == (str(run_id), "2024-01-01T02:00:00Z", 2)
    assert [(order["id"], order["stop_loss"]) for order in later["orders"]] == [
        (str(taken.id), "8"),
        (str(refused.id), None),
    ]
    assert later["orders"][1]["refused"] == {
        "at": "2024-01-01T02:00:00Z",
        "reason": "2 open orders, at most 1",
        "policy": "max_open_orders",
    }
    assert (later["cancellations"], later["cancelled"]) == (1, [str(earlier.id)])
    assert (later["tick"], later["cause"], later["missed"], later["missed_because"]) == (None, None, 0, None)
    assert items(api, weaver, f"/runs/{run_id}/decisions", symbol="ETH/USD") == [later]
    assert items(api, weaver, f"/runs/{run_id}/decisions", end="2024-01-01T02:00:00Z") == [first]


def test_a_decision_on_live_data_tells_on_what_and_which_bars_were_missed(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver, mode="paper")
    working, placed = place(weaver, run_id, 1, "buy", "1"), place(weaver, run_id, 2, "buy", "2")
    record_orders(weaver, run_id, working)
    tape, at = Tape(tape_stream_id(run_id)), placed.created.at
    tape.tick(at, run_id, [], missed=3, missed_because="the machine was asleep")
    tape.decide(at, run_id, f"{tape.id}:1", 1, 1, 1)
    working.request_cancel(at)
    weaver.journal.append_batch(tape.collect_events(), run_id, CHAIN)
    record_orders(weaver, run_id, placed, working)
    later, _ = items(api, weaver, f"/runs/{run_id}/decisions")
    assert [order["id"] for order in later["orders"]] == [str(placed.id)]
    assert (later["cancellations"], later["cancelled"]) == (1, [str(working.id)])
    assert (later["tick"], later["cause"]) == (1, f"{tape.id}:1")
    assert (later["missed"], later["missed_because"]) == (3, "the machine was asleep")
    cause = api.get(f"/runs/{run_id}/events", params={"type": "tape.ticked"}).json()["items"][0]
    assert cause["id"] == later["cause"]


def test_what_is_not_a_filter_is_refused(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver)
    of_run = [f"/runs/{run_id}/{part}" for part in ("trades", "positions", "decisions")]
    for path in (*PATHS, *of_run):
        require_error(api.get(path, params={"colour": "red"}), 422, "VALIDATION_ERROR")
        require_error(api.get(path, params={"cursor": "nonsense"}), 400, "BAD_REQUEST")
    for path in of_run:
        require_error(api.get(path, params={"run_id": str(run_id)}), 422, "VALIDATION_ERROR")
    require_error(api.get("/positions", params={"state": "closed"}), 422, "VALIDATION_ERROR")
    require_error(api.get("/trades", params={"side": "buy"}), 422, "VALIDATION_ERROR")


@pytest.mark.parametrize("part", ["trades", "positions", "decisions", "stats"])
def test_of_an_unknown_run_there_is_nothing(api: httpx.Client, part: str) -> None:
    require_error(api.get(f"/runs/{new_id()}/{part}"), 404, "NOT_FOUND")


def test_lists_are_followed_by_cursor(api: httpx.Client, weaver: Weaver) -> None:
    runs = [record_run(weaver) for _ in range(5)]
    for run_id in runs:
        record_fills(weaver, run_id, ("buy", "1", "10"), ("sell", "1", "11"), ("buy", "1", "12"))
    for path in PATHS:
        params: dict[str, Any] = {"min_position": weaver.journal.head(), "page_size": 2}
        seen = []
        while True:
            page = api.get(path, params=params).json()
            seen += [item["run_id"] for item in page["items"]]
            assert page["total"] == 5
            if page["next_cursor"] is None:
                break
            params["cursor"] = page["next_cursor"]
        assert seen == [str(run_id) for run_id in reversed(runs)]


def test_whoever_sees_a_run_completed_finds_all_it_did(api: httpx.Client, weaver: Weaver) -> None:
    for _ in range(10):
        run_id = record_backtest(weaver, filled=4, cancelled=1)
        api.get(f"/runs/{run_id}", params={"min_position": weaver.journal.head()})  # its own row, and no other
        assert len(api.get(f"/runs/{run_id}/stats").json()) == 5
        assert api.get(f"/runs/{run_id}/trades").json()["total"] == 2
        assert api.get(f"/runs/{run_id}/fills").json()["total"] == 4
        assert api.get(f"/runs/{run_id}/decisions").json()["total"] == 5
