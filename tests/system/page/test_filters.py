"""Filters on the page: in its address, so that they survive a reload and can be sent to somebody."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.system.page.scenes import SYMBOL, backtest, has_loaded, order_ids
from tests.system.weaver_process import WeaverServer


@pytest.fixture(scope="module")
def runs(server: WeaverServer) -> dict[str, str]:
    """The ids of some runs by their names."""
    pending = server.create_run(strategy_id="patient", mode="paper", symbols=[SYMBOL], name="waits", tags=["kept"])
    return {
        "waits": pending,
        "kept": backtest(server, name="kept", tags=["kept", "2024"]),
        "other": backtest(server, name="other"),
        "deliberate": backtest(server, "deliberate", name="deliberate", tags=["kept"], end_time="2025-01-01T01:00:00Z"),
    }


def choose(filters: Locator, chosen: Mapping[str, str]) -> None:
    """Fill in filters by their labels."""
    for label, value in chosen.items():
        field = filters.get_by_label(label, exact=True)
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
            field.press("Enter")


def has(filters: Locator, chosen: Mapping[str, str]) -> None:
    """Wait until filters say this."""
    for label, value in chosen.items():
        expect(filters.get_by_label(label, exact=True)).to_have_value(value)


def shows_runs(page: Page, ids: set[str]) -> None:
    """Wait until just these runs are listed."""
    rows = page.get_by_test_id("run-row")
    expect(rows).to_have_count(len(ids))
    assert set(rows.evaluate_all("rows => rows.map(row => row.dataset.runId)")) == ids


def test_the_filters_of_runs_survive_a_reload(page: Page, runs: dict[str, str]) -> None:
    page.goto("/runs")
    shows_runs(page, set(runs.values()))
    filters = page.get_by_role("search")
    chosen = {"Status": "completed", "Mode": "backtest", "Strategy": "sma_cross", "Tag": "2024"}
    choose(filters, {"Tag": "kept"})
    shows_runs(page, {runs["waits"], runs["kept"], runs["deliberate"]})
    choose(filters, {"Status": "completed"})
    shows_runs(page, {runs["kept"], runs["deliberate"]})
    choose(filters, chosen)
    shows_runs(page, {runs["kept"]})
    address = parse_qs(urlsplit(page.url).query)
    assert {name: value[0].strip('"') for name, value in address.items()} == {
        name.lower(): value for name, value in chosen.items()
    }
    page.reload()
    has(filters, chosen)
    shows_runs(page, {runs["kept"]})
    page.get_by_role("button", name="Clear filters").click()
    shows_runs(page, set(runs.values()))
    expect(page).to_have_url(re.compile(r"/runs$"))


def test_the_filters_of_orders_survive_a_reload(page: Page, server: WeaverServer, runs: dict[str, str]) -> None:
    orders = server.get("/orders", run_id=runs["kept"], page_size=100)["items"]
    middle = datetime.fromisoformat(orders[len(orders) // 2]["created_at"]).replace(second=0, microsecond=0)
    start, end = middle - timedelta(minutes=30), middle + timedelta(minutes=30)
    wanted = server.get(
        "/orders",
        run_id=runs["kept"],
        status="filled",
        side="sell",
        symbol=SYMBOL,
        start=start.isoformat(),
        end=end.isoformat(),
        page_size=50,
    )
    page.goto("/orders")
    filters = page.get_by_role("search")
    has_loaded(page)
    choose(filters, {"Run": "kept", "Status": "filled", "Symbol": SYMBOL, "Side": "sell"})
    filters.get_by_label("From (UTC)").fill(f"{start:%Y-%m-%dT%H:%M}")
    filters.get_by_label("Before (UTC)").fill(f"{end:%Y-%m-%dT%H:%M}")
    shows_orders(page, wanted["total"], [one["id"] for one in wanted["items"]])
    page.reload()
    has(
        filters,
        {
            "Run": runs["kept"],
            "Status": "filled",
            "Symbol": SYMBOL,
            "Side": "sell",
            "From (UTC)": f"{start:%Y-%m-%dT%H:%M}",
            "Before (UTC)": f"{end:%Y-%m-%dT%H:%M}",
        },
    )
    shows_orders(page, wanted["total"], [one["id"] for one in wanted["items"]])
    page.get_by_role("button", name="Clear filters").click()
    expect(page).to_have_url(re.compile(r"/orders$"))
    total = server.get("/orders", page_size=1)["total"]
    expect(page.get_by_text(f"{total:,} orders")).to_be_visible()


def shows_orders(page: Page, total: int, ids: list[str]) -> None:
    """Wait until so many orders are found, and those in view are these."""
    expect(page.get_by_text(f"{total:,} orders")).to_be_visible()
    has_loaded(page)
    shown = order_ids(page.get_by_test_id("order-row"))
    assert shown
    assert shown == ids[: len(shown)]
