"""Finds strategies: bundled, in the user's directory, of installed packages, or by the path of a file.

The main process runs bundled code alone. What other code declares is asked of a short-lived child process that has none
of Weaver's settings and keys, and remembered until the file, or one beside it, changes. (Marvin)
"""

import importlib.util
import inspect
import os
import pkgutil
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from signal import SIGKILL
from time import monotonic
from types import ModuleType

import msgspec

import interfaces
from application.ports import StrategyDescription
from domain import indicators
from domain.errors import StrategyChanged, StrategyFault, StrategyNotFound, WeaverError
from domain.strategy import Strategy
from interfaces.strategy_probe import (
    ProbedCode,
    ProbedStrategy,
    allow_imports_from,
    probe,
    run_file,
    run_module,
    strategy_classes,
)
from interfaces.user_code import scrubbed_environment

BUNDLED_PACKAGE = "weaver.strategies"
ENTRY_POINT_GROUP = "weaver.strategies"
PROBE_SECONDS = 10.0
# A fault may lie outside the file (a package not installed yet): it is looked at again after this time.
FAULT_SECONDS = 60.0
PROBES_AT_ONCE = 4
MAX_FILE_BYTES = 1_000_000
INDICATORS = frozenset(
    name
    for name, function in vars(indicators).items()
    if inspect.isfunction(function) and function.__module__ == indicators.__name__ and not name.startswith("_")
)
_PATH = re.compile(r"(?P<file>.+\.py)(:(?P<wanted>\w+))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Code:
    """A place that may hold strategies. origin: as in StrategyDescription; name: a path, or a module's name."""

    origin: str
    name: str
    wanted: str | None = None

    @property
    def is_module(self) -> bool:
        return self.origin == "package"

    @property
    def label(self) -> str:
        return self.name if self.is_module else Path(self.name).name

    @property
    def stem(self) -> str:
        return self.name.rpartition(".")[2] if self.is_module else Path(self.name).stem

    def text(self) -> bytes:
        """The file's text, empty for a module; raises StrategyNotFound."""
        if self.is_module:
            return b""
        path = Path(self.name)
        try:
            if path.exists() and not path.is_file():
                raise StrategyNotFound("is no file")
            if path.stat().st_size > MAX_FILE_BYTES:
                raise StrategyNotFound(f"is larger than {MAX_FILE_BYTES:,} bytes")
            return path.read_bytes()
        except FileNotFoundError:
            raise StrategyNotFound("there is no such file") from None
        except (OSError, ValueError) as error:
            raise StrategyNotFound(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None

    def run(self, text: bytes) -> ModuleType:
        """The module it makes, run in this process; raises StrategyNotFound."""
        if self.is_module:
            return run_module(self.name)
        if self.origin != "bundled":
            allow_imports_from(Path(self.name).parent)
        return run_file(Path(self.name), text)


@dataclass(frozen=True, slots=True)
class _Found:
    """A strategy and where it is; description.error says what is wrong with it, traceback where its code raised."""

    code: _Code
    description: StrategyDescription
    requires: tuple[str, ...] = ()
    traceback: str = ""

    def broken(self, error: str) -> "_Found":
        return replace(self, description=replace(self.description, error=error))


@dataclass(frozen=True, slots=True)
class _Remembered:
    text: bytes
    surroundings: object
    probed: ProbedCode
    at: float

    def holds(self, text: bytes, surroundings: object) -> bool:
        same = self.text == text and self.surroundings == surroundings
        return same and (self.probed.error is None or monotonic() < self.at + FAULT_SECONDS)


class FileStrategyCatalog:
    """Implements `StrategyCatalog`.

    Where two strategies have one name, bundled goes before the user's directory before installed packages; in the
    directory the file of that name goes first, then the order of file names. The later ones are listed with an error.
    """

    def __init__(self, strategies_dir: Path | None, *, patience: float = PROBE_SECONDS) -> None:
        self._strategies_dir = strategies_dir
        self._patience = patience
        self._remembered: dict[_Code, _Remembered] = {}
        self._locks: dict[_Code, threading.Lock] = {}

    def list(self) -> Sequence[StrategyDescription]:
        """Return every strategy found, broken ones included, by id. Never raises: what is wrong is in `error`."""
        taken: dict[str, str] = {}
        listed = []
        for found in self._all():
            description, label = found.description, found.code.label
            error = description.error
            if error is None and description.strategy_id in taken:
                error = f"{label}: the name is taken by {taken[description.strategy_id]}: give it a `name` of its own"
            elif error is None:
                taken[description.strategy_id] = f"{found.code.origin} {label}"
                error = self._unmet(found)
            listed.append(replace(description, error=error))
        return sorted(listed, key=lambda description: description.strategy_id)

    def describe(self, strategy_id: str) -> StrategyDescription:
        """Return one strategy that can be loaded; raise StrategyNotFound with a suggestion, or with what is wrong.

        strategy_id: a name, or `path/to/file.py:ClassName`, the class left out if the file holds one strategy. The id
        of the answer has the absolute path then, which means the same from every working directory.
        """
        return self._healthy(strategy_id, run_here=False).description

    def load(self, strategy_id: str, version: str | None = None) -> type[Strategy]:
        """Return the class itself, by running the file: only in a process that may run user code.

        Raises StrategyNotFound as `describe` does, but StrategyFault, with the traceback, for code that raises, and
        StrategyChanged if a version is given and the code has another.
        """
        found = self._healthy(strategy_id, run_here=True)
        if version is not None and found.description.version != version:
            raise StrategyChanged(
                f"{found.code.label} is at version {found.description.version}, the run was created with {version}: "
                "create a new run"
            )
        try:
            module = found.code.run(found.code.text())
        except StrategyNotFound as error:
            reason = f"{found.code.label}: {error.message}"
            raise _unloadable(strategy_id, reason, str(error.details.get("traceback", ""))) from None
        for kind in strategy_classes(module, found.code.wanted):
            if kind.__name__ == found.description.class_name:
                return kind
        raise StrategyNotFound(f"{strategy_id} cannot be loaded: {found.code.label} has changed meanwhile")

    def file_of(self, strategy_id: str) -> tuple[str, str, bytes] | None:
        """Return name, class and text of a strategy's file, None for one of a package; raise as `describe` does."""
        found = self._healthy(strategy_id, run_here=False)
        if found.code.origin in ("bundled", "package"):
            return None
        return found.code.label, found.description.class_name, found.code.text()

    def _healthy(self, strategy_id: str, *, run_here: bool) -> _Found:
        found = self._find(strategy_id, run_here=run_here)
        if found is None:
            raise StrategyNotFound(self._no_such(strategy_id), strategy_id=strategy_id)
        error = found.description.error or self._unmet(found)
        if error:
            raise _unloadable(strategy_id, error, found.traceback if run_here else "")
        return found

    def _no_such(self, strategy_id: str) -> str:
        names = [description.strategy_id for description in self.list() if description.error is None]
        close = get_close_matches(strategy_id.lower(), names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names[:10]) or 'none at all'}"
        return f"no strategy is named {strategy_id!r}: {hint}"

    def _find(self, strategy_id: str, *, run_here: bool = False) -> _Found | None:
        """The strategy an id means, a broken one only where no other has its name."""
        path = _PATH.fullmatch(strategy_id)
        if path:
            file = str(Path(path["file"]).expanduser().absolute())
            return self._found([_Code("path", file, path["wanted"])], run_here=run_here)[0]
        broken = None
        for codes, here in self._places(strategy_id, run_here=run_here):
            for found in self._found(codes, run_here=here):
                if found.description.strategy_id == strategy_id:
                    if found.description.error is None:
                        return found
                    broken = broken or found
        return broken

    def _places(self, strategy_id: str, *, run_here: bool) -> Iterator[tuple[Sequence[_Code], bool]]:
        """Where the strategy may be, and whether it may be run here: each place is looked at when it is its turn.

        A file is run here only if its name says that it is meant.
        """
        yield _bundled(), run_here
        in_directory = self._in_directory()
        yield [code for code in in_directory if code.stem == strategy_id], run_here
        yield [code for code in in_directory if code.stem != strategy_id], False
        yield _packaged(), False  # which looks through every package that is installed

    def _all(self) -> Iterator[_Found]:
        yield from self._found(_bundled())
        in_directory = self._found(self._in_directory())
        yield from sorted(in_directory, key=lambda found: found.code.stem != found.description.strategy_id)
        yield from self._found(_packaged())

    def _in_directory(self) -> Sequence[_Code]:
        directory = self._strategies_dir
        if directory is None or not directory.exists():
            return []
        try:
            files = sorted(file for file in directory.iterdir() if file.suffix == ".py" and not file.is_dir())
        except OSError:
            # listed as a broken strategy of the directory's name
            return [_Code("directory", str(directory))]
        return [_Code("directory", str(file.absolute())) for file in files if file.name[0] not in "_."]

    def _found(self, codes: Sequence[_Code], *, run_here: bool = False) -> Sequence[_Found]:
        def probed(code: _Code) -> ProbedCode:
            return self._probed(code, run_here=run_here)

        if run_here or len(codes) < 2:
            # in the caller's thread, as an import would
            answers = [probed(code) for code in codes]
        else:
            with ThreadPoolExecutor(PROBES_AT_ONCE) as threads:
                answers = list(threads.map(probed, codes))
        return [found for code, answer in zip(codes, answers, strict=True) for found in _described(code, answer)]

    def _probed(self, code: _Code, *, run_here: bool) -> ProbedCode:
        with self._locks.setdefault(code, threading.Lock()):
            try:
                text, surroundings = code.text(), _surroundings(code)
                known = self._remembered.get(code)
                if known is not None and known.holds(text, surroundings):
                    return known.probed
                if run_here or code.origin == "bundled":
                    probed = probe(code.run(text), text, code.wanted)
                else:
                    probed = _ask_child(code, text, self._patience)
            except StrategyNotFound as error:
                return ProbedCode.failed(error)
            self._remembered[code] = _Remembered(text, surroundings, probed, monotonic())
            return probed

    def _unmet(self, found: _Found, above: tuple[str, ...] = ()) -> str | None:
        """What the strategy requires and cannot have, None if all is there."""
        path = (*above, found.description.strategy_id)
        for name in found.requires:
            if name in INDICATORS:
                continue
            if name in path:
                return f"the requirements form a circle: {' → '.join((*path[path.index(name) :], name))}"
            other = self._find(name)
            if other is None:
                return f"requires {name}, which is not there"
            error = other.description.error or self._unmet(other, path)
            if error:
                return f"requires {name}, which cannot be loaded: {error}"
        return None


def _bundled() -> Sequence[_Code]:
    package = importlib.util.find_spec(BUNDLED_PACKAGE)
    places = list(package.submodule_search_locations or ()) if package else []
    return [
        _Code("bundled", str(Path(place) / f"{module.name}.py"))
        for place in places
        for module in pkgutil.iter_modules([place])
        if not module.ispkg and not module.name.startswith("_")
    ]


def _packaged() -> Sequence[_Code]:
    points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: (point.name, point.value))
    parts = [point.value.partition(":") for point in points]
    return [_Code("package", module.strip(), attribute.strip() or None) for module, _, attribute in parts]


