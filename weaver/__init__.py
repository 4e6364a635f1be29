"""Weaver's public API: all a strategy file needs to import."""

from domain.errors import OrderRefused
from domain.indicators import atr, bollinger, ema, highest, lowest, macd, rsi, sma, stdev
from domain.order import OrderFill as Fill
from domain.parameters import parameter
from domain.portfolio import Position
from domain.series import BarSeries, Series, crossed_above, crossed_below
from domain.strategy import Context, Strategy
from domain.working_order import OrderHandle

__all__ = [
    "BarSeries",
    "Context",
    "Fill",
    "OrderHandle",
    "OrderRefused",
    "Position",
    "Series",
    "Strategy",
    "atr",
    "bollinger",
    "crossed_above",
    "crossed_below",
    "ema",
    "highest",
    "lowest",
    "macd",
    "parameter",
    "rsi",
    "sma",
    "stdev",
]
