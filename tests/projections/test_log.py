"""Logs of runs as read models keep them: every line once, in order, found by time and by text."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.events import Recorded
from domain.ids import new_id
from domain.run_log import LogLine, RunLog, RunNotes, log_line, log_stream_id, notes_stream_id
from projections import log
from projections.log import LogReadModel, LogRow
from tests.projections.facts import append, dump, fold, forget, minute

RUN, OTHER = new_id(), new_id()


def written(
    run_id: UUID, *lines: tuple[datetime, str, dict[str, object]], into: RunLog | None = None
) -> list[Recorded]:
    """The events of lines as a run's log records them."""
    made = into or RunLog(log_stream_id(run_id))
    for line in lines:
        made.write(log_line(*line))
    made.record(run_id)
    return list(made.collect_events())


@pytest.fixture
def lines(connection: Connection[TupleRow]) -> int:
    """Two logs, one of seven lines in two events; returns the position of its second event."""
    made = RunLog(log_stream_id(RUN))
    first = written(
        RUN, *((minute(n), f"Bar {n}", {"n": n, "huge": 1e300, "text": "a\0b"}) for n in range(5)), into=made
    )
    more = written(RUN, (minute(5), "100% done_", {}), (minute(6), "bar 6", {}), into=made)
    append(connection, first, RUN)
    append(connection, written(OTHER, (minute(1), "bar of another", {})), OTHER)
    [position] = append(connection, more, RUN)
    fold(connection, LogReadModel())
    return position


def numbers(connection: Connection[TupleRow], **asked: Any) -> tuple[list[int], int]:
    rows, total = log.page(connection, RUN, **{"limit": 100} | asked)
    return [row.number for row in rows], total


def test_a_line_keeps_its_time_its_fields_and_its_place(connection: Connection[TupleRow], lines: int) -> None:
    rows, total = log.page(connection, RUN, limit=10)
    assert total == 7
    assert rows[0].fields == {"n": 0, "huge": 1e300, "text": "a\ufffdb"}
    assert rows[-1] == LogRow(RUN, 7, minute(6), "strategy", "info", "bar 6", {}, lines)


def test_pages_go_from_the_oldest_line_on(connection: Connection[TupleRow], lines: int) -> None:
    assert numbers(connection) == ([1, 2, 3, 4, 5, 6, 7], 7)
    assert numbers(connection, limit=2, offset=2) == ([3, 4], 7)
    assert numbers(connection, limit=2, after=4) == ([5, 6], 7)


def test_lines_are_found_by_time_and_by_text(connection: Connection[TupleRow], lines: int) -> None:
    assert numbers(connection, start=minute(2), end=minute(4)) == ([3, 4], 2)
    assert numbers(connection, text="BAR", after=4) == ([5, 7], 6)
    assert numbers(connection, text="0% done_") == ([6], 1)
    assert numbers(connection, text="%") == ([6], 1), "signs of patterns mean themselves"
    assert numbers(connection, start=minute(9)) == ([], 0)


def test_what_weaver_says_stands_between_the_lines_as_it_was_recorded(
    connection: Connection[TupleRow], lines: int
) -> None:
    notes = RunNotes(notes_stream_id(RUN))
    notes.note(RUN, LogLine(minute(7), "order refused: too small", {"order": "x"}, "warning"), about=lines)
    [said] = append(connection, list(notes.collect_events()), RUN)
    fold(connection, LogReadModel())
    rows, total = log.page(connection, RUN, limit=10)
    assert total == 8
    assert rows[-1] == LogRow(RUN, 8, minute(7), "weaver", "warning", "order refused: too small", {"order": "x"}, said)


def test_folding_again_changes_nothing(connection: Connection[TupleRow], lines: int) -> None:
    before = dump(connection, "log")
    connection.execute("update projection_position set position = 0 where name = 'log'")
    fold(connection, LogReadModel(), batch=1)
    assert dump(connection, "log") == before
    forget(connection)
    fold(connection, LogReadModel())
    assert dump(connection, "log") == before
