"""Replays of runs, each in a process of its own: strategy code never runs in this one."""

import json
import subprocess
import sys
from uuid import UUID

import msgspec

from application.replay import Verification
from domain.errors import InvalidInput
from interfaces.settings import Settings
from interfaces.user_code import scrubbed_environment


class _Answer(msgspec.Struct, frozen=True):
    verification: Verification | None = None
    error: str = ""


def verified(run_id: UUID, database_url: str, settings: Settings) -> Verification:
    """Return what a replay of the run came to; raise InvalidInput with the reason if there can be none."""
    task = {
        "run_id": str(run_id),
        "database_url": database_url,
        "strategies_dir": str(settings.strategies_dir),
        "home": str(settings.home),
        "log_format": settings.log_format,
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "interfaces.replay_child"],
        input=json.dumps(task) + "\n",
        stdout=subprocess.PIPE,
        env=scrubbed_environment(),
        text=True,
        check=False,
    )
    try:
        answer = msgspec.json.decode(done.stdout, type=_Answer)
    except msgspec.DecodeError:
        raise InvalidInput(f"the replay ended with exit code {done.returncode} before it was done") from None
    if answer.verification is None:
        raise InvalidInput(answer.error)
    return answer.verification
