"""Figures of trading: what is halted, what runs, what orders wait for, and how both sides of an account compare."""

from collections.abc import Iterator, Sequence
from heapq import nlargest

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from application.execution import Execution
from application.live_run import LiveRun
from interfaces.alpaca_wire.figures import WIRE
from interfaces.composition import Weaver

# Runs are labels only while this process looks after them, those furthest behind first: a scrape stays small.
MOST_RUNS = 50
MODES = ("backtest", "paper", "live")


def trading_figures(weaver: Weaver) -> Iterator[Metric]:
    """Yield the figures of the clock, of runs and of accounts, from memory."""
    yield from _clock(weaver)
    yield GaugeMetricFamily(
        "weaver_trading_halted", "1 while the kill switch is thrown.", weaver.latch.reason is not None
    )
    yield from _runs(weaver)
    yield from _orders(weaver)
    yield from _accounts(weaver.markets.executions())
    yield from _lines()


def _clock(weaver: Weaver) -> Iterator[Metric]:
    clock = weaver.realtime
    yield GaugeMetricFamily(
        "weaver_clock_lateness_seconds", "From the last boundary to its being noticed.", clock.lateness
    )
    yield GaugeMetricFamily("weaver_clock_worst_lateness_seconds", "The longest that ever took.", clock.worst_lateness)
    yield CounterMetricFamily(
        "weaver_clock_jumps", "Times the machine's clock was set, or the machine slept.", clock.jumps
    )
    yield CounterMetricFamily(
        "weaver_clock_missed_boundaries", "Boundaries of runs that nobody saw pass.", clock.missed
    )


def _runs(weaver: Weaver) -> Iterator[Metric]:
    runs, supervisor = weaver.markets.runs(), weaver.supervisor
    if supervisor is not None:
        yield GaugeMetricFamily("weaver_supervisor_up", "1 while somebody looks after runs.", supervisor.alive)
    active = GaugeMetricFamily("weaver_runs_active", "Runs this process looks after.", labels=("mode",))
    # a supervisor that has failed looks after nothing, whatever it remembers
    if supervisor is not None and supervisor.alive:
        for mode in MODES:
            count = supervisor.backtests if mode == "backtest" else sum(one.mode == mode for one in runs)
            active.add_metric((mode,), count)
    yield active
    yield GaugeMetricFamily("weaver_sessions_running", "Processes of runs that live.", len(weaver.launcher.sessions()))
    yield CounterMetricFamily(
        "weaver_session_restarts", "Processes of runs that died and were replaced.", weaver.launcher.restarts
    )
    overdue = GaugeMetricFamily(
        "weaver_run_tick_overdue_seconds", "Time since a boundary the run should have dealt with.", labels=("run_id",)
    )
    barren = GaugeMetricFamily(
        "weaver_run_boundaries_without_bars", "Boundaries in a row without a bar, market open.", labels=("run_id",)
    )
    for run in nlargest(MOST_RUNS, runs, key=_urgency):
        if (late := run.watch.overdue) is not None:
            overdue.add_metric((str(run.id),), late)
            barren.add_metric((str(run.id),), run.watch.barren)
    yield from (overdue, barren)


def _urgency(run: LiveRun) -> tuple[float, int]:
    return run.watch.overdue or 0.0, run.watch.barren


def _orders(weaver: Weaver) -> Iterator[Metric]:
    events = CounterMetricFamily(
        "weaver_order_events", "Events of orders the journal has grown by since the start.", labels=("type",)
    )
    for topic, count in weaver.tally.topics().items():
        family, _, name = topic.partition(".")
        if family == "order":
            events.add_metric((name,), count)
    yield events


def _accounts(executions: Sequence[Execution]) -> Iterator[Metric]:
    label = ("exchange",)
    ready = GaugeMetricFamily("weaver_exchange_ready", "1 while orders can leave for the exchange.", labels=label)
    standby = GaugeMetricFamily(
        "weaver_exchange_standby", "1 while another process looks after the account.", labels=label
    )
    turn = GaugeMetricFamily(
        "weaver_exchange_turn_age_seconds", "Time since the account was last looked after.", labels=label
    )
    working = GaugeMetricFamily("weaver_exchange_orders_working", "Orders that have not ended.", labels=label)
    orders = GaugeMetricFamily("weaver_exchange_orders", "The same by status.", labels=("exchange", "status"))
    age = GaugeMetricFamily(
        "weaver_reconciliation_age_seconds", "Time since both sides of the account were compared.", labels=label
    )
    overdue = GaugeMetricFamily(
        "weaver_reconciliation_overdue", "1 while a comparison is overdue; there is one every 300 s.", labels=label
    )
    for one in executions:
        name = one.exchange.name
        ready.add_metric((name,), one.is_ready and one.alive)
        standby.add_metric((name,), one.is_standing_by)
        turn.add_metric((name,), one.seconds_since_turn)
        if one.is_standing_by:
            continue  # what is remembered of the orders of another process would be told for ever
        working.add_metric((name,), one.working)
        for status, count in one.orders().items():
            orders.add_metric((name, status), count)
        if (seconds := one.reconciliation_age) is not None:
            age.add_metric((name,), seconds)
            overdue.add_metric((name,), one.is_reconciliation_overdue)
    yield from (ready, standby, turn, working, orders, age, overdue)


def _lines() -> Iterator[Metric]:
    up = GaugeMetricFamily("weaver_line_up", "1 while the stream of an exchange is open.", labels=("stream",))
    silent = GaugeMetricFamily(
        "weaver_line_silent_seconds", "Time since a stream of an exchange said anything.", labels=("stream",)
    )
    failures = CounterMetricFamily(
        "weaver_line_failures", "Times a stream of an exchange was lost, or could not be opened.", labels=("stream",)
    )
    for one in WIRE.lines():
        failures.add_metric((one.name,), one.failures)
        if one.is_up is not None and one.silent is not None:
            up.add_metric((one.name,), one.is_up)
            silent.add_metric((one.name,), one.silent)
    requests = GaugeMetricFamily(
        "weaver_rate_limit_requests_left", "Requests that may leave for an exchange at once.", labels=("host",)
    )
    for host, limit in sorted(WIRE.limits.items()):
        requests.add_metric((host,), limit.left())
    yield from (up, silent, failures, requests)
