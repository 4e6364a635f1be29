"""The bars a backtest trades: of files, of the store, or of the tape of the paper or live run it was forked from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from application.ports import BarSource, SessionCalendar
from application.run_journal import RunJournal
from application.runs import READ_PAGE, run_as_created
from domain.errors import BarsUnavailable
from domain.events import Event
from domain.market import Bars, Timeframe, to_microseconds
from domain.run import Run, RunCreated
from domain.sessions import Sessions
from domain.tape import TapeBackfilled, TapeBar, TapeTicked, tape_bars
from domain.timeline import Timeline


@dataclass(frozen=True, slots=True)
class RunMarket:
    """The bars of each symbol, and when they are traded.

    boundaries: of a tape, the moments at which the run was awake, ascending, microseconds since 1970 UTC: bars that
    close between them were seen as history and never traded. None: every bar is traded.
    """

    bars: tuple[Bars, ...]
    boundaries: tuple[int, ...] | None = None

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of each symbol's bars."""
        return {bars.symbol: bars.content_hash() for bars in self.bars}

    def stretches(self, timeline: Timeline, most: int) -> Iterator[tuple[int, int]]:
        """Yield the traded instants as ranges [first, last) of at most so many, ascending."""
        if self.boundaries is None:
            ranges = [(0, len(timeline))]
        else:
            places = np.searchsorted(timeline.closing_times, np.array(self.boundaries, dtype=np.int64), side="right")
            traded = np.unique(places[places > 0] - 1)
            parts = np.split(traded, np.flatnonzero(np.diff(traded) > 1) + 1)
            ranges = [(int(part[0]), int(part[-1]) + 1) for part in parts if len(part)]
        for begin, end in ranges:
            for first in range(begin, end, most):
                yield first, min(first + most, end)


def market_of(journal: RunJournal, source: BarSource, created: RunCreated) -> RunMarket:
    """Return what a backtest trades; raise BarsUnavailable if it is not there any more.

    A fork has the bars of the run at the root of its line: those of a tape up to its own end_time.
    """
    root_id, root = root_of(journal, created)
    if root_id is not None and root.mode != "backtest":
        return recorded_market(journal, root_id, root, created.end_time)
    timeframe = Timeframe.parse(created.timeframe)
    files = {file.symbol: file for file in created.bar_files}
    loaded: list[Bars] = []
    for symbol in created.symbols:
        if symbol in files:
            bars = source.read_file(files[symbol], timeframe).between(created.start_time, created.end_time)
        else:
            bars = source.load(symbol, timeframe, created.start_time, created.end_time)
        if not len(bars):
            raise BarsUnavailable(f"there are no bars of {symbol} {timeframe} in the run's range any more")
        loaded.append(bars)
    return RunMarket(tuple(loaded))


def sessions_of(calendar: SessionCalendar, bars: Sequence[Bars]) -> dict[str, Sessions]:
    """Return the sessions around each symbol's bars; a market that never closes has none."""
    found = {one.symbol: calendar.sessions(one.symbol, one.start_time, one.end_time) for one in bars}
    return {symbol: sessions for symbol, sessions in found.items() if sessions is not None}


def root_of(journal: RunJournal, created: RunCreated) -> tuple[UUID | None, RunCreated]:
    """Return the run at the beginning of a line of forks; None and the run itself if it is no fork."""
    root_id: UUID | None = None
    while created.forked_from is not None:
        root_id = created.forked_from.run_id
        created = run_as_created(journal, root_id)
    return root_id, created


def require_parents_bars(journal: RunJournal, created: RunCreated, hashes: Mapping[str, str]) -> None:
    """Raise BarsUnavailable if a fork's bars are not those its parent has traded."""
    if created.forked_from is None:
        return
    parent = journal.load(Run, created.forked_from.run_id)
    started = None if parent is None else parent.started
    if started is None or not started.bars_hash or started.bars_hash == hashes:
        return  # a tape has no hash: its bars are in the journal
    changed = ", ".join(symbol for symbol, found in hashes.items() if started.bars_hash.get(symbol) != found)
    raise BarsUnavailable(
        f"the bars of {changed} are not those that run {created.forked_from.run_id} has traded: its range or what is "
        "stored for it has changed, so it cannot be forked"
    )


def recorded_market(journal: RunJournal, run_id: UUID, created: RunCreated, until: datetime | None) -> RunMarket:
    """Return what a paper or live run has seen, up to the boundary `until`; raise BarsUnavailable for a symbol unseen.

    Of two bars of a symbol that open at once the first counts, as for the run itself.
    """
    seen: dict[str, dict[datetime, TapeBar]] = {symbol: {} for symbol in created.symbols}
    boundaries: list[int] = []
    waiting: list[TapeBar] = []
    for event in _tape(journal, run_id):
        waiting += event.bars
        if isinstance(event, TapeTicked):
            if until is not None and event.at > until:
                break
            if event.bars:
                boundaries.append(to_microseconds(event.at))
            # what was fetched after the last tick was seen by nobody yet
            for bar in waiting:
                seen[bar.symbol].setdefault(bar.opened_at, bar)
            waiting.clear()
    timeframe = Timeframe.parse(created.timeframe)
    return RunMarket(tuple(_columns(symbol, timeframe, found) for symbol, found in seen.items()), tuple(boundaries))


def _columns(symbol: str, timeframe: Timeframe, found: Mapping[datetime, TapeBar]) -> Bars:
    if not found:
        raise BarsUnavailable(f"the run has not seen a bar of {symbol} yet")
    return tape_bars(symbol, timeframe, [found[moment] for moment in sorted(found)])


def _tape(journal: RunJournal, run_id: UUID) -> Iterator[TapeTicked | TapeBackfilled]:
    topics: Sequence[str] = tuple(journal.catalogue.versions((TapeTicked.TOPIC, TapeBackfilled.TOPIC)))
    after = 0
    while entries := journal.read(after, READ_PAGE, topics=topics, run_id=run_id):
        for entry in entries:
            event: Event = journal.catalogue.decode(entry.topic, entry.state)
            if isinstance(event, TapeTicked | TapeBackfilled):
                yield event
        after = entries[-1].position
