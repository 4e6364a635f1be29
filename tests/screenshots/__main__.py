"""`make screenshots`: takes the pictures of the documents anew, of a real server with a backtest and a paper run."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize

from tests.system.chromium import CHROMIUM, WITHOUT_CHROMIUM, launched
from tests.system.page.scenes import has_loaded, is_live
from tests.system.page.views import AT_REST
from tests.system.weaver_process import ROOT, WeaverServer, wait_until, weaver

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 300_000
DESK: ViewportSize = {"width": 1440, "height": 900}
PAPER = {
    "strategy_id": "sma_cross",
    "mode": "paper",
    "symbols": ["SAMPLE/USD"],
    "timeframe": "1s",
    "warmup_bars": 120,
    "config": {"fast": 5, "slow": 15, "quantity": "100"},
    "risk": {"max_drawdown": "0.2", "max_daily_loss": "5000"},
    "name": "Crossover on paper",
}
FILLS_TO_SHOW = 12


def main() -> None:
    """Write every picture; end with a message where a picture cannot be taken."""
    if CHROMIUM is None:
        sys.exit(f"no pictures: {WITHOUT_CHROMIUM}")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="weaver-screenshots-") as folder:
        home = Path(folder)
        done = weaver(home, "demo", "--once")
        if done.returncode:
            sys.exit(f"no pictures: {done.stderr}")
        with WeaverServer(home) as server, launched() as browser:
            run = _paper_run(server)
            page = browser.new_page(base_url=server.url, viewport=DESK, color_scheme="dark")
            _picture(page, f"/runs/{run}?tab=chart", "haro.png")


def _paper_run(server: WeaverServer) -> str:
    created = server.create_run(**PAPER)
    server.start_run(created)
    wait_until(lambda: server.get("/fills", run_id=created)["total"] >= FILLS_TO_SHOW, 300, "the paper run has traded")
    return created


def _picture(page: Page, address: str, name: str) -> None:
    page.goto(address)
    is_live(page)
    has_loaded(page)
    page.locator("canvas").first.wait_for()
    page.wait_for_function(AT_REST)
    file = IMAGES / name
    page.screenshot(path=file)
    if file.stat().st_size > MOST_BYTES:
        sys.exit(f"{file} has {file.stat().st_size:,} bytes, more than {MOST_BYTES:,}")
    sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