def _surroundings(code: _Code) -> object:
    """What else decides what the code declares: the files beside it, or the version of its package."""
    if code.is_module:
        points = [point for point in entry_points(group=ENTRY_POINT_GROUP) if point.value.startswith(code.name)]
        return [(point.value, point.dist.version) for point in points if point.dist]
    try:
        with os.scandir(Path(code.name).parent) as entries:
            files = [one for one in entries if one.name.endswith(".py")]
            return sorted((one.name, one.stat(follow_symlinks=False).st_mtime_ns) for one in files)
    except OSError:
        # something goes on there: ask anew each time
        return object()


def _described(code: _Code, probed: ProbedCode) -> Sequence[_Found]:
    """The strategies of a piece of code; of a path, exactly one."""
    strategies = probed.strategies
    error = probed.error
    if code.origin == "path" and error is None and len(strategies) > 1:
        names = ", ".join(strategy.class_name for strategy in strategies)
        error = f"holds {names}: say which one, as in {code.label}:{strategies[0].class_name}"
    if error is not None:
        strategies = (ProbedStrategy(code.stem, code.wanted or "", error=error),)
    return [_one(code, probed, strategy) for strategy in strategies]


def _one(code: _Code, probed: ProbedCode, strategy: ProbedStrategy) -> _Found:
    description = StrategyDescription(
        strategy_id=f"{code.name}:{strategy.class_name}" if code.origin == "path" else strategy.strategy_id,
        class_name=strategy.class_name,
        version=f"{strategy.version}+{probed.text_hash}" if strategy.version else "",
        description=strategy.description,
        author=strategy.author,
        source=code.origin,
        parameters=strategy.parameters,
        error=f"{code.label}: {strategy.error}" if strategy.error else None,
    )
    return _Found(code, description, strategy.requires, probed.traceback)


