"""The page without a mouse: the palette, the help, and a table."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.system.page.scenes import backtest, has_loaded
from tests.system.weaver_process import WeaverServer


@pytest.fixture(scope="module")
def run_id(server: WeaverServer) -> str:
    """A backtest that is found by its name."""
    backtest(server, name="another one")
    return backtest(server, name="golden cross")


def palette(page: Page) -> Locator:
    """Open the palette by its keys; return its field."""
    page.keyboard.press("Control+k")
    field = page.get_by_role("dialog").get_by_label("Search", exact=True)
    expect(field).to_be_focused()
    return field


def test_the_palette_goes_to_a_run_and_to_a_page(page: Page, run_id: str) -> None:
    page.goto("/")
    has_loaded(page)
    field = palette(page)
    found = page.get_by_role("dialog").get_by_role("button")
    expect(found.filter(has_text="golden cross")).to_be_visible()
    field.press_sequentially("golden")
    expect(found).to_have_count(1)
    field.press("Enter")
    expect(page).to_have_url(re.compile(rf"/runs/{run_id}$"))
    expect(page.get_by_role("heading", name="golden cross")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    palette(page).press_sequentially("sys")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/system$"))
    expect(page.get_by_role("heading", name="System")).to_be_visible()
    palette(page).press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile("/system$"))


def test_a_question_mark_helps_but_not_while_typing(page: Page, run_id: str) -> None:
    page.goto("/new")
    has_loaded(page)
    name = page.get_by_label("Name", exact=True)
    name.press_sequentially("really?")
    expect(name).to_have_value("really?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    name.blur()
    page.keyboard.press("?")
    help_dialog = page.get_by_role("dialog", name="Keyboard")
    expect(help_dialog).to_contain_text("Go to a page or a run")
    page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()


def test_a_table_is_walked_and_a_row_opened_by_keys(page: Page, run_id: str) -> None:
    page.goto("/runs")
    has_loaded(page)
    page.get_by_role("row").nth(1).focus()
    page.keyboard.press("End")
    expect(page.get_by_role("row").last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/runs/{run_id}$"))
