"""Every command the documents show is run, page by page, in the order of the page."""

from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.architecture.test_docs import PAGES, ROOT
from tests.docs.blocks import Block, Command, blocks, first_difference, scenes_of, unmarked_commands
from tests.docs.scenes import Scene
from tests.docs.terminal import Terminal
from tests.system.weaver_process import wait_until

# What cannot be run where the tests run. It is to stay short: a command nobody runs is a command nobody trusts.
MOST_NOT_RUN = 14
SECONDS_FOR_A_COMMAND = 90.0
INTERRUPTED = {0, 124, 130}

NOT_RUN = [one for page in PAGES for one in blocks(page) if one.is_commands and "not run" in one.marks]
TESTED = [page for page in PAGES if any(one.is_commands and "not run" not in one.marks for one in blocks(page))]


def test_blocks_of_commands_say_that_they_are() -> None:
    unmarked = {str(page.relative_to(ROOT)): found for page in PAGES if (found := unmarked_commands(page))}
    assert unmarked == {}, "give these blocks the language sh or console, so that they are run"


def test_what_is_not_run_is_little_and_says_why() -> None:
    told = [f"{one.page.relative_to(ROOT)}:{one.line}: {one.marks['not run']}" for one in NOT_RUN]
    assert all(len(one.marks["not run"].split()) >= 3 for one in NOT_RUN), told
    assert len(told) <= MOST_NOT_RUN, told


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", TESTED, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_do_what_it_says(page: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        scene = Scene(tmp_path, stack)
        scene.set_up(scenes_of(page))
        terminal = stack.enter_context(Terminal(scene.directory, scene.environment))
        for block in blocks(page):
            if name := block.marks.get("file"):
                (scene.directory / name).write_text(block.body)
            if block.is_commands and "not run" not in block.marks:
                for command in block.commands:
                    carry_out(command, block, scene, terminal)


def carry_out(command: Command, block: Block, scene: Scene, terminal: Terminal) -> None:
    """Run one command of a page and hold what comes of it against what the page says."""
    place = f"{block.page.relative_to(ROOT)}:{block.line}: {command.text}"
    text = scene.resolved(command.text)
    until_interrupted = "until" in block.marks
    if until_interrupted:
        text = f"timeout --signal=INT 5 {text}"
    code, said = terminal.run(text, SECONDS_FOR_A_COMMAND)
    wanted = INTERRUPTED if until_interrupted else {int(block.marks.get("exit", "0"))}
    if code not in wanted:
        pytest.fail(f"{place}\nended with {code}:\n{said}", pytrace=False)
    scene.forget(command.text)
    if command.text.startswith("weaver serve") and command.text.endswith("&"):
        wait_until(lambda: is_ready(scene), 60, f"{place}: the server is ready")
    if command.output is not None:
        wrong = first_difference(scene.placed(command.output), said)
        if wrong is not None:
            pytest.fail(f"{place}\nprinted:\n{said}\nand not what the page says: {wrong}", pytrace=False)


def is_ready(scene: Scene) -> bool:
    """Whether the server of a page's own answers that all its parts work."""
    try:
        return httpx.get(f"http://127.0.0.1:{scene.settings['WEAVER_PORT']}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_a_command_that_fails_fails_its_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```sh\ntrue\nweaver data list --no-such-option\n```\n")
    [block] = blocks(page)
    (tmp_path / "scene").mkdir()
    with ExitStack() as stack:
        scene = Scene(tmp_path / "scene", stack)
        terminal = stack.enter_context(Terminal(scene.directory, scene.environment))
        assert terminal.run("true", 10) == (0, "")
        code, said = terminal.run(block.commands[1].text, 60)
    assert code == 2
    assert "--no-such-option" in said


@pytest.mark.parametrize(
    ("shown", "said", "agree"),
    [
        ("done in … s", "done in 0.3 s", True),
        ("done in … s", "made in 0.3 s", False),
        ("a   b\n…\nz", "a b\nc\nd\nz", True),
        ("a\nz", "a\nc\nz", False),
    ],
)
def test_what_a_page_shows_is_compared_line_by_line(shown: str, said: str, agree: bool) -> None:
    assert (first_difference(shown, said) is None) == agree
