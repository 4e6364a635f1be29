"""Backtests on the page: started in the form, watched to their end, and equal to those of the command line."""

import json
import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.system.page.scenes import (
    SYMBOL,
    THREE_DAYS,
    count,
    has_loaded,
    is_live,
    money,
    order_ids,
    orders_of,
    per_cent,
)
from tests.system.weaver_process import WeaverServer, weaver


def shown_figures(told: dict[str, Any]) -> dict[str, str]:
    """The figures at the top of a run's page, from what `weaver backtest --json` printed."""
    value = {name: figure["value"] for name, figure in told["stats"].items()}
    return {
        "final-equity": money(told["final_equity"]),
        "total-pnl": money(value["total_pnl"], signed=True),
        "total-return": per_cent(value["total_return"], signed=True),
        "max-drawdown": per_cent(value["max_drawdown"]),
        "sharpe": money(value["sharpe_ratio"]),
        "sortino": money(value["sortino_ratio"]),
        "trades": count(value["total_trades"]),
        "win-rate": per_cent(value["win_rate"]),
        "profit-factor": money(value["profit_factor"]),
        "average-trade": money(value["average_trade"], signed=True),
        "exposure": per_cent(value["exposure"]),
        "fees": money(value["fees_paid"]),
    }


def fill_in_the_form(page: Page) -> None:
    """Describe a backtest of the crossing averages over two and a half days."""
    page.goto("/new")
    form = page.get_by_test_id("new-backtest-form")
    form.get_by_label("Strategy", exact=True).select_option("sma_cross")
    form.get_by_label("fast", exact=True).fill("5")
    form.get_by_label("slow", exact=True).fill("20")
    form.get_by_label("quantity", exact=True).fill("7.5")
    form.get_by_label("Timeframe").select_option("1m")
    form.get_by_label("Start (UTC)").fill("2025-01-01T06:00")
    form.get_by_label("End (UTC)").fill("2025-01-03T18:00")
    form.get_by_label("Initial cash").fill("50000")
    form.get_by_label("Commission (bps)", exact=True).fill("7.5")
    form.get_by_label("Name", exact=True).fill("from the form")


def test_a_backtest_of_the_form_has_the_figures_of_the_command_line(page: Page, server: WeaverServer) -> None:
    fill_in_the_form(page)
    page.get_by_role("button", name="Start backtest").click()
    expect(page.get_by_test_id("run-status")).to_have_text("completed")
    expect(page.get_by_role("heading", name="from the form")).to_be_visible()
    parameters = ["--param", "fast=5", "--param", "slow=20", "--param", "quantity=7.5"]
    span = ["--start", "2025-01-01T06:00:00Z", "--end", "2025-01-03T18:00:00Z"]
    money_and_costs = ["--cash", "50000", "--commission-bps", "7.5"]
    market = ["--symbol", SYMBOL, "--timeframe", "1m"]
    done = weaver(server.home, "backtest", "sma_cross", *market, *span, *parameters, *money_and_costs, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["stats"]["total_trades"]["value"] > 10, "hardly anything was traded, so hardly anything is compared"
    for figure, text in shown_figures(told).items():
        expect(page.get_by_test_id(f"stat-{figure}")).to_have_text(text)
    expect(page.get_by_test_id("equity-chart").locator("canvas").first).to_be_visible()
    run_id = page.url.rsplit("/", 1)[1]
    page.get_by_test_id("tab-orders").click()
    rows = page.get_by_test_id("order-row")
    expect(rows.nth(9)).to_be_visible()
    shown = order_ids(rows)  # those in view and some around them
    assert shown == [one["id"] for one in orders_of(server, run_id, page_size=50)["items"]][: len(shown)]
    expect(page.get_by_text(f"{count(told['orders'])} orders")).to_be_visible()


def test_a_backtest_is_watched_to_its_end_without_a_reload(page: Page, server: WeaverServer) -> None:
    run_id = server.create_run(strategy_id="deliberate", symbols=[SYMBOL], timeframe="1m", **THREE_DAYS)
    page.goto(f"/runs/{run_id}")
    expect(page.get_by_test_id("run-status")).to_have_text("pending")
    is_live(page)
    page.evaluate("window.isTheSameDocument = true")
    page.get_by_test_id("start-run").click()
    progress = page.get_by_test_id("run-progress")
    expect(progress).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d?$"))
    expect(page.get_by_test_id("run-status")).to_have_text("completed")
    expect(progress).to_have_count(0)
    final = server.get(f"/runs/{run_id}/equity")["items"][-1]["equity"]
    expect(page.get_by_test_id("stat-final-equity")).to_have_text(money(final))
    expect(page.get_by_test_id("order-row")).to_have_count(8)
    has_loaded(page)
    assert page.evaluate("window.isTheSameDocument")


def test_a_run_that_starts_elsewhere_appears_without_a_reload(page: Page, server: WeaverServer) -> None:
    page.goto("/runs")
    is_live(page)
    run_id = server.create_run(symbols=[SYMBOL], timeframe="1m", name="from elsewhere", **THREE_DAYS)
    row = page.locator(f'[data-testid="run-row"][data-run-id="{run_id}"]')
    expect(row).to_contain_text("from elsewhere")
    server.start_run(run_id)
    expect(row).to_contain_text("completed")
