"""The route that says what this Weaver is."""

import platform
from typing import Annotated

from fastapi import Query

from application.runs import SIMULATED_EXCHANGE
from interfaces.web import openapi
from interfaces.web.access import Here, shows
from interfaces.web.queries import Read
from interfaces.web.release import release
from interfaces.web.runs import AVAILABLE_MODES
from interfaces.web.values import Answered

router = openapi.router("system")


class Info(Answered):
    """What runs here. `journal_position` is the newest event's; `epoch` changes when the journal is another one."""

    version: str
    python: str
    modes: list[str]
    exchanges: list[str]
    journal_position: int
    epoch: str


@router.get("/info", response_model=Info, dependencies=[shows()])
def show_info(here: Here, query: Annotated[Read, Query()]) -> Info:
    """Show the version, what is configured, and where the journal ends."""
    return Info(
        version=release(),
        python=platform.python_version(),
        modes=list(AVAILABLE_MODES),
        exchanges=[SIMULATED_EXCHANGE],
        journal_position=here.tail.head,
        epoch=here.broadcast.epoch,
    )
