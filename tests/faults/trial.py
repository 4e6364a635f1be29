"""One trial: an exchange, a database and `weaver serve`, one fault, maybe a kill, and what must hold afterwards."""

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg

from tests.faults.invariants import Check, Evidence, Recorded, read_journal, violations
from tests.faults.matrix import Deed, Trial
from tests.faults.processes import ForkedAlpaca, ForkedWeaver
from tests.faults.script import SCRIPTED, SOURCES, SYMBOL
from tests.system.weaver_process import wait_until

# All in seconds. Orders that must be accepted before anything goes wrong, and after the last of it.
WARM_ORDERS, ORDERS_AFTER = 2, 2
BEGIN_SECONDS, STRIKE_SECONDS, RECOVER_SECONDS, STOP_SECONDS, SETTLE_SECONDS = 60.0, 12.0, 100.0, 45.0, 25.0
# Within so many seconds after the fault is set comes the kill, at a moment the seed decides.
KILL_WITHIN = 3.0
# The exchange has no limit that trials at this pace would meet, and soon misses who has gone without a word.
CONDITIONS: Mapping[str, Any] = {"rate_limit": 5_000, "reap_seconds": 12.0}
LOG_LINES_SHOWN, REQUESTS_SHOWN = 60, 120


@dataclass
class Verdict:
    """How a trial ended. wrong: sentences, none if all is well. seconds: it took; restarts: processes started anew."""

    trial: Trial
    wrong: Sequence[str]
    seconds: float
    story: str
    struck: int


@dataclass
class Story:
    """What happened when, for whoever has to find out why."""

    began: float = field(default_factory=time.monotonic)
    lines: list[str] = field(default_factory=list)

    def tell(self, what: str) -> None:
        """Add a line."""
        self.lines.append(f"{time.monotonic() - self.began:7.2f} s  {what}")


