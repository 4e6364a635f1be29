"""What a strategy logs in a backtest: recorded once whatever dies, bounded, and never a reason for a run to fail."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from application.backtest import Backtest
from application.journal import Journal
from domain.run import RunCompleted, RunFailed
from domain.run_log import MAX_LINES, LogLine, LogWritten, log_stream_id
from tests.application.test_backtest import BARS, Died, Tools, last
from tests.trading import market

TALKATIVE = '''
from pathlib import Path

from weaver import Context, Strategy, parameter


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no text of me")


class Alternate(Strategy):
    """Buys and sells in turn, and says so; what it says of the weather is another thing each time."""

    fail_at: int = parameter(0, ge=0)
    lines: int = parameter(1, ge=0)

    def on_start(self, ctx: Context) -> None:
        self.weather = (Path(__file__).parent / "weather.txt").read_text()
        ctx.log("ready", event="a name structlog keeps for itself", level=3, exc_info=True)

    def on_bar(self, ctx: Context) -> None:
        bar = len(ctx.bars())
        for _ in range(self.lines):
            ctx.log(f"bar {bar}", close=ctx.bars().close[-1], weather=self.weather, broken=Broken(), nan=float("nan"))
        if self.fail_at and bar == self.fail_at:
            raise RuntimeError("as told")
        if ctx.position().quantity:
            ctx.close()
        else:
            ctx.buy(1)
'''
WANTED = ["ready", *(f"bar {number}" for number in range(1, BARS + 1))]


@pytest.fixture
def tools(database_url: str, tmp_path: Path) -> Iterator[Tools]:
    (tmp_path / "alternate.py").write_text(TALKATIVE)
    (tmp_path / "weather.txt").write_text("sun")
    made = Tools(database_url, tmp_path)
    made.bars.save(market([100 + (n * 37 % 11) for n in range(BARS)]), "test")
    yield made
    made.journal.close()


def logged(tools: Tools, run_id: UUID) -> list[LogLine]:
    """The lines the journal has, after checking that their numbers have no gap and no repeat."""
    lines: list[LogLine] = []
    for entry in tools.journal.stream(log_stream_id(run_id)):
        event = tools.journal.catalogue.decode(entry.topic, entry.state)
        assert isinstance(event, LogWritten)
        assert (entry.run_id, event.run_id, event.first) == (run_id, run_id, len(lines) + 1)
        lines += event.lines
    return lines


def messages(tools: Tools, run_id: UUID) -> list[str]:
    return [line.message for line in logged(tools, run_id)]


def test_every_line_is_recorded_with_its_time_and_told_to_the_log_of_the_process(tools: Tools) -> None:
    run_id = tools.started_run()
    told: list[tuple[str, Mapping[str, object]]] = []
    Backtest(run_id, replace(tools.tools(), log=lambda *line: told.append(line))).execute()
    assert isinstance(last(tools, run_id), RunCompleted)
    lines = logged(tools, run_id)
    assert [line.message for line in lines] == WANTED
    assert told == [(line.message, line.fields) for line in lines]
    assert lines[-1].at - lines[1].at == (lines[2].at - lines[1].at) * (BARS - 1)
    assert lines[0].fields == {"event": "a name structlog keeps for itself", "level": 3, "exc_info": True}
    assert lines[1].fields == {
        "close": 104.0,
        "weather": "sun",
        "broken": "a Broken that cannot be shown (RuntimeError)",
        "nan": "nan",
    }


@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_a_backtest_that_died_records_no_line_twice_and_loses_none(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    run_id = tools.started_run()
    append, left = Journal.append_batch, [batches]

    def append_and_die(journal: Journal, *arguments: object) -> int:
        if left[0] == 0:
            raise Died
        left[0] -= 1
        return append(journal, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append_batch", append_and_die)
        with pytest.raises(Died):
            Backtest(run_id, tools.tools()).execute()
    before = logged(tools, run_id)
    assert len(before) < len(WANTED)
    (tmp_path / "weather.txt").write_text("rain")
    Backtest(run_id, tools.tools()).execute()
    assert isinstance(last(tools, run_id), RunCompleted), "what a line holds is not compared"
    after = logged(tools, run_id)
    assert [line.message for line in after] == WANTED
    assert after[: len(before)] == before
    assert {line.fields["weather"] for line in after[max(len(before), 1) :]} == {"rain"}


def test_the_lines_before_an_error_are_kept(tools: Tools) -> None:
    run_id = tools.started_run(fail_at=10)
    Backtest(run_id, tools.tools()).execute()
    assert isinstance(last(tools, run_id), RunFailed)
    assert messages(tools, run_id) == WANTED[:11]


def test_a_run_that_logs_without_end_is_recorded_up_to_the_limit(tools: Tools) -> None:
    run_id = tools.started_run(lines=7)
    told: list[str] = []
    Backtest(run_id, replace(tools.tools(), log=lambda message, fields: told.append(message))).execute()
    lines = logged(tools, run_id)
    assert len(lines) == MAX_LINES + 1
    assert "only in the log of Weaver's process" in lines[-1].message
    assert len(told) == 7 * BARS + 1


def test_a_strategy_that_logs_nothing_records_nothing_of_it(tools: Tools, tmp_path: Path) -> None:
    (tmp_path / "alternate.py").write_text(TALKATIVE.replace('ctx.log("ready"', 'dict(ready="ready"'))
    run_id = tools.started_run(lines=0)
    Backtest(run_id, tools.tools()).execute()
    assert isinstance(last(tools, run_id), RunCompleted)
    assert tools.journal.stream(log_stream_id(run_id)) == []
