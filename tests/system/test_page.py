"""The page, driven by a real browser against a real server: start a backtest and see it complete."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.system.weaver_process import ROOT, WeaverServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PATIENCE_MS = 30_000

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)"),
    pytest.mark.skipif(not (ROOT / "haro/dist/index.html").exists(), reason="the page is not built (make haro)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, server: WeaverServer) -> Iterator[Page]:
    context = browser.new_context(base_url=server.url)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    yield opened
    context.close()
    assert problems == []


def test_a_backtest_started_from_the_page_is_seen_to_complete(page: Page, server: WeaverServer) -> None:
    page.goto("/new")
    form = page.get_by_test_id("new-backtest-form")
    expect(form).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_test_id("start-backtest").click()
    expect(page.get_by_test_id("run-status")).to_have_text("completed", timeout=PATIENCE_MS)
    run_id = page.url.rsplit("/", 1)[1]
    run = server.get(f"/runs/{run_id}")
    assert run["status"] == "completed"
    expect(page.get_by_test_id("equity-chart").locator("canvas").first).to_be_visible()
    orders = server.get(f"/runs/{run_id}/orders")
    assert orders["total"] > 0
    expect(page.get_by_test_id("order-row")).not_to_have_count(0)
    pnl = run["stats"]["total_pnl"]
    shown = page.get_by_test_id("stat-total-pnl").inner_text()
    assert f"{abs(float(pnl)):,.2f}" in shown, f"{pnl} is not in {shown!r}"


def test_a_run_that_starts_elsewhere_appears_without_a_reload(page: Page, server: WeaverServer) -> None:
    page.goto("/runs")
    expect(page.get_by_test_id("connection-badge")).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)
    run_id = server.create_run(
        symbols=["TEST/USD"],
        timeframe="1m",
        start_time="2025-01-01T00:00:00Z",
        end_time="2025-01-02T00:00:00Z",
        name="from elsewhere",
    )
    row = page.locator(f'[data-testid="run-row"][data-run-id="{run_id}"]')
    expect(row).to_contain_text("from elsewhere", timeout=PATIENCE_MS)
    server.start_run(run_id)
    expect(row).to_contain_text("completed", timeout=PATIENCE_MS)
