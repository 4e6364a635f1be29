"""Bars out of CSV and Parquet files: every fault is one line with the file's name and its data row, counted from 1."""

import csv
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from domain.errors import BarsInvalid, InvalidInput
from domain.market import TIMEFRAMES, Bars, Floats, Microseconds, Timeframe, to_microseconds

if TYPE_CHECKING:
    import polars as pl  # it takes a tenth of a second to import, so functions import it when they need it

VALUES = ("open", "high", "low", "close", "volume")
COLUMNS = ("timestamp", *VALUES)
PARQUET_MAGIC = b"PAR1"

# The forms of ISO 8601 that are read, after "T" has replaced a blank; the usual ones first. %#z reads Z, +01, +01:00.
FORMATS = (
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%dT%H:%M",
)
# The unit of whole numbers since 1970, by the largest: seconds reach 10^11 in the year 5138, milliseconds 10^14, ...
EPOCH_UNITS = {"seconds": 10**11, "milliseconds": 10**14, "microseconds": 10**17}
MICROSECONDS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
# All of them between these are dates without dashes, not seconds of the summer of 1970.
COMPACT_DATES = (1900_01_01, 2200_12_31)
NAIVE = "timestamps without a zone were taken as UTC"
# A bar of a minute or more opens on a whole minute, wherever its exchange begins the day.
MINUTE = 60_000_000
STEPS_TO_JUDGE = 2
EARLIEST, LATEST = (to_microseconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (1900, 2200))
WANTED_TIME = "is no time: write it like 2024-01-31T09:30:00Z"


@dataclass(frozen=True, slots=True)
class FileBars:
    """Bars read from a file, and what a person should know of how they were read, one sentence each."""

    bars: Bars
    notices: tuple[str, ...]


def write_bars(bars: Bars, path: Path) -> None:
    """Write the bars as CSV or Parquet, as the file's name ends; `read_bars` gives exactly them again.

    Raises InvalidInput for another ending, and OSError where the file cannot be written.
    """
    import polars as pl

    opened = pl.Series("timestamp", bars.time).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame([opened, *(pl.Series(name, getattr(bars, name)) for name in VALUES)])
    match path.suffix.lower():
        case ".csv":
            frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%SZ")
        case ".parquet":
            frame.write_parquet(path)
        case _:
            raise InvalidInput(f"{path.name}: bars are written as .csv or .parquet")


def read_bars(path: Path, symbol: str, timeframe: Timeframe) -> FileBars:
    """Return all bars of a CSV or Parquet file, valid and ascending, under the symbol given.

    The columns timestamp, open, high, low, close, volume may stand in any order and case; others are ignored.
    Timestamps are the opens of the bars: ISO 8601, datetimes, dates, or whole numbers since 1970 whose size tells their
    unit. Raises InvalidInput for a file that cannot be such a one, BarsInvalid for a row that breaks a rule.
    """
    return _FileReader(path).read(symbol, timeframe)


