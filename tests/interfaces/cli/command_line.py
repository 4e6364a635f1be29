"""Runs `weaver` commands inside the test's process, on a real database, and keeps what they print."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from interfaces.cli.entry import run

ROOT = Path(__file__).parents[3]
HEADER = "timestamp,open,high,low,close,volume"


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed on stdout, all of it as one JSON document."""
        return json.loads(self.out)


class CommandLine:
    """Calls `weaver` with the settings and in the directory of a test."""

    def __init__(self, capsys: pytest.CaptureFixture[str], directory: Path) -> None:
        self._capsys = capsys
        self.directory = directory

    def __call__(self, *arguments: str) -> Answer:
        """Run one command to its end."""
        self._capsys.readouterr()
        code = run(arguments)
        out, err = self._capsys.readouterr()
        return Answer(code, out, err)

    def done(self, *arguments: str) -> Answer:
        """Run one command that must succeed."""
        answer = self(*arguments)
        assert answer.code == 0, answer.err
        return answer


@contextmanager
def command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], directory: Path, database_url: str
) -> Iterator[CommandLine]:
    """Give a command line whose settings are these alone."""
    for name in list(os.environ):
        if name.startswith("WEAVER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WEAVER_DATABASE_URL", database_url)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("WEAVER_HOME", str(directory / "home"))
    monkeypatch.chdir(directory)
    yield CommandLine(capsys, directory)


def minute_rows(count: int = 240, day: int = 1) -> list[str]:
    """Return rows of minute bars of a wavy market, from 2025-01-<day> 00:00 UTC."""
    rows = []
    for minute in range(count):
        price = 100 + (minute % 40 if minute % 80 < 40 else 40 - minute % 40)
        stamp = f"2025-01-{day + minute // 1440:02}T{minute % 1440 // 60:02}:{minute % 60:02}:00Z"
        rows.append(f"{stamp},{price},{price + 2},{price - 2},{price + 1},5")
    return rows


def write_bars(path: Path, rows: Sequence[str], header: str = HEADER) -> str:
    """Write rows as a CSV file; return its path as text."""
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)
