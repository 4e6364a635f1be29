"""Chunks of bars: cut and put together without loss, merged as a dictionary by time would be."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.market import Bars, Timeframe, to_microseconds
from interfaces.market_data.bar_chunks import (
    CHUNK_BARS,
    COLUMNS,
    ROW,
    UNTOLD,
    Rows,
    bars_from,
    chunk_numbers,
    chunk_range,
    cut,
    merge,
    rows_from,
    rows_of,
)
from interfaces.market_data.files import VALUES
from interfaces.market_data.sample_bars import sample_bars

MINUTE = Timeframe.parse("1m")
SPAN = CHUNK_BARS * MINUTE.microseconds

# Few values and few places, so that equal times, equal values and shared chunks are frequent.
places = st.integers(-3 * CHUNK_BARS, 3 * CHUNK_BARS) | st.integers(-3, 3).map(lambda n: n * CHUNK_BARS)
values = st.tuples(*[st.sampled_from([1.0, 2.0])] * 5)


def rows(places_and_values: dict[int, tuple[float, ...]], counts: Iterator[int] | None = None) -> Rows:
    """Return rows at so many minutes from 1970, by time."""
    ordered = sorted(places_and_values.items())
    return np.array(
        [(n * MINUTE.microseconds, *given, UNTOLD if counts is None else next(counts)) for n, given in ordered], ROW
    )


def by_time(found: Rows) -> dict[int, tuple[float, ...]]:
    return {row[0]: row[1:] for row in found.tolist()}


def stored_rows(draw: st.DrawFn) -> Rows:
    drawn = draw(st.dictionaries(places, values, max_size=12))
    counts = draw(st.lists(st.sampled_from([UNTOLD, 0, 5]), min_size=len(drawn), max_size=len(drawn)))
    return rows(drawn, iter(counts))


@settings(deadline=None)
@given(data=st.data())
def test_a_merge_is_what_a_dictionary_by_time_would_hold(data: st.DataObject) -> None:
    stored = data.draw(st.composite(stored_rows)())
    incoming = rows(data.draw(st.dictionaries(places, values, max_size=12)))

    merged = merge(stored, incoming, MINUTE)

    before, expected = by_time(stored), by_time(stored)
    new, changed = set[int](), set[int]()
    for time, row in by_time(incoming).items():
        if time not in before:
            new.add(time)
        elif row[:5] != before[time][:5]:
            changed.add(time)
        else:
            continue
        expected[time] = row
    touched = {time // SPAN for time in new | changed}
    assert (merged.new, merged.changed) == (len(new), len(changed))
    assert by_time(merged.rows) == {time: row for time, row in expected.items() if time // SPAN in touched}
    assert merged.rows["time"].tolist() == sorted(merged.rows["time"].tolist())


@pytest.mark.parametrize("name", VALUES)
def test_one_other_value_makes_a_bar_another_one(name: str) -> None:
    stored = rows(dict.fromkeys(range(3), (1.0,) * 5))
    incoming = stored.copy()
    incoming[name][1] = 2.0

    merged = merge(stored, incoming, MINUTE)

    assert (merged.new, merged.changed) == (0, 1)
    assert merged.rows.tolist() == incoming.tolist()


@settings(deadline=None)
@given(data=st.data())
def test_what_is_cut_is_put_together_again_with_every_bit(data: st.DataObject) -> None:
    whole = data.draw(st.composite(stored_rows)())
    floats = st.floats(allow_nan=False, allow_infinity=False)
    whole["close"] = data.draw(st.lists(floats, min_size=len(whole), max_size=len(whole)))

    chunks = dict(cut(whole, MINUTE))

    assert list(chunks) == sorted({time // SPAN for time in whole["time"].tolist()})
    assert rows_from(chunks.values()).tobytes() == whole.tobytes()
    for number, chunk in chunks.items():
        part = rows_from([chunk])
        assert len(chunk) == len(COLUMNS)
        assert set((part["time"] // SPAN).tolist()) == {number}
        assert bool(chunk[-1]) == bool((part["trade_count"] != UNTOLD).any())


def test_bars_become_chunks_and_bars_again() -> None:
    bars = sample_bars(days=2)

    chunks = [chunk for _, chunk in cut(rows_of(bars), bars.timeframe)]

    assert bars_from(bars.symbol, bars.timeframe, chunks).content_hash() == bars.content_hash()
    assert max(len(chunk[0]) for chunk in chunks) == 8 * CHUNK_BARS
    assert len(bars_from(bars.symbol, bars.timeframe, [])) == 0


def test_a_chunk_holds_what_postgres_sends_of_its_values() -> None:
    time = to_microseconds(sample_bars(days=1).start_time)
    one = np.array([1.5])
    [(number, chunk)] = cut(rows_of(Bars("A", MINUTE, np.array([time]), one, one, one, one, one)), MINUTE)

    assert number == time // SPAN
    assert chunk[0] == (time - 946_684_800_000_000).to_bytes(8, "big")
    assert list(chunk[1:]) == [bytes.fromhex("3ff8000000000000")] * 5 + [b""]


@pytest.mark.parametrize("name", ["1s", "1m", "4h", "1d"])
def test_the_chunks_of_a_range_hold_all_bars_that_open_in_it(name: str) -> None:
    timeframe = Timeframe.parse(name)
    time = np.arange(-2 * CHUNK_BARS, 2 * CHUNK_BARS) * timeframe.microseconds
    numbers = chunk_numbers(time, timeframe)
    prices = np.ones(len(time))
    bars = Bars("A", timeframe, time, prices, prices, prices, prices, prices)

    assert numbers.tolist() == sorted(numbers.tolist())
    for start, end in ((bars.start_time, bars.end_time), (bars.start_time, None), (None, bars.end_time)):
        first, last = chunk_range(timeframe, start, end)
        assert first <= numbers[0]
        assert numbers[-1] <= last
