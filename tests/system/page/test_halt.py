"""The kill switch on the page: asked about, in force at once, said on every page, and taken back."""

import pytest
from playwright.sync_api import Page, expect

from tests.system.page.browsing import OpenPage
from tests.system.page.scenes import PATIENCE, is_live, orders_of, paper_run, resting_run, stop
from tests.system.paper_trading import events_of
from tests.system.weaver_process import WeaverServer, wait_until

PAGES = ["Overview", "Runs", "Orders", "Strategies", "Data", "System", "New run"]
REASON = "prices that cannot be"


def halt(page: Page) -> None:
    """Halt all trading, with a reason."""
    page.get_by_test_id("halt-button").click()
    dialog = page.get_by_role("dialog", name="Halt all trading?")
    dialog.get_by_label("Reason").fill(REASON)
    dialog.get_by_role("button", name="Halt all trading").click()
    expect(dialog).to_be_hidden()


def go_to(page: Page, name: str) -> None:
    """Go to a page by the menu."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()


def test_a_halt_that_is_not_confirmed_changes_nothing(page: Page, server: WeaverServer) -> None:
    page.goto("/")
    page.get_by_test_id("halt-button").click()
    dialog = page.get_by_role("dialog", name="Halt all trading?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_test_id("halt-banner")).to_have_count(0)
    assert server.get("/risk")["halted"] is False


@pytest.mark.parametrize("start", ["Overview", "System"])
def test_a_halt_is_said_everywhere_until_it_is_taken_back(
    start: str, open_page: OpenPage, server: WeaverServer
) -> None:
    holder, eager = resting_run(server), paper_run(server, "busy")
    page, elsewhere = open_page(server), open_page(server)
    page.goto("/")
    go_to(page, start)
    elsewhere.goto(f"/runs/{eager}?tab=orders")
    is_live(elsewhere)
    halt(page)
    risk = server.get("/risk")
    assert (risk["halted"], risk["reason"]) == (True, REASON)
    for name in PAGES:
        go_to(page, name)
        banner = page.get_by_test_id("halt-banner")
        expect(banner).to_contain_text("Trading is halted.")
        expect(banner).to_contain_text(REASON)
        expect(page.get_by_test_id("halt-button")).to_have_count(0)
    go_to(page, "Overview")
    expect(page.get_by_role("list", name="Health")).to_contain_text(REASON)
    go_to(page, "System")
    expect(page.get_by_test_id("health")).to_contain_text(REASON)
    expect(elsewhere.get_by_test_id("halt-banner")).to_contain_text(REASON)
    expect(elsewhere.get_by_test_id("order-row").first).to_contain_text("rejected")
    wait_until(lambda: statuses(server, holder) == {"filled", "cancelled"}, PATIENCE, "the bids are cancelled")

    page.get_by_role("button", name="Resume…").click()
    dialog = page.get_by_role("dialog", name="Resume trading?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert server.get("/risk")["halted"] is True
    page.get_by_role("button", name="Resume…").click()
    dialog.get_by_role("button", name="Resume trading").click()
    for shown in (page, elsewhere):
        expect(shown.get_by_test_id("halt-banner")).to_have_count(0)
        expect(shown.get_by_test_id("halt-button")).to_be_visible()
    resumed_at = server.get("/events/tail", type="risk.resumed", limit=500)["items"][-1]["position"]

    def orders_again() -> bool:
        return any(one["position"] > resumed_at for one in events_of(server, eager, "order.submitted"))

    wait_until(orders_again, PATIENCE, "orders leave again")
    for run_id in (holder, eager):
        stop(server, run_id)


def statuses(server: WeaverServer, run_id: str) -> set[str]:
    """What has become of a run's orders."""
    return {one["status"] for one in orders_of(server, run_id)["items"]}
