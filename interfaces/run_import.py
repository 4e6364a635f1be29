"""A run's archive taken into the journal, and what it was traded on given back to whoever replays it."""

import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

import msgspec

from application.journal import Imported, Journal
from application.ports import BarCoverage, StrategyCatalog, StrategyDescription
from domain.errors import BarsUnavailable, Conflict, InvalidInput, Refused, one_line
from domain.event_catalogue import Catalogue
from domain.events import Recorded
from domain.market import Bars, Timeframe
from domain.run import BarFile, Run, RunStatus
from domain.strategy import Strategy
from interfaces.run_archive import Archive, StrategyText, read_archive


def archive_path(home: Path, run_id: UUID) -> Path:
    """Return where the archive of an imported run is kept: its bars and its strategy are in no other place."""
    return home / "imports" / f"{run_id}.weaver.gz"


def kept_archive(home: Path, run_id: UUID) -> Archive:
    """Return the archive of an imported run; raise InvalidInput, which says what to do, if it is gone or changed."""
    path = archive_path(home, run_id)
    if not path.exists():
        raise InvalidInput(
            f"run {run_id} was imported, and its archive is not there: put the file it came in at {path}"
        )
    return read_archive(path)


def import_run(path: Path, journal: Journal, home: Path) -> tuple[Archive, int]:
    """Append a run from its archive, all of it or nothing; return the archive and the position of the last event.

    The archive is kept under `home`. Raises InvalidInput for a file that is not as it was written, or holds events
    this Weaver does not know; Refused for a run that had not ended; Conflict for one that is in the journal.
    """
    archive = read_archive(path)
    run_id = archive.description.run_id
    _require_known(archive, journal.catalogue)
    status = _status(archive, journal.catalogue)
    if not status.is_final:
        raise Refused(f"run {run_id} is {status} in {path}: export it again once it has ended")
    if journal.stream(run_id):
        raise Conflict(f"run {run_id} is in the journal already")
    kept = archive_path(home, run_id)
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not (kept.exists() and kept.samefile(path)):
        partial = kept.with_suffix(".partial")
        shutil.copyfile(path, partial)
        os.replace(partial, kept)
    rows = [(one.stream_id, one.version, one.topic, one.state.encode(), one.meta) for one in archive.events]
    origin = Imported(archive.description.store_id, archive.sha256)
    return archive, journal.import_run(rows, run_id, origin)


def _require_known(archive: Archive, catalogue: Catalogue) -> None:
    for one in archive.events:
        try:
            catalogue.decode(one.topic, one.state.encode())
        except (InvalidInput, msgspec.MsgspecError) as error:
            raise InvalidInput(f"{one.topic} of {one.stream_id} cannot be imported: {one_line(error)}") from None


def _status(archive: Archive, catalogue: Catalogue) -> RunStatus:
    run_id = archive.description.run_id
    own = (one for one in archive.events if one.stream_id == run_id)
    run = Run.fold(
        None, (Recorded(run_id, one.version, catalogue.decode(one.topic, one.state.encode())) for one in own)
    )
    if run is None or run.description is None or archive.events[0].stream_id != run_id:
        raise InvalidInput(f"the archive does not begin with the description of run {run_id}")
    return run.status


class ArchivedBars:
    """Implements `BarSource` with the bars of an archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def coverage(self, symbol: str, timeframe: Timeframe) -> BarCoverage | None:
        """Return what the archive has of a symbol."""
        bars = self._archive.bars.get(symbol)
        if bars is None:
            return None
        return BarCoverage(symbol, bars.timeframe, len(bars), bars.start_time, bars.end_time, "archive")

    def load(self, symbol: str, timeframe: Timeframe, start: datetime | None, end: datetime | None) -> Bars:
        """Return the bars the run was traded on; raise BarsUnavailable if the archive had to leave them out."""
        bars = self._archive.bars.get(symbol)
        if bars is None:
            reasons = "; ".join(self._archive.description.missing) or "its archive has none"
            raise BarsUnavailable(f"there are no bars of {symbol}: {reasons}")
        return bars

    def read_file(self, bar_file: BarFile, timeframe: Timeframe) -> Bars:
        """Return the bars the run was traded on, whichever file they came from."""
        return self.load(bar_file.symbol, timeframe, None, None)


class ArchivedStrategy:
    """Implements `StrategyCatalog`: the strategy of an archive as it was, all others as they are."""

    def __init__(self, strategy: StrategyText, strategy_id: str, catalog: StrategyCatalog) -> None:
        directory = Path(mkdtemp(prefix="weaver-imported-"))
        file = directory / Path(strategy.file).name
        file.write_text(strategy.text)
        self._strategy_id, self._catalog = strategy_id, catalog
        self._own_id = f"{file}:{strategy.class_name}"
        self._directory = directory

    def list(self) -> Sequence[StrategyDescription]:
        """Return every other strategy."""
        return self._catalog.list()

    def describe(self, strategy_id: str) -> StrategyDescription:
        """Return one strategy."""
        return self._catalog.describe(self._id(strategy_id))

    def load(self, strategy_id: str, version: str | None = None) -> type[Strategy]:
        """Return the class itself."""
        return self._catalog.load(self._id(strategy_id), version)

    def close(self) -> None:
        """Remove the strategy's file."""
        shutil.rmtree(self._directory)

    def _id(self, strategy_id: str) -> str:
        return self._own_id if strategy_id == self._strategy_id else strategy_id