class Stage:
    """The processes of one trial, and the run that is traded."""

    def __init__(self, directory: Path, database_url: str) -> None:
        self.story = Story()
        self.database_url = database_url
        self.alpaca = ForkedAlpaca(directory / "book.jsonl")
        self._directory = directory
        self.servers: list[ForkedWeaver] = []
        self.run_id = ""
        self.sessions_killed = 0
        self.suspended = 0
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with self._open:
            self._open.callback(self.alpaca.kill)
            self.alpaca.start()
            self.alpaca.conditions(**CONDITIONS)
            self.weaver = self.server()
            self.weaver.start()
            self.story.tell("weaver serve is ready")
            self._open = self._open.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def server(self) -> ForkedWeaver:
        """Return another `weaver serve` on the same database, not started; it is killed in the end."""
        settings = self.alpaca.settings() | {
            "WEAVER_DATABASE_URL": self.database_url,
            "WEAVER_LOG_FORMAT": "json",
            "WEAVER_RATE_LIMIT": "0",
        }
        home = self._directory / f"home{len(self.servers) + 1}"
        (home / "strategies").mkdir(parents=True)
        for name, source in SOURCES.items():
            (home / "strategies" / f"{name}.py").write_text(source)
        weaver = ForkedWeaver(home, **settings)
        self.servers.append(weaver)
        self._open.callback(self._end, weaver)
        return weaver

    @staticmethod
    def _end(weaver: ForkedWeaver) -> None:
        if weaver.spawned:
            weaver.kill()
        weaver.api.close()

    def trade(self, strategy: str = SCRIPTED) -> None:
        """Start a run and wait until it trades."""
        self.run_id = self.weaver.create_run(
            mode="paper", exchange="alpaca", symbols=[SYMBOL], timeframe="1s", strategy_id=strategy
        )
        self.weaver.start_run(self.run_id)
        self.wait(lambda: len(self.accepted()) >= WARM_ORDERS, BEGIN_SECONDS, "the run trades")
        self.story.tell("the run trades")

    def wait(self, satisfied: Callable[[], bool | None], seconds: float, what: str) -> None:
        """Wait until something holds, asking five times a second."""

        def looked() -> bool | None:
            if satisfied():
                return True
            time.sleep(0.2)  # between two questions that cost the processes under test something
            return None

        wait_until(looked, seconds, what)

    def accepted(self) -> list[dict[str, Any]]:
        """Return the orders the exchange has accepted, oldest first."""
        orders: list[dict[str, Any]] = self.alpaca.audit()["orders"]
        return orders

    def status(self) -> str:
        """Return the run's status, empty while the server cannot be asked."""
        try:
            return str(self.weaver.get(f"/runs/{self.run_id}")["status"])
        except (httpx.TransportError, AssertionError):
            return ""

    # What is done to it.

    def do(self, deed: Deed) -> None:
        """Do one of the deeds of the matrix."""
        self.story.tell(deed)
        match deed:
            case "cut the stream":
                self.alpaca.break_streams("cut")
            case "restart the exchange":
                self.alpaca.kill()
                self.alpaca.start()
                self.alpaca.conditions(**CONDITIONS)
            case "cut the database's connections":
                self.cut_database()

    def cut_database(self) -> None:
        """End every connection to the trial's database, as a server that is restarted does."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )

    def kill_main(self) -> None:
        """Kill the server with signal 9 and start it again at once."""
        self.story.tell("kill -9 of the main process")
        self.weaver.kill()
        self.weaver.start()
        self.story.tell("weaver serve is ready again")

    def kill_child(self) -> None:
        """Kill the process that trades the run with signal 9."""
        for pid in self.weaver.sessions():
            self.story.tell(f"kill -9 of the session's process {pid}")
            psutil.Process(pid).kill()
            self.sessions_killed += 1

    def recover(self) -> None:
        """Wait until new orders reach the exchange."""
        before = len(self.accepted())

        def trades_again() -> bool:
            return len(self.accepted()) >= before + ORDERS_AFTER

        self.wait(trades_again, RECOVER_SECONDS, f"{ORDERS_AFTER} more orders are accepted")
        self.story.tell("it trades again")

    def stop(self) -> None:
        """Stop the run by REST, and wait until it says that it has stopped."""
        self.story.tell("stop")
        answer = self.weaver.api.post(f"/api/v1/runs/{self.run_id}/stop")
        assert answer.status_code == 202, answer.text
        self.wait(lambda: self.status() in ("stopped", "error"), STOP_SECONDS, "the run has stopped")
        self.story.tell(f"the run is {self.status()}")

    # What came of it.

    def evidence(self) -> Evidence:
        """Return both sides as they are now."""
        head = self.weaver.get("/info")["journal_position"]
        run = self.weaver.get(f"/runs/{self.run_id}", min_position=head)
        positions = self.weaver.get(f"/runs/{self.run_id}/positions", min_position=head)["items"]
        accounts = self.weaver.get("/accounts", min_position=head)["items"]
        [cash] = [Decimal(one["cash"]) for one in accounts if one.get("run_id") == self.run_id]
        return Evidence(
            journal=read_journal(self.database_url),
            audit=self.alpaca.audit(),
            run=run,
            positions={one["symbol"]: Decimal(one["quantity"]) for one in positions if Decimal(one["quantity"])},
            cash=cash,
            log=[line for one in self.servers for line in one.log.read_text().splitlines()],
            starts=sum(one.spawned for one in self.servers),
            sessions_killed=self.sessions_killed,
            suspended=self.suspended,
        )

    def judged(self, *excused: Check) -> list[str]:
        """Return what is wrong, once nothing more is to come: a late execution may still be on its way."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while (wrong := violations(self.evidence(), *excused)) and time.monotonic() < deadline:
            time.sleep(0.5)  # until both sides agree, or not
        return wrong

    def told(self) -> str:
        """Return the whole story: what was done, asked of the exchange, recorded and logged, by the time of day."""
        audit = self.alpaca.audit()
        requests = [_request(one) for one in audit["requests"]][-REQUESTS_SHOWN:]
        events = [_event(one) for one in read_journal(self.database_url) if not one.topic.startswith("tape.")]
        lines = [line for one in self.servers for line in one.log.read_text().splitlines()]
        log = [line for line in lines if '"logger": "httpx"' not in line and '"event": "request"' not in line]
        parts = {
            "what was done": self.story.lines,
            "what was asked of the exchange": requests,
            "what was recorded": events,
            "what was logged": log[-LOG_LINES_SHOWN:],
            "the orders at the exchange": [
                f"{one['client_order_id']} {one['id']} {one['status']} {one['side']} {one['type']} {one['qty']} "
                f"filled {one['filled_qty']} created {one['created_at']} updated {one['updated_at']}"
                for one in audit["orders"]
            ],
        }
        return "\n".join(f"--- {title}\n" + "\n".join(lines) for title, lines in parts.items())


