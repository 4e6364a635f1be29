"""How fast the page is with much in it: a chart of 366,710 bars with some 20,000 fills, tables of 100,000 orders."""

import csv
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.benchmarks.figures import figure
from tests.system.weaver_process import ROOT, WeaverServer, wait_until, weaver

BARS = 366_710
ORDERS = 100_000
START = datetime(2025, 1, 1, tzinfo=UTC)
CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
CROWDED = '''
from weaver import Context, Strategy


class Crowded(Strategy):
    """Buys and sells in turn, one order a bar."""

    def on_bar(self, ctx: Context) -> None:
        if ctx.position().quantity:
            ctx.close()
        else:
            ctx.buy("0.01")
'''
FRAMES = """() => {
  window.frames_ = [];
  let before = performance.now();
  const step = (now) => {
    window.frames_.push(now - before);
    before = now;
    if (window.recording_) requestAnimationFrame(step);
  };
  window.recording_ = true;
  requestAnimationFrame(step);
}"""

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)"),
    pytest.mark.skipif(not (ROOT / "haro/dist/index.html").exists(), reason="the page is not built (make haro)"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeaverServer]:
    """A server with the bars of most of a year."""
    home = tmp_path_factory.mktemp("home")
    (home / "strategies").mkdir()
    (home / "strategies" / "crowded.py").write_text(CROWDED)
    dice = np.random.default_rng(1)
    closes = 100 * np.exp(np.cumsum(dice.normal(scale=0.0004, size=BARS)))
    opens = np.append(closes[:1], closes[:-1])
    with (home / "bars.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["timestamp", "open", "high", "low", "close", "volume"])
        for number, (opened, closed) in enumerate(zip(opens.round(4), closes.round(4), strict=True)):
            at = (START + timedelta(minutes=number)).isoformat()
            rows.writerow([at, opened, max(opened, closed), min(opened, closed), closed, 1.5])
    done = weaver(home, "data", "import", "bars.csv", "--symbol", "TEST/USD", "--timeframe", "1m")
    assert done.returncode == 0, done.stderr
    with WeaverServer(home) as running:
        yield running


@pytest.fixture(scope="module")
def page(server: WeaverServer) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900}).new_page()
        opened.goto("/")  # the page's files are in the browser's cache from here on, as for somebody who uses it
        yield opened
        browser.close()


def backtest(server: WeaverServer, strategy: str, bars: int, **config: object) -> str:
    """Return the id of a backtest that has completed."""
    end = START + timedelta(minutes=bars)
    run_id = server.create_run(
        strategy_id=strategy,
        symbols=["TEST/USD"],
        timeframe="1m",
        start_time=START.isoformat(),
        end_time=end.isoformat(),
        config=config,
    )
    server.start_run(run_id)
    server.wait_for_end(run_id, 300)
    return run_id


def listed(server: WeaverServer, run_id: str) -> int | None:
    """How many orders of a run its list has, once they are enough: read models come after the journal."""
    total: int = server.get(f"/runs/{run_id}/orders", page_size=1)["total"]
    return total if total >= ORDERS else None


def frames(page: Page, label: str) -> None:
    """Print how long the frames took since FRAMES was evaluated."""
    took = np.sort(np.array(page.evaluate("() => { window.recording_ = false; return window.frames_.slice(2); }")))
    figure(f"{label}: ms a frame, p50", float(np.quantile(took, 0.5)), f"{len(took)} frames")
    figure(f"{label}: ms a frame, p95", float(np.quantile(took, 0.95)), f"longest {took[-1]:.0f}")


def test_a_chart_of_a_year_with_twenty_thousand_fills(server: WeaverServer, page: Page) -> None:
    run_id = backtest(server, "sma_cross", BARS, fast=7, slow=21)
    fills = server.get(f"/runs/{run_id}/fills", page_size=1)["total"]
    for visit in ("first", "second"):
        began = time.perf_counter()
        page.goto(f"/runs/{run_id}?tab=chart", wait_until="commit")
        chart = page.get_by_role("figure", name="Candles of TEST/USD")
        expect(chart.locator("canvas").first).to_be_visible(timeout=60_000)
        candles = time.perf_counter() - began
        expect(chart).to_have_attribute("data-fills", str(fills), timeout=60_000)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        whole = time.perf_counter() - began
        figure(f"chart of {BARS:,} bars, {visit} visit: s until candles", candles)
        figure(f"chart of {BARS:,} bars, {visit} visit: s with all fills", whole, f"{fills:,} fills")
    box = chart.locator("canvas").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    for label, zooms in (("panning a whole year", 0), ("panning some days", 6)):
        for _ in range(zooms):
            page.get_by_role("button", name="Zoom in").click()
        page.mouse.move(box["x"] + box["width"] / 2, middle)
        page.evaluate(FRAMES)
        page.mouse.down()
        for step in range(120):
            page.mouse.move(box["x"] + box["width"] * (0.5 + 0.3 * np.sin(step / 12)), middle)
        page.mouse.up()
        frames(page, label)


def test_a_hundred_thousand_orders_scroll(server: WeaverServer, page: Page) -> None:
    run_id = backtest(server, "crowded", ORDERS + 10)
    total = wait_until(lambda: listed(server, run_id), 120, f"{ORDERS:,} orders are listed")
    for label, path in (("orders of a run", f"/runs/{run_id}?tab=orders"), ("orders of all runs", "/orders")):
        began = time.perf_counter()
        page.goto(path, wait_until="commit")
        expect(page.get_by_test_id("order-row").first).to_be_visible(timeout=60_000)
        figure(f"{label}: s until rows", time.perf_counter() - began, f"{total:,} orders")
        rows = page.get_by_test_id("order-row").first
        rows.hover()
        page.evaluate(FRAMES)
        for _ in range(60):
            page.mouse.wheel(0, 600)
        frames(page, f"{label}: scrolling")
