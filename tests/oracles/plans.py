"""The strategies every engine is given: plans that read bars up to the one just closed, and what the desk holds."""

from collections.abc import Callable, Mapping

from domain.indicators import highest, lowest, sma
from tests.oracles.desk import Desk, Plan
from tests.oracles.markets import Market

# Before this bar no plan orders anything: averages are warming up, and backtesting.py does not call it on the first.
WARM_UP = 50


def crossover(market: Market, fast: int = 5, slow: int = 20) -> Plan:
    """Long by market orders while the fast average is above the slow one."""
    above = _above(market, fast, slow)

    def plan(desk: Desk) -> None:
        now = desk.index
        if now < WARM_UP or above[now] == above[now - 1]:
            return
        if above[now] and not desk.held:
            desk.order("buy", market.lot)
        elif not above[now] and desk.held:
            desk.order("sell", market.lot)

    return plan


def reversal(market: Market, fast: int = 5, slow: int = 20) -> Plan:
    """Long above, short below: each market order turns the whole position."""
    above = _above(market, fast, slow)

    def plan(desk: Desk) -> None:
        now = desk.index
        if now < WARM_UP:
            return
        wanted = market.lot if above[now] else -market.lot
        missing = round(wanted - desk.held)
        if missing:
            desk.order("buy" if missing > 0 else "sell", abs(missing))

    return plan


def pyramid(market: Market, fast: int = 5, slow: int = 20) -> Plan:
    """Adds a lot at every fifth bar above the average, up to four, and sells half of them, then the rest, below."""
    above = _above(market, fast, slow)

    def plan(desk: Desk) -> None:
        now = desk.index
        if now < WARM_UP or now % 5:
            return
        if above[now] and desk.held < 4 * market.lot:
            desk.order("buy", market.lot)
        elif not above[now] and desk.held:
            desk.order("sell", round(desk.held) if desk.held <= 2 * market.lot else 2 * market.lot)

    return plan


def limits(market: Market, distance: float) -> Plan:
    """Buys with a limit below the close, sells with one above it; both are moved at every bar."""
    close = market.bars.close.tolist()

    def plan(desk: Desk) -> None:
        now = desk.index
        if now < WARM_UP:
            return
        desk.cancel_all()
        if desk.held:
            desk.order("sell", market.lot, limit=market.between_ticks(close[now] * (1 + distance)))
        else:
            desk.order("buy", market.lot, limit=market.between_ticks(close[now] * (1 - distance)))

    return plan


def patient_limits(market: Market, distance: float) -> Plan:
    """As `limits`, but an order stays where it is until it is filled or ten bars are over."""
    close = market.bars.close.tolist()

    def plan(desk: Desk) -> None:
        now = desk.index
        if now < WARM_UP or now % 10:
            return
        desk.cancel_all()
        if desk.held:
            desk.order("sell", market.lot, limit=market.between_ticks(close[now] * (1 + distance)))
        else:
            desk.order("buy", market.lot, limit=market.between_ticks(close[now] * (1 - distance)))

    return plan


def breakout(market: Market, length: int = 20) -> Plan:
    """Buys with a stop at the highest high of the last bars, sells with one at the lowest low."""
    top, bottom = highest(market.bars.high, length).tolist(), lowest(market.bars.low, length // 2).tolist()

    def plan(desk: Desk) -> None:
        now = desk.index
        if now < WARM_UP:
            return
        desk.cancel_all()
        if desk.held:
            desk.order("sell", market.lot, stop=bottom[now])
        else:
            desk.order("buy", market.lot, stop=top[now])

    return plan


def pullback(market: Market, trigger: float, depth: float) -> Plan:
    """Buys with a stop-limit: once the price is above the trigger, at a limit below it; sells the mirrored way."""
    close = market.bars.close.tolist()

    def plan(desk: Desk) -> None:
        now = desk.index
        if now < WARM_UP or now % 10:
            return
        desk.cancel_all()
        way = -1 if desk.held else 1
        stop = market.on_tick(close[now] * (1 + way * trigger))
        limit = market.between_ticks(stop * (1 - way * depth))
        desk.order("sell" if desk.held else "buy", market.lot, stop=stop, limit=limit)

    return plan


def brackets(market: Market, gain: float, loss: float, *, both_sides: bool = False) -> Plan:
    """Enters by market whenever flat at every fifth bar, and leaves by the take-profit or the stop-loss alone.

    both_sides: every second entry is a short one.
    """
    close = market.bars.close.tolist()

    def plan(desk: Desk) -> None:
        now = desk.index
        if now < WARM_UP or now % 5 or desk.held:
            return
        way = -1 if both_sides and now // 5 % 2 else 1
        desk.order(
            "buy" if way > 0 else "sell",
            market.lot,
            take_profit=market.between_ticks(close[now] * (1 + way * gain)),
            stop_loss=market.on_tick(close[now] * (1 - way * loss)),
        )

    return plan


def pairs(market: Market, gain: float, loss: float) -> Plan:
    """Enters by market whenever flat at every fifth bar, and leaves by two orders of which one cancels the other."""
    close = market.bars.close.tolist()
    protected = False

    def plan(desk: Desk) -> None:
        nonlocal protected
        now = desk.index
        if now < WARM_UP:
            return
        if not desk.held:
            protected = False
            if now % 5 == 0:
                desk.order("buy", market.lot)
        elif not protected:
            protected = True
            profit, loss_at = market.between_ticks(close[now] * (1 + gain)), market.on_tick(close[now] * (1 - loss))
            desk.leave(take_profit=profit, stop_loss=loss_at)

    return plan


def trailing(market: Market, distance: float) -> Plan:
    """Buys by market when flat, then leaves by a trailing stop alone."""
    close = market.bars.close.tolist()
    protected = False

    def plan(desk: Desk) -> None:
        nonlocal protected
        now = desk.index
        if now < WARM_UP:
            return
        if not desk.held:
            protected = False
            if now % 5 == 0:
                desk.order("buy", market.lot)
        elif not protected:
            protected = True
            desk.order("sell", market.lot, trail=market.between_ticks(close[now] * distance))

    return plan


def at(steps: Mapping[int, Callable[[Desk], None]]) -> Plan:
    """Return the plan that does each step at the close of its bar, and nothing else."""

    def plan(desk: Desk) -> None:
        step = steps.get(desk.index)
        if step is not None:
            step(desk)

    return plan


def _above(market: Market, fast: int, slow: int) -> list[bool]:
    apart = sma(market.bars.close, fast) - sma(market.bars.close, slow)
    return [bool(one) for one in apart > 0]
