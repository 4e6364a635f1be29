"""Forks through the journal: recorded, executed, verified; of backtests, of paper runs and of forks."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.backtest import Backtest
from application.commands import DeleteRun, ForkRun
from application.replay import verify_backtest
from application.runs import load_run
from domain.errors import InvalidInput, ParameterInvalid, Refused, RunNotFound, StrategyChanged
from domain.events import Event
from domain.ids import new_id
from domain.order import OrderCancelled, OrderFill
from domain.run import RunCompleted, RunFailed
from domain.run_log import LogWritten
from tests.application.paper_scene import PaperScene
from tests.application.test_backtest import ALTERNATE, BARS, Tools
from tests.system.paper_trading import BUSY
from tests.trading import market


@pytest.fixture
def tools(database_url: str, tmp_path: Path) -> Iterator[Tools]:
    (tmp_path / "alternate.py").write_text(ALTERNATE)
    (tmp_path / "busy.py").write_text(BUSY)
    (tmp_path / "size.txt").write_text("1")
    made = Tools(database_url, tmp_path)
    made.bars.save(market([100 + (n * 37 % 11) for n in range(BARS)]), "test")
    yield made
    made.journal.close()


def executed(tools: Tools, **parameters: int) -> UUID:
    run_id = tools.started_run(**parameters)
    Backtest(run_id, tools.tools()).execute()
    return run_id


def fork(tools: Tools | PaperScene, parent_id: UUID, position: int | None = None, **changes: Any) -> UUID:
    """A fork that was executed."""
    made = tools.backtest_tools() if isinstance(tools, PaperScene) else tools.tools()
    run_id = new_id()
    command = ForkRun(run_id=run_id, parent_id=parent_id, position=position, is_to_start=True, **changes)
    tools.dispatch.dispatch(command)
    Backtest(run_id, made).execute()
    return run_id


# What an order goes through at an exchange, which a simulation of the past has nothing of.
ON_THE_WAY = ("order.submitted", "order.accepted", "order.cancel_requested")


def without_ids(tools: Tools | PaperScene, run_id: UUID) -> list[dict[str, Any]]:
    """The events of orders, risk and the log, without ids and what only an exchange has."""
    found = []
    for entry in tools.journal.read(0, 100_000, run_id=run_id):
        if entry.topic.startswith(("run.", "tape.")) or entry.topic in ON_THE_WAY:
            continue
        payload = msgspec.json.decode(entry.state)
        for name in ("run_id", "client_order_id", "execution_id", "parent_id", "valid_until"):
            payload.pop(name, None)
        found.append({"topic": entry.topic} | payload)
    return found


def of_orders(tools: Tools | PaperScene, run_id: UUID) -> list[dict[str, Any]]:
    return [one for one in without_ids(tools, run_id) if one["topic"].startswith("order.")]


def last[E: Event](tools: Tools | PaperScene, run_id: UUID, kind: type[E]) -> E:
    entry = tools.journal.stream(run_id)[-1]
    event = tools.journal.catalogue.decode(entry.topic, entry.state)
    assert isinstance(event, kind), event
    return event


def positions_of(tools: Tools | PaperScene, run_id: UUID, topic: str) -> list[int]:
    return [one.position for one in tools.journal.read(0, 100_000, topics=[topic], run_id=run_id)]


@pytest.mark.parametrize("at", [0.0, 0.3, 0.9])
def test_a_fork_without_a_change_equals_its_parent_and_its_own_replay(tools: Tools, at: float) -> None:
    parent_id = executed(tools)
    filled = positions_of(tools, parent_id, "order.filled")
    fork_id = fork(tools, parent_id, filled[int(at * len(filled))])
    assert without_ids(tools, fork_id) == without_ids(tools, parent_id)
    assert len(without_ids(tools, fork_id)) == 2 * BARS
    was, now = last(tools, parent_id, RunCompleted), last(tools, fork_id, RunCompleted)
    assert (now.final_equity, now.orders, now.fills, now.stats) == (was.final_equity, was.orders, was.fills, was.stats)
    verified = verify_backtest(fork_id, tools.journal, tools.tools())
    assert verified.difference is None
    created = load_run(tools.journal, fork_id).created
    assert created.forked_from is not None
    assert (created.forked_from.run_id, created.mode) == (parent_id, "backtest")


def test_a_fork_of_a_fork_goes_back_along_the_line(tools: Tools) -> None:
    parent_id = executed(tools)
    filled = positions_of(tools, parent_id, "order.filled")
    child_id = fork(tools, parent_id, filled[800], strategy_id="busy", parameters={"quantity": "3"})
    own = positions_of(tools, child_id, "order.filled")
    assert of_orders(tools, fork(tools, child_id, own[-50])) == of_orders(tools, child_id)
    earlier_id = fork(tools, parent_id, filled[100], strategy_id="busy", parameters={"quantity": "3"})
    assert of_orders(tools, fork(tools, child_id, own[100])) == of_orders(tools, earlier_id), "its settings, earlier"


def test_from_the_moment_on_the_forks_settings_hold(tools: Tools) -> None:
    parent_id = executed(tools)
    position = positions_of(tools, parent_id, "order.filled")[800]
    dear_id = fork(tools, parent_id, position, costs={"commission_bps": "50"})
    strict_id = fork(tools, parent_id, position, risk={"max_order_notional": "1"})
    other_id = fork(tools, parent_id, position, strategy_id="busy")
    moment = load_run(tools.journal, dear_id).created.forked_from.moment  # type: ignore[union-attr]
    assert moment is not None
    parent = of_orders(tools, parent_id)
    for fork_id in (dear_id, strict_id, other_id):
        made = of_orders(tools, fork_id)
        known = [one for one in parent if one["at"] < f"{moment:%Y-%m-%dT%H:%M:%S}"]
        assert made[: len(known)] == known
        assert made[len(known) + 3 :] != parent[len(known) + 3 :]
    assert last(tools, dear_id, RunCompleted).final_equity < last(tools, parent_id, RunCompleted).final_equity
    refused = [one for one in of_orders(tools, strict_id) if one["topic"] == "order.rejected"]
    assert {one["policy"] for one in refused} == {"max_order_notional"}


def test_without_a_position_the_whole_run_is_under_the_forks_settings(tools: Tools) -> None:
    parent_id, expected = executed(tools), executed(tools, fail_at=600)
    fork_id = fork(tools, parent_id, parameters={"fail_at": 600})
    assert of_orders(tools, fork_id) == of_orders(tools, expected)
    assert last(tools, fork_id, RunFailed).code == "STRATEGY_ERROR"
    assert load_run(tools.journal, fork_id).created.forked_from.moment is None  # type: ignore[union-attr]


def test_a_fork_that_died_is_executed_again(tools: Tools) -> None:
    parent_id = executed(tools)
    position = positions_of(tools, parent_id, "order.filled")[500]
    whole_id = fork(tools, parent_id, position, parameters={"fail_at": 1_500})
    run_id = new_id()
    tools.dispatch.dispatch(
        ForkRun(run_id=run_id, parent_id=parent_id, position=position, is_to_start=True, parameters={"fail_at": 1_500})
    )

    class Died(BaseException):
        pass

    left = [1]

    def log(message: str, fields: object) -> None:
        """Nobody listens."""

    def stop() -> bool:
        left[0] -= 1
        if left[0] < 0:
            raise Died
        return False

    with pytest.raises(Died):
        Backtest(run_id, replace(tools.tools(), stop_asked=stop, log=log)).execute()
    assert tools.order_entries(run_id)
    Backtest(run_id, tools.tools()).execute()
    assert of_orders(tools, run_id) == of_orders(tools, whole_id)


def test_what_cannot_be_forked_is_refused_with_the_reason(tools: Tools, tmp_path: Path) -> None:
    parent_id, other_id = executed(tools), executed(tools)
    never_id, head = tools.started_run(), tools.journal.head()
    filled = positions_of(tools, parent_id, "order.filled")
    theirs = positions_of(tools, other_id, "order.filled")[10]

    def refused(kind: type[Exception], said: str, parent: UUID = parent_id, **asked: Any) -> None:
        with pytest.raises(kind, match=said):
            tools.dispatch.dispatch(ForkRun(run_id=new_id(), parent_id=parent, **asked))
        assert tools.journal.head() == head, "nothing is written"

    refused(RunNotFound, "no run has the id", new_id())
    refused(Refused, "has never started", never_id)
    refused(InvalidInput, "positions count from 1", position=0)
    refused(InvalidInput, "the journal ends at", position=head + 1)
    refused(InvalidInput, f"position {theirs} is no event of run", position=theirs)
    refused(Refused, "has no bar after position", position=filled[-1] + 1)
    refused(ParameterInvalid, "nonsense", parameters={"nonsense": 1})
    refused(InvalidInput, "there is no cost 'tips'", costs={"tips": 1})
    refused(InvalidInput, "there is no risk limit", risk={"max_fun": 1})
    tools.bars.save(market([50.0 + n % 7 for n in range(BARS)]), "test")
    refused(Refused, "the bars of BTC/USD are not those", position=filled[5])
    (tmp_path / "alternate.py").write_text(ALTERNATE + "# another version\n")
    refused(StrategyChanged, "is at version", position=filled[5])
    refused(StrategyChanged, "is at version")
    (tmp_path / "alternate.py").unlink()
    refused(StrategyChanged, "the strategy of the run is gone", position=filled[5], strategy_id="busy")
    tools.dispatch.dispatch(DeleteRun(run_id=parent_id))
    head = tools.journal.head()
    refused(RunNotFound, "no run has the id", position=filled[5])


def prices(count: int, swing: int = 11) -> list[tuple[float, float]]:
    closes = [100 + (n * 37 % swing) / 10 for n in range(count + 1)]
    return list(pairwise(closes))


@pytest.fixture
def paper(database_url: str, tmp_path: Path) -> Iterator[PaperScene]:
    scene = PaperScene(database_url, tmp_path, "busy", BUSY)
    yield scene
    scene.close()


@pytest.fixture
def at_an_exchange(database_url: str, tmp_path: Path) -> Iterator[PaperScene]:
    scene = PaperScene(database_url, tmp_path, "bidder", BIDDER, exchange="exchange")
    yield scene
    scene.close()


def decided(tools: PaperScene, run_id: UUID) -> Sequence[dict[str, Any]]:
    """What a paper run and its fork have in common, whoever cancelled what was open at the end."""
    return [one for one in of_orders(tools, run_id) if one["topic"] != "order.cancelled"]


@pytest.mark.parametrize("tick", [None, 3, 14, 22])
def test_a_fork_of_a_paper_run_on_the_simulated_exchange_trades_its_tape(paper: PaperScene, tick: int | None) -> None:
    paper.begin(history=[100.0, 101.0, 99.0, 100.5])
    paper.trade(prices(30))
    ticks = positions_of(paper, paper.id, "tape.ticked")
    fork_id = fork(paper, paper.id, None if tick is None else ticks[tick])
    assert decided(paper, fork_id) == decided(paper, paper.id)
    assert len(decided(paper, fork_id)) > 40
    lines = [[one["lines"] for one in without_ids(paper, each) if "lines" in one] for each in (fork_id, paper.id)]
    assert [line for part in lines[0] for line in part] == [line for part in lines[1] for line in part]
    assert verify_backtest(fork_id, paper.journal, paper.backtest_tools()).difference is None
    created = load_run(paper.journal, fork_id).created
    assert (created.start_time, created.end_time) == (paper.clock.now() - timedelta(minutes=4), paper.now())


def test_a_fork_of_a_run_that_trades_ends_where_the_tape_did_when_it_was_made(paper: PaperScene) -> None:
    paper.begin()
    paper.trade(prices(20))
    run_id = new_id()
    position = positions_of(paper, paper.id, "tape.ticked")[9]
    paper.dispatch.dispatch(ForkRun(run_id=run_id, parent_id=paper.id, position=position, is_to_start=True))
    paper.trade(prices(10))
    paper.execute(run_id)
    assert last(paper, run_id, RunCompleted).bars == 20
    assert verify_backtest(run_id, paper.journal, paper.backtest_tools()).difference is None
    with pytest.raises(Refused, match="has no bar after position"):
        paper.dispatch.dispatch(ForkRun(run_id=new_id(), parent_id=paper.id, position=paper.events()[-1][0]))


BIDDER = '''
from weaver import Context, Strategy, parameter


class Bidder(Strategy):
    """Buys at the second bar, then bids, and protects what it has by a trailing stop."""

    size: int = parameter(1, ge=1)

    def on_bar(self, ctx: Context) -> None:
        seen = len(ctx.bars())
        if seen == 2:
            ctx.buy(3)
        elif seen == 4:
            ctx.buy(2, limit=50)
            ctx.sell(1, trail=5)
        elif seen == 8:
            ctx.sell(self.size)
'''


def test_the_account_of_a_run_at_another_exchange_is_what_it_recorded(at_an_exchange: PaperScene) -> None:
    run = at_an_exchange
    run.begin()
    run.trade([(100.0, 100.0)] * 2)
    run.fill(run.ids.order_id(1), "1", "101.5", "0.25")
    run.fill(run.ids.order_id(1), "2", "103", "0.5")
    run.trade([(100.0, 100.0)] * 3)
    position = run.journal.head()
    run.trade([(100.0, 100.0), (60.0, 60.0), (45.0, 60.0), (60.0, 60.0)])
    fork_id = fork(run, run.id, position, parameters={"size": 2})
    assert verify_backtest(fork_id, run.journal, run.backtest_tools()).difference is None
    events = [event for _, _, event in run.events(fork_id)]
    fills = [one for one in events if isinstance(one, OrderFill)]
    assert [(one.side, one.qty, one.price, one.fee) for one in fills] == [
        ("buy", Decimal(1), Decimal("101.5"), Decimal("0.25")),
        ("buy", Decimal(2), Decimal(103), Decimal("0.5")),
        ("buy", Decimal(2), Decimal(45), Decimal("0.09")),
        ("sell", Decimal(2), Decimal(60), Decimal("0.12")),
    ], "as the exchange filled until then, as a backtest does from there on"
    assert all(one.execution_id.startswith("wv1-") for one in fills)
    [cancelled] = [one for one in events if isinstance(one, OrderCancelled)]
    assert "known to the exchange alone" in cancelled.reason
    [told] = [line for one in events if isinstance(one, LogWritten) for line in one.lines]
    assert (told.level, told.fields["order_type"]) == ("warning", "trailing_stop")
    completed = last(run, fork_id, RunCompleted)
    cash = Decimal(100_000) - Decimal("101.5") - 206 - Decimal("0.75") - 90 - Decimal("0.09") + 120 - Decimal("0.12")
    assert completed.final_equity == cash + 3 * 60


FICKLE = """
from pathlib import Path

