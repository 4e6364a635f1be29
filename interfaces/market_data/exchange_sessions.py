"""Sessions of the New York exchanges, from the library exchange_calendars, kept in files because it starts slowly."""

import hashlib
import tempfile
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

import numpy as np
import structlog

from domain.errors import InvalidInput
from domain.market import Microseconds
from domain.sessions import Sessions, is_always_open

CALENDAR = "XNYS"
LIBRARY = "exchange_calendars"
NEW_YORK = ZoneInfo("America/New_York")
# Ten days are promised on both sides; no closure of a week at the edge shortens twenty to less.
MARGIN = timedelta(days=20)
FIRST_YEAR, LAST_YEAR = 1900, 2199
NANOSECONDS = 1_000
DIGEST_BYTES = hashlib.sha256().digest_size

_log = structlog.get_logger("market_data")


class ExchangeSessions:
    """Tells the sessions of a symbol: those of the New York Stock Exchange, none for pairs, which always trade.

    Whole decades are computed at once: twenty years take as long as one, and runs then ask for the same ones. Importing
    the library takes about two seconds, because it brings pandas; so it is imported only when sessions are neither in
    memory nor in the directory given. Safe to share between threads and processes.

    cache: where computed sessions are kept between processes, created when needed; None to keep them in memory only. A
    file serves one version of the library and one set of New York's clock changes; a damaged one is computed anew, and
    one that cannot be written is done without.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._known: dict[tuple[int, int], Sessions] = {}
        self._lock = Lock()

    def sessions(self, symbol: str, start: datetime, end: datetime) -> Sessions | None:
        """Return all sessions of the decades from 20 days before the start to 20 days after the end, None for a pair.

        start, end: with a zone. The columns are read-only. Raises InvalidInput if the end is before the start or a year
        is not of 1900 to 2199.
        """
        if is_always_open(symbol):
            return None
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if end < start or start.year < FIRST_YEAR or end.year > LAST_YEAR:
            raise InvalidInput(
                f"sessions of {symbol} are known from {FIRST_YEAR} to {LAST_YEAR}, not from {start:%Y-%m-%d} to "
                f"{end:%Y-%m-%d}",
                symbol=symbol,
            )
        years = (start - MARGIN).year // 10 * 10, (end + MARGIN).year // 10 * 10 + 9
        with self._lock:
            if years not in self._known:
                self._known[years] = self._found(*years)
            return self._known[years]

    def _found(self, first: int, last: int) -> Sessions:
        """Return the sessions of these years, both included, from the cache or computed and then cached."""
        if self._cache is None:
            return _computed(first, last)
        path = self._cache / f"{CALENDAR}-{version(LIBRARY)}-{first}-{last}-{_clock_changes(first, last)}.sessions"
        try:
            if (sessions := _read(path)) is not None:
                return sessions
        except OSError as error:
            _log.warning("sessions cannot be read", file=str(path), reason=error.strerror)
        sessions = _computed(first, last)
        try:
            _write(path, sessions)
        except OSError as error:
            _log.warning("sessions cannot be kept", file=str(path), reason=error.strerror)
        return sessions


def _computed(first: int, last: int) -> Sessions:
    import exchange_calendars  # type: ignore[import-untyped]

    calendar = exchange_calendars.get_calendar(CALENDAR, start=f"{first}-01-01", end=f"{last}-12-31")
    return Sessions(_microseconds(calendar.opens_nanos), _microseconds(calendar.closes_nanos))


def _microseconds(nanoseconds: Microseconds) -> Microseconds:
    column: Microseconds = nanoseconds // NANOSECONDS
    column.flags.writeable = False
    return column


def _clock_changes(first: int, last: int) -> str:
    """Return a short digest of New York's offset from UTC on every day of these years.

    Zone rules are updated with the operating system, not with the library.
    """
    noon = datetime(first, 1, 1, 12, tzinfo=UTC)
    days = (date(last, 12, 31) - date(first, 1, 1)).days + 1
    offsets = (str((noon + timedelta(days=day)).astimezone(NEW_YORK).utcoffset()) for day in range(days))
    return hashlib.sha256(" ".join(offsets).encode()).hexdigest()[:12]


def _read(path: Path) -> Sessions | None:
    """Return what `_write` wrote, None if there is no such file or it is not whole."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    digest, columns = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    if hashlib.sha256(columns).digest() != digest:
        _log.warning("sessions are computed anew: the file is damaged", file=str(path))
        return None
    opens, closes = np.frombuffer(columns, dtype="<i8").reshape(2, -1)
    return Sessions(opens, closes)


def _write(path: Path, sessions: Sessions) -> None:
    """Write a digest and the two columns; a reader sees all of it or nothing."""
    columns = np.stack((sessions.opens, sessions.closes)).astype("<i8").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", delete_on_close=False) as file:
        file.write(hashlib.sha256(columns).digest() + columns)
        file.close()
        Path(file.name).replace(path)
