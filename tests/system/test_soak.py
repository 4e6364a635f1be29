"""The soak itself: it finds what it is there to find, and a short one on a real server finds nothing wrong."""

from collections import Counter
from pathlib import Path

import pytest

from tests.soak.__main__ import soak
from tests.soak.watch import MEGABYTE, Soaked

METRICS = """
weaver_read_model_lag_seconds{read_model="runs"} 0.2
weaver_read_model_lag_seconds{read_model="orders"} %s
weaver_journal_position 12
"""


def processes(size: int) -> list[dict[str, object]]:
    return [{"kind": "server", "memory_bytes": size}, {"kind": "projector", "memory_bytes": 60 * MEGABYTE}]


def healthy() -> Soaked:
    """What was seen when nothing was wrong."""
    soaked = Soaked(seconds=100.0, head=3, ticks=100, boundaries=100, run_status="stopped")
    soaked.backtests = Counter(completed=5)
    soaked.positions = [[1, 2, 3], [1, 2, 3]]
    for _ in range(40):
        soaked.sample(processes(100 * MEGABYTE), METRICS % 0.1)
    soaked.take_log(['{"level": "info", "event": "a session started"}', '{"level": "warning", "event": "late"}'])
    return soaked


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    soaked = healthy()
    assert soaked.wrong() + soaked.slow() == []
    assert ("ticks of the paper run", "100 of 100") in soaked.table()


def leaking(soaked: Soaked) -> None:
    soaked.memory["server"] = [(100 + n) * MEGABYTE for n in range(40)]


def lagging(soaked: Soaked) -> None:
    soaked.sample(processes(100 * MEGABYTE), METRICS % 1.5)


def raising(soaked: Soaked) -> None:
    soaked.take_log(["Traceback (most recent call last):"])


def repeating(soaked: Soaked) -> None:
    soaked.positions[1] = [1, 2, 2, 3]


def losing(soaked: Soaked) -> None:
    soaked.positions[1] = [1, 3]


def ending(soaked: Soaked) -> None:
    soaked.positions[1] = [1, 2]


def failing(soaked: Soaked) -> None:
    soaked.backtests["error"] += 1


def missing(soaked: Soaked) -> None:
    soaked.ticks = 99


def dying(soaked: Soaked) -> None:
    soaked.run_status = "error"


def tampering(soaked: Soaked) -> None:
    soaked.verified = "position 3 was edited"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (leaking, "the server grew from 114 to 134 MB"),
        (lagging, "1.5 s behind"),
        (raising, "the log has an error: Traceback"),
        (repeating, "client 1 was told something twice"),
        (losing, "clients were not all told the same"),
        (ending, "client 1 ends at [2], the journal at 3"),
        (failing, "backtests ended otherwise"),
        (missing, "1 of 100 boundaries"),
        (dying, "the paper run is error"),
        (tampering, "does not verify"),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_whatever_is_wrong_is_said(spoil: object, told: str) -> None:
    soaked = healthy()
    spoil(soaked)  # type: ignore[operator]
    assert any(told in one for one in soaked.wrong() + soaked.slow())


@pytest.mark.timeout(300)
def test_a_short_soak_finds_nothing_wrong(tmp_path: Path) -> None:
    soaked = soak(tmp_path, seconds=25.0, clients=5)
    assert soaked.wrong() == [], soaked.table()
    assert soaked.backtests["completed"] >= 1
    assert soaked.ticks >= 10
    assert len(soaked.positions) == 5
