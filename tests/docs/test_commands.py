"""Every command of the guides is run, page by page, in their order; `test_tutorials.py` does the tutorials."""

from pathlib import Path

import pytest

from tests.architecture.test_docs import DOCS, PAGES, ROOT
from tests.docs.blocks import blocks, first_difference, unmarked_commands
from tests.docs.following import follow

# What cannot be run where the tests run. It is to stay short: a command nobody runs is a command nobody trusts.
MOST_NOT_RUN = 22
NOT_RUN = [one for page in PAGES for one in blocks(page) if one.is_commands and not one.is_run]
GUIDES = [page for page in PAGES if page.parent != DOCS / "tutorials" and any(one.is_run for one in blocks(page))]


def test_blocks_of_commands_say_that_they_are() -> None:
    unmarked = {str(page.relative_to(ROOT)): found for page in PAGES if (found := unmarked_commands(page))}
    assert unmarked == {}, "give these blocks the language sh or console, so that they are run"


def test_what_is_not_run_is_little_and_says_why() -> None:
    told = [f"{one.page.relative_to(ROOT)}:{one.line}: {one.marks['not run']}" for one in NOT_RUN]
    assert all(len(one.marks["not run"].split()) >= 3 for one in NOT_RUN), told
    assert len(told) <= MOST_NOT_RUN, told


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_do_what_it_says(page: Path, tmp_path: Path) -> None:
    follow(page, tmp_path)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("```sh\ntrue\nfalse\n```", "false\nended with 1"),
        ("```sh\nweaver data list --no-such-option\n```", "ended with 2"),
        ("```console\n$ echo one\ntwo\n```", "not what the page says: two"),
        ("<!-- exit: 3 -->\n```sh\ntrue\n```", "ended with 0"),
    ],
)
def test_a_page_that_says_what_is_not_so_fails(tmp_path: Path, block: str, said: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n{block}\n")
    with pytest.raises(pytest.fail.Exception) as failed:
        follow(page, tmp_path)
    assert said in str(failed.value)


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
