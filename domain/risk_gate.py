"""May this order be placed, and may the run trade on? The risk policies, the same for history, paper and live."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from math import isfinite

from domain.money import ONE, ZERO, exact, plain
from domain.order import Side
from domain.risk import Objection, RiskLimits

HALT = "halt"
_MINUTE = timedelta(minutes=1)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Proposed:
    """An order that a strategy wants to place.

    qty: units, above zero. price: what one unit is expected to cost, quote currency. at: market time of the decision.
    """

    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the account carries already, the proposed order not included.

    position: units of the order's symbol, below zero when short. working_buys, working_sells: units of that symbol
    still to be filled, zero or above; of orders that cancel each other the larger counts, once. open_orders: working
    orders of the whole run. gross: of the whole account, quote currency: sum of absolute quantity x mark, and for
    working orders `opening_quantity` x price. bar_age_seconds: since the close of the symbol's newest bar, infinite
    if it has none.
    """

    position: Decimal
    working_buys: Decimal
    working_sells: Decimal
    open_orders: int
    gross: Decimal
    bar_age_seconds: float


def opening_quantity(side: Side, position: Decimal, working: Decimal) -> Decimal:
    """Return how many working units of a side open or increase a position, rather than reduce it.

    position: below zero when short. working: all units of that side and symbol together, zero or above.
    """
    reducible = -position if side == "buy" else position
    return working if reducible <= 0 else max(ZERO, working - reducible)


type _SizeCheck = Callable[[Proposed, Exposure, Decimal], Objection | None]
type _TrafficCheck = Callable[[Proposed, Exposure], Objection | None]


