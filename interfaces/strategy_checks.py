"""Checks of strategies, each in processes of their own: strategy code never runs in this one."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from signal import SIGKILL

import msgspec

from application.ports import StrategyCatalog, StrategyDescription
from application.strategy_check import Examination, same_in_both
from application.verdicts import CheckName, Outcome, Verdict
from domain.errors import Conflict, InvalidInput, StrategyFault, Unavailable
from domain.market import Timeframe, parse_symbol
from domain.parameters import parse_parameters
from domain.run import BarFile, ParameterValue
from interfaces.settings import Settings
from interfaces.strategy_check_task import Answer, Task
from interfaces.user_code import scrubbed_environment

SECONDS = 20.0
MOST_SECONDS = 300.0
# What may decide otherwise though it should not: the order of sets of texts, and what day it is. The two zones are 26
# hours apart, so that their days are never the same.
SURROUNDINGS: tuple[Mapping[str, str], ...] = (
    {"PYTHONHASHSEED": "1", "TZ": "WEST12"},
    {"PYTHONHASHSEED": "2", "TZ": "EAST-14"},
)
ORDER: tuple[CheckName, ...] = ("look_ahead", "warm_up", "determinism", "parameters")


class CheckTimedOut(Unavailable):
    """The strategy takes so long that a check of it did not end in time."""


class CheckAtWork(Conflict):
    """Another check is at work, and there is one at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """What is to be checked: a strategy on bars of files or of the store, without symbols on generated ones."""

    strategy_id: str
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    symbols: Sequence[str] = ()
    timeframe: str = "1m"
    start: datetime | None = None
    end: datetime | None = None
    files: Sequence[BarFile] = ()


class StrategyCheck(msgspec.Struct, frozen=True):
    """The verdicts on a strategy, and the bars they were found on."""

    strategy_id: str
    version: str
    symbols: tuple[str, ...]
    timeframe: str
    start_time: datetime
    end_time: datetime
    bars: int
    orders: int
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of them: `failed`, else `unsure`, else `ok`; what was skipped counts as unsure."""
        found = {verdict.outcome for verdict in self.verdicts}
        return "failed" if "failed" in found else "ok" if found == {"ok"} else "unsure"


class StrategyChecks:
    """Checks strategies, one at a time: each takes all of two processors."""

    def __init__(self, catalog: StrategyCatalog, settings: Settings, database_url: str = "") -> None:
        self._catalog = catalog
        self._settings = settings
        self._database_url = database_url
        self._at_work = threading.Lock()
        self._children: list[subprocess.Popen[bytes]] = []
        self._is_stopped = False

    def check(
        self, request: CheckRequest, seconds: float = SECONDS, most_seconds: float = MOST_SECONDS
    ) -> StrategyCheck:
        """Return the verdicts on a strategy, after about so many seconds.

        Raises StrategyNotFound, InvalidInput for parameters and bars there are none of, CheckAtWork, StrategyFault if
        a process ends before it is done, CheckTimedOut if one takes longer than most_seconds.
        """
        described = self._catalog.describe(request.strategy_id)
        task = self._task(request, described, seconds, most_seconds)
        if not self._at_work.acquire(blocking=False):
            raise CheckAtWork("another check is at work: try again when it has ended")
        try:
            tasks = [task, msgspec.structs.replace(task, only_trades=True)]
            with ThreadPoolExecutor(len(tasks)) as threads:
                one, other = threads.map(self._examination, tasks, SURROUNDINGS)
        finally:
            self._children.clear()
            self._at_work.release()
        return _check(described, one, other)

    def stop(self) -> None:
        """End the check that is at work, and take no other."""
        self._is_stopped = True
        for child in list(self._children):
            _end(child)

    def _task(self, request: CheckRequest, described: StrategyDescription, seconds: float, most_seconds: float) -> Task:
        parse_parameters(described.parameters, request.parameters)
        if request.start is not None and request.end is not None and request.start >= request.end:
            raise InvalidInput("the start must be before the end")
        return Task(
            strategy_id=described.strategy_id,
            parameters=dict(request.parameters),
            strategies_dir=str(self._settings.strategies_dir),
            cache_dir=str(self._settings.home / "cache"),
            log_format=self._settings.log_format,
            seconds=seconds,
            most_seconds=most_seconds,
            memory=self._settings.session_memory,
            only_trades=False,
            symbols=tuple(parse_symbol(one) for one in request.symbols),
            timeframe=Timeframe.parse(request.timeframe).name,
            start=request.start,
            end=request.end,
            files=tuple(request.files),
            database_url=self._database_url,
        )

    def _examination(self, task: Task, surroundings: Mapping[str, str]) -> Examination:
        child = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "interfaces.strategy_check_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**scrubbed_environment(), **surroundings},
            start_new_session=True,
        )
        self._children.append(child)
        if self._is_stopped:
            _end(child)
        with child:
            try:
                answered, _ = child.communicate(msgspec.json.encode(task) + b"\n", timeout=task.most_seconds)
            except subprocess.TimeoutExpired:
                message = f"the check of {task.strategy_id} did not end within {task.most_seconds:g} s"
                raise CheckTimedOut(message) from None
            finally:
                _end(child)
        if self._is_stopped:
            raise Unavailable("checks have been stopped")
        try:
            answer = msgspec.json.decode(answered, type=Answer)
        except msgspec.MsgspecError:
            code = child.returncode
            end = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise StrategyFault(f"the process that tried {task.strategy_id} ended by itself ({end})") from None
        if answer.examination is None:
            raise InvalidInput(answer.error) if answer.is_wrong_use else StrategyFault(answer.error)
        return answer.examination


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Kill it if it lives, with everything it has started: it is not waited for yet, so the id is still its own."""
    if child.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, SIGKILL)


def _check(described: StrategyDescription, one: Examination, other: Examination) -> StrategyCheck:
    """The verdicts of one process, with what both tell of determinism."""
    found = {verdict.check: verdict for verdict in one.verdicts}
    if "determinism" not in found:
        found["determinism"] = same_in_both(one, other)
    return StrategyCheck(
        strategy_id=described.strategy_id,
        version=described.version,
        symbols=one.symbols,
        timeframe=one.timeframe,
        start_time=one.start,
        end_time=one.end,
        bars=one.bars,
        orders=one.orders,
        verdicts=tuple(found[name] for name in ORDER),
    )
