"""The tutorials are followed to the letter: their files are written, their commands run, their output compared."""

from pathlib import Path

import pytest

from tests.architecture.test_docs import DOCS
from tests.docs.blocks import blocks
from tests.docs.following import follow

TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_does_what_it_says(page: Path, tmp_path: Path) -> None:
    assert any(block.is_run for block in blocks(page))
    follow(page, tmp_path)
