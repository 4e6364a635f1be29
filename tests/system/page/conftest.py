"""A browser, pages that fail a test when something goes wrong in them, and a server with strategies that trade."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.system.chromium import CHROMIUM, WITHOUT_CHROMIUM, launched
from tests.system.page.browsing import Complaints, OpenPage, Scheme
from tests.system.page.scenes import PATIENCE_MS, write_strategies
from tests.system.weaver_process import ROOT, WeaverServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what cannot be tried here, and say why."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.skipif(CHROMIUM is None, reason=WITHOUT_CHROMIUM))
        built = (ROOT / "haro/dist/index.html").exists()
        item.add_marker(pytest.mark.skipif(not built, reason="the page is not built (make haro)"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a file."""
    expect.set_options(timeout=PATIENCE_MS)
    with launched() as browser:
        yield browser
    expect.set_options(timeout=None)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What goes wrong in the pages of a test; anything it does not expect fails it."""
    complaints = Complaints()
    yield complaints
    assert complaints.unexpected() == []


@pytest.fixture
def open_page(browser: Browser, complaints: Complaints) -> Iterator[OpenPage]:
    """Opens windows; they close with the test. script: run in each document before the page's own."""
    contexts: list[BrowserContext] = []

    def opened(
        server: WeaverServer, *, width: int = 1440, height: int = 900, scheme: Scheme = "dark", script: str = ""
    ) -> Page:
        context = browser.new_context(base_url=server.url, viewport={"width": width, "height": height})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if scheme != "dark":
            context.add_init_script(f"localStorage.setItem('mantine-color-scheme-value', '{scheme}')")
        if script:
            context.add_init_script(script)
        page = context.new_page()
        complaints.listen_to(page)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage, server: WeaverServer) -> Page:
    """A window of a desk's size on the server of the file."""
    return open_page(server)


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[WeaverServer]:
    """A server with a few days of bars of SYMBOL and the strategies of scenes.py, for the tests of a file."""
    write_strategies(home)
    with WeaverServer(home) as running:
        yield running
