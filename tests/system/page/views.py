"""Every page of the menu, every tab of a run, and what opens over them: what all of them must be."""

from collections.abc import Mapping

from playwright.sync_api import Page

from tests.system.page.scenes import backtest, has_loaded, is_live, resting_run, sweep
from tests.system.weaver_process import ROOT, WeaverServer

TABS = (
    *("overview", "chart", "trades", "orders", "positions", "periods", "stats"),
    *("events", "decisions", "log", "time-travel", "config"),
)
# `{backtest}` and `{paper}` stand for the ids of two runs, and so on.
VIEWS = {
    "overview": "/",
    "runs": "/runs",
    "no run like that": "/runs?tag=nobody+has+it",
    "sweeps": "/sweeps",
    "no sweep like that": "/sweeps?status=stopped",
    "new sweep": "/sweeps/new",
    "sweep": "/sweeps/{sweep}",
    "walk": "/sweeps/{walk}",
    "orders": "/orders",
    "strategies": "/strategies",
    "data": "/data",
    "system": "/system",
    "new run": "/new",
    "clone": "/new?clone={paper}",
    "compare": "/compare?runs={backtest},{other}",
    "no page": "/nowhere",
    **{f"backtest, {tab}": f"/runs/{{backtest}}?tab={tab}" for tab in TABS},
    **{
        f"paper, {tab}": f"/runs/{{paper}}?tab={tab}"
        for tab in ("overview", "chart", "orders", "time-travel", "parity")
    },
}
AXE = ROOT / "haro/node_modules/axe-core/axe.min.js"
# Of the rules that axe knows, those of WCAG 2.2 up to AA and its own good practice.
FOUND_BY_AXE = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(
    ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html, any }) =>
      `${html.slice(0, 160)} ${any.map(({ message }) => message).join('; ').slice(0, 200)}`).join(' | ')}`);
}"""
AT_REST = """() => document.getAnimations().every(animation =>
  animation.playState !== 'running' || animation.effect.getTiming().iterations === Infinity)"""
# What of a page is wider than its window, tables and the like that scroll by themselves left out.
TOO_WIDE = """() => {
  const scrolls = element => element !== document.body && element !== document.documentElement
    && ['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(element).overflowX);
  const inScroller = element => {
    for (let at = element.parentElement; at; at = at.parentElement) if (scrolls(at)) return true;
    return false;
  };
  return [...document.body.querySelectorAll('*')]
    .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5 && !inScroller(element))
    .map(element => `${element.tagName} ${element.className} ${element.textContent.slice(0, 60)}`).slice(0, 5);
}"""


def runs_to_look_at(server: WeaverServer) -> dict[str, str]:
    """A finished backtest with many trades, another one, two sweeps, and a paper run at work with orders that rest."""
    return {
        "backtest": backtest(server, "sma_cross", name="golden cross", tags=["kept"], notes="As long as it lasts."),
        "other": backtest(server, "sma_cross", config={"fast": 5, "slow": 50}),
        "sweep": sweep(server, constraints=["trades>=50"]),
        "walk": sweep(server, walk_forward={"in_sample": 1, "out_of_sample": 1}),
        "paper": resting_run(server, name="a run with a rather long name that has to go somewhere", tags=["night"]),
    }


def comes_to_rest(page: Page) -> None:
    """Wait until nothing fades or slides any more: half-faded text has no contrast."""
    page.wait_for_function(AT_REST)


def look_at(page: Page, address: str, runs: Mapping[str, str]) -> None:
    """Open a view; return when everything of it is there."""
    page.goto(address.format_map(runs))
    is_live(page)
    has_loaded(page)


def axe_finds_nothing(page: Page) -> None:
    """Fail on what axe finds serious or critical once the page is at rest. Its script must be in the page."""
    comes_to_rest(page)
    found: list[str] = page.evaluate(FOUND_BY_AXE)
    assert not found, "\n".join(found)
