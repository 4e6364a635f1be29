"""Times as whole nanoseconds since 1970, how Alpaca writes them, and a clock that can run at any speed."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from application.clock import WallClock

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEW_YORK = ZoneInfo("America/New_York")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?)?", re.IGNORECASE)


def nanoseconds(moment: datetime) -> int:
    """Return a moment as nanoseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000


def moment_of(at: int) -> datetime:
    """Return a time as a UTC moment; what is below a microsecond is cut."""
    return _EPOCH + timedelta(microseconds=at // 1_000)


def rfc3339(at: int) -> str:
    """Return a time with nanoseconds, trailing zeros cut: `2026-08-14T13:30:00.123456789Z`."""
    fraction = f"{at % SECOND:09d}".rstrip("0")
    return f"{moment_of(at):%Y-%m-%dT%H:%M:%S}{'.' * bool(fraction)}{fraction}Z"


def in_new_york(at: int) -> str:
    """Return a time as New York writes it, with its offset."""
    return moment_of(at).astimezone(NEW_YORK).isoformat()


def parsed(text: str) -> int:
    """Return the nanoseconds of a date or an RFC 3339 time, UTC without an offset. ValueError if it is neither."""
    found = _RFC_3339.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no date and no time")
    date, time, fraction, offset = found.groups()
    written = f"{date}T{time or '00:00:00'}{(offset or 'Z').upper()}"
    return nanoseconds(datetime.fromisoformat(written)) + int((fraction or "").ljust(9, "0"))


def wall_time() -> int:
    """Return the machine's time."""
    return nanoseconds(WallClock().now())


class MarketClock:
    """The exchange's clock: from a pair of wall time and market time on, it runs `speed` times as fast."""

    def __init__(self, wall: int, market: int, speed: float = 1.0) -> None:
        self.set(wall, market, speed)

    def set(self, wall: int, market: int, speed: float) -> None:
        """Show `market` at the wall time `wall` and run on at `speed`; 0 stands still."""
        self.wall, self.market, self.speed = wall, market, speed

    def now(self) -> int:
        """Return the market's time."""
        passed = wall_time() - self.wall
        return self.market + (passed if self.speed == 1 else int(passed * self.speed))
