"""One worker of a sweep: takes trials as they are to be had, runs them, and ends the sweep once none is left."""

from collections.abc import Callable, Sequence
from datetime import datetime

from application.clock import Clock
from application.ports import RunClaims
from application.search import looks_hopeless
from application.sweep_guards import Again, guards_of, walk_of
from application.trial import Onlooker, TrialGivenUp, TrialResult, TrialRunner
from application.trial_book import TrialBook
from domain.errors import BarsUnavailable, InvalidInput, Refused, StrategyFault
from domain.market import from_microseconds
from domain.performance import daily_equity
from domain.run import RunCreated
from domain.sweep import (
    TrialCompleted,
    TrialEnded,
    TrialFailed,
    TrialPruned,
    TrialStarted,
    run_of_trial,
    trial_stream_id,
)

# How often it is looked whether a trial is to be had, while others are at work on all that are left.
SECONDS_A_LOOK = 0.2
MAX_MESSAGE = 500

type Pause = Callable[[float], None]
type AtWork = Callable[[int | None], None]


class SweepWorker:
    """Works on a sweep until no trial is left, or it is stopped.

    claims: the book's. at_work: told the number of each trial before it is begun, and None after it. pause: lets some
    seconds pass.
    """

    def __init__(
        self, book: TrialBook, claims: RunClaims, runner: TrialRunner, clock: Clock, at_work: AtWork, pause: Pause
    ) -> None:
        self._book = book
        self._claims = claims
        self._runner = runner
        self._clock = clock
        self._at_work = at_work
        self._pause = pause

    def work(self) -> None:
        """Run trials until none is left; the last worker to see that records the sweep's end."""
        book, run = self._book, self._book.created.run
        while True:
            trial = book.next()
            if trial is not None:
                self._at_work(trial.number)
                end = without_parameters(book, trial, self._clock)
                book.end(end or ended(self._runner, run, trial, self._clock, self._onlooker(trial)))
                self._at_work(None)
            elif not book.is_wanted or (book.all_ended and finished(book, self._claims, self._clock, self._again)):
                return
            else:
                self._pause(SECONDS_A_LOOK)

    def _onlooker(self, trial: TrialStarted) -> Onlooker | None:
        created = self._book.created
        if not created.pruning or trial.part == "out_of_sample":
            return None

        def goes_on(steps: Sequence[float | None]) -> bool:
            self._book.refresh()
            if not self._book.is_wanted:
                return False
            return not looks_hopeless(created, self._book.pages.known(trial.window, but=trial.number), steps)

        return goes_on

    def _again(self, number: int) -> TrialResult:
        return run_again(self._runner, self._book.created.run, self._book.pages.started[number])


def without_parameters(book: TrialBook, trial: TrialStarted, clock: Clock) -> TrialFailed | None:
    """Return how an out-of-sample trial ends for whose window no trial counts, None for any other."""
    if trial.part != "out_of_sample" or book.pages.best(book.created, trial.window) is not None:
        return None
    message = "no trial of its window counts, so there are no parameters to trade with"
    return TrialFailed(
        at=clock.now(), sweep_id=trial.sweep_id, number=trial.number, code="NO_PARAMETERS", message=message
    )


def ended(
    runner: TrialRunner, run: RunCreated, trial: TrialStarted, clock: Clock, onlooker: Onlooker | None = None
) -> TrialEnded:
    """Run a trial and return how it ended; whatever its strategy does wrong is an end, too.

    run: what all trials have in common.
    """
    try:
        trial_id = trial_stream_id(trial.sweep_id, trial.number)
        result = runner.run(trial_id, run_of_trial(run, trial), onlooker)
    except (StrategyFault, BarsUnavailable, InvalidInput, Refused) as error:
        code = "BARS_UNAVAILABLE" if isinstance(error, BarsUnavailable) else "STRATEGY_ERROR"
        message = error.message[:MAX_MESSAGE]
        return TrialFailed(at=clock.now(), sweep_id=trial.sweep_id, number=trial.number, code=code, message=message)
    if isinstance(result, TrialGivenUp):
        return TrialPruned(at=clock.now(), sweep_id=trial.sweep_id, number=trial.number, steps=result.steps)
    times, equity = _daily(result) if trial.part == "out_of_sample" else ((), ())
    return TrialCompleted(
        at=clock.now(),
        sweep_id=trial.sweep_id,
        number=trial.number,
        bars=result.bars,
        orders=result.orders,
        fills=result.account.fills,
        trades=len(result.account.trades),
        final_equity=result.account.final_equity,
        figures=result.figures,
        engine_seconds=round(result.engine_seconds, 6),
        steps=result.steps,
        times=times,
        equity=equity,
    )


def run_again(runner: TrialRunner, run: RunCreated, trial: TrialStarted) -> TrialResult:
    """Return the whole result of a trial that was completed, of which the journal has the figures."""
    result = runner.run(trial_stream_id(trial.sweep_id, trial.number), run_of_trial(run, trial))
    if isinstance(result, TrialGivenUp):
        raise AssertionError("unreachable: nobody looks on")
    return result


def finished(book: TrialBook, claims: RunClaims, clock: Clock, again: Again) -> bool:
    """Record the sweep's end, unless another worker is about to; return whether it is recorded."""
    end_id = trial_stream_id(book.sweep.id, book.trials)
    if not claims.claim(end_id):
        return False
    try:
        book.refresh()
        if book.is_wanted:
            created, begun, pages = book.created, book.begun, book.pages
            best = pages.best(created, max(len(begun.windows) - 1, 0))
            guards, walk = guards_of(created, pages, best, again), walk_of(created, begun, pages)
            book.sweep.complete(clock.now(), best, guards, walk)
            book.record()
    finally:
        claims.release(end_id)
    return True


def _daily(result: TrialResult) -> tuple[tuple[datetime, ...], tuple[float, ...]]:
    """The end of each day and the equity there, of a part whose curve is put together with others."""
    equity = daily_equity(result.curve, float(result.account.initial_cash), result.days)[1:]
    ends = [*result.days.ends.tolist(), int(result.curve.times[-1])][: len(equity)]
    return tuple(from_microseconds(end) for end in ends), tuple(equity.tolist())
