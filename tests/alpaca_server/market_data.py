"""Trades, quotes and bars as Alpaca writes them, in answers and on streams; and the bars that a time has."""

from typing import Any

from tests.alpaca_server.assets import Asset
from tests.alpaca_server.bars import MinuteBars, Timeframe
from tests.alpaca_server.market import Market, Quote, Trade
from tests.alpaca_server.times import DAY, MINUTE, rfc3339

SIZE = 1.5
MINUTES = Timeframe(1, "Min")
DAYS = Timeframe(1, "Day")


def trade(asset: Asset, made: Trade) -> dict[str, Any]:
    """Return a trade; of shares with the exchange, the conditions and the tape."""
    shown = {"t": rfc3339(made.at), "p": float(made.price), "s": float(made.size), "i": made.number}
    if asset.is_crypto:
        return shown | {"tks": "B" if made.number % 2 else "S"}
    return shown | {"x": "V", "c": ["@"], "z": "C"}


def quote(asset: Asset, made: Quote) -> dict[str, Any]:
    """Return a quote; the sizes are always the same."""
    shown = {"t": rfc3339(made.at), "bp": float(made.bid), "bs": SIZE, "ap": float(made.ask), "as": SIZE}
    if asset.is_crypto:
        return shown
    return shown | {"bx": "V", "ax": "V", "c": ["R"], "z": "C"}


def order_book(made: Quote) -> dict[str, Any]:
    """Return a book of one level to either side."""
    bid, ask = {"p": float(made.bid), "s": SIZE}, {"p": float(made.ask), "s": SIZE}
    return {"t": rfc3339(made.at), "b": [bid], "a": [ask], "r": True}


def bars(market: Market, asset: Asset, timeframe: Timeframe, start: int, end: int, now: int) -> MinuteBars:
    """Return the bars that open from `start` to `end`, both included.

    The one that is still being formed is among them from an hour up; a bar of minutes only when it is over.
    """
    first, present = timeframe.start(start, asset.is_crypto), now // MINUTE * MINUTE
    minutes = market.minutes(asset.symbol, first, min(timeframe_end(end, timeframe), present - MINUTE))
    if timeframe.is_shown_early and first <= present <= timeframe_end(end, timeframe):
        begun = market.trades(asset.symbol, max(first, present) - 1, now)
        minutes = minutes.followed_by(MinuteBars.of_trades((one.at, one.price, one.size) for one in begun))
    found = minutes.drawn_together(timeframe, asset.is_crypto).between(start, end)
    if timeframe.is_shown_early or not len(found.at):
        return found
    is_over = timeframe.end(int(found.at[-1]), asset.is_crypto) <= now
    return found if is_over else found.where(slice(0, -1))


def timeframe_end(end: int, timeframe: Timeframe) -> int:
    """Return a time by which a bar that opens at `end` is over for certain."""
    longest = {"Min": MINUTE, "Hour": 60 * MINUTE, "Day": 2 * DAY, "Week": 8 * DAY, "Month": 32 * DAY}
    return end + timeframe.count * longest[timeframe.unit]


def latest_bar(market: Market, asset: Asset, now: int) -> dict[str, Any] | None:
    """Return the last minute that is over, of the last ten days."""
    for since in (10 * MINUTE, DAY, 10 * DAY):
        found = bars(market, asset, MINUTES, now - since, now, now)
        if len(found.at):
            return found.where(slice(-1, None)).rows()[0]
    return None


def snapshot(market: Market, asset: Asset, now: int) -> dict[str, Any]:
    """Return the latest of everything."""
    days = bars(market, asset, DAYS, now - 7 * DAY, now, now).rows()
    return {
        "latestTrade": trade(asset, market.last_trade(asset.symbol, now)),
        "latestQuote": quote(asset, market.quote(asset.symbol, now)),
        "minuteBar": latest_bar(market, asset, now),
        "dailyBar": days[-1] if days else None,
        "prevDailyBar": days[-2] if len(days) > 1 else None,
    }
