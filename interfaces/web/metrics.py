"""Figures for Prometheus: kept in memory and read from memory, so that a scrape waits for nobody."""

import asyncio
import platform
import time
from collections.abc import Iterable, Iterator

import psycopg
import structlog
from anyio import to_thread
from fastapi import APIRouter, Request
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.responses import PlainTextResponse, Response

from domain.errors import Unavailable, one_line
from interfaces.composition import Weaver
from interfaces.notifications.channel_worker import OUTCOMES
from interfaces.web import openapi
from interfaces.web.access import reading
from interfaces.web.machine_figures import machine_figures
from interfaces.web.release import release
from interfaces.web.request_figures import RequestFigures
from interfaces.web.surroundings import Surroundings
from interfaces.web.trading_figures import trading_figures

LOOK_SECONDS = 1.0
DRIFT_SECONDS = 30.0

EXAMPLE = """# HELP weaver_journal_position Position of the newest event seen.
# TYPE weaver_journal_position gauge
weaver_journal_position 1204.0
"""

_log = structlog.get_logger("web")

router = APIRouter(tags=["health"])


class Metrics:
    """Everything there is to scrape of one process."""

    def __init__(self, weaver: Weaver) -> None:
        self.registry = CollectorRegistry()
        self.requests = RequestFigures(self.registry)
        self.drift = ClockDrift(weaver)
        self.surroundings = Surroundings(weaver)
        self.registry.register(PlatformFigures(weaver, self.drift))
        self.registry.register(self.surroundings)
        self.registry.register(weaver.append_times.registry)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    async def keep_looking(self) -> None:
        """Look at what must be looked at between scrapes too, until cancelled."""
        while True:
            if self.drift.is_due:
                await to_thread.run_sync(self.drift.measure)
            if self.surroundings.is_due:
                await to_thread.run_sync(self.surroundings.look)
            await asyncio.sleep(LOOK_SECONDS)


class ClockDrift:
    """How far the machine's clock is from the database's, measured now and then."""

    def __init__(self, weaver: Weaver) -> None:
        self._weaver = weaver
        self._tried_at: float | None = None
        self._measured: tuple[float, float] | None = None

    @property
    def is_due(self) -> bool:
        """Whether it was not tried lately."""
        return self._tried_at is None or time.monotonic() - self._tried_at >= DRIFT_SECONDS

    @property
    def last(self) -> tuple[float, float] | None:
        """The last drift and its age, both in seconds; None before the first."""
        return None if self._measured is None else (self._measured[0], time.monotonic() - self._measured[1])

    def measure(self) -> None:
        """Ask the database for its time. While it is away the last figure stays, and ages."""
        self._tried_at = time.monotonic()
        try:
            with reading(self._weaver) as connection:
                before = self._weaver.clock.now()
                [(theirs,)] = connection.execute("select clock_timestamp()")
                after = self._weaver.clock.now()
        except (Unavailable, psycopg.Error) as error:
            _log.info("the clock's drift cannot be measured now", reason=one_line(error))
            return
        self._measured = (before + (after - before) / 2 - theirs).total_seconds(), time.monotonic()