def _unloadable(strategy_id: str, reason: str, trace: str) -> WeaverError:
    message = f"{strategy_id} cannot be loaded: {reason}"
    if trace:
        return StrategyFault(message, strategy_id=strategy_id, traceback=trace)
    return StrategyNotFound(message, strategy_id=strategy_id)


def _ask_child(code: _Code, text: bytes, patience: float) -> ProbedCode:
    """What the code declares, by running it in a process of its own that is ended after `patience` seconds."""
    kind, name, wanted = "module" if code.is_module else "file", code.name, [code.wanted] if code.wanted else []
    command = [sys.executable, "-P", "-B", "-m", "interfaces.strategy_probe", kind, name, *wanted]
    environment = scrubbed_environment()
    ours = str(Path(interfaces.__file__).parents[1])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (ours, environment.get("PYTHONPATH"))))
    directory = None if code.is_module else Path(name).parent
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    try:
        child = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=nowhere,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )
    except OSError as error:
        return ProbedCode(error=f"cannot be looked at: {error.strerror}")
    with child:
        try:
            answer, _ = child.communicate(text, timeout=patience)
        except subprocess.TimeoutExpired:
            return ProbedCode(error=f"did not load within {patience:g} s")
        finally:
            if child.returncode is None:
                # with everything it has started; it is not waited for yet, so the id is still its own
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, SIGKILL)
    try:
        return msgspec.json.decode(answer, type=ProbedCode)
    except msgspec.MsgspecError:
        end = f"signal {-child.returncode}" if child.returncode < 0 else f"exit code {child.returncode}"
        return ProbedCode(error=f"ended while it was loaded ({end})")
