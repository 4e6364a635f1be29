"""The trials of one sweep as the journal has them: which have ended, which is next, and how each ended."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from application.clock import Clock
from application.ports import RunClaims
from application.run_journal import RunJournal
from application.runs import READ_PAGE
from application.search import KnownTrial, suggested
from domain.errors import ConcurrentChange, InvalidInput, SweepNotFound
from domain.events import Chain, Event
from domain.objective import is_feasible
from domain.run import ParameterValue
from domain.sweep import (
    Sweep,
    SweepCreated,
    SweepStarted,
    SweepStatus,
    Trial,
    TrialCompleted,
    TrialEnded,
    TrialFailed,
    TrialPruned,
    TrialStarted,
    gridded,
    place_of_trial,
    trial_count,
    trial_stream_id,
)

ACTOR = "sweep"


@dataclass(slots=True)
class TrialPages:
    """What is known of a sweep's trials, by number."""

    started: dict[int, TrialStarted] = field(default_factory=dict)
    ended: dict[int, TrialEnded] = field(default_factory=dict)

    def note(self, event: Event) -> None:
        """Take note of an event of the sweep or of one of its trials."""
        if isinstance(event, TrialStarted):
            self.started[event.number] = event
        elif isinstance(event, TrialEnded):
            self.ended[event.number] = event

    def counting(self, created: SweepCreated, window: int) -> Iterator[tuple[int, float]]:
        """Yield number and objective of the window's trials that count, out-of-sample ones left out."""
        for number in sorted(self.ended):
            started, ended = self.started[number], self.ended[number]
            if started.window != window or started.part == "out_of_sample" or not isinstance(ended, TrialCompleted):
                continue
            figures = ended.all_figures()
            value = created.objective.value(figures)
            if value is not None and is_feasible(created.constraints, figures):
                yield number, value

    def best(self, created: SweepCreated, window: int) -> int | None:
        """Return the number of the window's best trial, of equal ones the first; None where none counts."""
        best: tuple[int, float] | None = None
        for number, value in self.counting(created, window):
            if best is None or created.objective.is_better(value, best[1]):
                best = number, value
        return None if best is None else best[0]

    def known(self, window: int, but: int | None = None) -> list[KnownTrial]:
        """Return what a search may know of the window's trials, in order of their numbers."""
        known = []
        for number, started in sorted(self.started.items()):
            if started.window != window or started.part == "out_of_sample" or number == but:
                continue
            ended = self.ended.get(number)
            known.append(
                KnownTrial(
                    parameters=started.parameters,
                    figures=ended.all_figures() if isinstance(ended, TrialCompleted) else None,
                    steps=ended.steps if isinstance(ended, TrialCompleted | TrialPruned) else (),
                    pruned=isinstance(ended, TrialPruned),
                    failed=isinstance(ended, TrialFailed),
                )
            )
        return known