class PlatformFigures(Collector):
    """The figures of a Weaver process, read off its parts at each scrape."""

    def __init__(self, weaver: Weaver, drift: ClockDrift) -> None:
        self._weaver = weaver
        self._drift = drift

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        yield InfoMetricFamily("weaver_build", "Which Weaver this is.", _build())
        yield from self._journal()
        yield from self._folding()
        yield from self._streaming()
        yield from trading_figures(self._weaver)
        yield from machine_figures(self._weaver)
        yield from self._notifying()
        value = GaugeMetricFamily("weaver_clock_drift_seconds", "The machine's clock less the database's.")
        age = GaugeMetricFamily("weaver_clock_drift_age_seconds", "Time since the drift was measured.")
        if (last := self._drift.last) is not None:
            value.add_metric((), last[0])
            age.add_metric((), last[1])
        yield from (value, age)

    def _journal(self) -> Iterator[Metric]:
        tail = self._weaver.tail
        appended = CounterMetricFamily(
            "weaver_events_appended", "Events the journal has grown by since the start.", labels=("family",)
        )
        for family, count in self._weaver.tally.families().items():
            appended.add_metric((family,), count)
        yield appended
        yield GaugeMetricFamily("weaver_journal_position", "Position of the newest event seen.", tail.head)
        yield GaugeMetricFamily(
            "weaver_journal_last_look_age_seconds",
            "Time since the journal was last looked at with success.",
            tail.seconds_since_look,
        )
        yield CounterMetricFamily(
            "weaver_journal_reconnects", "Times the journal had to be connected to again.", tail.reconnects
        )

    def _streaming(self) -> Iterator[Metric]:
        broadcast = self._weaver.broadcast
        yield GaugeMetricFamily("weaver_stream_clients", "Clients of the event stream.", broadcast.clients)
        yield CounterMetricFamily(
            "weaver_stream_frames", "Frames sent to clients of the event stream.", broadcast.frames_sent
        )
        yield CounterMetricFamily(
            "weaver_stream_dropped", "Clients dropped because they read nothing.", broadcast.clients_dropped
        )
        yield CounterMetricFamily("weaver_stream_resets", "Clients told to load everything again.", broadcast.resets)

    def _notifying(self) -> Iterable[Metric]:
        label, now = ("channel",), self._weaver.clock.now()
        deliveries = GaugeMetricFamily(
            "weaver_notification_deliveries", "Deliveries to the channel, by state.", labels=("channel", "state")
        )
        messages = CounterMetricFamily(
            "weaver_notification_messages", "Attempts of this process, by outcome.", labels=("channel", "outcome")
        )
        oldest = GaugeMetricFamily(
            "weaver_notification_oldest_pending_seconds", "How long the oldest delivery has waited.", labels=label
        )
        up = GaugeMetricFamily("weaver_notification_channel_up", "0 while the channel takes nothing.", labels=label)
        for seen in self._weaver.notifier.snapshots():
            for outcome in OUTCOMES:
                messages.add_metric((seen.name, outcome), seen.messages[outcome])
            standing = seen.standing
            if standing is not None:
                for state, count in standing.deliveries.items():
                    deliveries.add_metric((seen.name, state), count)
                since = standing.oldest_pending_at
                oldest.add_metric((seen.name,), 0.0 if since is None else max((now - since).total_seconds(), 0.0))
            is_up = seen.state != "starting" and standing is not None and standing.state != "failing"
            up.add_metric((seen.name,), is_up)
        return deliveries, messages, oldest, up

    def _folding(self) -> Iterable[Metric]:
        label = ("read_model",)
        folded = CounterMetricFamily("weaver_read_model_events_folded", "Events folded since the start.", labels=label)
        position = GaugeMetricFamily("weaver_read_model_position", "Offset of the read model.", labels=label)
        lag_events = GaugeMetricFamily("weaver_read_model_lag_events", "Positions behind the journal.", labels=label)
        lag_seconds = GaugeMetricFamily(
            "weaver_read_model_lag_seconds", "How long the oldest event not folded yet has waited.", labels=label
        )
        up = GaugeMetricFamily("weaver_read_model_up", "1 while the read model is followed.", labels=label)
        parked = GaugeMetricFamily("weaver_read_model_parked", "Events passed over, to be looked at.", labels=label)
        for processor in self._weaver.processors:
            figures = processor.snapshot(self._weaver.tail.head)
            name = (figures.name,)
            folded.add_metric(name, figures.events_folded_total)
            position.add_metric(name, figures.position)
            if self._weaver.tail.alive:  # behind a head that nobody looks at, nothing would ever lag
                lag_events.add_metric(name, figures.lag_events)
            lag_seconds.add_metric(name, figures.lag_seconds)
            up.add_metric(name, figures.state in ("following", "standby"))
            parked.add_metric(name, figures.parked)
        return folded, position, lag_events, lag_seconds, up, parked


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses=openapi.failures(401, 403, 413, 500)
    | {200: {"description": "Figures in Prometheus' text format.", "content": {"text/plain": {"example": EXAMPLE}}}},
)
async def show_metrics(request: Request) -> Response:
    """Show figures of this process for Prometheus; `docs/metrics.md` lists them.

    Reads memory only. On the loop: when all worker threads wait for a database, this is what tells.
    """
    metrics: Metrics = request.app.state.metrics
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _build() -> dict[str, str]:
    return {"version": release(), "python": platform.python_version()}
