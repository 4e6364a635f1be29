"""What the process that checks a strategy is told, and what it answers."""

from datetime import datetime
from typing import Literal

import msgspec

from application.strategy_check import Examination
from domain.run import BarFile, ParameterValue


class Task(msgspec.Struct, frozen=True):
    """What is to be tried, and on which bars: of the files, or else of the database, or else generated ones.

    seconds: about how long it may take; most_seconds: when it has to end. only_trades: whether the verdicts are left to
    another process. memory: megabytes it may take. parameters: as a person gave them.
    """

    strategy_id: str
    parameters: dict[str, ParameterValue]
    strategies_dir: str
    cache_dir: str
    log_format: Literal["console", "json"] | None
    seconds: float
    most_seconds: float
    memory: int
    only_trades: bool
    symbols: tuple[str, ...] = ()
    timeframe: str = "1m"
    start: datetime | None = None
    end: datetime | None = None
    files: tuple[BarFile, ...] = ()
    database_url: str = ""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of it: an examination, or why there is none. is_wrong_use: whether something else is to be asked."""

    examination: Examination | None = None
    error: str = ""
    is_wrong_use: bool = False
