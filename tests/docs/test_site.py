"""The documents as a site: `make docs` must build without a warning, hold what the code has, and fetch nothing."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
import typer

import weaver
from interfaces.cli.entry import _application
from interfaces.web.errors import CODES
from tests.architecture.test_docs import commands

ROOT = Path(__file__).parents[2]
# What a page loads by itself, as opposed to what a reader may follow.
FETCHED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(https?:)?//|<link\b[^>]*\bhref=\"(https?:)?//")

# Ten seconds where nothing else runs.
pytestmark = pytest.mark.timeout(300)


def build(config: Path, into: Path) -> "subprocess.CompletedProcess[str]":
    """Build the site as `make docs` does, into another folder."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(into)],
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT / "docs" / "site" / "mkdocs.yml", folder)
    assert done.returncode == 0, f"every page, link and heading must be found:\n{done.stdout}{done.stderr}"
    return folder


def headings(page: Path) -> set[str]:
    """The texts of a page's headings, without the marks for linking to them."""
    found = re.findall(r"<h[1-4][^>]*>(.*?)</h[1-4]>", page.read_text(), re.DOTALL)
    return {unescape(re.sub(r"<[^>]+>", "", one)).replace("¶", "").strip() for one in found}


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 40
    assert [page.name for page in pages if FETCHED.search(page.read_text())] == []


def test_every_command_and_its_options_are_on_the_page_of_the_command_line(site: Path) -> None:
    page = site / "reference" / "cli.html"
    tree = typer.main.get_command(_application())
    assert {f"weaver {' '.join(words)}" for words in commands(tree)} <= headings(page)
    assert {"--walk-forward", "--commission-bps", "--follow"} <= set(
        re.findall(r"<code>(--[\w-]+)</code>", page.read_text())
    )


def test_every_route_and_every_shape_is_on_the_page_of_routes(site: Path) -> None:
    page = site / "reference" / "rest-routes.html"
    document = json.loads((ROOT / "haro" / "openapi.json").read_text())
    routes = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert routes | document["components"]["schemas"].keys() <= headings(page)
    assert {*CODES.values(), "RUN_NOT_STARTABLE", "IDEMPOTENCY_MISMATCH"} - {"METHOD_NOT_ALLOWED"} <= set(
        re.findall(r"<code>([A-Z_]+)</code>", page.read_text())
    )


def test_every_public_name_is_on_the_page_of_the_python_api(site: Path) -> None:
    page = (site / "reference" / "python.html").read_text()
    assert [name for name in weaver.__all__ if f'id="weaver.{name}"' not in page] == []


def test_the_changelog_is_part_of_the_site_and_its_links_lead_to_pages(site: Path) -> None:
    assert 'href="changelog.html"' in (site / "index.html").read_text()
    assert "README.md" not in (site / "index.html").read_text()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[gone](nowhere.md)", "nowhere.md"),
        ("[gone](index.md#no-such-heading)", "no-such-heading"),
        ("[gone](/absolute.md)", "absolute"),
    ],
)
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Home\n\n{text}\n")
    strict = (ROOT / "docs" / "site" / "mkdocs.yml").read_text()
    validation = re.search(r"^validation:\n(?: .*\n)+", strict, re.MULTILINE)
    assert validation
    config = tmp_path / "mkdocs.yml"
    config.write_text(f"site_name: one page\n{validation[0]}")
    done = build(config, tmp_path / "built")
    assert done.returncode == 1
    assert complaint in done.stdout + done.stderr