class RiskGate:
    """Objects to orders of one run, and halts the run when its equity falls too far.

    The order of the policies is fixed, the first that objects answers: `halt`, `max_bar_age_seconds`, `long_only`,
    `max_position`, `max_order_notional`, `max_gross_exposure`, `cooldown_after_loss_seconds`, `max_open_orders`,
    `max_orders_per_minute`. Only the first and the last two hold for an order that merely reduces a position.

    Deterministic: the same calls give the same answers. Times never run backwards. watches_equity: whether `mark` has
    to be called. Raises InvalidInput for limits that cannot be meant.
    """

    def __init__(self, limits: RiskLimits, initial_equity: Decimal) -> None:
        self._limits = limits.require_valid()
        self.watches_equity = limits.max_daily_loss is not None or limits.max_drawdown is not None
        self._halted: Objection | None = None
        self._equity = self._day_start = self._peak = initial_equity
        self._peak_at: datetime | None = None
        self._day: int | None = None
        # the oldest of the last n orders decides whether one more would be too many
        self._placed: deque[datetime] = deque(maxlen=limits.max_orders_per_minute or 0)
        self._lost: tuple[datetime, Decimal] | None = None
        self._size_checks: tuple[_SizeCheck, ...] = tuple(self._size_policies())
        self._traffic_checks: tuple[_TrafficCheck, ...] = tuple(self._traffic_policies())

    @property
    def is_halted(self) -> bool:
        """Whether every order is refused until `resume`."""
        return self._halted is not None

    def objection(self, proposed: Proposed, exposure: Exposure) -> Objection | None:
        """Return why the order may not be placed, None if it may. Changes nothing: see `placed`."""
        if self._halted is not None:
            reason = self._halted
            return Objection(
                HALT, f"trading is halted: {reason.message}", {**reason.figures, "halted_by": reason.policy}
            )
        if self._size_checks:
            side, position = proposed.side, exposure.position
            working = exposure.working_buys if side == "buy" else exposure.working_sells
            opening = opening_quantity(side, position, working + proposed.qty)
            if working:
                opening -= opening_quantity(side, position, working)
            if opening:
                for size_check in self._size_checks:
                    found = size_check(proposed, exposure, opening)
                    if found is not None:
                        return found
        for traffic_check in self._traffic_checks:
            found = traffic_check(proposed, exposure)
            if found is not None:
                return found
        return None

    def placed(self, at: datetime) -> None:
        """Count an order that was placed."""
        self._placed.append(at)

    def trade_closed(self, pnl: Decimal, at: datetime) -> None:
        """Begin the cool-down if the trade lost. pnl: after all fees, quote currency; zero is no loss."""
        if pnl < 0:
            self._lost = (at, pnl)

    def mark(self, equity: Decimal, day: int, at: datetime) -> Objection | None:
        """Return why the run is halted from now on, None if nothing changes; a halted run is never halted again.

        equity: quote currency. day: number of the trading day, ascending; a mark at the very end of a day belongs to
        it. A day starts with the last equity of the day before, so what happens overnight belongs to the new day.
        """
        if self._halted is not None:
            return None
        if self._day is None or day > self._day:
            self._day, self._day_start = day, self._equity
        self._equity = equity
        if equity > self._peak:
            self._peak, self._peak_at = equity, at
        self._halted = self._daily_loss() or self._drawdown()
        return self._halted

    def halt(self, objection: Objection) -> None:
        """Refuse every order from now on, for a reason found elsewhere; a halted run keeps its first reason."""
        if self._halted is None:
            self._halted = objection

    def resume(self, equity: Decimal) -> None:
        """Take orders again: the peak and the day begin anew at this equity. Changes nothing unless halted.

        Orders of the last minute still count, and a cool-down goes on.
        """
        if self._halted is None:
            return
        self._halted = None
        self._equity = self._day_start = self._peak = equity
        self._peak_at = None

    def watch(self, limits: RiskLimits) -> None:
        """Keep the figures of other limits, too: who takes over from this gate goes on with them."""
        self.watches_equity |= limits.max_daily_loss is not None or limits.max_drawdown is not None
        self._placed = deque(self._placed, maxlen=max(self._placed.maxlen or 0, limits.max_orders_per_minute or 0))

    def carry_on(self, before: "RiskGate") -> None:
        """Go on with the figures another gate has kept of the same account: halted it stays halted."""
        self._halted = before._halted
        self._equity, self._day_start, self._day = before._equity, before._day_start, before._day
        self._peak, self._peak_at, self._lost = before._peak, before._peak_at, before._lost
        self._placed.extend(before._placed)

    def _size_policies(self) -> Iterator[_SizeCheck]:
        """The policies asked about orders that open or increase a position, in their order."""
        limits = self._limits
        if limits.max_bar_age_seconds is not None:
            yield partial(_stale_data, limits.max_bar_age_seconds)
        if limits.long_only:
            yield _short_sale
        if limits.max_position is not None:
            yield partial(_position, limits.max_position)
        if limits.max_order_notional is not None:
            yield partial(_order_notional, limits.max_order_notional)
        if limits.max_gross_exposure is not None:
            yield partial(_gross_exposure, limits.max_gross_exposure)
        if limits.cooldown_after_loss_seconds is not None:
            yield partial(self._cooldown, limits.cooldown_after_loss_seconds)

    def _traffic_policies(self) -> Iterator[_TrafficCheck]:
        """The policies asked about every order, in their order."""
        if self._limits.max_open_orders is not None:
            yield partial(_open_orders, self._limits.max_open_orders)
        if self._limits.max_orders_per_minute is not None:
            yield partial(self._orders_per_minute, self._limits.max_orders_per_minute)

    def _cooldown(self, seconds: int, proposed: Proposed, exposure: Exposure, opening: Decimal) -> Objection | None:
        if self._lost is None:
            return None
        closed_at, pnl = self._lost
        passed = proposed.at - closed_at
        if passed >= timedelta(seconds=seconds):
            return None
        return Objection(
            "cooldown_after_loss_seconds",
            f"a trade closed with a loss of {plain(-pnl)} at {_instant(closed_at)}: no position is opened "
            f"for {seconds} s after a loss",
            {
                "pnl": plain(pnl),
                "closed_at": _instant(closed_at),
                "passed_seconds": plain(exact(passed.total_seconds())),
                "limit": str(seconds),
            },
        )

    def _orders_per_minute(self, limit: int, proposed: Proposed, exposure: Exposure) -> Objection | None:
        placed = self._placed
        if len(placed) < limit or proposed.at - (oldest := placed[-limit]) >= _MINUTE:
            return None
        return Objection(
            "max_orders_per_minute",
            f"{_orders(limit, 'was', 'were')} placed since {_instant(oldest)}, less than a minute ago: "
            f"max_orders_per_minute is {limit}",
            {"orders": str(limit), "since": _instant(oldest), "limit": str(limit)},
        )

    def _daily_loss(self) -> Objection | None:
        limit, loss = self._limits.max_daily_loss, self._day_start - self._equity
        if limit is None or loss < limit:
            return None
        equity, start = plain(self._equity), plain(self._day_start)
        return Objection(
            "max_daily_loss",
            f"equity {equity} is {plain(loss)} below the start of the day, {start}: max_daily_loss is {plain(limit)}",
            {"equity": equity, "day_start": start, "loss": plain(loss), "limit": plain(limit)},
        )

    def _drawdown(self) -> Objection | None:
        limit, fall = self._limits.max_drawdown, self._peak - self._equity
        # multiplied instead of divided: exact at the boundary, and an account without equity halts
        if limit is None or fall < limit * self._peak:
            return None
        equity, peak = plain(self._equity), plain(self._peak)
        drawdown = fall / self._peak if self._peak > 0 else ONE
        since = {} if self._peak_at is None else {"peak_at": _instant(self._peak_at)}
        return Objection(
            "max_drawdown",
            f"equity {equity} is {_percent(drawdown)} below its peak, {peak}: max_drawdown is {_percent(limit)}",
            {"equity": equity, "peak": peak, **since, "drawdown": f"{drawdown:.8f}", "limit": plain(limit)},
        )


