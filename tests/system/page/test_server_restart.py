"""A server that is killed while a page looks at it: the page says so, comes back by itself, and has missed nothing."""

from playwright.sync_api import Page, expect

from tests.system.page.browsing import Complaints, OpenPage
from tests.system.page.scenes import (
    PATIENCE,
    has_loaded,
    is_live,
    order_ids,
    orders_of,
    paper_run,
    positions_in_journal,
    stop,
)
from tests.system.paper_trading import events_of
from tests.system.weaver_process import WeaverServer, wait_until

# Which row stands at which place of the list, of those in view: some around them are in the document as well.
ROWS_IN_VIEW = """list => {
  const view = list.getBoundingClientRect();
  const isSeen = ({ top, bottom }) => bottom > view.top && top < view.bottom;
  return [...list.querySelectorAll('[data-index]')].filter(row => isSeen(row.getBoundingClientRect())).map(row => [
    Number(row.dataset.index),
    Number(/#(\\d+)/.exec(row.innerText)?.[1] ?? -1),
  ]);
}"""
# The parts of the page that nobody has opened yet are loaded as well.
WARMED_UP = "() => performance.getEntriesByType('resource').some(({ name }) => name.includes('time-travel-tab'))"
SCROLL = "list => { list.scrollTop += list.clientHeight - 40; }"


def listed_positions(page: Page, total: int) -> list[int]:
    """The journal positions of a long list of events from its first place to its last; fails on one shown twice."""
    events = page.get_by_test_id("events-list")
    found: dict[int, int] = {}

    def has_read_on() -> bool:
        in_view = dict(events.evaluate(ROWS_IN_VIEW))
        if -1 in in_view.values():
            return False
        assert [place for place in in_view if found.get(place, in_view[place]) != in_view[place]] == []
        found.update(in_view)
        events.evaluate(SCROLL)
        return len(found) >= total

    events.evaluate("list => { list.scrollTop = 0; }")
    wait_until(has_read_on, PATIENCE, f"{total} events are shown")
    assert sorted(found) == list(range(total))
    return [found[place] for place in range(total)]


def test_nothing_is_missing_or_doubled_after_a_kill(
    open_page: OpenPage, server: WeaverServer, complaints: Complaints
) -> None:
    complaints.expect("Failed to load resource")  # for as long as the server is away
    run_id = paper_run(server, "busy", orders=3)
    events, orders = open_page(server), open_page(server)
    events.goto(f"/runs/{run_id}?tab=events")
    orders.goto(f"/runs/{run_id}?tab=orders")
    for page in (events, orders):
        is_live(page)
        has_loaded(page)
        page.evaluate("window.isTheSameDocument = true")
    server.kill()
    for page in (events, orders):
        badge = page.get_by_test_id("connection-badge")
        expect(badge).to_have_attribute("data-state", "offline")
        expect(badge).to_have_text("Offline")
    killed_at = positions_of_orders(orders)
    server.start()
    for page in (events, orders):
        is_live(page)
    at_work = len(events_of(server, run_id, "order.created"))
    wait_until(lambda: len(events_of(server, run_id, "order.created")) > at_work, PATIENCE, "the run trades again")
    wait_until(lambda: positions_of_orders(orders) != killed_at, PATIENCE, "the page shows it")
    stop(server, run_id)
    expect(events.get_by_test_id("run-status")).to_have_text("stopped")
    journal = positions_in_journal(server, run_id)
    expect(events.get_by_role("table", name=f"{len(journal):,} events")).to_be_visible()
    assert listed_positions(events, len(journal)) == journal
    newest = [one["id"] for one in orders_of(server, run_id, page_size=50)["items"]]

    def shows_every_order() -> bool:
        shown = positions_of_orders(orders)  # those in view and some around them
        return len(shown) >= min(len(newest), 10) and shown == newest[: len(shown)]

    wait_until(shows_every_order, PATIENCE, "every order is shown once")
    for page in (events, orders):
        assert page.evaluate("window.isTheSameDocument")


def positions_of_orders(page: Page) -> list[str]:
    """Which orders a page shows, in its order."""
    return order_ids(page.get_by_test_id("order-row"))


def test_a_page_opened_while_the_server_is_away_heals_by_itself(
    page: Page, server: WeaverServer, complaints: Complaints
) -> None:
    complaints.expect("Failed to load resource")
    page.goto("/")
    is_live(page)
    has_loaded(page)
    page.wait_for_function(WARMED_UP)
    server.kill()
    expect(page.get_by_test_id("connection-badge")).to_have_attribute("data-state", "offline")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Strategies").click()
    failed = page.get_by_role("alert").filter(has_text="The server cannot be reached")
    expect(failed).to_be_visible()
    server.start()
    expect(page.get_by_text("Long while the fast average is above the slow one.")).to_be_visible()
    expect(failed).to_have_count(0)
    is_live(page)
