"""Routes of the kill switch. They read the journal itself, so that they work when read models lag."""

from typing import Annotated, Any

from fastapi import Body, Query
from pydantic import Field

from application import kill_switch
from application.commands import Command, HaltTrading, ResumeTrading
from domain.risk import KILL_SWITCH_ID
from interfaces.composition import Weaver
from interfaces.web import openapi
from interfaces.web.access import Here, shows
from interfaces.web.commands import ACTOR, Commanding, Commands
from interfaces.web.queries import NoBody, NoQuery, Read
from interfaces.web.values import Answered, Given, MomentOut, Text

# Whoever halts is answered within 250 milliseconds, whatever the database does.
RECORDING_SECONDS = 0.2

router = openapi.router("risk")


class Halting(Given):
    """Why trading is halted, for whoever reads it later."""

    reason: Text | None = None


class Risk(Answered):
    """Whether the kill switch is thrown: then no paper or live run places an order until trading is resumed."""

    halted: bool
    reason: Annotated[str | None, Field(examples=["the exchange shows prices that cannot be"])]
    halted_at: MomentOut | None


class RiskChange(Risk):
    """The switch after a command, and the journal position of what the command caused."""

    position: int | None


@router.get("/risk", response_model=Risk, dependencies=[shows()])
def show_risk(here: Here, query: Annotated[Read, Query()]) -> Risk:
    """Show whether trading is halted."""
    return Risk(**_shown(here, None))


@router.post("/halt", status_code=202, response_model=RiskChange, responses=openapi.failures(409, 413, 415))
def halt_trading(
    here: Here, commands: Commanding, query: NoQuery, body: Annotated[Halting | None, Body()] = None
) -> RiskChange:
    """Throw the kill switch over all paper and live runs. Throwing it again changes nothing.

    No order leaves this process from here on, whether or not the database can be reached; `position` is null while the
    halt could not be recorded yet. A process with the role `api` trades nothing: it answers 503 when it cannot record
    the halt, and one with the role `engine` has to be told itself.
    """
    reason, now = body.reason if body else None, here.clock.now()
    if here.supervisor is None:
        return _changed(here, commands, HaltTrading(reason=reason))
    changed = here.halting.halt(reason, lambda: _changed(here, commands, HaltTrading(reason=reason)), RECORDING_SECONDS)
    return changed or RiskChange(halted=True, reason=here.latch.reason, halted_at=now, position=None)


@router.post("/resume", status_code=202, response_model=RiskChange, responses=openapi.failures(409, 413, 415))
def resume_trading(here: Here, commands: Commanding, query: NoQuery, body: NoBody = None) -> RiskChange:
    """Release the kill switch. Runs that a limit of their own has halted stay halted."""
    return _changed(here, commands, ResumeTrading(by=ACTOR))


def _changed(here: Weaver, commands: Commands, command: Command) -> RiskChange:
    done = commands.carry_out(command, KILL_SWITCH_ID)
    # As of the command, not of now: a repeated request gets the answer of the first.
    return RiskChange(**_shown(here, done.position), position=done.position)


def _shown(here: Weaver, as_of: int | None) -> dict[str, Any]:
    halted = kill_switch.halted(here.journal, as_of)
    if halted is None:
        return {"halted": False, "reason": None, "halted_at": None}
    return {"halted": True, "reason": halted.message, "halted_at": halted.at}
