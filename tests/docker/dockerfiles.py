"""Dockerfiles read as what they say: stages, each a list of instructions."""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
DOCKERFILES = (DOCKER / "Dockerfile", DOCKER / "haro.Dockerfile")


@dataclass
class Stage:
    """One stage. origin: the image or stage it begins with. instructions: word and arguments, in order."""

    name: str
    origin: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        """Return the arguments of every instruction of that word."""
        return [arguments for given, arguments in self.instructions if given == word]


def stages(path: Path) -> dict[str, Stage]:
    """Return the stages of a Dockerfile by their names, in order."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: dict[str, Stage] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, arguments = line.partition(" ")
        if word == "FROM":
            origin, _, name = arguments.partition(" AS ")
            found[name] = stage = Stage(name, origin)
        else:
            stage.instructions.append((word, " ".join(arguments.split())))
    return found
