"""Small markets and sessions for tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from application.session import Session
from domain.events import Event
from domain.ids import OrderIds
from domain.market import Bars, Timeframe, to_microseconds
from domain.risk import RiskLimits
from domain.run import AccountSettings, CostSettings, RunCreated
from domain.sessions import Sessions
from domain.strategy import Strategy
from domain.timeline import Timeline

START = datetime(2025, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
RUN = UUID("01900000-0000-7000-8000-000000000001")
STORE = UUID("01900000-0000-7000-8000-0000000000aa")


def market(
    opens: Sequence[float],
    closes: Sequence[float] | None = None,
    symbol: str = "BTC/USD",
    minutes: Sequence[int] | None = None,
) -> Bars:
    """Return minute bars with these opens and closes (the next open by default), at these minutes after START."""
    first = np.array(opens, dtype=np.float64)
    last = np.array(closes if closes is not None else [*opens[1:], opens[-1]], dtype=np.float64)
    time = np.array(minutes if minutes is not None else range(len(opens)), dtype=np.int64) * MINUTE + to_microseconds(
        START
    )
    high, low = np.maximum(first, last), np.minimum(first, last)
    return Bars(symbol, Timeframe.parse("1m"), time, first, high, low, last, np.ones(len(opens))).require_valid()


CASH, NO_LIMITS = AccountSettings(), RiskLimits()


def description(
    symbols: Sequence[str] = ("BTC/USD",),
    timeframe: str = "1m",
    cash: str = "100000",
    commission_bps: str = "0",
    slippage_bps: str = "0",
    costs: CostSettings | None = None,
    venue: str = "generic",
    volume_cap: str = "0",
    account: AccountSettings = CASH,
    risk: RiskLimits = NO_LIMITS,
) -> RunCreated:
    """Return a backtest's description."""
    return RunCreated(
        at=START,
        name="test",
        strategy_id="test",
        strategy_version="1.0",
        mode="backtest",
        symbols=tuple(symbols),
        timeframe=timeframe,
        exchange="simulated",
        parameters={},
        initial_cash=Decimal(cash),
        costs=costs or CostSettings(Decimal(commission_bps), Decimal(slippage_bps)),
        venue=venue,
        volume_cap=Decimal(volume_cap),
        account=account,
        risk=risk,
    )


MARGIN = AccountSettings(kind="margin", leverage=Decimal(2), maintenance=Decimal("0.25"))


def trade(
    strategy: Strategy, *bars: Bars, sessions: Mapping[str, Sessions] | None = None, **settings: Any
) -> tuple[Session, list[Event]]:
    """Return a session after its last bar, and every event it recorded. settings: those of `description`."""
    timeline = Timeline(bars, sessions)
    described = description([one.symbol for one in bars], bars[0].timeframe.name, **settings)
    ids = OrderIds(STORE, RUN)
    session = Session(RUN, described, ids, timeline, strategy, lambda message, fields: None, sessions)
    session.start()
    session.run(0, len(timeline))
    session.finish("the run reached the end of its bars")
    return session, [recorded.event for recorded in session.collect_events()]
