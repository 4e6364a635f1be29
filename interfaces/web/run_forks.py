"""The route that forks a run."""

from fastapi import Response

from application.commands import ForkRun
from application.runs import run_as_created
from domain.errors import StrategyNotFound
from domain.ids import new_id
from interfaces.web import openapi
from interfaces.web.access import Here
from interfaces.web.commands import Commanding
from interfaces.web.errors import Problem
from interfaces.web.queries import NoQuery
from interfaces.web.run_answers import shown_as_created
from interfaces.web.run_schemas import NewFork, Run
from interfaces.web.runs import RunId
from projections import runs

router = openapi.router("runs")


@router.post("/runs/{run_id}/fork", status_code=201, response_model=Run, responses=openapi.failures(404, 409, 413, 415))
def fork_run(
    here: Here, commands: Commanding, response: Response, run_id: RunId, query: NoQuery, body: NewFork
) -> dict[str, object]:
    """Fork a run: a backtest that is this run up to a position, and goes on under other settings on the same bars."""
    command = ForkRun(
        run_id=new_id(),
        parent_id=run_id,
        position=body.position,
        name=body.name,
        strategy_id=body.strategy_id,
        parameters=body.parameters,
        risk=body.risk.model_dump(exclude_unset=True),
        costs=body.costs.model_dump(exclude_unset=True),
        is_to_start=body.start,
    )
    try:
        fork_id, position = commands.carry_out(command, command.run_id, shown_in=runs.NAME)
    except StrategyNotFound as error:  # the address was right, the body is not
        raise Problem(422, f"strategy_id: {error.message}") from None
    response.headers["Location"] = f"{openapi.PREFIX}/runs/{fork_id}"
    return shown_as_created(fork_id, run_as_created(here.journal, fork_id), position)
