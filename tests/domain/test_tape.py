"""The tape of a live run: every boundary once, every cause decided once, no event larger than it may be."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.event_catalogue import encode
from domain.run import RunStopped
from domain.tape import (
    BARS_AN_EVENT,
    Tape,
    TapeBackfilled,
    TapeBar,
    TapeDecided,
    TapeTicked,
    tape_stream_id,
)
from tests.specification import given

AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
RUN = UUID(int=7)
MINUTE = timedelta(minutes=1)
BAR = TapeBar("BTC/USD", AT - MINUTE, 100.0, 101.0, 99.5, 100.5, 2.5)
FIRST = TapeTicked(at=AT, run_id=RUN, number=1, bars=(BAR,))
CAUSE = f"{tape_stream_id(RUN)}:1"
DECIDED = TapeDecided(at=AT, run_id=RUN, cause=CAUSE, number=1, orders=1, cancels=0)


def test_a_boundary_is_recorded_with_its_bars_and_the_next_number() -> None:
    given(Tape).when(lambda tape: tape.tick(AT, RUN, [BAR])).then(FIRST)
    given(Tape, FIRST).when(
        lambda tape: tape.tick(AT + 4 * MINUTE, RUN, [], missed=3, missed_because="asleep", lateness=0.5)
    ).then(
        TapeTicked(at=AT + 4 * MINUTE, run_id=RUN, number=2, bars=(), missed=3, missed_because="asleep", lateness=0.5)
    )


def test_a_boundary_is_recorded_once_and_none_before_it() -> None:
    for moment in (AT, AT - MINUTE):
        scenario = given(Tape, FIRST)
        assert not scenario.aggregate.tick(moment, RUN, [BAR])
        scenario.when(lambda tape: None).then()
    assert given(Tape, FIRST).aggregate.tick(AT + MINUTE, RUN, [])


def test_a_decision_on_a_fill_leaves_the_newest_decided_tick_where_it_was() -> None:
    tape = given(Tape, FIRST, DECIDED).aggregate
    tape.decide(AT, RUN, f"{UUID(int=9)}:3", 0, 0, 0)
    assert tape.decided == 1


def test_bars_nobody_watched_are_history_and_no_tick() -> None:
    backfilled = TapeBackfilled(at=AT, run_id=RUN, bars=(BAR, BAR), reason="history to warm up on")
    scenario = given(Tape).when(lambda tape: tape.backfill(AT, RUN, [BAR, BAR], "history to warm up on"))
    scenario.then(backfilled)
    assert (scenario.aggregate.ticks, scenario.aggregate.ticked_at, scenario.aggregate.bars) == (0, None, 2)
    given(Tape).when(lambda tape: tape.backfill(AT, RUN, [], "nothing")).then()


@for_all(st.integers(0, 3 * BARS_AN_EVENT + 1))
def test_however_much_history_there_is_all_of_it_is_on_the_tape_in_order(count: int) -> None:
    bars = [TapeBar("BTC/USD", AT + number * MINUTE, 1.0, 1.0, 1.0, 1.0) for number in range(count)]
    tape = Tape(tape_stream_id(RUN))
    tape.backfill(AT, RUN, bars, "history")
    events = [recorded.event for recorded in tape.collect_events()]
    held = [bar for event in events if isinstance(event, TapeBackfilled) for bar in event.bars]
    assert held == bars
    assert tape.bars == count
    assert len(events) == -(-count // BARS_AN_EVENT)


def test_an_event_full_of_bars_is_within_the_limit_of_a_payload() -> None:
    longest = 1.2345678901234567e-05
    bar = TapeBar("S" * 20, AT + timedelta(microseconds=123_456), longest, longest, longest, longest, longest)
    tape = Tape(tape_stream_id(RUN))
    tape.backfill(AT, RUN, [bar] * BARS_AN_EVENT, "x" * 300)
    [recorded] = tape.collect_events()
    encode(recorded.event)  # refuses what is too large


steps = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.integers(0, 12)),
        st.tuples(st.just("decide"), st.integers(0, 12)),
        st.tuples(st.just("backfill"), st.integers(0, 3)),
    ),
    max_size=40,
)


@for_all(steps)
def test_whatever_is_asked_boundaries_ascend_and_refolding_gives_the_same_tape(asked: list[tuple[str, int]]) -> None:
    tape = Tape(tape_stream_id(RUN))
    for step, number in asked:
        match step:
            case "tick":
                before = tape.ticked_at
                taken = tape.tick(AT + number * MINUTE, RUN, [BAR])
                assert taken == (before is None or AT + number * MINUTE > before)
            case "decide":
                tape.decide(AT, RUN, f"{RUN}:{number}", tape.ticks, 0, 0)
            case _:
                tape.backfill(AT, RUN, [BAR] * number, "history")
    recorded = tape.collect_events()
    ticks = [one.event for one in recorded if isinstance(one.event, TapeTicked)]
    assert [tick.number for tick in ticks] == list(range(1, len(ticks) + 1))
    assert [tick.at for tick in ticks] == sorted({tick.at for tick in ticks})
    again = Tape.fold(None, recorded)
    assert state(again) == (state(tape) if recorded else None)


def state(tape: Tape | None) -> tuple[object, ...] | None:
    """All there is to know of a tape."""
    if tape is None:
        return None
    return tape.version, tape.ticks, tape.ticked_at, tape.decided, tape.bars


def test_a_tape_belongs_to_one_run() -> None:
    assert tape_stream_id(RUN) == tape_stream_id(UUID(int=7)) != tape_stream_id(UUID(int=8))


def test_a_tape_takes_no_event_of_others() -> None:
    with pytest.raises(TypeError, match=r"a tape knows no event run\.stopped"):
        Tape(tape_stream_id(RUN)).apply(RunStopped(at=AT))
