"""Runs strategy code and says what it declares: `python -m interfaces.strategy_probe KIND NAME [CLASS]`.

KIND is `file`, with NAME its path and its text on standard input, or `module`, with NAME imported. The answer is a
ProbedCode in JSON on standard output; whatever the code itself prints goes nowhere.
"""

import hashlib
import importlib
import inspect
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TypeIs

import msgspec

from domain.errors import StrategyNotFound, WeaverError
from domain.parameters import ParameterSpec, declared_parameters
from domain.strategy import Strategy

HASH_DIGITS = 12
MAX_TEXT, MAX_LABEL = 500, 64
MAX_SECONDS = 60
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_WORD_BEGINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class ProbedStrategy(msgspec.Struct, frozen=True):
    """What a strategy class declares; with an `error`, what could be found out."""

    strategy_id: str
    class_name: str
    version: str = ""
    description: str = ""
    author: str = ""
    requires: tuple[str, ...] = ()
    parameters: tuple[ParameterSpec, ...] = ()
    error: str | None = None


class ProbedCode(msgspec.Struct, frozen=True):
    """The strategies of a file or module, in order of definition; with an `error`, none.

    text_hash: the first digits of the SHA-256 of the file's text. traceback: empty if the code raised nothing.
    """

    text_hash: str = ""
    strategies: tuple[ProbedStrategy, ...] = ()
    error: str | None = None
    traceback: str = ""

    @classmethod
    def failed(cls, error: StrategyNotFound, text: bytes = b"") -> "ProbedCode":
        """Return the answer of code that could not be loaded."""
        # a lone surrogate in somebody's message could not be written as JSON
        trace = str(error.details.get("traceback", "")).encode(errors="replace").decode()
        return cls(hash_of(text), error=error.message, traceback=trace)


def hash_of(text: bytes) -> str:
    """Return the first digits of the text's SHA-256."""
    return hashlib.sha256(text).hexdigest()[:HASH_DIGITS]


def run_file(path: Path, text: bytes) -> ModuleType:
    """Return the module that exactly this text makes, run once in a process.

    Raises StrategyNotFound with the line at fault, and the traceback in its details.
    """
    # the name tells files and contents apart; type hints are looked up in the module of that name
    name = f"weaver_strategy_{path.stem}_{hash_of(str(path).encode() + text)}"
    if name in sys.modules:
        return sys.modules[name]
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    try:
        with foreign_code(str(path)):
            exec(compile(text, str(path), "exec", dont_inherit=True), vars(module))
    except StrategyNotFound:
        del sys.modules[name]
        raise
    return module


def run_module(name: str) -> ModuleType:
    """Return the imported module; raise StrategyNotFound with the line at fault."""
    with foreign_code(name):
        return importlib.import_module(name)


def allow_imports_from(directory: Path) -> None:
    """Let strategy code import modules beside it; whatever is installed goes first."""
    if str(directory) not in sys.path:
        sys.path.append(str(directory))


@contextmanager
def foreign_code(file: str) -> Iterator[None]:
    """Turn whatever the code inside raises into StrategyNotFound: one line, the traceback in its details."""
    try:
        yield
    except (Exception, SystemExit) as error:
        trace = "".join(traceback.format_exception(error))
        raise StrategyNotFound(_one_line(error, file), traceback=trace) from error


def strategy_classes(module: ModuleType, wanted: str | None) -> list[type[Strategy]]:
    """Return the wanted class, or all that the module itself defines, `_Private` and abstract ones left out.

    Raises StrategyNotFound when there is none.
    """
    if wanted is not None:
        given = getattr(module, wanted, None)
        if given is None:
            raise StrategyNotFound(f"the class {wanted} is not in it")
        if not _is_strategy(given):
            raise StrategyNotFound(f"{wanted} is no Strategy: derive it from weaver.Strategy")
        return [given]
    found = [kind for kind in vars(module).values() if _is_strategy(kind) and _is_offered(kind, module)]
    if not found:
        raise StrategyNotFound("has no Strategy class; begin the file's name with _ if other files import it")
    return list(dict.fromkeys(found))


