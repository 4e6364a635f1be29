"""What code reads from outside while it is watched: files, connections, programs; and whether a file holds given bars.

It is seen by Python's audit events, so what a library opens in its own machine code is not.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import interfaces
from domain.errors import WeaverError
from domain.market import Bars
from interfaces.market_data.files import read_bars

SYSTEM = ("/dev", "/etc", "/proc", "/sys", "/usr/lib", "/usr/share")
CODE = frozenset({".py", ".pyc", ".pyi", ".pth", ".so", ".toml", ".cfg"})
MOST_BYTES = 200_000_000
# How many closes in a row, at how many places, must be found near each other to say that a text holds the bars.
CLOSES_IN_A_ROW, PLACES, NEAR = 5, 8, 400


class OutsideReads:
    """Notes what is read from outside while `watched` is entered. An audit hook stays for the life of the process."""

    def __init__(self) -> None:
        self.files: list[Path] = []
        self.others: list[str] = []
        self._is_watching = False
        installed = {
            sys.prefix,
            sys.base_prefix,
            sys.exec_prefix,
            str(Path(interfaces.__file__).parents[1] / "interfaces"),
        }
        self._passed_over = (*SYSTEM, *(os.path.realpath(one) for one in installed))
        sys.addaudithook(self._hear)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note what the code inside reads."""
        self._is_watching = True
        try:
            yield
        finally:
            self._is_watching = False

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_watching:
            return
        if event == "open":
            self._opened(*arguments)
        elif event == "sqlite3.connect":
            self._opened(arguments[0], "r", 0)
        elif event in ("socket.connect", "socket.getaddrinfo"):
            self._note("the network")
        elif event in ("subprocess.Popen", "os.system", "os.posix_spawn"):
            self._note("another program")

    def _opened(self, path: object, mode: str | None, flags: int) -> None:
        writes = (mode is not None and not {"r", "+"} & set(mode)) or (flags or 0) & os.O_ACCMODE == os.O_WRONLY
        if writes or not isinstance(path, (str, bytes, os.PathLike)):
            return
        file = Path(os.path.realpath(os.fsdecode(path)))
        known = file in self.files or file.suffix in CODE or not file.is_file()
        if not known and not any(file.is_relative_to(one) for one in self._passed_over):
            self.files.append(file)

    def _note(self, what: str) -> None:
        if what not in self.others:
            self.others.append(what)


def holds_bars(path: Path, markets: Sequence[Bars]) -> bool:
    """Return whether the file has closes of these bars in a row: as text, as 64-bit numbers, or as a file of bars."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return False
        content = path.read_bytes()
    except OSError:
        return False
    return any(_has_numbers(content, bars) or _has_text(content, bars) or _is_of(path, bars) for bars in markets)


def _has_numbers(content: bytes, bars: Bars) -> bool:
    return any(bars.close[place : place + CLOSES_IN_A_ROW].tobytes() in content for place in _places(bars))


def _has_text(content: bytes, bars: Bars) -> bool:
    return any(
        _in_a_row(content, [f"{close:.15g}".encode() for close in bars.close[place : place + CLOSES_IN_A_ROW].tolist()])
        for place in _places(bars)
    )


def _in_a_row(content: bytes, texts: Sequence[bytes]) -> bool:
    """Whether the texts follow upon each other somewhere, each near the one before."""
    at = content.find(texts[0])
    while at >= 0:
        end = at
        for text in texts[1:]:
            end = content.find(text, end + 1, end + NEAR)
            if end < 0:
                break
        else:
            return True
        at = content.find(texts[0], at + 1)
    return False


def _is_of(path: Path, bars: Bars) -> bool:
    try:
        found = read_bars(path, bars.symbol, bars.timeframe).bars
    except (WeaverError, OSError):
        return False
    _, mine, its = np.intersect1d(bars.time, found.time, return_indices=True)
    return len(mine) >= CLOSES_IN_A_ROW and bool(np.mean(bars.close[mine] == found.close[its]) > 1 / 2)


def _places(bars: Bars) -> list[int]:
    """Where to look: spread, and only where closes differ enough to be told from any others."""
    spread = np.linspace(0, len(bars) - CLOSES_IN_A_ROW, PLACES).astype(int).tolist() if len(bars) else []
    return [place for place in spread if len(set(bars.close[max(place, 0) : place + CLOSES_IN_A_ROW].tolist())) > 2]