def conduct(trial: Trial, directory: Path, database_url: str) -> Verdict:
    """Carry a trial out; return what came of it."""
    began = time.monotonic()
    chance = random.Random(f"{trial.seed}:{trial.number}")
    stage = Stage(directory, database_url)
    struck = 0
    try:
        with stage:
            try:
                stage.trade()
                struck = _go_wrong(stage, trial, chance)
                stage.recover()
                stage.stop()
                wrong = stage.judged()
            except (AssertionError, httpx.HTTPError) as error:
                wrong = [f"{type(error).__name__}: {error}"]
            story = stage.told() if wrong else ""
    except Exception as error:  # noqa: BLE001 - a trial that could not be held is one that failed
        wrong, story = [f"{type(error).__name__}: {error}"], "\n".join(stage.story.lines)
    return Verdict(trial, wrong, time.monotonic() - began, story, struck)


def _go_wrong(stage: Stage, trial: Trial, chance: random.Random) -> int:
    """Let the plan's faults strike, kill what is to be killed, and take the faults back; return how often they did."""
    plan = trial.plan
    kill_after, ends_after = chance.uniform(0, KILL_WITHIN), chance.uniform(0, 1)
    if plan.conditions:
        stage.alpaca.conditions(**plan.conditions)
    faults = [stage.alpaca.fault(**fault) for fault in plan.faults]
    stage.story.tell(f"faults are set: {[fault['kind'] for fault in faults]}")
    for deed in plan.deeds:
        stage.do(deed)
    if trial.kill != "none":
        time.sleep(kill_after)  # a moment nobody chose
        stage.kill_main() if trial.kill == "main" else stage.kill_child()
    if faults:
        try:
            stage.wait(lambda: _strikes(stage, faults) > 0, STRIKE_SECONDS, "a fault strikes")
        except AssertionError:
            stage.story.tell("no fault has struck")
    time.sleep(ends_after)
    struck = _strikes(stage, faults) if faults else len(plan.deeds)
    stage.alpaca.clear_faults()
    stage.story.tell(f"faults are taken back after {struck} strikes")
    return struck


def _strikes(stage: Stage, faults: Sequence[Mapping[str, Any]]) -> int:
    chosen = {fault["id"] for fault in faults}
    return sum(int(one["hits"]) for one in stage.alpaca.control("GET", "/faults") if one["id"] in chosen)


def _request(request: Mapping[str, Any]) -> str:
    at = time.strftime("%H:%M:%S", time.gmtime(request["wall"] // 1_000_000_000))
    fraction = request["wall"] // 1_000_000 % 1_000
    about = request["client_order_id"] or request["query"]
    return f"{at}.{fraction:03d} {request['method']} {request['path']} {about} {' '.join(request['faults'])}".rstrip()


def _event(one: Recorded) -> str:
    shown = {name: value for name, value in one.payload.items() if name not in ("run_id", "at")}
    at = str(one.payload.get("at", ""))[11:23]
    return f"{at} {one.position} {one.topic} {one.stream[-6:]} {json.dumps(shown)[:300]}"
