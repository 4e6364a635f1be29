"""The process that runs a sweep on this machine, seen from the one that starts it."""

import os
from collections.abc import Mapping
from uuid import UUID

from interfaces.session_process import ChildProcess
from interfaces.settings import Settings

# Beside a server: sweeps take what runs that trade leave.
BESIDE_OTHERS = 10


class SweepHostLauncher:
    """Implements `SweepLauncher`. workers: how many processes trade, None for all cores of this machine but one.

    niceness: how far the workers step back behind other processes.
    """

    def __init__(
        self, database_url: str, settings: Settings, workers: int | None = None, niceness: int = BESIDE_OTHERS
    ) -> None:
        self._task: Mapping[str, object] = {
            "database_url": database_url,
            "strategies_dir": str(settings.strategies_dir),
            "cache_dir": str(settings.home / "cache"),
            "log_level": settings.log_level,
            "log_format": settings.log_format,
            "workers": workers or max(1, (os.process_cpu_count() or 2) - 1),
            "niceness": niceness,
        }

    def launch(self, sweep_id: UUID) -> ChildProcess:
        """Return the sweep's process, already running."""
        process = ChildProcess("interfaces.sweep_host")
        process.give({**self._task, "sweep_id": str(sweep_id)})
        return process