class TrialBook:
    """Hands out the trials of a sweep, each to one worker over all machines, and records how they ended.

    A trial is claimed before it is begun, and a claim ends with the process that holds it; its stream takes one end, so
    that no result is recorded twice whatever happens to claims. claims: of this worker alone.
    """

    def __init__(self, sweep_id: UUID, journal: RunJournal, claims: RunClaims, clock: Clock) -> None:
        self._sweep_id = sweep_id
        self._journal = journal
        self._claims = claims
        self._clock = clock
        self._position = 0
        self._taken: set[int] = set()
        self.pages = TrialPages()
        self.sweep = load_sweep(journal, sweep_id)
        self._chain = Chain(str(sweep_id), str(sweep_id), actor=ACTOR)

    @property
    def created(self) -> SweepCreated:
        """The sweep's description."""
        return self.sweep.created

    @property
    def begun(self) -> SweepStarted:
        """What the sweep is run over; its bars must have been read."""
        if self.sweep.started is None:
            raise InvalidInput(f"sweep {self._sweep_id} has not read its bars yet")
        return self.sweep.started

    @property
    def is_wanted(self) -> bool:
        """Whether trials may begin, as far as is known."""
        return self.sweep.status is SweepStatus.RUNNING

    @property
    def trials(self) -> int:
        """How many trials there are in all."""
        return trial_count(self.created.trials, len(self.begun.windows))

    @property
    def all_ended(self) -> bool:
        """Whether no trial is left, as far as is known."""
        return len(self.pages.ended) == self.trials

    def refresh(self) -> None:
        """Read what the journal has got of the sweep since the last time."""
        while entries := self._journal.read(self._position, READ_PAGE, run_id=self._sweep_id):
            for entry in entries:
                event = self._journal.catalogue.decode(entry.topic, entry.state)
                if entry.stream_id != self._sweep_id:
                    self.pages.note(event)
                elif entry.version > self.sweep.version:
                    self.sweep.apply(event)
                    self.sweep.version = entry.version
                self._position = entry.position

    def next(self) -> TrialStarted | None:
        """Return a trial for this worker, claimed and recorded as begun; None where there is none to be had now.

        One it was given and has not ended is not given again. A trial whose worker died is given out again, with the
        parameters it had.
        """
        self.refresh()
        for number in self._open():
            if not self.is_wanted:
                return None
            trial_id = trial_stream_id(self._sweep_id, number)
            if not self._claims.claim(trial_id):
                continue
            self.refresh()  # it may have ended between the look and the claim
            if number not in self.pages.ended and self.is_wanted:
                self._taken.add(number)
                return self.pages.started.get(number) or self._begin(number)
            self._claims.release(trial_id)
        return None

    def end(self, ended: TrialEnded) -> bool:
        """Record how a trial ended and give it up; return whether it was recorded: a stopped sweep takes no more."""
        trial_id = trial_stream_id(self._sweep_id, ended.number)
        try:
            self.refresh()
            if not self.is_wanted:
                return False
            trial = self._journal.load(Trial, trial_id)
            if trial is None or trial.ended is not None:
                return False
            trial.end(ended)
            self._journal.record(trial, run_id=self._sweep_id, chain=self._chain)
        except ConcurrentChange:
            return False  # whoever was given it after its claim was lost has ended it
        finally:
            self._claims.release(trial_id)
            self._taken.discard(ended.number)
        self.pages.note(ended)
        return True

    def record(self) -> None:
        """Record what was triggered on the sweep itself."""
        self._journal.record(self.sweep, run_id=self._sweep_id, chain=self._chain)

    def _open(self) -> Iterator[int]:
        """The trials that have not ended and can begin: an out-of-sample one once its window has been searched."""
        created, begun = self.created, self.begun
        for number in range(self.trials):
            if number in self.pages.ended or number in self._taken:
                continue
            _, part = place_of_trial(created, begun, number)
            if part == "out_of_sample" and not self._is_searched(number):
                continue
            yield number

    def _is_searched(self, out_of_sample: int) -> bool:
        return all(out_of_sample - back in self.pages.ended for back in range(1, self.created.trials + 1))

    def _begin(self, number: int) -> TrialStarted:
        created, begun = self.created, self.begun
        window, part = place_of_trial(created, begun, number)
        bounds = begun.windows[window] if begun.windows else None
        started = TrialStarted(
            at=self._clock.now(),
            sweep_id=self._sweep_id,
            number=number,
            parameters=self._parameters(number),
            window=window,
            part=part,
            start_time=None if bounds is None else bounds.split if part == "out_of_sample" else bounds.start,
            end_time=None if bounds is None else bounds.end if part == "out_of_sample" else bounds.split,
        )
        trial = Trial(trial_stream_id(self._sweep_id, number))
        trial.start(started)
        self._journal.record(trial, run_id=self._sweep_id, chain=self._chain)
        self.pages.note(started)
        return started

    def _parameters(self, number: int) -> dict[str, ParameterValue]:
        created, begun = self.created, self.begun
        window, part = place_of_trial(created, begun, number)
        if part == "out_of_sample":
            best = self.pages.best(created, window)
            return {} if best is None else self.pages.started[best].parameters
        if created.method == "grid":
            return gridded(created, begun, number)
        return suggested(created, self.pages.known(window), number)


def load_sweep(journal: RunJournal, sweep_id: UUID) -> Sweep:
    """Return the sweep as the journal has it; raise SweepNotFound if there is none."""
    sweep = journal.load(Sweep, sweep_id)
    if sweep is None or sweep.description is None:
        raise SweepNotFound(sweep_id)
    return sweep
