"""What frames hold, and how long a lost stream waits."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.alpaca_wire.socket import FIRST_PAUSE, LONGEST_PAUSE, back_off, decoded

MESSAGES = st.lists(
    st.dictionaries(st.text(max_size=5), st.integers(-(2**53), 2**53) | st.text(max_size=5)), max_size=3
)


@given(MESSAGES)
def test_a_frame_is_read_as_text_as_bytes_and_as_message_pack(message: list[dict[str, int | str]]) -> None:
    as_json = msgspec.json.encode(message)
    for frame in (as_json, as_json.decode(), msgspec.msgpack.encode(message)):
        assert decoded(frame) == message


@pytest.mark.parametrize("frame", ["", b"", "{", b'{"a"', b"\xff\xfe", b"\xc1"], ids=repr)
def test_a_frame_that_holds_neither_is_said_to(frame: str | bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoded(frame)


@given(st.integers(0, 10_000))
def test_pauses_grow_to_half_a_minute_and_not_beyond(failures: int) -> None:
    assert 0.0 <= back_off(failures) <= min(FIRST_PAUSE * 2.0 ** min(failures, 10), LONGEST_PAUSE)


def test_the_first_pause_brings_a_stream_back_within_a_second() -> None:
    assert max(back_off(0) for _ in range(1000)) <= FIRST_PAUSE < 1.0
