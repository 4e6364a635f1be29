"""A command line on a fresh database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interfaces.cli.command_line import CommandLine, command_line


@pytest.fixture
def weaver(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, database_url: str
) -> Iterator[CommandLine]:
    """`weaver` in an empty directory, on a migrated database of its own."""
    with command_line(monkeypatch, capsys, tmp_path, database_url) as line:
        yield line
