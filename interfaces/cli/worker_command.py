"""`weaver worker`: runs the sessions of runs for engines on other machines."""

import os
import socket
import threading
from typing import Annotated

import typer

from interfaces.cli.opened import read_settings
from interfaces.cli.outcomes import Interrupted
from interfaces.cli.printing import print_line

SESSIONS_A_CORE = 2

Room = Annotated[
    int | None,
    typer.Option("--sessions", metavar="N", min=1, max=1_000, help="Most sessions at once. [default: 2 a core]"),
]
Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="What it is called. [default: the machine's name]")
]


def worker(sessions: Room = None, name: Name = None) -> None:
    """Run sessions for engines elsewhere.

    Takes the sessions that engines with WEAVER_SESSIONS=workers offer in the same database: it needs the strategies,
    and no key of an exchange. Ctrl-C gives them back, and they go on elsewhere.
    """
    import structlog

    from interfaces.composition import database
    from interfaces.database import require_migrated
    from interfaces.logs import configure_logs
    from interfaces.session_offers import SessionOffers
    from interfaces.session_process import ChildLauncher
    from interfaces.strategy_catalog import FileStrategyCatalog
    from interfaces.worker import Worker

    settings = read_settings()
    with database(settings) as url:
        require_migrated(url)
        configure_logs(settings.log_level, settings.log_format, (*settings.secrets(), url))
        log = structlog.get_logger("worker")
        if settings.has_broker_keys:
            log.warning("keys of an exchange are set here: a worker needs none, and runs strategies")
        room = sessions or SESSIONS_A_CORE * (os.process_cpu_count() or 1)
        called = name or socket.gethostname()
        catalog, launcher = FileStrategyCatalog(settings.strategies_dir), ChildLauncher(url, settings)
        at_work = Worker(
            called, room, SessionOffers(url), catalog, launcher, lambda message, fields: log.info(message, **fields)
        )
        print_line(f"worker {called} has room for {room} sessions (Ctrl-C ends it)")
        stopping = threading.Event()
        try:
            at_work.work(stopping)
        except (KeyboardInterrupt, Interrupted):
            stopping.set()
