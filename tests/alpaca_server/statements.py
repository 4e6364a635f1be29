"""An account, its positions and its fills as the API shows them."""

from decimal import Decimal
from typing import Any

from tests.alpaca_server.assets import Asset
from tests.alpaca_server.book import Position
from tests.alpaca_server.orders import Execution, amount, plain
from tests.alpaca_server.rules import MULTIPLIER, buying_power
from tests.alpaca_server.times import DAY, NEW_YORK, moment_of, rfc3339
from tests.alpaca_server.venue import Venue


def account(venue: Venue) -> dict[str, Any]:
    """Return the answer of `GET /v2/account`."""
    book, now = venue.book, venue.clock.now()
    values = {s: p.qty * venue.market.quote(s, now).last for s, p in book.positions.items()}
    long = sum((value for value in values.values() if value > 0), Decimal(0))
    short = sum((value for value in values.values() if value < 0), Decimal(0))
    equity = book.cash + long + short
    return {
        "id": venue.account_id,
        "account_number": f"PA{venue.account_id[:8].upper()}",
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "currency": "USD",
        "cash": plain(book.cash),
        "equity": plain(equity),
        "last_equity": plain(equity),
        "portfolio_value": plain(equity),
        "buying_power": plain(buying_power(book)),
        "regt_buying_power": plain(buying_power(book)),
        "non_marginable_buying_power": plain(book.spendable()),
        "options_buying_power": plain(book.spendable()),
        "long_market_value": plain(long),
        "short_market_value": plain(short),
        "position_market_value": plain(long + short),
        "initial_margin": plain((long - short) / 2),
        "maintenance_margin": plain((long - short) * Decimal("0.3")),
        "last_maintenance_margin": "0",
        "sma": "0",
        "multiplier": str(MULTIPLIER),
        "accrued_fees": "0",
        "trading_blocked": False,
        "account_blocked": False,
        "transfers_blocked": False,
        "trade_suspended_by_user": False,
        "shorting_enabled": True,
        "created_at": "2025-01-02T15:04:05.123456Z",
        "balance_asof": f"{moment_of(now - DAY).astimezone(NEW_YORK):%Y-%m-%d}",
        "crypto_tier": 1,
    }


def positions(venue: Venue) -> list[dict[str, Any]]:
    """Return the answer of `GET /v2/positions`."""
    assets = venue.market.listing.assets
    return [position(venue, assets[symbol], held) for symbol, held in sorted(venue.book.positions.items())]


def position(venue: Venue, asset: Asset, held: Position) -> dict[str, Any]:
    """Return a position: crypto under its joined symbol, `BTCUSD`."""
    now = venue.clock.now()
    price = venue.market.quote(asset.symbol, now).last
    before = venue.market.quote(asset.symbol, now - DAY).last
    cost = held.qty * held.average
    value, profit, today = held.qty * price, held.qty * price - cost, held.qty * (price - before)
    kept = venue.book.held_quantity(asset.symbol, "sell" if held.qty > 0 else "buy")
    return {
        "asset_id": asset.id,
        "symbol": asset.joined,
        "exchange": asset.exchange,
        "asset_class": asset.asset_class,
        "asset_marginable": not asset.is_crypto,
        "qty": plain(held.qty),
        "qty_available": plain(held.qty - kept if held.qty > 0 else held.qty + kept),
        "side": "long" if held.qty > 0 else "short",
        "avg_entry_price": amount(held.average),
        "cost_basis": amount(cost),
        "market_value": amount(value),
        "current_price": plain(price),
        "lastday_price": plain(before),
        "change_today": amount(price / before - 1),
        "unrealized_pl": amount(profit),
        "unrealized_plpc": amount(profit / abs(cost) if cost else Decimal(0)),
        "unrealized_intraday_pl": amount(today),
        "unrealized_intraday_plpc": amount(today / abs(cost) if cost else Decimal(0)),
    }


def activity_id(execution: Execution) -> str:
    """Return the id of a fill: the New York time to the millisecond, then the execution."""
    local = moment_of(execution.at).astimezone(NEW_YORK)
    return f"{local:%Y%m%d%H%M%S}{local.microsecond // 1_000:03d}::{execution.id}"


def activity(execution: Execution) -> dict[str, Any]:
    """Return a fill as the activities show it: the order's id is there, the client's is not."""
    return {
        "id": activity_id(execution),
        "activity_type": "FILL",
        "transaction_time": rfc3339(execution.at),
        "type": "partial_fill" if execution.leaves_qty else "fill",
        "price": plain(execution.price),
        "qty": plain(execution.qty),
        "side": execution.side,
        "symbol": execution.symbol,
        "leaves_qty": amount(execution.leaves_qty),
        "order_id": execution.order_id,
        "cum_qty": plain(execution.cum_qty),
        "order_status": "partially_filled" if execution.leaves_qty else "filled",
        "swap_rate": "1",
    }
