"""A new user's first hour, in the order of the documents: a clone, the demo, a strategy, a backtest, paper, the page.

What is cloned is what is committed.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.architecture.test_docs import DOCS
from tests.docs.blocks import Block, below, blocks, write_file
from tests.docs.following import is_ready
from tests.docs.terminal import Terminal
from tests.system.chromium import CHROMIUM, WITHOUT_CHROMIUM, launched
from tests.system.weaver_process import ROOT, free_port, wait_until

README = ROOT / "README.md"
PAPER = DOCS / "tutorials" / "first-paper-run.md"
# A make that runs this test leaves its own settings in the environment; a new user has none of them.
OF_THIS_PROCESS = re.compile("WEAVER_|MAKE|MFLAGS|PYTHON|VIRTUAL_ENV|PYTEST_|COV")
SECONDS_TO_INSTALL, SECONDS_FOR_A_COMMAND, PATIENCE = 600.0, 120.0, 30.0

pytestmark = [
    pytest.mark.timeout(1200),
    pytest.mark.skipif(CHROMIUM is None, reason=WITHOUT_CHROMIUM),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout: there is nothing to clone"),
]


class NewUser:
    """Somebody in front of a terminal and a browser, who does what the documents say."""

    def __init__(self, terminal: Terminal, port: int) -> None:
        self.terminal = terminal
        self.port = port
        self.run_id = ""

    def does(self, block: Block) -> str:
        """Type the commands of a block; return what they print. RUN is the run that was created last."""
        said = ""
        for command in block.commands:
            text = re.sub(r"\bRUN\b", self.run_id, command.text)
            code, told = self.terminal.run(text, SECONDS_FOR_A_COMMAND)
            assert code == 0, f"{block.page.name}:{block.line}: {text}\nended with {code}:\n{told}"
            if created := re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", told):
                self.run_id = created[0]
            said += told
        return said


def settings(home: Path, port: int) -> dict[str, str]:
    """The environment of a user who has never heard of Weaver, but for a home and a port of this test's own."""
    theirs = {name: value for name, value in os.environ.items() if not OF_THIS_PROCESS.match(name)}
    return theirs | {"WEAVER_HOME": str(home), "WEAVER_PORT": str(port)}


def the_block(page: Path, beginning: str) -> Block:
    """The block of a page that begins with these words."""
    [found] = [block for block in blocks(page) if block.is_commands and block.body.startswith(beginning)]
    return found


def sees_it_trade(page: Page, port: int, name: str) -> None:
    """Find a run in the list by its name, open it, and see an order come."""
    page.goto(f"http://127.0.0.1:{port}/runs")
    page.get_by_text(name).first.click()
    expect(page.get_by_test_id("run-status")).to_have_text("running")
    page.get_by_test_id("tab-orders").click()
    expect(page.get_by_test_id("order-row").first).to_be_visible()


def test_from_a_clone_to_a_strategy_of_ones_own_that_trades_on_paper(tmp_path: Path) -> None:
    checkout, port = tmp_path / "weaver", free_port()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(checkout)], check=True, timeout=120)
    with Terminal(checkout, settings(tmp_path / "home", port), is_checkout=True) as terminal:
        user = NewUser(terminal, port)
        demo = the_block(README, "make demo").commands[0].text.partition("#")[0].strip()
        assert demo == "make demo"
        terminal.run(f"{demo} > demo.log 2>&1 &", 10)
        demo_log = checkout / "demo.log"
        try:
            wait_until(lambda: is_ready(user.port), SECONDS_TO_INSTALL, "the demo is there")
        except AssertionError:
            pytest.fail(f"the demo does not come up; it said:\n{demo_log.read_text()[-3000:]}")
        assert f"http://127.0.0.1:{port}" in demo_log.read_text()

        write_file(README, "crossover.py", checkout)
        said = user.does(the_block(README, "$ .venv/bin/weaver backtest"))
        assert "100,000 became" in said

        write_file(DOCS / "tutorials" / "first-strategy.md", "crossover.py", checkout)
        [own] = below(PAPER, "## Your own strategy")
        user.does(own)
        with launched() as browser:
            expect.set_options(timeout=PATIENCE * 1000)
            page = browser.new_page()
            sees_it_trade(page, port, "my own")
            [stop] = below(PAPER, "## Stop it")
            user.does(stop)
            expect(page.get_by_test_id("run-status")).to_have_text("stopped")
            expect.set_options(timeout=None)

        code, _ = terminal.run("kill %1; wait %1", 60)
        assert code != 0, "the demo ends when it is told to"
        assert not is_ready(user.port)
