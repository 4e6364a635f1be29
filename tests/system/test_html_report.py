"""A report opened by a real browser from its file, without a server and without a network."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from interfaces.html_report import TEMPLATE, report_html, template
from tests.interfaces.finished_backtest import finished_backtest
from tests.system.chromium import CHROMIUM, WITHOUT_CHROMIUM, launched
from tests.trading import market
from weaver.strategies.sma_cross import SmaCross

NAME = "</script><script>document.title='broken out'</script>"
# a grid on a background has two colours, and smooth text more: a curve has one that is neither grey nor faint
COLOURED = """canvas => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let vivid = 0;
  for (let at = 0; at < data.length; at += 4) {
    const [most, least] = [Math.max(...data.slice(at, at + 3)), Math.min(...data.slice(at, at + 3))];
    if (most - least > 80) vivid += 1;
  }
  return vivid > 200;
}"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason=WITHOUT_CHROMIUM),
    pytest.mark.skipif(not TEMPLATE.exists(), reason="the template of reports is not built (make haro)"),
]

type Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    prices = (100 + 10 * np.sin(np.arange(5_000) / 20)).round(2).tolist()
    ether = market((np.array(prices) / 4).round(2).tolist(), symbol="ETH/USD")
    run = finished_backtest(
        SmaCross(fast=5, slow=15), market(prices), ether, run={"name": NAME, "strategy_id": "sma_cross"}
    )
    file = tmp_path_factory.mktemp("reports") / "report.html"
    file.write_text(report_html(template(), run), encoding="utf-8")
    return file


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Opened]:
    """Opens the report in a window of that width; nothing may be asked for and nothing may go wrong."""
    problems: list[str] = []
    contexts: list[BrowserContext] = []

    def open_report(width: int, scheme: Literal["light", "dark"] = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        page.on("request", lambda asked: problems.append(asked.url) if asked.url.startswith("http") else None)
        page.goto(report.as_uri())
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert problems == []


def charts_are_drawn(page: Page) -> None:
    for name in ("Equity from", "Candles of"):
        canvas = page.get_by_role("figure", name=name).locator("canvas").first
        expect(canvas).to_be_visible()
        handle = canvas.element_handle()
        assert handle is not None
        page.wait_for_function(f"canvas => ({COLOURED})(canvas)", arg=handle)


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_opens_from_its_file_alone_and_fits_the_window(
    opened: Opened, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = opened(width, scheme)
    charts_are_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == scheme


def test_names_are_shown_and_never_run(opened: Opened) -> None:
    page = opened(1440)
    expect(page.locator("header")).to_contain_text(NAME)
    assert page.title() == "sma_cross on BTC/USD ETH/USD, 1m backtest"


def test_what_was_made_of_the_charts_is_credited(opened: Opened) -> None:
    page = opened(1440)
    expect(page.locator("footer a")).to_have_attribute("href", "https://www.tradingview.com/")
    expect(page.get_by_role("figure", name="Equity from").locator("a")).to_be_visible()


def test_the_reader_switches_the_colours_of_page_and_charts(opened: Opened) -> None:
    page = opened(1440, "light")
    charts_are_drawn(page)
    canvas = page.get_by_role("figure", name="Candles of").locator("canvas").first
    light = "canvas => canvas.getContext('2d').getImageData(1, 1, 1, 1).data.slice(0, 3).every(part => part > 200)"
    handle = canvas.element_handle()
    assert handle is not None
    assert handle.evaluate(light)
    page.get_by_role("button", name="Dark", exact=True).click()
    page.wait_for_function(f"canvas => !({light})(canvas)", arg=handle)
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_a_trade_leads_to_its_place_on_the_chart(opened: Opened) -> None:
    page = opened(1440)
    page.get_by_role("combobox", name="Symbol").select_option("ETH/USD")
    expect(page.get_by_role("figure", name="Candles of ETH/USD")).to_be_visible()
    page.get_by_role("region", name="Trades").get_by_role("button", name="1", exact=True).click()
    expect(page.get_by_role("figure", name="Candles of BTC/USD")).to_be_in_viewport()
    charts_are_drawn(page)


def test_a_printed_report_is_light_and_has_pictures_of_its_charts(opened: Opened) -> None:
    page = opened(1440, "dark")
    charts_are_drawn(page)
    page.evaluate(
        """addEventListener('beforeprint', () => {
             window.printed = [document.documentElement.dataset.mantineColorScheme,
                               document.querySelectorAll('canvas.chart-picture').length];
           })"""
    )
    assert len(page.pdf(format="A4")) > 20_000
    assert page.evaluate("window.printed") == ["light", 2]
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == "dark"
    expect(page.locator("canvas.chart-picture")).to_have_count(0)
