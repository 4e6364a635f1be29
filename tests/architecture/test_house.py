"""The shape of the house: what import-linter cannot say."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "application", "projections", "interfaces", "weaver")
VAGUE = {
    "utils",
    "util",
    "helpers",
    "helper",
    "managers",
    "manager",
    "common",
    "misc",
    "base",
    "core",
    "service",
    "services",
}
SOURCES = [p for package in PACKAGES for p in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_source_file_is_short_named_and_introduced(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400, "split it: no file above 400 lines"
    assert path.stem not in VAGUE, "name it after what it holds"
    assert ast.get_docstring(ast.parse(text)), "say in one line what this file is for"
