"""Bars of a market: symbols, timeframes, and columns of open, high, low, close and volume."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray

from domain.errors import BarsInvalid, InvalidInput, did_you_mean

type Floats = NDArray[np.float64]
type Microseconds = NDArray[np.int64]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MAX_SYMBOL_LENGTH = 32


def to_microseconds(moment: datetime) -> int:
    """Return the moment as whole microseconds since 1970-01-01 UTC, exactly."""
    return (moment - EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Return the UTC datetime of a number of microseconds since 1970-01-01 UTC, exactly."""
    seconds, rest = divmod(microseconds, 1_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.replace(microsecond=rest) if rest else moment


@dataclass(frozen=True, slots=True)
class Timeframe:
    """The length of a bar: `1m 5m 15m 30m 1h 4h 1d`, and `1s 5s 15s 30s` where a feed has trades."""

    name: str
    seconds: int

    @classmethod
    def parse(cls, name: str) -> Self:
        """Return the timeframe of that name; raise InvalidInput, with a suggestion, for any other text."""
        seconds = _SECONDS.get(name)
        if seconds is None:
            hint, known = did_you_mean(name, _SECONDS), " ".join(_SECONDS)
            raise InvalidInput(f"unknown timeframe {name!r}: {hint}choose one of {known}", timeframe=name)
        return cls(name, seconds)

    @property
    def microseconds(self) -> int:
        """The length in microseconds."""
        return self.seconds * 1_000_000

    @property
    def duration(self) -> timedelta:
        """The length as a timedelta."""
        return timedelta(seconds=self.seconds)

    def __str__(self) -> str:
        return self.name


_SECONDS = {
    "1s": 1,
    "5s": 5,
    "15s": 15,
    "30s": 30,
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "30m": 1800,
    "1h": 3600,
    "4h": 14400,
    "1d": 86400,
}
TIMEFRAMES = tuple(_SECONDS)


def parse_symbol(text: str) -> str:
    """Return the symbol in capitals without surrounding blanks; raise InvalidInput when it cannot be one."""
    symbol = text.strip().upper()
    allowed = symbol.replace("/", "").replace("-", "").replace(".", "").replace("_", "")
    if not symbol or len(symbol) > MAX_SYMBOL_LENGTH or not allowed.isalnum() or not symbol.isascii():
        raise InvalidInput(f"{text!r} is no symbol: letters and digits, with / - . _ between, such as BTC/USD or SPY")
    return symbol


BAR_COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Bars of one symbol and timeframe, as columns of equal length, oldest first.

    time: the open of each bar, microseconds since 1970 UTC, strictly ascending. Gaps stay gaps.
    open, high, low, close: prices in quote currency. volume: in base currency, 0 where the feed has none.
    """

    symbol: str
    timeframe: Timeframe
    time: Microseconds
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.time)

    @property
    def start_time(self) -> datetime:
        """The open of the first bar, UTC."""
        return from_microseconds(int(self.time[0]))

    @property
    def end_time(self) -> datetime:
        """The close of the last bar, UTC."""
        return from_microseconds(int(self.time[-1]) + self.timeframe.microseconds)

    def between(self, start: datetime | None, end: datetime | None) -> "Bars":
        """Return the bars that open in [start, end), None meaning no bound on that side."""
        first = 0 if start is None else int(np.searchsorted(self.time, to_microseconds(start)))
        last = len(self.time) if end is None else int(np.searchsorted(self.time, to_microseconds(end)))
        return self.part(first, last)

    def part(self, first: int, end: int) -> "Bars":
        """Return the bars at the places [first, end)."""
        part = slice(first, end)
        return Bars(
            self.symbol,
            self.timeframe,
            self.time[part],
            self.open[part],
            self.high[part],
            self.low[part],
            self.close[part],
            self.volume[part],
        )

    def content_hash(self) -> str:
        """Return the SHA-256 of symbol, timeframe and every value: equal exactly when the bars are."""
        digest = hashlib.sha256(f"{self.symbol} {self.timeframe} {len(self)}".encode())
        for column in (self.time, self.open, self.high, self.low, self.close, self.volume):
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()

    def require_valid(self) -> Self:
        """Return the bars themselves, or raise BarsInvalid naming the first row (from 1) that breaks a rule.

        Rules: finite prices above zero, finite volume not below zero, high the highest and low the lowest of the four,
        times strictly ascending.
        """
        prices = (("open", self.open), ("high", self.high), ("low", self.low), ("close", self.close))
        for name, column in prices:
            self._refuse(~np.isfinite(column), f"{name} is not a number")
            self._refuse(column <= 0, f"{name} is not above zero")
        self._refuse(~np.isfinite(self.volume), "volume is not a number")
        self._refuse(self.volume < 0, "volume is below zero")
        self._refuse(self.high < self.low, "high is below low")
        self._refuse(self.high < np.maximum(self.open, self.close), "high is below open or close")
        self._refuse(self.low > np.minimum(self.open, self.close), "low is above open or close")
        steps = np.diff(self.time, prepend=self.time[0] - 1) if len(self) else self.time
        self._refuse(steps == 0, "timestamp is the same as the one before")
        self._refuse(steps < 0, "timestamp is earlier than the one before")
        return self

    def _refuse(self, broken: NDArray[np.bool_], rule: str) -> None:
        if broken.any():
            row = int(np.argmax(broken))
            moment = from_microseconds(int(self.time[row]))
            raise BarsInvalid(f"row {row + 1} ({moment:%Y-%m-%dT%H:%M:%SZ}): {rule}", row=row + 1, rule=rule)
