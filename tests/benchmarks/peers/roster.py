"""Which engines are measured, each in an environment of its own: `peers.toml` read, environments made."""

import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
PACKAGE = "tests.benchmarks.peers"
ENVIRONMENTS = ROOT / ".bench-peers"


class Peer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An engine: its script, the arguments of each process of it, and what its environment holds."""

    name: str
    module: str
    runs: tuple[tuple[str, ...], ...] = ((),)
    requirements: tuple[str, ...] = ()


class NotInstalled(Exception):
    """An environment could not be made; the message is one line that says why."""


def read_peers() -> tuple[Peer, ...]:
    """Return the peers of `peers.toml`, in its order."""
    listed = tomllib.loads((FOLDER / "peers.toml").read_text(encoding="utf-8"))["peer"]
    return msgspec.convert(listed, tuple[Peer, ...])


def environment(peer: Peer, seconds: float) -> Path:
    """Return the Python of the peer's environment, which is made first if it is not there as required.

    Raises NotInstalled when that fails or takes longer than the seconds given.
    """
    if not peer.requirements:
        return Path(sys.executable)
    folder = ENVIRONMENTS / peer.module
    python, made = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join((sys.version, *peer.requirements))
    if made.exists() and made.read_text(encoding="utf-8") == wanted:
        return python
    uv = str(Path(sys.executable).with_name("uv"))
    _command([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], seconds)
    install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    _command([*install, *peer.requirements], seconds)
    made.write_text(wanted, encoding="utf-8")
    return python


def _command(words: Sequence[str], seconds: float) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"installing took more than {seconds:.0f} s") from None
    if done.returncode:
        raise NotInstalled(f"not installable: {last_line(done.stderr)}")


def last_line(text: str) -> str:
    """Return the last line that says something, at most 200 characters of it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"
