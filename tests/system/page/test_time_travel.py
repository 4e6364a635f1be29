"""Time travel on the page: for a place in the journal it shows what the server says of it."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.system.page.scenes import (
    PATIENCE,
    backtest,
    count,
    is_live,
    money,
    order_ids,
    paper_run,
    plain,
    stop,
)
from tests.system.paper_trading import events_of
from tests.system.weaver_process import WeaverServer, wait_until

FIGURES = """standing => Object.fromEntries([...standing.querySelectorAll('dl > div')].map(figure => [
  figure.querySelector('dt').textContent, figure.querySelector('dd').textContent,
]))"""
STATUSES = "badges => badges.map(badge => badge.dataset.status)"
CELLS = "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"

type Standing = dict[str, Any]


def standing_by_the_server(server: WeaverServer, run_id: str, as_of: int, equity_as_of: int | str) -> Standing:
    """How a run stood, written as the page writes it."""
    run = server.get(f"/runs/{run_id}", as_of=as_of)
    orders = server.get(f"/runs/{run_id}/orders", as_of=as_of, page_size=20)
    positions = server.get(f"/runs/{run_id}/positions", as_of=as_of, state="open")
    points = server.get(f"/runs/{run_id}/equity", as_of=equity_as_of)["items"]
    newest = points[-1] if points else {"equity": None, "cash": None}
    return {
        "figures": {
            "Status": run["status"],
            "Equity": money(newest["equity"]),
            "Cash": money(newest["cash"]),
            "Orders": count(orders["total"]),
            "Open positions": count(positions["total"]),
        },
        "orders": [(one["id"], one["status"]) for one in orders["items"]],
        "positions": [
            [one["symbol"], one["side"], plain(one["quantity"]), money(one["cost"])] for one in positions["items"]
        ],
    }


def standing_on_the_page(page: Page) -> Standing:
    """How a run stood, as the page has it."""
    standing = page.get_by_test_id("past-standing")
    figures = standing.evaluate(FIGURES)
    rows = standing.get_by_test_id("order-row")
    statuses = rows.locator("[data-status]").evaluate_all(STATUSES)
    held = standing.get_by_role("table", name="Positions then").locator("[data-index]").evaluate_all(CELLS)
    return {
        "figures": {name: text for name, text in figures.items() if name != "PnL"},
        "orders": list(zip(order_ids(rows), statuses, strict=True)),
        "positions": [[symbol, side, quantity, cost] for symbol, side, quantity, _, cost, *_ in held],
    }


def shows(page: Page, expected: Standing) -> None:
    """Wait until the page shows this standing."""
    seen: list[Standing] = []

    def is_shown() -> bool:
        seen[:] = [standing_on_the_page(page)]
        return seen[0] == expected

    try:
        wait_until(is_shown, PATIENCE, "")
    except AssertionError:
        assert seen[0] == expected


def test_a_paper_run_is_shown_as_it_stood(page: Page, server: WeaverServer) -> None:
    run_id = paper_run(server, "busy", orders=9)
    stop(server, run_id)
    events = events_of(server, run_id)
    page.goto(f"/runs/{run_id}?tab=time-travel")
    is_live(page)
    slider = page.get_by_role("slider", name="Event of the run")
    expect(slider).to_have_attribute("aria-valuenow", str(len(events) - 1))
    for place, key in enumerate(["Home", "ArrowRight", "ArrowRight", "ArrowRight"]):
        slider.press(key)
        assert_standing(page, server, run_id, events, place)
    fills = [place for place, event in enumerate(events) if event["type"] == "order.filled"]
    for place in (fills[0], fills[1], fills[-1], len(events) // 2):
        page.goto(f"/runs/{run_id}?tab=time-travel&at={events[place]['position']}")
        assert_standing(page, server, run_id, events, place)
    page.get_by_role("button", name="Event after").click()
    assert_standing(page, server, run_id, events, len(events) // 2 + 1)
    page.reload()
    assert_standing(page, server, run_id, events, len(events) // 2 + 1)
    slider.press("End")
    assert_standing(page, server, run_id, events, len(events) - 1)


def assert_standing(page: Page, server: WeaverServer, run_id: str, events: list[dict[str, Any]], place: int) -> None:
    """The slider stands at the event of that place, the address names it, and the page shows how things stood."""
    position = events[place]["position"]
    expect(page.get_by_test_id("time-event")).to_contain_text(
        f"{count(place + 1)} of {count(len(events))} · #{position}"
    )
    expect(page.get_by_test_id("time-event")).to_contain_text(events[place]["type"])
    expect(page).to_have_url(re.compile(rf"[?&]at={position}\b"))
    shows(page, standing_by_the_server(server, run_id, position, position))


def test_a_backtest_is_shown_at_the_market_s_time(page: Page, server: WeaverServer) -> None:
    run_id = backtest(server)
    fills = events_of(server, run_id, "order.filled")
    for event in (fills[0], fills[len(fills) // 2]):
        page.goto(f"/runs/{run_id}?tab=time-travel&at={event['position']}")
        expect(page.get_by_test_id("time-event")).to_contain_text(f"#{event['position']}")
        shows(page, standing_by_the_server(server, run_id, event["position"], event["payload"]["at"]))
