"""axe finds nothing serious or critical on any page, on any tab of a run, or in what opens over them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.system.page.browsing import OpenPage, Scheme
from tests.system.page.scenes import is_live
from tests.system.page.views import AXE, VIEWS, comes_to_rest, look_at, runs_to_look_at, serious_findings
from tests.system.weaver_process import WeaverServer

SCHEMES: tuple[Scheme, ...] = ("dark", "light")
ON_A_PHONE = ["overview", "runs", "orders", "new run", "system", "backtest, overview", "paper, orders"]

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (make haro)")


@pytest.fixture(scope="module")
def runs(server: WeaverServer) -> dict[str, str]:
    """The runs that are looked at."""
    return runs_to_look_at(server)


@pytest.fixture(params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> Scheme:
    """Dark and light."""
    scheme: Scheme = request.param
    return scheme


@pytest.fixture
def page(open_page: OpenPage, server: WeaverServer, scheme: Scheme) -> Iterator[Page]:
    """A window with axe in it."""
    return open_page(server, scheme=scheme, script=AXE.read_text())


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_at_a_desk(view: str, page: Page, scheme: Scheme, runs: dict[str, str]) -> None:
    look_at(page, VIEWS[view], runs)
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
    assert serious_findings(page) == []


@pytest.mark.parametrize("view", ON_A_PHONE)
def test_a_view_on_a_phone(view: str, page: Page, runs: dict[str, str]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    look_at(page, VIEWS[view], runs)
    assert serious_findings(page) == []
    page.get_by_role("button", name="Open the menu").click()
    comes_to_rest(page)
    assert serious_findings(page) == []


def test_what_opens_over_a_page(page: Page, runs: dict[str, str]) -> None:
    look_at(page, VIEWS["paper, orders"], runs)
    for open_it in (
        lambda: page.get_by_test_id("halt-button").click(),
        lambda: page.keyboard.press("Control+k"),
        lambda: page.get_by_role("button", name="Keyboard help").click(),
        lambda: page.get_by_test_id("stop-run").click(),
        lambda: page.get_by_test_id("why-order").first.click(),
    ):
        open_it()
        expect(page.get_by_role("dialog")).to_be_visible()
        comes_to_rest(page)
        assert serious_findings(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_while_trading_is_halted(page: Page, server: WeaverServer) -> None:
    assert server.api.post("/api/v1/halt", json={"reason": "to be seen"}).status_code == 202
    page.goto("/")
    is_live(page)
    expect(page.get_by_test_id("halt-banner")).to_be_visible()
    assert serious_findings(page) == []
    assert server.api.post("/api/v1/resume").status_code == 202
