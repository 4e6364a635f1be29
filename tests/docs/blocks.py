"""The blocks of commands in a Markdown page, with what its comments say of them.

A page says in comments that no reader sees what its commands need:

    <!-- scene: bars, server -->     once, before the first command: what is there by then (`scenes.py`)
    <!-- file: crossover.py -->      before a block of any language: it is a file in the working directory
    <!-- not run: why -->            before a block of commands that cannot be run here
    <!-- exit: 3 -->                 before a block whose commands end with that code
    <!-- until: Ctrl-C -->           before a block whose commands run until they are interrupted

```sh blocks hold commands; ```console blocks hold commands after `$ ` and what they print, where `…` stands for
anything: within a line for the rest of it, alone on a line for any lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(
    r"(?P<marks>(?:^<!-- [^\n]+ -->\n)*)^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE
)
_MARK = re.compile(r"^<!-- (?P<name>[\w ]+): (?P<value>.+) -->$", re.MULTILINE)
_SCENE = re.compile(r"^<!-- scene: (.+) -->$", re.MULTILINE)
_LANGUAGES = {"sh", "console"}
_LOOKS_LIKE_A_COMMAND = re.compile(
    r"^(?:\$ )?(?:\.venv/bin/)?(?:weaver|make|curl|pip|python|docker|pg_dump|git) ", re.MULTILINE
)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INDENTED = re.compile(r"(?<=\n\n)(?: {4}[^\n]+\n)+")


@dataclass(frozen=True)
class Command:
    """One command, and the lines it prints where the page shows them."""

    text: str
    output: str | None = None


@dataclass(frozen=True)
class Block:
    """A block of a page: commands to run, or a file to write. line: where it begins."""

    page: Path
    line: int
    language: str
    body: str
    marks: dict[str, str] = field(default_factory=dict)

    @property
    def is_commands(self) -> bool:
        """Whether it holds commands."""
        return self.language in _LANGUAGES

    @property
    def is_run(self) -> bool:
        """Whether it holds commands that can be run here."""
        return self.is_commands and "not run" not in self.marks

    @property
    def commands(self) -> list[Command]:
        """The commands in their order, each with its continuation lines; comments alone are left out."""
        return list(_shell(self.body) if self.language == "sh" else _console(self.body))


def blocks(page: Path) -> list[Block]:
    """Return every fenced block of a page, in order."""
    text = page.read_text()
    return [
        Block(
            page,
            text.count("\n", 0, found.start("body")) + 1,
            found["language"],
            found["body"],
            {mark["name"]: mark["value"] for mark in _MARK.finditer(found["marks"])},
        )
        for found in _BLOCK.finditer(text)
    ]


def below(page: Path, heading: str) -> list[Block]:
    """Return the blocks of one section of a page, in order."""
    lines = page.read_text().splitlines()
    begin = lines.index(heading) + 1
    end = next((i for i, line in enumerate(lines[begin:], begin + 1) if line.startswith("## ")), len(lines) + 1)
    return [block for block in blocks(page) if begin < block.line < end]


def write_file(page: Path, name: str, directory: Path) -> None:
    """Write the file of that name that a page shows."""
    [body] = [block.body for block in blocks(page) if block.marks.get("file") == name]
    (directory / name).write_text(body)


def scenes_of(page: Path) -> list[str]:
    """Return the names of what must be there before the page's first command."""
    return [name.strip() for found in _SCENE.findall(page.read_text()) for name in found.split(",")]


def unmarked_commands(page: Path) -> list[str]:
    """Return blocks, fenced or indented, that look like commands and are in no language that is run."""
    fenced = [one.body for one in blocks(page) if one.language in ("", "text", "bash", "shell")]
    indented = _INDENTED.findall(_BLOCK.sub("", page.read_text()))
    return [
        body for body in (*fenced, *indented) if _LOOKS_LIKE_A_COMMAND.search(re.sub(r"^ {4}", "", body, flags=re.M))
    ]


def _shell(body: str) -> Iterator[Command]:
    waiting = ""
    for line in body.splitlines():
        waiting += f"\n{line}" if waiting else line
        if not waiting.strip() or waiting.lstrip().startswith("#"):
            waiting = ""
        elif not line.endswith("\\") and _is_closed(waiting):
            yield Command(waiting)
            waiting = ""
    assert not waiting, f"a command without an end: {waiting}"


def _console(body: str) -> Iterator[Command]:
    first, *parts = re.split(r"^\$ ", body, flags=re.MULTILINE)
    assert not first.strip(), f"output before the first command: {first}"
    for part in parts:
        lines = part.splitlines()
        end = next(i for i, line in enumerate(lines) if not line.endswith("\\")) + 1
        yield Command("\n".join(lines[:end]), "\n".join(lines[end:]).strip("\n"))


def _is_closed(text: str) -> bool:
    """Whether every quote has its end; a here-document is none of what documents show."""
    return text.count("'") % 2 == 0 and re.sub(r"'[^']*'", "", text).count('"') % 2 == 0


def first_difference(shown: str, said: str) -> str | None:
    """Return the first line of a page that is not what a command said there, None if all are."""
    lines, said = shown.splitlines(), said.rstrip("\n") + "\n"
    if re.fullmatch(_pattern(lines), said):
        return None
    return next(
        (line for i, line in enumerate(lines, 1) if not re.match(_pattern(lines[:i]), said)), "nothing after it"
    )


def _pattern(lines: list[str]) -> str:
    parts = []
    for line in lines:
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
        else:
            # tables are as wide as the terminal: how many spaces stand between columns is not compared
            words = [_word(word, is_timed=line.startswith("Took")) for word in line.split()]
            parts.append(r"[ \t]*" + r"\s+".join(words) + r"[ \t]*\n")
    return "".join(parts)


def _word(word: str, *, is_timed: bool) -> str:
    """A pattern for one word: ids are any id, and what was measured with a clock is any number."""
    text = ".*".join(re.escape(piece) for piece in word.split("…"))
    if _ID.search(word):
        return _ID.sub(lambda _: _ID.pattern, text.replace("\\-", "-"))
    return re.sub(r"\d[\d,]*(\\\.\d+)?", r"[\\d.,]+", text) if is_timed else text
