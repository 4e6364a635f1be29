"""The page on a screen of 360 px: nothing sticks out, and every page can be reached."""

import pytest
from playwright.sync_api import Page, expect

from tests.system.page.browsing import OpenPage
from tests.system.page.views import TOO_WIDE, VIEWS, look_at, runs_to_look_at
from tests.system.weaver_process import WeaverServer

MENU = {
    "Overview": "Overview",
    "Runs": "Runs",
    "Orders": "Orders",
    "Strategies": "Strategies",
    "Data": "Data",
    "System": "System",
    "New run": "New run",
}


@pytest.fixture(scope="module")
def runs(server: WeaverServer) -> dict[str, str]:
    """The runs that are looked at."""
    return runs_to_look_at(server)


@pytest.fixture
def page(open_page: OpenPage, server: WeaverServer) -> Page:
    """A window as narrow as the narrowest phone."""
    return open_page(server, width=360, height=740)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_does_not_scroll_sideways(view: str, page: Page, runs: dict[str, str]) -> None:
    look_at(page, VIEWS[view], runs)
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_every_page_is_reached_by_the_menu(page: Page, runs: dict[str, str]) -> None:
    page.goto("/")
    for link, heading in MENU.items():
        page.get_by_role("button", name="Open the menu").click()
        assert page.evaluate(TOO_WIDE) == []
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=link, exact=True).click()
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        expect(page.get_by_role("button", name="Open the menu")).to_be_visible()


def test_every_tab_of_a_run_is_reached(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/runs/{runs['paper']}")
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(13)
    for number in range(tabs.count()):
        tabs.nth(number).click()
        expect(tabs.nth(number)).to_have_attribute("aria-selected", "true")
        expect(tabs.nth(number)).to_be_in_viewport(ratio=0.9)
    expect(page.get_by_test_id("halt-button")).to_be_in_viewport()
