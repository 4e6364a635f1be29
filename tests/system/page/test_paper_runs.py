"""Paper runs on the page: started in the form, seen to trade, paused, stopped, and an order of theirs cancelled."""

import re

from playwright.sync_api import Locator, Page, Request, expect

from tests.system.page.scenes import (
    PATIENCE,
    is_live,
    order_ids,
    orders_of,
    paper_run,
    resting_run,
    status_of,
    stop,
)
from tests.system.paper_trading import events_of
from tests.system.weaver_process import WeaverServer, wait_until


def commands_of(page: Page) -> list[Request]:
    """The commands a page sends from now on, as it sends them."""
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method != "GET" else None)
    return sent


def test_a_paper_run_of_the_form_is_seen_to_trade_without_a_reload(page: Page, server: WeaverServer) -> None:
    page.goto("/new")
    form = page.get_by_test_id("new-backtest-form")
    form.get_by_text("Paper", exact=True).click()
    expect(form.get_by_label("Exchange")).to_have_value("simulated")
    form.get_by_label("Strategy", exact=True).select_option("busy")
    form.get_by_label("Timeframe").select_option("1s")
    form.get_by_label("Warm-up bars").fill("0")
    page.get_by_role("button", name="Start paper run").click()
    expect(page.get_by_test_id("run-status")).to_have_text("running")
    run_id = page.url.rsplit("/", 1)[1]
    page.evaluate("window.isTheSameDocument = true")
    page.get_by_test_id("tab-orders").click()
    rows = page.get_by_test_id("order-row")
    for number in (1, 4, 7):
        wait_until(lambda: rows.count() >= number, PATIENCE, f"{number} orders are shown")  # noqa: B023
    expect(page.get_by_test_id("run-age")).to_be_visible()
    stop(server, run_id)
    expect(page.get_by_test_id("run-status")).to_have_text("stopped")

    def shows_what_there_is() -> bool:
        listed = orders_of(server, run_id, page_size=50)["items"]
        texts = rows.all_inner_texts()
        return order_ids(rows) == [one["id"] for one in listed] and all(
            one["status"] in text for one, text in zip(listed, texts, strict=True)
        )

    wait_until(
        shows_what_there_is, PATIENCE, "the orders are those of the server, in its order and with their statuses"
    )
    assert page.evaluate("window.isTheSameDocument")


def test_a_run_is_paused_and_goes_on(page: Page, server: WeaverServer) -> None:
    run_id = paper_run(server, "busy")
    page.goto(f"/runs/{run_id}")
    status = page.get_by_test_id("run-status")
    page.get_by_test_id("pause-run").click()
    expect(status).to_have_text("paused")
    assert status_of(server, run_id) == "paused"
    expect(page.get_by_test_id("pause-run")).to_have_count(0)
    paused_at = events_of(server, run_id, "run.paused")[-1]["position"]
    page.get_by_test_id("resume-run").click()
    expect(status).to_have_text("running")
    assert status_of(server, run_id) == "running"
    [resumed] = events_of(server, run_id, "run.resumed")
    assert resumed["position"] > paused_at
    stop(server, run_id)


def test_a_run_is_stopped_by_who_confirms_it_and_by_nobody_else(page: Page, server: WeaverServer) -> None:
    run_id = resting_run(server)
    page.goto(f"/runs/{run_id}")
    is_live(page)
    sent = commands_of(page)
    ask, dialog = page.get_by_test_id("stop-run"), page.get_by_role("dialog", name="Stop this run?")
    ask.click()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    ask.click()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(ask).to_be_focused()
    assert [request.url for request in sent] == []
    assert events_of(server, run_id, "run.stop_requested", "run.stopped") == []
    ask.click()
    dialog.get_by_role("button", name="Stop the run").click()
    expect(page.get_by_test_id("run-status")).to_have_text("stopped")
    expect(ask).to_have_count(0)
    [request] = sent
    assert request.url.endswith(f"/api/v1/runs/{run_id}/stop")
    assert request.headers["idempotency-key"]
    assert sorted(one["status"] for one in orders_of(server, run_id)["items"]) == ["cancelled", "cancelled", "filled"]


def row_of(page: Page, order_id: str) -> Locator:
    """The row of an order."""
    return page.locator(f'[data-testid="order-row"][data-order-id="{order_id}"]')


def test_a_resting_order_is_cancelled(page: Page, server: WeaverServer) -> None:
    run_id = resting_run(server)
    by_tag = {one["tag"]: one["id"] for one in orders_of(server, run_id)["items"]}
    page.goto(f"/orders?run={run_id}")
    is_live(page)
    row = row_of(page, by_tag["low"])
    expect(row).to_contain_text("accepted")
    row.get_by_role("button", name=re.compile("^Cancel the order")).click()
    dialog = page.get_by_role("dialog", name="Cancel this order?")
    dialog.get_by_role("button", name="Cancel", exact=True).click()
    expect(dialog).to_be_hidden()
    assert events_of(server, run_id, "order.cancel_requested") == []
    row.get_by_role("button", name=re.compile("^Cancel the order")).click()
    dialog.get_by_role("button", name="Cancel the order").click()
    expect(row).to_contain_text("cancelled")
    expect(row.get_by_role("button")).to_have_count(0)
    assert server.get(f"/orders/{by_tag['low']}")["status"] == "cancelled"
    page.goto(f"/runs/{run_id}?tab=orders")
    row_of(page, by_tag["less low"]).get_by_test_id("cancel-order").click()
    expect(row_of(page, by_tag["less low"])).to_contain_text("cancelled")
    expect(page.get_by_test_id("cancel-order")).to_have_count(0)
    assert server.get(f"/orders/{by_tag['less low']}")["status"] == "cancelled"
    assert server.get(f"/orders/{by_tag['at once']}")["status"] == "filled"
    stop(server, run_id)
