"""The book on disk: JSON lines, only ever added to, each handed to the system before anything is answered."""

from pathlib import Path
from typing import BinaryIO

import msgspec

from tests.alpaca_server.facts import AnyFact

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[AnyFact] = msgspec.json.Decoder(AnyFact)


class Journal:
    """A file of facts, read once at the start and then only added to; without a path it is kept nowhere."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def read(self) -> list[AnyFact]:
        """Return the facts written so far, and open the file for more. A torn last line is cut off: nobody saw it."""
        if self._path is None:
            return []
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("ab+")
        self._file.seek(0)
        whole, _, torn = self._file.read().rpartition(b"\n")
        if torn:
            self._file.truncate(len(whole) + bool(whole))
        return [_DECODER.decode(line) for line in whole.splitlines()]

    def write(self, fact: AnyFact) -> None:
        """Add a fact; when this returns a kill of the process cannot lose it."""
        if self._file is not None:
            self._file.write(_ENCODER.encode(fact) + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
