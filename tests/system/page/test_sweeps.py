"""Sweeps on the page: described in the form, watched to their end, read as a heatmap, and a trial made a run."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.system.page.browsing import Complaints, OpenPage
from tests.system.page.scenes import has_loaded, is_live, money, per_cent, sweep
from tests.system.page.views import AXE, axe_finds_nothing
from tests.system.weaver_process import WeaverServer

FAST, SLOW = (5, 10, 15), (20, 40)


@pytest.fixture
def page(open_page: OpenPage, server: WeaverServer) -> Page:
    """A window with axe in it."""
    return open_page(server, script=AXE.read_text())


def describe_a_sweep(page: Page) -> None:
    """Fill in the form: six combinations of the crossing averages over two days."""
    form = page.get_by_test_id("new-sweep-form")
    form.get_by_label("Strategy", exact=True).select_option("sma_cross")
    form.get_by_label("Vary fast").fill("5:15:5")
    form.get_by_label("Vary slow").fill("20,40")
    form.get_by_label("Timeframe").select_option("1m")
    form.get_by_label("Start (UTC)").fill("2025-01-01T00:00")
    form.get_by_label("End (UTC)").fill("2025-01-03T00:00")
    form.get_by_label("Objective").select_option("total_return")
    form.get_by_label("Name", exact=True).fill("six averages")


def test_a_sweep_is_described_watched_read_and_one_of_its_trials_promoted(page: Page, server: WeaverServer) -> None:
    page.goto("/sweeps")
    expect(page.get_by_text("weaver sweep sma_cross")).to_be_visible()
    page.get_by_role("link", name="New sweep").click()
    describe_a_sweep(page)
    axe_finds_nothing(page)
    page.get_by_role("button", name="Start sweep of 6 trials").click()
    expect(page.get_by_role("heading", name="six averages")).to_be_visible()
    expect(page.get_by_test_id("sweep-status")).to_have_text("completed")
    expect(page.get_by_test_id("sweep-progress")).to_have_text("6 of 6 trials")
    sweep_id = page.url.rsplit("/", 1)[1]

    points = server.get(f"/sweeps/{sweep_id}/surface")["items"]
    assert {(one["parameters"]["fast"], one["parameters"]["slow"]) for one in points} == {
        (fast, slow) for fast in FAST for slow in SLOW
    }
    cells = page.get_by_test_id("heatmap").get_by_role("gridcell")
    values = {(one["parameters"]["slow"], one["parameters"]["fast"]): one["value"] for one in points}
    expect(cells).to_have_text([per_cent(values[slow, fast]) for slow in SLOW for fast in FAST])
    best = points[0]
    place = SLOW.index(best["parameters"]["slow"]) * len(FAST) + FAST.index(best["parameters"]["fast"])
    expect(cells.nth(place)).to_have_attribute("data-step", "7")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    reading = page.get_by_test_id("heatmap-reading")
    expect(reading).to_contain_text(f"fast 10, slow 40: Total return {per_cent(values[40, 10])}")
    page.get_by_label("Across").select_option("slow")
    expect(page).to_have_url(re.compile(r"across=slow&down=fast"))
    expect(cells).to_have_text([per_cent(values[slow, fast]) for fast in FAST for slow in SLOW])

    expect(page.get_by_test_id("best-trial")).to_contain_text(per_cent(best["value"]))
    expect(page.get_by_test_id("guards")).to_contain_text("best of 6 trials")
    axe_finds_nothing(page)
    first = page.get_by_test_id("trial-row").first
    expect(first).to_have_attribute("data-trial", str(best["number"]))
    first.get_by_test_id("promote-trial").click()
    expect(page.get_by_test_id("run-status")).to_have_text("completed")
    expect(page.get_by_role("heading", name=f"six averages #{best['number']}")).to_be_visible()
    expect(page.get_by_test_id("stat-total-return")).to_have_text(per_cent(best["value"], signed=True))
    page.goto("/sweeps")
    row = page.get_by_test_id("sweep-row").first
    expect(row).to_contain_text("6 of 6")
    expect(row).to_contain_text(per_cent(best["value"]))


def test_a_walk_shows_what_was_traded_out_of_sample(page: Page, server: WeaverServer) -> None:
    sweep_id = sweep(server, walk_forward={"in_sample": 1, "out_of_sample": 1})
    page.goto(f"/sweeps/{sweep_id}")
    is_live(page)
    has_loaded(page)
    expect(page.get_by_test_id("stitched-chart").locator("canvas").first).to_be_visible()
    stitched = server.get(f"/sweeps/{sweep_id}")["stitched"]["equity"]
    name = f"Out-of-sample equity from {money(stitched[0])} to {money(stitched[-1])}"
    expect(page.get_by_label(name)).to_be_visible()
    lines = page.get_by_test_id("walk-table").get_by_role("row")
    parts = server.get(f"/sweeps/{sweep_id}/trials", part="out_of_sample")["items"]
    expect(lines).to_have_count(len(parts) + 1)
    assert len(parts) == 2
    for line, part in zip(lines.all()[1:], parts, strict=True):
        expect(line).to_contain_text(per_cent(part["value"]))
    axe_finds_nothing(page)


def test_a_sweep_of_one_parameter_is_stopped_and_goes_on(page: Page, server: WeaverServer) -> None:
    sweep_id = sweep(server, status=None, vary={"fast": "2:19"}, constraints=["trades>=10000"])
    page.goto(f"/sweeps/{sweep_id}")
    page.get_by_test_id("stop-sweep").click()
    expect(page.get_by_test_id("sweep-status")).to_have_text("stopped")
    page.get_by_test_id("resume-sweep").click()
    expect(page.get_by_test_id("sweep-status")).to_have_text("completed")
    expect(page.get_by_test_id("value-bars").get_by_role("row")).to_have_count(19)
    expect(page.get_by_test_id("guards")).to_contain_text("None of 18 trials counts")
    axe_finds_nothing(page)


def test_a_range_that_cannot_be_meant_is_refused_with_what_to_do(page: Page, complaints: Complaints) -> None:
    complaints.expect("422")
    page.goto("/sweeps/new")
    describe_a_sweep(page)
    page.get_by_label("Vary fast").fill("15:5:5")
    page.get_by_role("button", name="Start sweep").click()
    expect(page.get_by_role("alert")).to_contain_text("a range goes up")
    page.get_by_label("Vary fast").fill("")
    page.get_by_label("Vary slow").fill("")
    page.get_by_role("button", name="Start sweep").click()
    expect(page.get_by_text("Give at least one parameter values to try.")).to_be_visible()
    expect(page.get_by_label("Vary fast")).to_be_focused()