def _stale_data(limit: int, proposed: Proposed, exposure: Exposure, opening: Decimal) -> Objection | None:
    age = exposure.bar_age_seconds
    if age <= limit:
        return None
    if not isfinite(age):
        message, shown = f"{proposed.symbol} has no bar yet", "none"
    else:
        shown = plain(exact(age))
        message = f"the newest bar of {proposed.symbol} is {shown} s old"
    return Objection(
        "max_bar_age_seconds",
        f"{message}: max_bar_age_seconds is {limit}",
        {"symbol": proposed.symbol, "bar_age_seconds": shown, "limit": str(limit)},
    )


def _short_sale(proposed: Proposed, exposure: Exposure, opening: Decimal) -> Objection | None:
    if proposed.side == "buy":
        return None
    held, working = plain(exposure.position), plain(exposure.working_sells)
    return Objection(
        "long_only",
        f"selling {plain(proposed.qty)} {proposed.symbol} could go short by {plain(opening)}: {held} held, {working} "
        f"in working sells, and the run is long-only",
        {
            "symbol": proposed.symbol,
            "position": held,
            "working": working,
            "qty": plain(proposed.qty),
            "opening": plain(opening),
        },
    )


def _position(limit: Decimal, proposed: Proposed, exposure: Exposure, opening: Decimal) -> Objection | None:
    if proposed.side == "buy":
        working = exposure.working_buys
        reached = exposure.position + working + proposed.qty
    else:
        working = exposure.working_sells
        reached = exposure.position - working - proposed.qty
    # an order that opens leads away from zero in its own direction
    if abs(reached) <= limit:
        return None
    held, kept, qty = plain(exposure.position), plain(working), plain(proposed.qty)
    return Objection(
        "max_position",
        f"the position in {proposed.symbol} could become {plain(reached)}: {held} held, {kept} in working "
        f"{proposed.side}s, {qty} ordered, max_position is {plain(limit)}",
        {"symbol": proposed.symbol, "position": held, "working": kept, "qty": qty, "limit": plain(limit)},
    )


def _order_notional(limit: Decimal, proposed: Proposed, exposure: Exposure, opening: Decimal) -> Objection | None:
    notional = proposed.qty * proposed.price
    if notional <= limit:
        return None
    qty, price = plain(proposed.qty), plain(proposed.price)
    return Objection(
        "max_order_notional",
        f"{qty} {proposed.symbol} at about {price} are worth {plain(notional)}: max_order_notional is {plain(limit)}",
        {"symbol": proposed.symbol, "qty": qty, "price": price, "notional": plain(notional), "limit": plain(limit)},
    )


def _gross_exposure(limit: Decimal, proposed: Proposed, exposure: Exposure, opening: Decimal) -> Objection | None:
    opened = opening * proposed.price
    reached = exposure.gross + opened
    if reached <= limit:
        return None
    gross = plain(exposure.gross)
    return Objection(
        "max_gross_exposure",
        f"gross exposure could become {plain(reached)}: {gross} so far, {plain(opened)} opened by this order, "
        f"max_gross_exposure is {plain(limit)}",
        {"gross": gross, "opened": plain(opened), "reached": plain(reached), "limit": plain(limit)},
    )


def _open_orders(limit: int, proposed: Proposed, exposure: Exposure) -> Objection | None:
    if exposure.open_orders < limit:
        return None
    return Objection(
        "max_open_orders",
        f"{_orders(exposure.open_orders, 'is', 'are')} open: max_open_orders is {limit}",
        {"open_orders": str(exposure.open_orders), "limit": str(limit)},
    )


def _orders(count: int, one: str, many: str) -> str:
    return f"{count} order {one}" if count == 1 else f"{count} orders {many}"


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _percent(fraction: Decimal) -> str:
    return f"{plain(Decimal(f'{fraction * _HUNDRED:.4f}'))} %"
