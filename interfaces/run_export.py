"""What a run's archive is written from: the journal, the bars it was traded on, and its strategy's file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import msgspec
from psycopg import Connection

from application.journal import Journal
from application.ports import BarSource
from application.runs import load_run
from domain.errors import WeaverError
from domain.market import Bars, Timeframe
from domain.run import RunCreated, RunStarted
from interfaces.database import connect, database_errors
from interfaces.journal_chain import COLUMNS
from interfaces.run_archive import FORMAT, Description, EventLine, StrategyText, bars_lines, is_of_version, packed
from interfaces.run_import import kept_archive

PAGE = 5_000

_EVENTS = f"""
select {COLUMNS.replace("state", "convert_from(state, 'UTF8')").replace("meta", "meta::text")}, encode(hash, 'hex')
from weaver_events
where run_id = %s and notification_id > %s and notification_id <= %s
order by notification_id limit {PAGE}
"""


class StrategyFiles(Protocol):
    """Finds the files that strategies are written in."""

    def file_of(self, strategy_id: str) -> tuple[str, str, bytes] | None:
        """Return the name, the class and the text of a strategy's file, None for a bundled or an installed one."""
        ...


@dataclass(frozen=True, slots=True)
class Exporter:
    """Exports runs. home: where archives of imported runs are kept. release: of this Weaver."""

    database_url: str
    home: Path
    journal: Journal
    bars: BarSource
    strategies: StrategyFiles
    release: str

    def export(self, run_id: UUID, now: datetime) -> tuple[Description, Iterator[bytes]]:
        """Return what an archive of the run is of, and its bytes, piece by piece.

        A run that trades is exported as far as it is recorded now. What is not as the run had it any more, its bars or
        its strategy's file, is left out and named in `missing`. Raises RunNotFound, and InvalidInput if the archive of
        an imported run is gone.
        """
        run = load_run(self.journal, run_id)
        head, missing = self.journal.head(), list[str]()
        if self.journal.stream(run_id)[0].origin is None:
            strategy = self._strategy(run.created, missing)
            bars = self._bars(run.created, run.started, missing)
        else:
            archive = kept_archive(self.home, run_id)
            strategy, bars = archive.strategy, archive.bars
            missing += archive.description.missing
        described = Description(
            format=FORMAT,
            run_id=run_id,
            store_id=self.journal.store_id,
            weaver=self.release,
            exported_at=now,
            position=head,
            status=run.status,
            missing=missing,
        )
        return described, packed(self._lines(described, strategy, bars))

    def _lines(
        self, described: Description, strategy: StrategyText | None, bars: Mapping[str, Bars]
    ) -> Iterator[msgspec.Struct]:
        yield described
        if strategy is not None:
            yield strategy
        for one in bars.values():
            yield from bars_lines(one)
        with database_errors(), connect(self.database_url) as connection:
            yield from _events(connection, described.run_id, described.position)

    def _strategy(self, created: RunCreated, missing: list[str]) -> StrategyText | None:
        try:
            found = self.strategies.file_of(created.strategy_id)
        except WeaverError as error:
            missing.append(f"the strategy's file: {error.message}")
            return None
        if found is None:
            return None
        name, class_name, text = found
        if not is_of_version(text.decode(errors="replace"), created.strategy_version):
            missing.append(f"the strategy's file: {name} is not version {created.strategy_version} any more")
            return None
        return StrategyText(name, class_name, text.decode())

    def _bars(self, created: RunCreated, started: RunStarted | None, missing: list[str]) -> dict[str, Bars]:
        """The bars of a backtest; a paper or live run has its bars in its tape."""
        found = dict[str, Bars]()
        if created.mode != "backtest" or started is None:
            return found
        timeframe = Timeframe.parse(created.timeframe)
        files = {file.symbol: file for file in created.bar_files}
        for symbol in created.symbols:
            try:
                if symbol in files:
                    bars = self.bars.read_file(files[symbol], timeframe).between(created.start_time, created.end_time)
                else:
                    bars = self.bars.load(symbol, timeframe, created.start_time, created.end_time)
            except WeaverError as error:
                missing.append(f"the bars of {symbol}: {error.message}")
                continue
            if bars.content_hash() != started.bars_hash.get(symbol):
                missing.append(f"the bars of {symbol}: they are not those the run was traded on any more")
                continue
            found[symbol] = bars
        return found


def _events(connection: Connection[Any], run_id: UUID, head: int) -> Iterator[EventLine]:
    after = 0
    while rows := connection.execute(_EVENTS.encode(), (run_id, after, head), binary=True).fetchall():
        yield from (EventLine(*row) for row in rows)
        after = rows[-1][0]
