"""The costs of a run as they are shown."""

from typing import Any

NO_COSTS: dict[str, Any] = {
    "commission_bps": "0",
    "slippage_bps": "0",
    "maker_bps": None,
    "commission_per_unit": "0",
    "commission_per_order": "0",
    "fee_in_base": False,
    "slippage_ticks": "0",
    "slippage_impact": "0",
}