class _FileReader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.notices: list[str] = []

    def read(self, symbol: str, timeframe: Timeframe) -> FileBars:
        frame = self._frame()
        if frame.is_empty():
            raise self._file_error("has no rows: it holds the column names only")
        time = self._times(frame["timestamp"])
        self._refuse(frame["timestamp"], (time < EARLIEST) | (time >= LATEST), "is not of the years 1900 to 2199")
        grid = min(timeframe.microseconds, MINUTE)
        self._refuse(frame["timestamp"], time % grid != 0, f"is no time at which a bar of {timeframe} opens")
        values = {name: self._floats(frame[name]) for name in VALUES}
        bars = Bars(symbol, timeframe, time, **values)
        self._require_valid(bars)
        self._require_step(bars)
        return FileBars(bars, tuple(self.notices))

    # -- the file ------------------------------------------------------------------------------------------------------

    def _frame(self) -> "pl.DataFrame":
        """Return the six columns, as the file types them."""
        readers = {".csv": self._csv_frame, ".parquet": self._parquet_frame}
        try:
            if self.path.is_dir():
                raise self._file_error("is a directory: name a file in it")
            if "\0" in str(self.path) or (self.path.exists() and not self.path.is_file()):
                raise self._file_error("is no file")
            with self.path.open("rb") as file:
                head = file.read(4096)
            reader = readers.get(self.path.suffix.lower())
            if reader is None:
                raise self._file_error("is of an unknown kind: its name must end in .csv or .parquet")
            if not head:
                raise self._file_error("is empty")
            return reader(head)
        except FileNotFoundError:
            raise InvalidInput(f"there is no file {self.path}", file=str(self.path)) from None
        except OSError as error:
            raise InvalidInput(f"{self.path} cannot be read: {error.strerror}", file=str(self.path)) from error

    def _parquet_frame(self, head: bytes) -> "pl.DataFrame":
        import polars as pl

        if not head.startswith(PARQUET_MAGIC):
            raise self._file_error("is not a Parquet file, though its name says so")
        try:
            names = list(pl.read_parquet_schema(self.path))
            places = self._places(names)
            columns = [names[place] for place in places.values()]
            frame = pl.read_parquet(self.path, columns=columns, glob=False, hive_partitioning=False)
        except pl.exceptions.PolarsError as error:
            raise self._file_error(f"cannot be read as Parquet: {str(error).splitlines()[0]}") from error
        return frame.select(pl.col(column).alias(name) for column, name in zip(columns, places, strict=True))

    def _csv_frame(self, head: bytes) -> "pl.DataFrame":
        import polars as pl

        if head.startswith(PARQUET_MAGIC) or b"\0" in head:
            raise self._file_error("is not a CSV file, though its name says so")
        names = self._csv_header()
        places = self._places(names)
        wanted = {place: name for name, place in places.items()}
        # Faster than reading text first. What is no number becomes null, and is then looked at more closely.
        schema = {
            wanted.get(place, f"ignored {place}"): pl.Float64 if wanted.get(place) in VALUES else pl.String
            for place in range(len(names))
        }
        with suppress(pl.exceptions.PolarsError):
            frame = pl.read_csv(
                self.path, has_header=False, skip_lines=1, schema=schema, ignore_errors=True, glob=False
            ).select(COLUMNS)
            if not any(column.null_count() for column in frame):
                return frame
        return self._csv_frame_row_by_row(len(names), places)

    def _csv_header(self) -> list[str]:
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                return next(csv.reader(file), [])
        except (UnicodeDecodeError, csv.Error):
            raise self._file_error("is not a CSV file in UTF-8, though its name says so") from None

    def _csv_frame_row_by_row(self, width: int, places: dict[str, int]) -> "pl.DataFrame":
        """Return the columns as text without blanks around it; the slow way, which finds the row that is at fault."""
        import polars as pl

        columns: dict[str, list[str]] = {name: [] for name in places}
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.reader(file)
                next(rows)
                for number, row in enumerate((row for row in rows if row), start=1):
                    if len(row) != width:
                        raise BarsInvalid(
                            f"{self.path.name}: row {number}: {len(row)} fields, the header has {width}", row=number
                        )
                    for name, place in places.items():
                        columns[name].append(row[place].strip())
        except UnicodeDecodeError:
            raise self._file_error("is not a CSV file in UTF-8, though its name says so") from None
        except csv.Error as error:
            place = len(columns["volume"]) + 1
            raise BarsInvalid(f"{self.path.name}: row {place}: {error}; is a quote not closed?", row=place) from error
        return pl.DataFrame(columns, schema=dict.fromkeys(places, pl.String))

    def _places(self, names: Sequence[str]) -> dict[str, int]:
        """Return where each column stands; note those that are ignored."""
        found = [name.strip().lower() for name in names]
        if missing := [name for name in COLUMNS if name not in found]:
            shown = ", ".join(map(_shown, names[:20]))
            separator = " (the separator must be a comma)" if any(mark in shown for mark in ";\t|") else ""
            raise self._file_error(f"lacks the columns {', '.join(missing)}: it has {shown or 'none'}{separator}")
        if twice := [name for name in COLUMNS if found.count(name) > 1]:
            raise self._file_error(f"has more than one column {', '.join(twice)}")
        if extra := [name for name, known in zip(names, found, strict=True) if known not in COLUMNS]:
            self.notices.append(f"ignored columns: {', '.join(map(_shown, extra))}")
        return {name: found.index(name) for name in COLUMNS}

    # -- the columns ---------------------------------------------------------------------------------------------------

    def _floats(self, column: "pl.Series") -> Floats:
        import polars as pl

        if not (column.dtype.is_numeric() or column.dtype == pl.String):
            raise self._file_error(f"has no numbers in the column {column.name}, but {column.dtype}")
        numbers = column.cast(pl.Float64, strict=False)
        self._refuse(column, numbers.is_null().to_numpy(), "is not a number")
        # Adding zero turns -0.0 into 0.0, which PostgreSQL takes for equal while a content hash does not.
        return numbers.to_numpy() + 0.0

    def _times(self, column: "pl.Series") -> Microseconds:
        import polars as pl

        kind = column.dtype
        if kind == pl.String:
            return self._times_of_text(column)
        self._refuse(column, column.is_null().to_numpy(), WANTED_TIME)
        if isinstance(kind, pl.Datetime):
            if kind.time_zone is None:
                self.notices.append(NAIVE)
            return _microseconds(column.dt.cast_time_unit("us"))
        if kind == pl.Date:
            self.notices.append(NAIVE)
            return _microseconds(column.cast(pl.Datetime("us")))
        if kind.is_integer() or kind.is_float():
            return self._times_since_1970(column)
        raise self._file_error(f"has no times in the column timestamp, but {kind}")

    def _times_of_text(self, column: "pl.Series") -> Microseconds:
        import polars as pl

        for number in (pl.Int64, pl.Float64):
            numbers = column.head(1).cast(number, strict=False)
            if not numbers.null_count():
                numbers = column.cast(number, strict=False)
                self._refuse(column, numbers.is_null().to_numpy(), "is no whole number, as the first one is")
                return self._times_since_1970(numbers)
        usual = column.str.to_datetime(FORMATS[0], time_unit="us", strict=False)
        if not usual.null_count():
            return _microseconds(usual)
        text = column.str.replace(" ", "T", literal=True).str.replace(" UTC", "Z", literal=True)
        times = np.zeros(len(text), np.int64)
        pending = np.arange(len(text))
        for form in FORMATS:
            parsed = text.gather(pending).str.to_datetime(form, time_unit="us", strict=False)
            read = parsed.is_not_null().to_numpy()
            if read.any():
                times[pending[read]] = _microseconds(parsed.drop_nulls())
                pending = pending[~read]
                if "z" not in form.lower() and NAIVE not in self.notices:
                    self.notices.append(NAIVE)
            if not len(pending):
                return times
        raise self._row_error(int(pending[0]), column, WANTED_TIME)

    def _times_since_1970(self, column: "pl.Series") -> Microseconds:
        import polars as pl

        whole = column.cast(pl.Int64, strict=False)
        self._refuse(column, ~(whole == column).fill_null(value=False).to_numpy(), "is no whole number since 1970")
        numbers: Microseconds = whole.to_numpy()
        smallest, largest = int(numbers.min()), int(numbers.max())
        if COMPACT_DATES[0] <= smallest and largest <= COMPACT_DATES[1]:
            raise self._row_error(0, column, WANTED_TIME)
        size = max(-smallest, largest)
        unit = next((unit for unit, limit in EPOCH_UNITS.items() if size < limit), "nanoseconds")
        self.notices.append(f"timestamps are numbers: taken as {unit} since 1970, UTC")
        return numbers * MICROSECONDS[unit] if unit in MICROSECONDS else numbers // 1000

    # -- the rules -----------------------------------------------------------------------------------------------------

    def _require_valid(self, bars: Bars) -> None:
        try:
            bars.require_valid()
        except BarsInvalid as error:
            hint = ": sort the file, oldest first" if "earlier" in error.message else ""
            raise BarsInvalid(f"{self.path.name}: {error.message}{hint}", **error.details) from None

    def _require_step(self, bars: Bars) -> None:
        """Refuse bars whose most frequent distance is not the timeframe; two bars may stand on two sides of a gap."""
        steps = np.diff(bars.time)
        wanted = bars.timeframe.microseconds
        if len(steps) < STEPS_TO_JUDGE or 2 * np.count_nonzero(steps == wanted) >= len(steps):
            return
        lengths, counts = np.unique(steps, return_counts=True)
        usual = lengths[counts == counts.max()]
        if wanted not in usual:
            found = _length(int(usual[0]))
            hint = f": --timeframe {found}?" if found in TIMEFRAMES else ""
            raise BarsInvalid(f"{self.path.name}: the bars are {found} apart, not {bars.timeframe}{hint}", found=found)

    def _refuse(self, column: "pl.Series", broken: NDArray[np.bool_], rule: str) -> None:
        if broken.any():
            raise self._row_error(int(np.argmax(broken)), column, rule)

    def _row_error(self, place: int, column: "pl.Series", rule: str) -> BarsInvalid:
        value, row = column[place], place + 1
        missing = value is None or value == ""
        fault = f"{column.name} is missing" if missing else f"{column.name} {str(value)[:40]!r} {rule}"
        return BarsInvalid(f"{self.path.name}: row {row}: {fault}", row=row, rule=rule)

    def _file_error(self, reason: str) -> InvalidInput:
        return InvalidInput(f"{_shown(self.path.name)} {reason}", file=str(self.path))


def _microseconds(column: "pl.Series") -> Microseconds:
    numbers: Microseconds = column.to_physical().to_numpy()
    return numbers


def _shown(name: str) -> str:
    """Return a name out of the file on one line, fit for a message."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())[:60]


def _length(microseconds: int) -> str:
    for unit, size in (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000)):
        if microseconds % size == 0:
            return f"{microseconds // size}{unit}"
    return f"{microseconds} µs"