def probe(module: ModuleType, text: bytes, wanted: str | None) -> ProbedCode:
    """Return what the module's strategies declare."""
    try:
        with foreign_code(str(module.__file__)):
            strategies = tuple(_probed(kind) for kind in strategy_classes(module, wanted))
    except StrategyNotFound as error:
        return ProbedCode.failed(error, text)
    return ProbedCode(hash_of(text), strategies)


def strategy_id_of(kind: type[Strategy]) -> str:
    """Return the name the class itself declares, else its class name in snake case; an inherited name is another's."""
    declared: object = vars(kind).get("name") or _WORD_BEGINS.sub("_", kind.__name__).lower()
    if not isinstance(declared, str) or len(declared) > MAX_LABEL or not _NAME.fullmatch(declared):
        raise StrategyNotFound(
            f"the name of {kind.__name__} must be 1 to {MAX_LABEL} letters, digits, _ and -, not {_plain(declared)!r}"
        )
    return declared


def _is_strategy(kind: object) -> TypeIs[type[Strategy]]:
    return isinstance(kind, type) and issubclass(kind, Strategy) and kind is not Strategy


def _is_offered(kind: type[Strategy], module: ModuleType) -> bool:
    own = kind.__module__ == module.__name__ or kind.__module__.startswith(f"{module.__name__}.")
    return own and not kind.__name__.startswith("_") and not inspect.isabstract(kind)


def _probed(kind: type[Strategy]) -> ProbedStrategy:
    file = str(getattr(sys.modules.get(kind.__module__), "__file__", ""))
    strategy_id = _plain(kind.__name__)
    try:
        strategy_id = strategy_id_of(kind)
        with foreign_code(file):
            required: object = kind.requires
            requires = (required,) if isinstance(required, str) else tuple(map(str, kind.requires))
            introduced = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0]
            return ProbedStrategy(
                strategy_id=strategy_id,
                class_name=kind.__name__,
                version=_plain(kind.version, MAX_LABEL),
                description=_plain(kind.description or introduced),
                author=_plain(kind.author),
                requires=requires,
                parameters=declared_parameters(kind),
            )
    except StrategyNotFound as error:
        return ProbedStrategy(strategy_id, kind.__name__, error=error.message)


def _plain(given: object, length: int = MAX_TEXT) -> str:
    """Foreign text on one line, printable and not too long."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(given))
    return " ".join(text.split())[:length]


def _one_line(error: BaseException, file: str) -> str:
    if isinstance(error, WeaverError):
        return _plain(error.message)
    if isinstance(error, SyntaxError) and error.filename == file:
        return _plain(f"line {error.lineno}: {type(error).__name__}: {error.msg}")
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f"line {lines[-1]}: " if lines else ""
    if isinstance(error, ModuleNotFoundError):
        return _plain(f"{where}needs the module {error.name}, which is not installed")
    return _plain(f"{where}{type(error).__name__}: {error}")


def _answer(kind: str, name: str, wanted: str | None, text: bytes) -> ProbedCode:
    try:
        if kind == "file":
            allow_imports_from(Path(name).parent)
            module = run_file(Path(name), text)
        else:
            module = run_module(name)
            text = Path(module.__file__).read_bytes() if module.__file__ else b""
    except StrategyNotFound as error:
        return ProbedCode.failed(error, text)
    return probe(module, text, wanted)


def main() -> None:
    """Answer the question on the command line, and end without waiting for anything the code has left running."""
    # should the process that asked die first, nobody else would end code that never stops
    signal.alarm(MAX_SECONDS)
    answer = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    kind, name, *wanted = sys.argv[1:]
    sys.argv = [name]
    found = _answer(kind, name, wanted[0] if wanted else None, sys.stdin.buffer.read())
    content = msgspec.json.encode(found)
    while content:
        content = content[os.write(answer, content) :]
    os._exit(0)


if __name__ == "__main__":
    main()
