"""A backtest traded in this process, as the maker of reports is given it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from application.equity import equity_curve, equity_marks
from application.session import Session
from domain.market import Bars
from domain.order import OrderFill
from domain.performance import Account, statistics, utc_days
from domain.run import RunCompleted
from domain.strategy import Strategy
from domain.timeline import Timeline
from interfaces.html_report import ReportInput
from tests.trading import RUN, START, description, trade


def finished_backtest(
    strategy: Strategy, *bars: Bars, run: dict[str, Any] | None = None, **settings: Any
) -> ReportInput:
    """Return what came of trading the strategy on the bars; settings: those of `description`.

    run: fields of the recorded description to change afterwards, such as names.
    """
    session, events = trade(strategy, *bars, **settings)
    timeline = Timeline(bars)
    portfolio = session.portfolio
    fills = [event for event in events if isinstance(event, OrderFill)]
    account = Account.of(portfolio, session.equity)
    curve = equity_curve(session, timeline)
    described = description([one.symbol for one in bars], bars[0].timeframe.name, **settings)
    end = max(one.end_time for one in bars)
    completed = RunCompleted(
        at=end + timedelta(minutes=1),
        bars=sum(len(one) for one in bars),
        orders=session.orders_placed,
        fills=len(fills),
        trades=len(portfolio.trades),
        final_equity=account.final_equity,
        stats=statistics(curve, account, bars, utc_days(curve.start, int(curve.times[-1]))),
        load_seconds=0.25,
        engine_seconds=0.5,
        persist_seconds=0.125,
    )
    return ReportInput(
        run=msgspec.structs.replace(described, **run or {}),
        run_id=RUN,
        completed=completed,
        start_time=min(one.start_time for one in bars),
        end_time=end,
        bars={one.symbol: one for one in bars},
        fills=fills,
        equity=_recorded_points(session, timeline),
        weaver_version="1.2.3",
    )


def _recorded_points(session: Session, timeline: Timeline) -> Sequence[tuple[datetime, Decimal]]:
    return [
        point
        for marked in equity_marks(session, timeline, START)
        for point in zip(marked.times, marked.equity, strict=True)
    ]
