"""Weaver's public API: all a strategy file needs to import."""

from domain.errors import OrderRefused
from domain.indicators import highest, lowest, sma
from domain.order import OrderFill as Fill
from domain.parameters import parameter
from domain.portfolio import Position
from domain.series import BarSeries, Series, crossed_above, crossed_below
from domain.strategy import Context, OrderHandle, Strategy

__all__ = [
    "BarSeries",
    "Context",
    "Fill",
    "OrderHandle",
    "OrderRefused",
    "Position",
    "Series",
    "Strategy",
    "crossed_above",
    "crossed_below",
    "highest",
    "lowest",
    "parameter",
    "sma",
]