from weaver import Context, Strategy


class Fickle(Strategy):
    def on_bar(self, ctx: Context) -> None:
        if (Path(__file__).parent / "buys.txt").exists():
            ctx.buy(1)
"""


def test_a_parent_that_decides_otherwise_now_cannot_be_followed(database_url: str, tmp_path: Path) -> None:
    scene = PaperScene(database_url, tmp_path, "fickle", FICKLE)
    (tmp_path / "buys.txt").write_text("it does")
    scene.begin()
    scene.trade([(100.0, 100.0)] * 6)
    (tmp_path / "buys.txt").unlink()
    fork_id = fork(scene, scene.id, positions_of(scene, scene.id, "tape.ticked")[3])
    failed = last(scene, fork_id, RunFailed)
    assert failed.code == "REPLAY_DIVERGED"
    assert "does not decide again what it has decided" in failed.message
    scene.close()


TRAILER = '''
from weaver import Context, Strategy


class Trailer(Strategy):
    """Buys once, and lets a wide trailing stop follow."""

    def on_bar(self, ctx: Context) -> None:
        if len(ctx.bars()) == 1:
            ctx.buy(1)
        elif len(ctx.bars()) == 2:
            ctx.sell(1, trail=10)
'''


def test_a_trailing_stop_of_the_simulated_exchange_is_carried_where_it_stands(
    database_url: str, tmp_path: Path
) -> None:
    scene = PaperScene(database_url, tmp_path, "trailer", TRAILER)
    scene.begin()
    closes = [100.0, 100.0, 100.0, 110.0, 120.0, 130.0, 130.0, 115.0, 115.0]
    scene.trade(list(pairwise(closes)))
    fork_id = fork(scene, scene.id, positions_of(scene, scene.id, "tape.ticked")[5])
    assert decided(scene, fork_id) == decided(scene, scene.id)
    sold = [event for _, _, event in scene.events(fork_id) if isinstance(event, OrderFill) and event.side == "sell"]
    assert [one.price for one in sold] == [Decimal(120)]
    scene.close()
