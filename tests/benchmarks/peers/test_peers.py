"""The comparison itself: equal work, nobody left out, nothing that stops it."""

import json
import sys
from pathlib import Path
from time import monotonic

import msgspec
import pytest

from tests.benchmarks.peers.loop_cross import in_decimals, in_floats
from tests.benchmarks.peers.measuring import Failure, Measurement, Result, measured, run_process
from tests.benchmarks.peers.roster import FOLDER, Peer, read_peers
from tests.benchmarks.peers.table import disturbed, markdown
from tests.benchmarks.peers.workload import CASH, WEAVER
from tests.benchmarks.year_of_minutes import year_of_minutes
from tests.trading import trade
from weaver.strategies.sma_cross import SmaCross

BARS = 6_000
LINE = {
    "peer": "one",
    "version": "1",
    "bars": 10,
    "orders": 2,
    "trades": 1,
    "seconds": 2.0,
    "processor_seconds": 2.0,
    "bars_per_second": 5,
    "final_equity": 99.5,
    "note": "float money",
}


def measurement(peer: str, bars_per_second: float, processor_seconds: float = 2.0) -> Measurement:
    """Return a measurement of two seconds."""
    line = LINE | {"peer": peer, "bars_per_second": bars_per_second, "processor_seconds": processor_seconds}
    return msgspec.convert(line, Measurement)


def python(code: str) -> list[str]:
    """Return the command that runs the code."""
    return [sys.executable, "-c", code]


def test_weaver_and_both_loops_do_the_same_work_to_the_cent() -> None:
    bars = year_of_minutes(BARS)
    session, _ = trade(SmaCross(), bars, cash=str(CASH), commission_bps="10")
    in_cents = [[round(price * 100) for price in column.tolist()] for column in (bars.open, bars.close)]
    for done in (in_decimals(*in_cents), in_floats(bars.open.tolist(), bars.close.tolist())):
        assert (done.orders, done.trades) == (session.orders_placed, len(session.portfolio.trades))
        assert done.final_equity == pytest.approx(float(session.equity), abs=0.005)
    assert session.orders_placed > 200


def test_every_peer_has_a_script_and_exact_versions() -> None:
    peers = read_peers()
    assert len(peers) == 9
    for peer in peers:
        assert (FOLDER / f"{peer.module}.py").is_file()
        assert all(one.count("==") == 1 for one in peer.requirements)


def test_the_last_line_of_each_name_counts() -> None:
    lines = [LINE, LINE | {"bars_per_second": 7}, LINE | {"peer": "two"}]
    code = "\n".join(f"print({json.dumps(line)!r})" for line in lines)
    found = run_process("both", python(f"print('hello')\n{code}"), 60)
    assert [(one.peer, one.bars_per_second) for one in found if isinstance(one, Measurement)] == [
        ("one", 7),
        ("two", 5),
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ValueError('no such market')", "ended with 1: ValueError: no such market"),
        ("import os; os.abort()", "ended with -6: it said nothing"),
        ("import time; time.sleep(600)", "not finished after 1 s"),
        ("print('hello')", "printed no measurement"),
    ],
)
def test_a_process_without_a_figure_is_a_failure_with_the_reason(code: str, reason: str) -> None:
    assert run_process("one", python(code), 1 if "sleep" in code else 60) == [Failure(peer="one", reason=reason)]


def test_a_process_that_hangs_in_its_second_trial_keeps_the_first() -> None:
    code = f"import time; print({json.dumps(LINE)!r}, flush=True); time.sleep(600)"
    [kept] = run_process("one", python(code), 3)
    assert isinstance(kept, Measurement)
    assert kept.note == "float money; one trial: not finished after 3 s"


def test_a_peer_that_cannot_be_installed_is_a_failure_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.benchmarks.peers.roster.ENVIRONMENTS", tmp_path)
    peer = Peer(name="gone", module="loop_cross", requirements=(f"gone @ file://{tmp_path}/gone-1.0.whl",))
    [failure] = measured(peer, tmp_path / "minutes.csv", monotonic() + 100)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("not installable: ")


def test_what_is_left_after_the_deadline_is_reported(tmp_path: Path) -> None:
    late = Peer(name="late", module="loop_cross", runs=((), ("--exact",)))
    found = measured(late, tmp_path / "absent.csv", monotonic() - 100)
    assert [one.peer for one in found] == ["late", "late --exact"]
    assert all(isinstance(one, Failure) for one in found)


def test_the_table_has_the_fastest_first_and_those_without_a_figure_last() -> None:
    results: list[Result] = [
        Failure(peer="broken", reason="ended with 1"),
        measurement("slow", 13_000),
        measurement(WEAVER, 1_300_000),
        measurement("fast", 5_200_000),
    ]
    header, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown(results).splitlines()]
    assert [row[0] for row in rows] == ["fast", WEAVER, "slow", "broken"]
    assert [row[3] for row in rows] == ["0.25", "1", "100", "-"]
    assert [row[5] for row in rows] == ["100%", "100%", "100%", "-"]
    assert [row[-1] for row in rows] == ["float money"] * 3 + ["ended with 1"]
    assert {len(row) for row in rows} == {len(header)}


def test_the_table_has_no_ratios_where_weaver_has_no_figure() -> None:
    row = markdown([measurement("fast", 5)]).splitlines()[-1]
    assert row.split("|")[4].strip() == "-"


def test_a_measurement_without_a_core_of_its_own_is_named() -> None:
    said = disturbed([measurement("quiet", 5), measurement("pushed", 5, processor_seconds=1.0)])
    assert said == ["pushed had 50% of a core: the machine was busy, measure it again"]
