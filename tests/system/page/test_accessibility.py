"""axe finds nothing serious or critical on any page, on any tab of a run, or in what opens over them."""

import pytest
from playwright.sync_api import Page, expect

from tests.system.page.browsing import OpenPage
from tests.system.page.scenes import is_live
from tests.system.page.views import AXE, VIEWS, axe_finds_nothing, look_at, runs_to_look_at
from tests.system.weaver_process import WeaverServer

ON_A_PHONE = ["overview", "runs", "orders", "new run", "system", "backtest, overview", "paper, orders"]

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (make haro)")


@pytest.fixture(scope="module")
def runs(server: WeaverServer) -> dict[str, str]:
    """The runs that are looked at."""
    return runs_to_look_at(server)


@pytest.fixture
def page(open_page: OpenPage, server: WeaverServer) -> Page:
    """A window with axe in it."""
    return open_page(server, script=AXE.read_text())


def change_the_theme(page: Page) -> None:
    """From dark to light."""
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.get_by_role("button", name="Use the light theme").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_at_a_desk(view: str, page: Page, runs: dict[str, str]) -> None:
    look_at(page, VIEWS[view], runs)
    axe_finds_nothing(page)
    change_the_theme(page)
    axe_finds_nothing(page)


@pytest.mark.parametrize("view", ON_A_PHONE)
def test_a_view_on_a_phone(view: str, page: Page, runs: dict[str, str]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    look_at(page, VIEWS[view], runs)
    axe_finds_nothing(page)
    page.get_by_role("button", name="Open the menu").click()
    axe_finds_nothing(page)
    change_the_theme(page)
    axe_finds_nothing(page)


OPENED_BY = {
    "the question before a halt": lambda page: page.get_by_test_id("halt-button").click(),
    "the palette": lambda page: page.keyboard.press("Control+k"),
    "the keyboard's help": lambda page: page.get_by_role("button", name="Keyboard help").click(),
    "the question before a stop": lambda page: page.get_by_test_id("stop-run").click(),
    "why there is an order": lambda page: page.get_by_test_id("why-order").first.click(),
}


@pytest.mark.parametrize("what", OPENED_BY)
def test_what_opens_over_a_page(what: str, page: Page, runs: dict[str, str]) -> None:
    look_at(page, VIEWS["paper, orders"], runs)
    OPENED_BY[what](page)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator(".mantine-Skeleton-root")).to_have_count(0)
    axe_finds_nothing(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_while_trading_is_halted(page: Page, server: WeaverServer) -> None:
    assert server.api.post("/api/v1/halt", json={"reason": "to be seen"}).status_code == 202
    page.goto("/")
    is_live(page)
    expect(page.get_by_test_id("halt-banner")).to_be_visible()
    axe_finds_nothing(page)
    assert server.api.post("/api/v1/resume").status_code == 202
