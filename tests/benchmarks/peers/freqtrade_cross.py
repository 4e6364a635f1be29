"""The workload in freqtrade's backtesting, with a market of our own in place of an exchange on the network."""

# The library is in its own environment, not in the one that is checked.
# mypy: disable-error-code="import-not-found,import-untyped,misc,no-any-return"
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.enums import CandleType, RunMode
from freqtrade.exchange import Exchange
from freqtrade.optimize.backtesting import Backtesting

from tests.benchmarks.peers.workload import CASH, COMMISSION, Outcome, given_minutes, measure

PAIR = "BTC/USDT"
MARKET = {
    "id": "BTCUSDT",
    "symbol": PAIR,
    "base": "BTC",
    "quote": "USDT",
    "active": True,
    "type": "spot",
    "spot": True,
    "precision": {"amount": 0.00001, "price": 0.01},
    "limits": {"amount": {"min": 0.00001, "max": None}, "price": {}, "cost": {"min": 1, "max": None}},
    "taker": COMMISSION,
    "maker": COMMISSION,
    "info": {},
}
PRICING = {"use_order_book": False, "price_side": "other", "price_last_balance": 0.0}


class OneMarket(Exchange):
    """An exchange of one market that asks nobody."""

    def reload_markets(self, force: bool = False, *, load_leverage_tiers: bool = True) -> None:
        """Set the one market."""
        self._markets = {PAIR: MARKET}


def configuration(home: Path) -> dict[str, Any]:
    """Return what freqtrade wants to be told."""
    return {
        "strategy": "Cross",
        "strategy_path": str(Path(__file__).parent / "freqtrade_strategy"),
        "runmode": RunMode.BACKTEST,
        "trading_mode": "spot",
        "candle_type_def": CandleType.SPOT,
        "dry_run": True,
        "dry_run_wallet": CASH,
        "stake_currency": "USDT",
        "stake_amount": "unlimited",
        "max_open_trades": 1,
        "tradable_balance_ratio": 1.0,
        "fee": COMMISSION,
        "entry_pricing": PRICING,
        "exit_pricing": PRICING,
        "order_types": {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False},
        "exchange": {"name": "binance", "pair_whitelist": [PAIR], "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}],
        "dataformat_ohlcv": "feather",
        "dataformat_trades": "feather",
        "datadir": home,
        "user_data_dir": home,
        "exportfilename": home,
        "export": "none",
    }


def main() -> None:
    """Measure indicators, signals and `Backtesting.backtest`."""
    logging.disable(logging.WARNING)
    minutes = given_minutes()
    frame = pd.DataFrame({"date": pd.to_datetime(minutes.time, unit="us", utc=True), **minutes.values})

    with tempfile.TemporaryDirectory() as home:

        def prepared() -> Callable[[], Any]:
            config = configuration(Path(home))
            exchange = OneMarket(config, validate=False)
            exchange.reload_markets()
            backtesting = Backtesting(config, exchange)
            [strategy] = backtesting.strategylist
            backtesting._set_strategy(strategy)
            candles = {PAIR: frame.copy()}

            def run() -> Any:
                processed = strategy.advise_all_indicators(candles)
                return backtesting.backtest(
                    processed=processed, start_date=frame["date"].iloc[0], end_date=frame["date"].iloc[-1]
                )

            return run

        def outcome(results: Any) -> Outcome:
            trades = len(results["results"])
            return Outcome(2 * trades, trades, results["final_balance"])

        note = "signals for all bars at once, then a loop in Python over every bar; float money; last position closed"
        measure("freqtrade", "freqtrade", len(minutes), prepared, outcome, note)


if __name__ == "__main__":
    main()
