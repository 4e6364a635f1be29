"""Every read model there is (WallE)."""

from domain.errors import InvalidInput
from projections.activity import ActivityReadModel
from projections.decisions import DecisionsReadModel
from projections.equity import EquityReadModel
from projections.exchange_accounts import ExchangeAccountsReadModel
from projections.fills import FillsReadModel
from projections.ledger import LedgerReadModel
from projections.log import LogReadModel
from projections.orders import OrdersReadModel
from projections.runs import RunsReadModel
from projections.stats import StatsReadModel
from projections.sweeps import SweepsReadModel
from projections.view import ReadModel

READ_MODELS: tuple[ReadModel, ...] = (
    RunsReadModel(),
    OrdersReadModel(),
    FillsReadModel(),
    EquityReadModel(),
    ActivityReadModel(),
    LogReadModel(),
    LedgerReadModel(),
    DecisionsReadModel(),
    StatsReadModel(),
    ExchangeAccountsReadModel(),
    SweepsReadModel(),
)


def read_model(name: str) -> ReadModel:
    """Return the read model of that name, or of that table; raise InvalidInput, naming all there are, for another."""
    for model in READ_MODELS:
        if name == model.name or name in model.tables:
            return model
    known = ", ".join(model.name for model in READ_MODELS)
    raise InvalidInput(f"there is no read model {name!r}: choose one of {known}", read_model=name)
