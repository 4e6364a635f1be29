"""How long the process of a paper run of 100,000 ticks takes until it is where its predecessor was."""

import gc
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter, process_time
from uuid import UUID

import numpy as np
import psycopg
import pytest
from msgspec import structs

from application.journal import Journal
from application.live import LiveTools, LiveTrading, SessionAsked
from application.live_session import SESSION
from application.replay import ReplayJournal
from domain.event_catalogue import encode
from domain.events import Chain, Event, Recorded
from domain.ids import new_id
from domain.run import CostSettings, Run, RunCreated
from domain.tape import Tape, TapeBar, tape_stream_id
from interfaces.event_store import journal_environment
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.session_child import GARBAGE_THRESHOLDS
from interfaces.strategy_catalog import FileStrategyCatalog
from tests.application.test_live_trading import EndsWhenIdle
from tests.fakes import ControlledClock

TICKS = 100_000
SYMBOL = "BTC/USD"
COPY = """
copy weaver_events (originator_id, originator_version, topic, state, run_id, meta, previous, hash) from stdin
"""

pytestmark = pytest.mark.benchmark


class Scene:
    """A paper run of sma_cross on one-second bars, of which the ticks are recorded and nothing else."""

    def __init__(self, journal: Journal, url: str, home: Path) -> None:
        self.journal, self.url, self.home = journal, url, home
        self.clock = ControlledClock()
        self.catalog = FileStrategyCatalog(home)
        run = Run(new_id())
        run.trigger(
            RunCreated(
                at=self.clock.now(),
                name="run",
                strategy_id="sma_cross",
                strategy_version=self.catalog.describe("sma_cross").version,
                mode="paper",
                symbols=(SYMBOL,),
                timeframe="1s",
                exchange="exchange",
                parameters={"fast": 50, "slow": 2_000},
                initial_cash=Decimal(100_000_000),
                costs=CostSettings(),
            )
        )
        run.request_start(self.clock.now())
        run.start(self.clock.now(), 0, {})
        self.id = run.id
        journal.record(run, run_id=run.id, chain=Chain("bench", "bench", actor="bench"))

    def copy(self, rows: Iterator[tuple[Recorded, str]]) -> None:
        """Write entries with their actors as fast as the database takes them, their chain left out."""
        with psycopg.connect(self.url) as connection, connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for one, actor in rows:
                topic, state = encode(one.event)
                meta = f'{{"actor": "{actor}", "corr_id": "bench", "causation_id": "bench"}}'
                stream, version = one.originator_id, one.originator_version
                copy.write_row((stream, version, topic, state, self.id, meta, 0, bytes(32)))

    def replayed(self, journal: "Journal | ReplayJournal") -> float:
        """Return the seconds that a new process of the session takes to see everything."""
        wakeup = EndsWhenIdle()
        tools = LiveTools(
            journal=journal,
            catalog=self.catalog,
            calendar=ExchangeSessions(self.home),
            clock=self.clock,
            wakeup=wakeup,
            end_asked=lambda: wakeup.is_idle,
            alive=lambda: None,
            log=lambda message, fields: None,
        )
        began = perf_counter()
        with pytest.raises(SessionAsked):
            LiveTrading(self.id, tools).execute()
        return perf_counter() - began


def ticks(scene: Scene) -> list[Event]:
    """Every second a bar of a random walk."""
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(7).normal(0, 0.0005, TICKS)))
    tape, start = Tape(tape_stream_id(scene.id)), scene.clock.now()
    for number, close in enumerate(closes.round(2).tolist()):
        at = start + timedelta(seconds=number + 1)
        tape.tick(at, scene.id, [TapeBar(SYMBOL, at - timedelta(seconds=1), close, close, close, close)])
    return [one.event for one in tape.collect_events()]


def test_recovery_of_a_paper_run(database_url: str, tmp_path: Path) -> None:
    with Journal(journal_environment(database_url, pool_size=2)) as journal:
        scene = Scene(journal, database_url, tmp_path)
        given, tape_id = ticks(scene), tape_stream_id(scene.id)
        scene.copy((Recorded(tape_id, version, event), "clock") for version, event in enumerate(given, start=1))
        first = ReplayJournal(journal, scene.id)
        print(f"\nfirst decisions, not written: {scene.replayed(first):.2f} s, {len(first.added):,} events")
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("delete from weaver_events where originator_id = %s", (tape_id,))
        decided = [Recorded(one.originator_id, 1, one.event) for one in first.added]
        scene.copy(_woven(tape_id, given, decided))
        gc.freeze()
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        scene.replayed(journal)  # records which indicators were declared
        for _ in range(3):
            head = journal.head()
            worked = process_time()
            seconds = scene.replayed(journal)
            print(f"recovered {TICKS:,} ticks in {seconds:.2f} s, of CPU {process_time() - worked:.2f} s")
            assert journal.head() == head


def _woven(tape_id: UUID, given: list[Event], decided: list[Recorded]) -> Iterator[tuple[Recorded, str]]:
    """Each tick, the decision on it and the orders that came with it."""
    version, place = 0, 0
    for event in given:
        yield Recorded(tape_id, (version := version + 1), event), "clock"
        decision = structs.replace(decided[place].event, cause=f"{tape_id}:{version}")
        yield Recorded(tape_id, (version := version + 1), decision), SESSION
        place += 1
        while place < len(decided) and decided[place].originator_id != tape_id:
            yield decided[place], SESSION
            place += 1
