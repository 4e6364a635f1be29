"""Follows a page as its reader would: writes its files, runs its commands, looks whether it says what comes of them."""

import shutil
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.docs.blocks import Block, Command, blocks, first_difference, scenes_of
from tests.docs.scenes import Scene
from tests.docs.terminal import Terminal
from tests.system.weaver_process import wait_until

SECONDS_FOR_A_COMMAND = 240.0
INTERRUPTED = {0, 143}


def follow(page: Path, directory: Path) -> None:
    """Do what a page says from its beginning to its end, in an empty directory; fail at the first that is otherwise."""
    if "curl " in page.read_text() and shutil.which("curl") is None:
        pytest.skip("curl is not installed, and the page uses it")
    with ExitStack() as stack:
        scene = Scene(directory, stack)
        scene.set_up(scenes_of(page))
        terminal = stack.enter_context(Terminal(scene.directory, scene.environment))
        for block in blocks(page):
            if name := block.marks.get("file"):
                (scene.directory / name).write_text(block.body)
            if block.is_run:
                for command in block.commands:
                    carry_out(command, block, scene, terminal)


def carry_out(command: Command, block: Block, scene: Scene, terminal: Terminal) -> None:
    """Run one command of a page and hold what comes of it against what the page says."""
    place = f"{block.page.name}:{block.line}: {command.text}"
    text = scene.resolved(command.text)
    until_interrupted = "until" in block.marks
    if until_interrupted:
        # what a shell runs behind hears no Ctrl-C: it is asked to end in the other way
        text = f"{text} &\nsleep 10; kill $! 2>/dev/null; wait $!"
    code, said = terminal.run(text, SECONDS_FOR_A_COMMAND)
    wanted = INTERRUPTED if until_interrupted else {int(block.marks.get("exit", "0"))}
    if code not in wanted:
        pytest.fail(f"{place}\nended with {code}:\n{said}", pytrace=False)
    scene.forget(command.text)
    if command.text.startswith("weaver serve") and command.text.endswith("&"):
        wait_until(lambda: is_ready(scene.settings["WEAVER_PORT"]), 180, f"{place}: the server is ready")
    if command.output is not None:
        wrong = first_difference(scene.placed(command.output), said)
        if wrong is not None:
            pytest.fail(f"{place}\nprinted:\n{said}\nand not what the page says: {wrong}", pytrace=False)


def is_ready(port: int | str) -> bool:
    """Whether a server on this machine answers that all its parts work."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
