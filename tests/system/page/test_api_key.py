"""A server that wants a key: the page asks for it, keeps it in this tab, sends it in a header and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.system.page.browsing import Complaints, OpenPage
from tests.system.page.scenes import SYMBOL, THREE_DAYS, is_live, write_strategies
from tests.system.weaver_process import WeaverServer

KEY = "the-key-of-this-test-0123456789"
WRONG = "quite-another-key"
KEPT = """() => ({
  session: JSON.stringify(sessionStorage), local: JSON.stringify(localStorage), cookies: document.cookie,
})"""


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[WeaverServer]:
    """A server that wants a key; its own client sends it."""
    write_strategies(home)
    server = WeaverServer(home, WEAVER_API_KEY=KEY)
    server.api.headers["X-API-Key"] = KEY
    with server as running:
        yield running


@pytest.fixture
def requests(page: Page) -> list[Request]:
    """Everything the page asks for."""
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    return requests


def log_in(page: Page, key: str) -> None:
    """Give a key to the form that asks for one."""
    form = page.get_by_test_id("login-form")
    form.get_by_label("API key").fill(key)
    form.get_by_role("button", name="Log in").click()


def test_only_the_right_key_opens_the_page_and_it_stays_in_this_tab(
    page: Page, open_page: OpenPage, server: WeaverServer, requests: list[Request], complaints: Complaints
) -> None:
    complaints.expect("status of 401")  # what is asked before there is a key, and with the wrong one
    page.goto("/runs")
    expect(page.get_by_role("heading", name="This server wants a key")).to_be_visible()
    expect(page.get_by_test_id("halt-button")).to_have_count(0)
    log_in(page, WRONG)
    expect(page.get_by_test_id("login-form")).to_contain_text("The server did not accept that key.")
    log_in(page, KEY)
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    is_live(page)
    run_id = server.create_run(symbols=[SYMBOL], timeframe="1m", name="told live", **THREE_DAYS)
    row = page.locator(f'[data-testid="run-row"][data-run-id="{run_id}"]')
    expect(row).to_contain_text("told live")
    server.start_run(run_id)
    expect(row).to_contain_text("completed")
    page.reload()
    expect(row).to_be_visible()
    is_live(page)
    row.get_by_role("link", name="told live").click()
    expect(page.get_by_test_id("run-status")).to_have_text("completed")

    for request in requests:
        assert KEY not in request.url
        assert WRONG not in request.url
    assert KEY not in page.url
    with_key = [request for request in requests if request.headers.get("x-api-key") == KEY]
    assert any(request.url.endswith("/events/stream") for request in with_key)
    assert {request.url for request in with_key if "/api/" not in request.url and "/readyz" not in request.url} == set()
    log = server.log.read_text()
    assert KEY not in log
    assert WRONG not in log
    kept = page.evaluate(KEPT)
    assert KEY in kept["session"]
    assert KEY not in kept["local"]
    assert kept["cookies"] == ""
    assert page.context.cookies() == []
    another = open_page(server)
    another.goto("/")
    expect(another.get_by_test_id("login-form")).to_be_visible()
