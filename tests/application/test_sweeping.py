"""Workers of a sweep: every trial once, whoever dies, and the same figures as a run has."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.backtest import Backtest
from application.clock import WallClock
from application.commands import CreateRun, CreateSweep, PromoteTrial, ResumeSweep, StartRun, StopSweep
from application.sweep_bars import begin, trial_market
from application.sweep_guards import WALK_FIGURES
from application.sweeping import SweepWorker
from application.trial import TrialRunner
from application.trial_book import TrialBook, load_sweep
from domain.errors import InvalidInput, Refused, TrialNotFound
from domain.event_catalogue import CATALOGUE
from domain.events import Event
from domain.ids import new_id
from domain.run import RunCompleted
from domain.sweep import (
    SweepCompleted,
    SweepStatus,
    TrialCompleted,
    TrialEnded,
    TrialFailed,
    TrialPruned,
    TrialStarted,
    WalkForward,
)
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.run_claims import DatabaseRunClaims
from interfaces.strategy_catalog import FileStrategyCatalog
from tests.application.test_backtest import Tools
from tests.trading import market

DAYS = 8
EVERY = '''
from weaver import Context, Strategy, parameter


class Every(Strategy):
    """Buys at every n-th bar and sells k bars later."""

    n: int = parameter(10, ge=1)
    k: int = parameter(3, ge=1)

    def on_start(self, ctx: Context) -> None:
        if self.k >= self.n:
            raise ValueError("k must be below n")

    def on_bar(self, ctx: Context) -> None:
        place = len(ctx.bars()) % self.n
        if place == 0 and not ctx.position().quantity:
            ctx.buy(1)
        elif place == self.k and ctx.position().quantity:
            ctx.close()
'''


class Sweeping(Tools):
    """A sweep of a small strategy over some days of bars, on a real database."""

    def __init__(self, database_url: str, strategies: Path) -> None:
        super().__init__(database_url, strategies)
        self.url, self.strategies = database_url, strategies
        self.open: list[DatabaseRunClaims] = []

    def sweep(self, vary: dict[str, str], **given: Any) -> UUID:
        """Create a sweep and read its bars."""
        sweep_id = new_id()
        run = CreateRun(run_id=new_id(), strategy_id="every", mode="backtest", symbols=("BTC/USD",))
        self.dispatch.dispatch(
            CreateSweep(sweep_id=sweep_id, run=run, vary=vary, **({"objective": "total_return"} | given))
        )
        begin(sweep_id, self.journal, self.market(sweep_id), WallClock())
        return sweep_id

    def market(self, sweep_id: UUID) -> Any:
        return trial_market(self.journal, load_sweep(self.journal, sweep_id).created.run, self.bars, ExchangeSessions())

    def book(self, sweep_id: UUID) -> tuple[TrialBook, DatabaseRunClaims]:
        """What a worker knows, with claims of its own."""
        claims = DatabaseRunClaims(self.url)
        self.open.append(claims)
        return TrialBook(sweep_id, self.journal, claims, WallClock()), claims

    def work(self, sweep_id: UUID, at_work: Any = None) -> None:
        """Work on it until nothing is left."""
        book, claims = self.book(sweep_id)
        run = book.created.run
        kind = FileStrategyCatalog(self.strategies).load(run.strategy_id, run.strategy_version)
        runner = TrialRunner(kind, self.market(sweep_id), book.created.objective, self.journal.store_id)
        SweepWorker(book, claims, runner, WallClock(), at_work or (lambda number: None), _never).work()

    def events(self, sweep_id: UUID) -> list[Event]:
        entries = self.journal.read(0, 100_000, run_id=sweep_id)
        return [CATALOGUE.decode(entry.topic, entry.state) for entry in entries]

    def table(self, sweep_id: UUID) -> list[tuple[object, ...]]:
        """What a sweep came to, without what differs each time."""
        ends = [event for event in self.events(sweep_id) if isinstance(event, TrialEnded)]
        found: list[tuple[object, ...]] = []
        for end in sorted(ends, key=lambda one: one.number):
            figures = end.figures if isinstance(end, TrialCompleted) else getattr(end, "message", None)
            found.append((end.number, type(end).__name__, figures))
        return found


def _never(seconds: float) -> None:
    """A single worker has nobody to wait for."""
    pytest.fail("waited for another worker")


@pytest.fixture
def sweeping(database_url: str, tmp_path: Path) -> Iterator[Sweeping]:
    (tmp_path / "every.py").write_text(EVERY)
    made = Sweeping(database_url, tmp_path)
    minutes = range(DAYS * 1440)
    made.bars.save(market([100 + (n * 37 % 11) + (n // 700) % 5 for n in minutes]), "test")
    yield made
    for claims in made.open:
        claims.close()
    made.journal.close()


def test_every_combination_is_a_trial_and_the_best_is_named(sweeping: Sweeping) -> None:
    sweep_id = sweeping.sweep({"n": "5,9,20", "k": "2,7"})
    sweeping.work(sweep_id)
    ends = {event.number: event for event in sweeping.events(sweep_id) if isinstance(event, TrialEnded)}
    assert len(ends) == 6
    refused = ends[1]
    assert isinstance(refused, TrialFailed)
    assert "k must be below n" in refused.message
    returns = {number: end.figures["total_return"] for number, end in ends.items() if isinstance(end, TrialCompleted)}
    assert len(set(returns.values())) == 5
    [completed] = [event for event in sweeping.events(sweep_id) if isinstance(event, SweepCompleted)]
    assert completed.best == max(returns, key=lambda number: float(str(returns[number])))
    assert completed.guards["trials"].value == 6
    assert completed.guards["trials_completed"].value == 5
    assert load_sweep(sweeping.journal, sweep_id).status is SweepStatus.COMPLETED


def test_a_trial_made_a_run_has_the_same_figures(sweeping: Sweeping) -> None:
    sweep_id = sweeping.sweep({"n": "5,9"})
    sweeping.work(sweep_id)
    run_id = new_id()
    sweeping.dispatch.dispatch(PromoteTrial(sweep_id=sweep_id, number=1, run_id=run_id))
    sweeping.dispatch.dispatch(StartRun(run_id=run_id))
    Backtest(run_id, sweeping.tools()).execute()
    run = [CATALOGUE.decode(entry.topic, entry.state) for entry in sweeping.journal.stream(run_id)]
    [done] = [event for event in run if isinstance(event, RunCompleted)]
    [trial] = [one for one in sweeping.events(sweep_id) if isinstance(one, TrialCompleted) and one.number == 1]
    assert trial.figures == {name: done.stats[name].value for name in trial.figures}
    assert (trial.orders, trial.fills, trial.final_equity) == (done.orders, done.fills, done.final_equity)


def test_a_trial_that_is_not_there_or_was_not_completed_is_no_run(sweeping: Sweeping) -> None:
    sweep_id = sweeping.sweep({"n": "5", "k": "7"})
    sweeping.work(sweep_id)
    with pytest.raises(TrialNotFound, match="has no trial 1"):
        sweeping.dispatch.dispatch(PromoteTrial(sweep_id=sweep_id, number=1, run_id=new_id()))
    with pytest.raises(Refused, match="was not completed"):
        sweeping.dispatch.dispatch(PromoteTrial(sweep_id=sweep_id, number=0, run_id=new_id()))


def test_two_workers_never_have_the_same_trial_and_a_dead_ones_is_given_out_again(sweeping: Sweeping) -> None:
    sweep_id = sweeping.sweep({"n": "5:9:1"})
    (one, claims), (other, _) = sweeping.book(sweep_id), sweeping.book(sweep_id)
    taken = [book.next() for book in (one, other, one, other)]
    assert [trial and trial.number for trial in taken] == [0, 1, 2, 3]
    claims.close()  # as PostgreSQL does when its process is killed
    again = [other.next() for _ in range(4)]
    assert again[:2] == [taken[0], taken[2]], "with the parameters they had"
    assert again[2] is not None
    assert (again[2].number, again[3]) == (4, None)


def test_a_result_is_recorded_once_even_if_claims_fail(sweeping: Sweeping) -> None:
    sweep_id = sweeping.sweep({"n": "5"})
    (one, claims), (other, _) = sweeping.book(sweep_id), sweeping.book(sweep_id)
    trial = one.next()
    claims.close()
    assert other.next() == trial
    end = TrialFailed(at=WallClock().now(), sweep_id=sweep_id, number=0, code="A", message="the first")
    assert other.end(end)
    assert not one.end(end)
    assert sum(isinstance(event, TrialEnded) for event in sweeping.events(sweep_id)) == 1


class Killed(BaseException):
    """Stands for kill -9."""


@pytest.mark.parametrize("method", ["grid", "tpe"])
def test_a_sweep_that_was_killed_again_and_again_comes_to_the_same(sweeping: Sweeping, method: str) -> None:
    given = {} if method == "grid" else {"method": method, "trials": 14, "seed": 3}
    whole, broken = (sweeping.sweep({"n": "5:20:1", "k": "2,3"}, **given) for _ in range(2))
    sweeping.work(whole)
    deaths = 0

    def dies(number: int | None) -> None:
        nonlocal deaths
        if number is not None and number % 3 == deaths % 3:
            deaths += 1
            raise Killed

    while load_sweep(sweeping.journal, broken).status is SweepStatus.RUNNING:
        try:
            sweeping.work(broken, dies)
        except Killed:
            sweeping.open[-1].close()
    assert deaths > 5
    assert sweeping.table(broken) == sweeping.table(whole)


def test_a_stopped_sweep_begins_no_trial_and_goes_on_when_resumed(sweeping: Sweeping) -> None:
    sweep_id = sweeping.sweep({"n": "5:9:1"})

    def stops(number: int | None) -> None:
        if number == 2:
            sweeping.dispatch.dispatch(StopSweep(sweep_id=sweep_id))

    sweeping.work(sweep_id, stops)
    assert [row[0] for row in sweeping.table(sweep_id)] == [0, 1], "what was at work is forgotten"
    sweeping.dispatch.dispatch(ResumeSweep(sweep_id=sweep_id))
    sweeping.work(sweep_id)
    assert [row[0] for row in sweeping.table(sweep_id)] == [0, 1, 2, 3, 4]


def test_a_walk_chooses_in_sample_and_trades_out_of_sample(sweeping: Sweeping) -> None:
    sweep_id = sweeping.sweep({"n": "5:9:2"}, walk_forward=WalkForward(3, 2))
    sweeping.work(sweep_id)
    started = {event.number: event for event in sweeping.events(sweep_id) if isinstance(event, TrialStarted)}
    ended = {event.number: event for event in sweeping.events(sweep_id) if isinstance(event, TrialCompleted)}
    windows = load_sweep(sweeping.journal, sweep_id).started
    assert windows is not None
    assert len(windows.windows) == 3
    assert len(started) == len(ended) == 12
    for window, bounds in enumerate(windows.windows):
        inside, outside = [4 * window + place for place in range(3)], 4 * window + 3
        best = max(inside, key=lambda number: float(str(ended[number].figures["total_return"])))
        assert started[outside].parameters == started[best].parameters
        assert (started[outside].start_time, started[outside].end_time) == (bounds.split, bounds.end)
        assert started[inside[0]].end_time == bounds.split
        days = (bounds.end - bounds.split) / timedelta(days=1)
        assert len(ended[outside].equity) == len(ended[outside].times) == days
        assert ended[outside].equity[-1] == pytest.approx(float(ended[outside].final_equity))
    [completed] = [event for event in sweeping.events(sweep_id) if isinstance(event, SweepCompleted)]
    assert completed.walk.keys() == set(WALK_FIGURES)
    kept = [float(ended[number].final_equity) / 100_000 for number in (3, 7, 11)]
    total = completed.walk["total_return"].value
    assert isinstance(total, float)
    assert total == pytest.approx(kept[0] * kept[1] * kept[2] - 1, rel=1e-12)


def test_a_window_without_a_trial_that_counts_trades_nothing(sweeping: Sweeping) -> None:
    sweep_id = sweeping.sweep({"n": "5"}, walk_forward=WalkForward(3, 2), constraints=("trades>=1000000",))
    sweeping.work(sweep_id)
    failed = [event for event in sweeping.events(sweep_id) if isinstance(event, TrialFailed)]
    assert {event.code for event in failed} == {"NO_PARAMETERS"}
    [completed] = [event for event in sweeping.events(sweep_id) if isinstance(event, SweepCompleted)]
    assert completed.best is None
    assert completed.walk["total_return"].value is None


def test_hopeless_trials_are_pruned_and_the_others_are_not(sweeping: Sweeping) -> None:
    vary = {"n": "2:60:1", "k": "1"}
    sweep_id = sweeping.sweep(vary, method="random", trials=40, pruning=True, seed=1)
    sweeping.work(sweep_id)
    ends = [event for event in sweeping.events(sweep_id) if isinstance(event, TrialEnded)]
    pruned = [event for event in ends if isinstance(event, TrialPruned)]
    completed = [event for event in ends if isinstance(event, TrialCompleted)]
    assert len(ends) == 40
    assert len(pruned) >= 5
    assert all(4 <= len(event.steps) < 10 for event in pruned)
    assert all(len(event.steps) == 9 for event in completed)
    worst_completed = min(float(str(event.figures["total_return"])) for event in completed)
    assert all((event.steps[-1] or 0.0) < -worst_completed for event in pruned)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vary": {"m": "1"}}, "no parameter 'm'"),
        ({"vary": {}}, "1 to 20 parameters"),
        ({"objective": "sharp_ratio"}, "did you mean"),
        ({"constraints": ("trades=1",)}, "is no constraint"),
        ({"method": "tpe"}, "how many trials"),
        ({"trials": 5}, "leave the number of trials out"),
        ({"walk_forward": WalkForward(0, 5)}, "in-sample part"),
        ({"walk_forward": WalkForward(5, 1_001)}, "out-of-sample part"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_sweep_that_cannot_be_meant_is_refused_and_nothing_written(
    sweeping: Sweeping, changes: dict[str, Any], said: str
) -> None:
    head = sweeping.journal.head()
    with pytest.raises(InvalidInput, match=said):
        sweeping.sweep(changes.pop("vary", {"n": "5"}), **changes)
    assert sweeping.journal.head() == head
