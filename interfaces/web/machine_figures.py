"""Figures of this process and those it has started: connections it holds, memory, threads."""

import os
import threading
from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from interfaces.composition import Weaver
from interfaces.event_store import PostgresJournalRecorder
from interfaces.web.process import memory_of


def machine_figures(weaver: Weaver) -> Iterator[Metric]:
    """Yield them, from memory and /proc."""
    yield from _pools(weaver)
    yield from _processes(weaver)
    yield GaugeMetricFamily("weaver_threads", "Threads of the server.", threading.active_count())


def _pools(weaver: Weaver) -> Iterator[Metric]:
    recorder = weaver.journal.recorder
    assert isinstance(recorder, PostgresJournalRecorder)
    label = ("pool",)
    held = GaugeMetricFamily("weaver_pool_connections", "Connections the pool holds.", labels=label)
    used = GaugeMetricFamily("weaver_pool_connections_in_use", "Those that are lent at the moment.", labels=label)
    most = GaugeMetricFamily("weaver_pool_connections_max", "How many it may hold.", labels=label)
    waiting = GaugeMetricFamily("weaver_pool_waiting", "Threads that wait for a connection.", labels=label)
    for name, pool in (("queries", weaver.queries), ("journal", recorder.datastore.pool)):
        stats = pool.get_stats()
        held.add_metric((name,), stats["pool_size"])
        used.add_metric((name,), stats["pool_size"] - stats["pool_available"])
        most.add_metric((name,), stats["pool_max"])
        waiting.add_metric((name,), stats["requests_waiting"])
    yield from (held, used, most, waiting)


def _processes(weaver: Weaver) -> Iterator[Metric]:
    found = [("server", os.getpid()), *(("session", one.process.pid) for one in weaver.launcher.sessions())]
    projector = weaver.projector
    if projector is not None:
        found += [("projector", projector.pid)] if projector.is_running else []
        yield GaugeMetricFamily("weaver_projector_up", "1 while its process lives.", projector.is_running)
        yield CounterMetricFamily("weaver_projector_restarts", "Times it was started again.", projector.restarts)
    count, memory = Counter[str](server=0, projector=0, session=0), Counter[str]()
    for kind, pid in found:
        count[kind] += 1
        if (size := memory_of(pid)) is not None:
            memory[kind] += size
    processes = GaugeMetricFamily("weaver_processes", "Processes of this server that live.", labels=("kind",))
    taken = GaugeMetricFamily("weaver_processes_memory_bytes", "What they have in memory.", labels=("kind",))
    for kind, number in count.items():
        processes.add_metric((kind,), number)
        if kind in memory:
            taken.add_metric((kind,), memory[kind])
    yield from (processes, taken)
