"""What Alpaca's paper venue answers, as others have recorded it: whole objects, in which tests change a field."""

from typing import Any

ORDER_ID = "904837e3-3b76-47ec-b432-046db621571b"


def order(**changes: object) -> dict[str, Any]:
    """An order of 0.0002 BTC that Alpaca has just taken."""
    return {
        "id": ORDER_ID,
        "client_order_id": "wv1-abcdefghijklmnopqrstuvwxyz",
        "created_at": "2026-08-14T10:00:00.123456789Z",
        "updated_at": "2026-08-14T10:00:00.223456789Z",
        "submitted_at": "2026-08-14T10:00:00.120000001Z",
        "filled_at": None,
        "expired_at": None,
        "expires_at": "2026-11-12T10:00:00.12Z",
        "canceled_at": None,
        "failed_at": None,
        "replaced_at": None,
        "replaced_by": None,
        "replaces": None,
        "asset_id": "276e2673-764b-4ab6-a611-caf665ca6340",
        "symbol": "BTC/USD",
        "asset_class": "crypto",
        "notional": None,
        "qty": "0.0002",
        "filled_qty": "0",
        "filled_avg_price": None,
        "order_class": "",
        "order_type": "market",
        "type": "market",
        "side": "buy",
        "position_intent": "buy_to_open",
        "time_in_force": "gtc",
        "limit_price": None,
        "stop_price": None,
        "status": "pending_new",
        "extended_hours": False,
        "legs": None,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
        "subtag": None,
        "source": None,
    } | changes


def fill_update(**changes: object) -> dict[str, Any]:
    """The message of the stream that this order is filled."""
    return {
        "at": "2026-08-14T10:00:00.331Z",
        "event_id": "01J5D3V0S6XY7B1A3Q9Z0W8K2M",
        "event": "fill",
        "timestamp": "2026-08-14T10:00:00.330987654Z",
        "order": order(status="filled", filled_qty="0.0002", filled_avg_price="61234.5"),
        "price": "61234.5",
        "qty": "0.0002",
        "position_qty": "0.0001995",
        "execution_id": "5f9d6a3e-9f3c-4a55-8a1d-0d5b1f6f2f10",
    } | changes


def fill_activity(**changes: object) -> dict[str, Any]:
    """The same execution in the list of activities."""
    return {
        "id": "20260814060000331::8efc7b9a-8b2b-4000-9955-d36e7db0df74",
        "activity_type": "FILL",
        "transaction_time": "2026-08-14T10:00:00.330987654Z",
        "type": "fill",
        "price": "61234.5",
        "qty": "0.0002",
        "side": "buy",
        "symbol": "BTC/USD",
        "leaves_qty": "0",
        "order_id": ORDER_ID,
        "cum_qty": "0.0002",
        "order_status": "filled",
    } | changes


def position(**changes: object) -> dict[str, Any]:
    """What is held of BTC after it: less by the fee."""
    return {
        "asset_id": "276e2673-764b-4ab6-a611-caf665ca6340",
        "symbol": "BTCUSD",
        "exchange": "CRYPTO",
        "asset_class": "crypto",
        "asset_marginable": False,
        "qty": "0.0001995",
        "qty_available": "0.0001995",
        "side": "long",
        "avg_entry_price": "61234.5",
        "cost_basis": "12.21628275",
        "market_value": "12.22",
        "current_price": "61253.1",
    } | changes


def account(**changes: object) -> dict[str, Any]:
    """A paper account in order."""
    return {
        "id": "0b6b8c0e-3c4c-4b3e-9a58-2f6f2a7a4a11",
        "account_number": "PA3XXXXXXXXX",
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "currency": "USD",
        "cash": "99987.75",
        "equity": "99999.97",
        "buying_power": "399951.1",
        "non_marginable_buying_power": "99987.75",
        "trading_blocked": False,
        "account_blocked": False,
        "trade_suspended_by_user": False,
        "multiplier": "4",
    } | changes


def asset(**changes: object) -> dict[str, Any]:
    """What Alpaca says of bitcoin."""
    return {
        "id": "276e2673-764b-4ab6-a611-caf665ca6340",
        "class": "crypto",
        "exchange": "CRYPTO",
        "symbol": "BTC/USD",
        "name": "Bitcoin / US Dollar",
        "status": "active",
        "tradable": True,
        "fractionable": True,
        "min_order_size": "0.000016",
        "min_trade_increment": "0.000000001",
        "price_increment": "0.000000001",
    } | changes
