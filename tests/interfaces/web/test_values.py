"""How values are written into answers."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from interfaces.web.values import MomentOut

_MOMENTS: TypeAdapter[datetime] = TypeAdapter(MomentOut)


@given(st.datetimes(), st.sampled_from([UTC, ZoneInfo("UTC")]))
def test_a_moment_is_written_in_utc_to_the_microsecond(naive: datetime, zone: ZoneInfo) -> None:
    moment = naive.replace(tzinfo=zone)
    text = _MOMENTS.dump_json(moment).decode().strip('"')

    assert text == f"{naive.isoformat()}Z"
    assert datetime.fromisoformat(text) == moment
