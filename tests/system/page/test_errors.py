"""Errors on the page: said in words, with the correlation id that finds them in the server's log."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.system.page.browsing import Complaints
from tests.system.page.scenes import PATIENCE, has_loaded, is_live, resting_run, stop
from tests.system.weaver_process import WeaverServer, wait_until

NO_RUN = "01900000-0000-7000-8000-000000000000"
CORRELATION_ID = re.compile(r"correlation id\s+(\S+?)\)?(?:\s|$)")


def is_found_in_the_log(shown: Locator, server: WeaverServer, *words: str) -> None:
    """Wait until an error is shown with its id and the log has a line with that id and these words."""
    expect(shown).to_contain_text(CORRELATION_ID)
    found = CORRELATION_ID.search(shown.inner_text())
    assert found is not None

    def is_logged() -> bool:
        lines = [line for line in server.log.read_text().splitlines() if found[1] in line]
        return any(all(word in line for word in words) for line in lines)

    wait_until(is_logged, PATIENCE, f"the log has {words} under {found[1]}")


def test_a_run_that_does_not_exist(page: Page, server: WeaverServer, complaints: Complaints) -> None:
    complaints.expect("status of 404")
    page.goto(f"/runs/{NO_RUN}")
    expect(page.get_by_role("heading", name="There is no such run")).to_be_visible()
    is_found_in_the_log(page.get_by_role("main"), server, f"/api/v1/runs/{NO_RUN}", "404")
    page.get_by_role("link", name="All runs").click()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()


def test_a_command_that_is_refused(page: Page, server: WeaverServer, complaints: Complaints) -> None:
    complaints.expect("status of 409")
    run_id = resting_run(server, name="at work")
    page.goto("/runs")
    page.get_by_role("checkbox", name="Select at work").check()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 1 run").click()
    refusal = page.get_by_role("alert").filter(has_text="at work was not deleted")
    is_found_in_the_log(refusal, server, f"/api/v1/runs/{run_id}", "409", "DELETE")
    assert server.get(f"/runs/{run_id}")["status"] == "running"
    stop(server, run_id)


def test_a_form_that_is_refused_keeps_what_was_typed(page: Page, server: WeaverServer, complaints: Complaints) -> None:
    complaints.expect("status of 4")
    page.goto("/new")
    has_loaded(page)
    symbols = page.get_by_role("combobox", name="Symbols")
    symbols.press("Backspace")
    symbols.press_sequentially("NOT A SYMBOL!")
    symbols.press("Enter")
    page.get_by_label("Start (UTC)").fill("2025-01-01T00:00")
    page.get_by_label("End (UTC)").fill("2025-01-02T00:00")
    page.get_by_label("Name", exact=True).fill("kept")
    page.get_by_role("button", name="Start backtest").click()
    refusal = page.get_by_role("alert").filter(has_text="The run was not started")
    is_found_in_the_log(refusal, server, "/api/v1/runs", "422")
    expect(page.get_by_label("Name", exact=True)).to_have_value("kept")
    expect(page).to_have_url(re.compile("/new$"))


def test_an_order_that_can_no_longer_be_cancelled(page: Page, server: WeaverServer, complaints: Complaints) -> None:
    complaints.expect("Failed to load resource")
    run_id = resting_run(server)
    page.goto(f"/runs/{run_id}?tab=orders")
    is_live(page)
    button = page.get_by_test_id("cancel-order").first
    expect(button).to_be_visible()
    page.context.route("**/api/v1/runs/**", lambda route: route.abort())
    stop(server, run_id)
    button.click()
    refusal = page.get_by_role("alert").filter(has_text="The order was not cancelled")
    is_found_in_the_log(refusal, server, "/cancel", "409")
