"""The workload in NautilusTrader's low-level engine. `--idle`: the same without sending an order."""

# The library is in its own environment, not in the one that is checked.
# mypy: disable-error-code="import-not-found,import-untyped,misc,no-any-return"
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from tests.benchmarks.peers.workload import (
    CASH,
    COMMISSION,
    FAST,
    QUANTITY,
    SLOW,
    Minutes,
    Outcome,
    given_minutes,
    measure,
)

MINUTE = 60_000_000_000
VENUE = Venue("SIM")
INSTRUMENT = CurrencyPair(
    instrument_id=InstrumentId(Symbol("BTCUSDT"), VENUE),
    raw_symbol=Symbol("BTCUSDT"),
    base_currency=BTC,
    quote_currency=USDT,
    price_precision=2,
    size_precision=4,
    price_increment=Price(0.01, precision=2),
    size_increment=Quantity(0.0001, precision=4),
    margin_init=Decimal(0),
    margin_maint=Decimal(0),
    maker_fee=Decimal(str(COMMISSION)),
    taker_fee=Decimal(str(COMMISSION)),
    ts_event=0,
    ts_init=0,
)
MINUTE_BARS = BarType.from_str(f"{INSTRUMENT.id}-1-MINUTE-LAST-EXTERNAL")


class Cross(Strategy):
    """Long one unit while the fast average is above the slow one."""

    def __init__(self, sends_orders: bool) -> None:
        super().__init__(StrategyConfig(log_events=False, log_commands=False))
        self.sends_orders = sends_orders
        self.fast, self.slow = SimpleMovingAverage(FAST), SimpleMovingAverage(SLOW)
        self.quantity = INSTRUMENT.make_qty(QUANTITY)
        self.was_above: bool | None = None
        self.sent = 0
        self.closed = 0

    def on_start(self) -> None:
        """Let the engine feed both averages."""
        self.register_indicator_for_bars(MINUTE_BARS, self.fast)
        self.register_indicator_for_bars(MINUTE_BARS, self.slow)
        self.subscribe_bars(MINUTE_BARS)

    def on_bar(self, bar: Any) -> None:
        """Decide on the bar just closed."""
        if not self.slow.initialized:
            return
        was_above, self.was_above = self.was_above, self.fast.value > self.slow.value
        if was_above is None or was_above is self.was_above or not self.sends_orders:
            return
        if self.was_above and self.portfolio.is_flat(INSTRUMENT.id):
            self._send(OrderSide.BUY)
        elif not self.was_above and self.portfolio.is_net_long(INSTRUMENT.id):
            self._send(OrderSide.SELL)

    def on_position_closed(self, event: Any) -> None:
        """Count the trades that have ended."""
        self.closed += 1

    def _send(self, side: Any) -> None:
        self.submit_order(self.order_factory.market(INSTRUMENT.id, side, self.quantity))
        self.sent += 1


def as_bars(minutes: Minutes) -> list[Any]:
    """Return the bars as the engine wants them: initialised at their close."""
    opens = minutes.time * 1000
    rows = zip(opens.tolist(), *(column.tolist() for column in minutes.values.values()), strict=True)
    return [
        Bar(MINUTE_BARS, *(Price(value, 2) for value in prices), Quantity(volume, 4), ts, ts + MINUTE)
        for ts, *prices, volume in rows
    ]


def main() -> None:
    """Measure `BacktestEngine.run` over bars it holds and has sorted."""
    minutes = given_minutes()
    bars, sends_orders = as_bars(minutes), "--idle" not in sys.argv

    def prepared() -> Callable[[], Any]:
        quiet = LoggingConfig(bypass_logging=True)
        engine = BacktestEngine(BacktestEngineConfig(logging=quiet, risk_engine=RiskEngineConfig(bypass=True)))
        engine.add_venue(VENUE, OmsType.NETTING, AccountType.CASH, [Money(CASH, USDT)])
        engine.add_instrument(INSTRUMENT)
        engine.add_data(bars)
        cross = Cross(sends_orders)
        engine.add_strategy(cross)

        def run() -> tuple[Any, Cross]:
            engine.run()
            return engine, cross

        return run

    def outcome(result: tuple[Any, Cross]) -> Outcome:
        engine, cross = result
        account = engine.cache.account_for_venue(VENUE)
        cash = account.balance_total(USDT).as_double()
        held = account.balance_total(BTC)
        final = cash + (held.as_double() if held else 0.0) * float(minutes.close[-1])
        done = Outcome(cross.sent, cross.closed, final)
        engine.dispose()
        return done

    measure(
        "nautilus_trader" if sends_orders else "nautilus_trader, no orders",
        "nautilus_trader",
        len(minutes),
        prepared,
        outcome,
        "fixed-point money; fills a market order at once, at the close it was decided on",
    )


if __name__ == "__main__":
    main()
