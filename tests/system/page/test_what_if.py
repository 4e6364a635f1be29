"""What if, and was it so: a run is forked from the slider, held against a backtest of its bars, and saved as a file."""

import gzip
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.system.page.browsing import Complaints, OpenPage
from tests.system.page.scenes import backtest, has_loaded, is_live, plain, resting_run, stop
from tests.system.page.views import AXE, TOO_WIDE, axe_finds_nothing
from tests.system.paper_trading import events_of
from tests.system.weaver_process import WeaverServer


@pytest.fixture(scope="module")
def parent(server: WeaverServer) -> str:
    """A backtest that has completed."""
    return backtest(
        server, "sma_cross", config={"fast": 5, "slow": 20}, risk={"max_drawdown": "0.5"}, name="the parent"
    )


@pytest.fixture(scope="module")
def traded(server: WeaverServer) -> str:
    """A paper run at the simulated exchange that has traded and stopped, on bars with time to decide."""
    run_id = resting_run(server, timeframe="5s")
    stop(server, run_id)
    return run_id


def open_the_form(page: Page, server: WeaverServer, run_id: str) -> dict[str, Any]:
    """Stand at an execution in the middle of a run and ask for a fork; return the event."""
    fills = events_of(server, run_id, "order.filled")
    event: dict[str, Any] = fills[len(fills) // 2]
    page.goto(f"/runs/{run_id}?tab=time-travel&at={event['position']}")
    expect(page.get_by_test_id("time-event")).to_contain_text(f"#{event['position']}")
    page.get_by_test_id("fork-from-here").click()
    expect(page.get_by_test_id("fork-form")).to_be_visible()
    return event


def test_a_fork_of_the_slider_s_place_leads_back_to_its_parent(page: Page, server: WeaverServer, parent: str) -> None:
    event = open_the_form(page, server, parent)
    form = page.get_by_test_id("fork-form")
    expect(form.get_by_test_id("fork-point")).to_contain_text(f"#{event['position']}")
    expect(form.get_by_label("fast")).to_have_value("5")
    expect(form.get_by_label("slow")).to_have_value("20")
    expect(form.get_by_text("Nothing is changed yet")).to_be_visible()
    form.get_by_label("slow").fill("40")
    form.get_by_text("Costs", exact=True).click()
    form.get_by_label("Slippage (bps)").fill("5")
    form.get_by_text("Risk limits").click()
    form.get_by_label("Drawdown").fill("")
    form.get_by_label("Name").fill("slower")
    expect(form.get_by_text("Nothing is changed yet")).to_have_count(0)
    form.get_by_test_id("start-fork").click()
    expect(page.get_by_role("heading", level=1, name="slower")).to_be_visible()
    expect(page.get_by_test_id("run-status")).to_have_text("completed")
    fork_id = page.url.rsplit("/", 1)[1]
    origin = page.get_by_test_id("run-origin")
    expect(origin.get_by_role("link", name=re.compile("^run "))).to_have_attribute("href", f"/runs/{parent}")
    origin.get_by_role("link", name="compare").click()
    expect(page).to_have_url(re.compile(f"/compare.*{fork_id}"))
    fork, original = server.get(f"/runs/{fork_id}"), server.get(f"/runs/{parent}")
    assert fork["forked_from"]["run_id"] == parent
    assert fork["forked_from"]["position"] == event["position"]
    assert fork["forked_from"]["moment"] == event["payload"]["at"]
    assert fork["config"] == original["config"] | {"slow": 40}
    assert (original["risk"].keys(), fork["risk"].keys()) == ({"max_drawdown"}, set())
    differing = {name for name, cost in fork["costs"].items() if cost != original["costs"][name]}
    assert (differing, plain(fork["costs"]["slippage_bps"])) == ({"slippage_bps"}, "5")


def test_a_fork_that_is_refused_says_why_and_is_not_lost(
    page: Page, server: WeaverServer, parent: str, complaints: Complaints
) -> None:
    open_the_form(page, server, parent)
    form = page.get_by_test_id("fork-form")
    form.get_by_label("fast").fill("much")
    form.get_by_test_id("start-fork").click()
    expect(form.get_by_label("fast")).to_be_focused()
    expect(form.get_by_text("Must be a number")).to_be_visible()
    complaints.expect("422")
    form.get_by_label("fast").fill("6")
    form.get_by_text("Costs", exact=True).click()
    form.get_by_label("Slippage (bps)").fill("20000")
    form.get_by_test_id("start-fork").click()
    told = form.get_by_role("alert").filter(has_text="The run was not forked")
    expect(told).to_contain_text("correlation id")
    expect(told).to_contain_text("slippage_bps must be")
    expect(form.get_by_label("fast")).to_have_value("6")


def test_a_run_that_never_started_says_why_it_is_not_forked(page: Page, server: WeaverServer) -> None:
    run_id = server.create_run(
        strategy_id="sma_cross",
        symbols=["TEST/USD"],
        timeframe="1m",
        start_time="2025-01-01T00:00:00Z",
        end_time="2025-01-02T00:00:00Z",
    )
    page.goto(f"/runs/{run_id}?tab=time-travel")
    expect(page.get_by_test_id("fork-from-here")).to_be_disabled()
    expect(page.get_by_text("This run has never started")).to_be_visible()
    expect(page.get_by_test_id("tab-parity")).to_have_count(0)


def test_a_paper_run_at_the_simulated_exchange_does_what_its_backtest_does(
    page: Page, server: WeaverServer, traded: str
) -> None:
    page.goto(f"/runs/{traded}")
    page.get_by_test_id("tab-parity").click()
    expect(page.get_by_role("heading", name="No difference")).to_be_visible()
    expect(page.get_by_test_id("parity-difference")).to_have_text("0.00")
    report = server.get(f"/runs/{traded}/parity")
    assert Decimal(report["difference"]) == 0
    expect(page.get_by_test_id("parity-figures")).to_contain_text(f"{report['orders']} · {report['backtest_orders']}")


def test_a_report_that_takes_too_long_can_be_asked_for_again(
    page: Page, server: WeaverServer, traded: str, complaints: Complaints
) -> None:
    complaints.expect("503")
    busy = {"code": "UNAVAILABLE", "message": "another parity report is being made", "correlation_id": "corr-42"}
    page.route("**/parity", lambda route: route.fulfill(status=503, json=busy), times=1)
    page.goto(f"/runs/{traded}?tab=parity")
    told = page.get_by_role("alert").filter(has_text="another parity report is being made")
    expect(told).to_contain_text("corr-42")
    told.get_by_role("button", name="Try again").click()
    expect(page.get_by_test_id("parity-figures")).to_be_visible()
    expect(told).to_have_count(0)


def test_a_run_is_saved_as_the_file_the_server_gives(
    page: Page, server: WeaverServer, parent: str, tmp_path: Path
) -> None:
    page.goto(f"/runs/{parent}")
    with page.expect_download() as download:
        page.get_by_test_id("export-run").click()
    assert download.value.suggested_filename == f"{parent}.weaver.gz"
    download.value.save_as(tmp_path / "run.gz")
    lines = gzip.decompress((tmp_path / "run.gz").read_bytes()).splitlines()
    assert parent.encode() in lines[0]
    assert len(lines) > len(events_of(server, parent))


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (make haro)")
@pytest.mark.parametrize("width", [1440, 390])
def test_the_form_and_the_report_can_be_used_by_everybody(
    open_page: OpenPage, server: WeaverServer, parent: str, traded: str, width: int
) -> None:
    page = open_page(server, width=width, script=AXE.read_text())
    open_the_form(page, server, parent)
    for title in ("Costs", "Risk limits"):
        page.get_by_test_id("fork-form").get_by_text(title, exact=True).click()
    axe_finds_nothing(page)
    assert page.evaluate(TOO_WIDE) == []
    page.goto(f"/runs/{traded}?tab=parity")
    is_live(page)
    has_loaded(page)
    axe_finds_nothing(page)
    assert page.evaluate(TOO_WIDE) == []
