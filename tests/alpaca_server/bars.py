"""Bars: columns of minutes, drawn together to any timeframe Alpaca has."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.alpaca_server.refusals import Refused
from tests.alpaca_server.times import DAY, HOUR, MINUTE, NEW_YORK, moment_of, nanoseconds, rfc3339

_TIMEFRAME = re.compile(r"(\d+)(Min|T|Hour|H|Day|D|Week|W|Month|M)")
_LONGEST = {"Min": 59, "Hour": 23, "Day": 1, "Week": 1, "Month": 12}
_WORDS = {"T": "Min", "H": "Hour", "D": "Day", "W": "Week", "M": "Month"}


@dataclass(frozen=True)
class Timeframe:
    """A bar's length: a count of minutes, hours, days, weeks or months."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Timeframe":
        """Return the timeframe Alpaca writes as `5Min`; Refused if there is none such."""
        found = _TIMEFRAME.fullmatch(text)
        count, unit = (int(found[1]), _WORDS.get(found[2], found[2])) if found else (0, "Min")
        if not 1 <= count <= _LONGEST[unit] or (unit == "Month" and 12 % count):
            raise Refused(400, None, f"invalid timeframe: {text}")
        return cls(count, unit)

    @property
    def is_shown_early(self) -> bool:
        """Whether the bar that is still being formed is among the answers: from an hour up."""
        return self.unit != "Min"

    def start(self, at: int, is_crypto: bool) -> int:
        """Return when the bar that holds a time opens. Days begin at midnight: UTC for crypto, New York for shares."""
        if self.unit in ("Min", "Hour"):
            length = self.count * (MINUTE if self.unit == "Min" else HOUR)
            return at // length * length
        if is_crypto and self.unit == "Day":
            return at // DAY * DAY
        local = moment_of(at) if is_crypto else moment_of(at).astimezone(NEW_YORK)
        return nanoseconds(self._first_midnight(local))

    def _first_midnight(self, local: datetime) -> datetime:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.unit == "Week":
            return midnight - timedelta(days=midnight.weekday())
        if self.unit == "Month":
            return midnight.replace(day=1, month=(midnight.month - 1) // self.count * self.count + 1)
        return midnight

    def end(self, start: int, is_crypto: bool) -> int:
        """Return when a bar that opens at `start` is over."""
        days = {"Day": 1, "Week": 7, "Month": 31 * self.count}.get(self.unit)
        if days is None:
            return start + self.count * (MINUTE if self.unit == "Min" else HOUR)
        return self.start(start + days * DAY + 2 * HOUR, is_crypto)


@dataclass(frozen=True)
class MinuteBars:
    """Columns of bars: opening times in nanoseconds, prices, volumes, numbers of trades, volume times price."""

    at: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    count: NDArray[np.int64]
    turnover: NDArray[np.float64]

    def _columns(self) -> tuple[NDArray[Any], ...]:
        return (self.at, self.open, self.high, self.low, self.close, self.volume, self.count, self.turnover)

    @classmethod
    def none(cls) -> "MinuteBars":
        """Return no bars."""
        number, whole = np.empty(0), np.empty(0, dtype=np.int64)
        return cls(whole, number, number, number, number, number, whole, number)

    @classmethod
    def of_seconds(cls, at: NDArray[np.int64], prices: NDArray[np.float64], sizes: NDArray[np.float64]) -> "MinuteBars":
        """Return the bars of one trade for each second of whole minutes."""
        by_minute, size = prices.reshape(-1, 60), sizes.reshape(-1, 60)
        return cls(
            at[::60],
            by_minute[:, 0],
            by_minute.max(axis=1),
            by_minute.min(axis=1),
            by_minute[:, -1],
            size.sum(axis=1).round(6),
            np.full(len(by_minute), 60),
            (by_minute * size).sum(axis=1),
        )

    @classmethod
    def of_trades(cls, trades: Iterable[tuple[int, Decimal, Decimal]]) -> "MinuteBars":
        """Return the bars of some trades in order: time, price and size of each."""
        rows = []
        for minute, group in groupby(trades, key=lambda trade: trade[0] // MINUTE * MINUTE):
            inside = list(group)
            prices, volume = [price for _, price, _ in inside], sum(size for _, _, size in inside)
            turnover = sum(price * size for _, price, size in inside)
            traded = sum(size > 0 for _, _, size in inside)
            rows.append((minute, prices[0], max(prices), min(prices), prices[-1], volume, traded, turnover))
        if not rows:
            return cls.none()
        at, opened, high, low, close, volumes, counts, turnovers = zip(*rows, strict=True)
        return cls(
            np.array(at, dtype=np.int64),
            np.array(opened, dtype=np.float64),
            np.array(high, dtype=np.float64),
            np.array(low, dtype=np.float64),
            np.array(close, dtype=np.float64),
            np.array(volumes, dtype=np.float64),
            np.array(counts, dtype=np.int64),
            np.array(turnovers, dtype=np.float64),
        )

    @classmethod
    def joined(cls, parts: Sequence["MinuteBars"]) -> "MinuteBars":
        """Return the bars of all parts, one after the other."""
        if not parts:
            return cls.none()
        columns = zip(*(part._columns() for part in parts), strict=True)
        return cls(*map(np.concatenate, columns))

    def followed_by(self, other: "MinuteBars") -> "MinuteBars":
        """Return these bars and then the other ones."""
        return MinuteBars.joined([self, other])

    def where(self, chosen: Any) -> "MinuteBars":
        """Return the bars a mask or a slice chooses."""
        index = chosen if isinstance(chosen, slice) else np.array(chosen, dtype=bool)
        return MinuteBars(*(column[index] for column in self._columns()))

    def between(self, first: int, last: int) -> "MinuteBars":
        """Return the bars that open from `first` to `last`, both included."""
        low, high = np.searchsorted(self.at, first, "left"), np.searchsorted(self.at, last, "right")
        return self.where(slice(int(low), int(high)))

    def drawn_together(self, timeframe: Timeframe, is_crypto: bool) -> "MinuteBars":
        """Return these minutes as bars of a longer timeframe."""
        if timeframe == Timeframe(1, "Min") or not len(self.at):
            return self
        hours = self.at // HOUR * HOUR
        if timeframe.unit == "Min":
            starts = self.at // (timeframe.count * MINUTE) * (timeframe.count * MINUTE)
        else:
            # Only the hour decides which bar a minute belongs to, so that each hour is asked for once.
            unique, where = np.unique(hours, return_inverse=True)
            starts = np.array([timeframe.start(int(hour), is_crypto) for hour in unique], dtype=np.int64)[where]
        first = np.flatnonzero(np.r_[True, starts[1:] != starts[:-1]])
        last = np.r_[first[1:], len(starts)] - 1
        return MinuteBars(
            starts[first],
            self.open[first],
            np.maximum.reduceat(self.high, first),
            np.minimum.reduceat(self.low, first),
            self.close[last],
            np.add.reduceat(self.volume, first).round(6),
            np.add.reduceat(self.count, first),
            np.add.reduceat(self.turnover, first),
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return the bars as the API shows them."""
        return [
            {
                "t": rfc3339(int(at)),
                "o": float(opened),
                "h": float(high),
                "l": float(low),
                "c": float(close),
                "v": float(volume),
                "n": int(count),
                "vw": round(float(turnover) / float(volume), 9) if volume else 0,
            }
            for at, opened, high, low, close, volume, count, turnover in zip(*self._columns(), strict=True)
        ]
