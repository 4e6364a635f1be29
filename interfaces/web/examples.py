"""Examples for the OpenAPI document: made from the schemas, with the names that are familiar from the field."""

from collections.abc import Mapping
from typing import Any

RUN_ID = "01931f4e-8a3c-7d52-9c1e-2b6f0a7d4e11"
ORDER_ID = "01931f4f-1c20-7b61-8f0d-5a9e3c2b7f42"
MOMENT = "2024-01-31T14:30:00Z"

# By the name of a field, where its type alone says little. What a field's own schema says comes first.
_FAMILIAR: Mapping[str, object] = {
    "id": RUN_ID,
    "run_id": RUN_ID,
    "order_id": ORDER_ID,
    "account_id": "PA3XYZ0ABCDE",
    "currency": "USD",
    "subject": "BTC/USD",
    "expected": "0.5",
    "found": "0.4",
    "at_exchange": "0.4",
    "of_runs": "0.5",
    "reconciled_because": "timer",
    "cause": f"{RUN_ID}:8",
    "missed": 0,
    "missed_because": None,
    "client_order_id": "wv1-k3v9q0m2x7c5b8n1p4r6t0w2y5",
    "exchange_order_id": None,
    "execution_id": f"{ORDER_ID}:1",
    "parent_id": None,
    "symbol": "BTC/USD",
    "symbols": ["BTC/USD"],
    "timeframe": "1h",
    "name": "sma_cross",
    "class_name": "SmaCross",
    "strategy_id": "sma_cross",
    "strategy_version": "1.0",
    "version": "1.0",
    "python": "3.13.0",
    "description": "Long while the fast average is above the slow one.",
    "author": "Weaver",
    "source": "bundled",
    "modes": ["backtest"],
    "exchanges": ["simulated"],
    "exchange": "simulated",
    "venue": "generic",
    "epoch": "k3v9q0m2",
    "config": {"fast": 10, "slow": 30},
    "risk": {},
    "tags": ["first"],
    "notes": "",
    "progress": 1.0,
    "error": None,
    "reject_reason": None,
    "type": "order.filled",
    "topic": "order.filled",
    "producer": "weaver",
    "causation_id": None,
    "trace_id": None,
    "corr_id": "b7c1f6de-0d57-4c0a-9f43-0c5f8b3f2a10",
    "correlation_id": "b7c1f6de-0d57-4c0a-9f43-0c5f8b3f2a10",
    "payload": {"symbol": "BTC/USD", "side": "buy", "qty": "0.5", "price": "42000.1"},
    "headers": {},
    "total": 1,
    "page": 1,
    "page_size": 50,
    "next_cursor": None,
    "position": 1204,
    "journal_position": 1204,
    "next_after": 1204,
    "parameters": {"type": "object", "properties": {"fast": {"type": "integer", "default": 10, "minimum": 2}}},
    "basis": "closed trades",
    "reason": None,
    "details": {},
    "price": "42000.1",
    "filled_avg_price": "42000.1",
    "stop_price": None,
    "trail": None,
    "trail_percent": None,
    "take_profit": None,
    "stop_loss": None,
    "tag": None,
    "qty": "0.5",
    "filled_qty": "0.5",
    "fee": "21.00005",
    "base_fee": "0",
    "slippage": "0",
    "open": "42000.1",
    "high": "42310",
    "low": "41950.5",
    "close": "42100",
    "volume": "2.5",
    "bars": 1441,
    "commission_bps": "10",
    "slippage_bps": "0",
    "maker_bps": None,
    "commission_per_unit": "0",
    "commission_per_order": "0",
    "slippage_ticks": "0",
    "slippage_impact": "0",
    "volume_cap": "0",
    "leverage": "1",
    "maintenance": "0.25",
    "total_trades": 12,
    "winning_trades": 7,
    "total_pnl": "1830.25",
    "max_drawdown": 0.031,
    "sharpe_ratio": 1.2,
    "value": 12,
    "code": "SERVICE_UNAVAILABLE",
    "message": "not ready: database: the database does not answer",
}
_BY_FORMAT = {"uuid": RUN_ID, "date-time": MOMENT, "decimal": "100000.5"}
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_BY_TYPE: Mapping[str, object] = {"integer": 1, "number": 0.5, "boolean": False, "string": "text", "null": None}

# Stands for every path that takes an Idempotency-Key: all that are posted to.
KEYED = "*"

# For each status: code, message and details of what a client will meet; where it can be met, if not everywhere.
_FAILURES: Mapping[int, tuple[tuple[str, str, Mapping[str, object], str], ...]] = {
    400: (("BAD_REQUEST", "the body is not JSON: Expecting value at character 17", {}, ""),),
    401: (("UNAUTHORIZED", "the API key is missing: send it in the header X-API-Key", {}, ""),),
    403: (("FORBIDDEN", "requests from 10.0.0.7 are not allowed: add it to WEAVER_ALLOWED_IPS", {}, ""),),
    404: (("NOT_FOUND", f"no run has the id {RUN_ID}", {"run_id": RUN_ID}, ""),),
    409: (
        (
            "RUN_NOT_STARTABLE",
            "the run was started before: create a new one",
            {"status": "running"},
            "/runs/{run_id}/start",
        ),
        ("RUN_NOT_STOPPABLE", "the run has ended", {"status": "completed"}, "/runs/{run_id}/stop"),
        ("CONFLICT", "someone else was faster: look again, then repeat the request", {}, ""),
    ),
    413: (("PAYLOAD_TOO_LARGE", "the body is larger than 1048576 bytes", {}, ""),),
    415: (
        (
            "UNSUPPORTED_MEDIA_TYPE",
            "send the body as JSON, with the header Content-Type: application/json",
            {},
            "",
        ),
    ),
    422: (
        (
            "VALIDATION_ERROR",
            "colour: is not known here",
            {"errors": [{"field": "colour", "message": "is not known here", "in": "query"}]},
            "",
        ),
        ("INVALID_RUN_MODE", "unknown mode 'papr': choose one of backtest, paper, live", {"mode": "papr"}, "/runs"),
        ("IDEMPOTENCY_MISMATCH", "this Idempotency-Key belongs to another request: send a new key", {}, KEYED),
    ),
    429: (
        (
            "RATE_LIMITED",
            "too many requests from this address: more than 600 a second; try again in 1 s",
            {"limit_per_second": 600, "retry_after": 1},
            "",
        ),
    ),
    500: (
        ("INTERNAL_ERROR", "something went wrong inside Weaver; its log has more under this correlation id", {}, ""),
    ),
    503: (("SERVICE_UNAVAILABLE", "the database does not answer: try again soon", {}, ""),),
}


def error_examples(status: int, method: str, path: str) -> dict[str, dict[str, object]]:
    """Return the examples of an error by their codes, as OpenAPI has them."""
    found: dict[str, dict[str, object]] = {}
    for code, message, details, where in _FAILURES[status]:
        if where and (method != "post" or (where != KEYED and not path.endswith(where))):
            continue
        body = {
            "code": code,
            "message": message,
            "details": details,
            "correlation_id": _FAMILIAR["correlation_id"],
            "timestamp": MOMENT,
        }
        found[code] = {"summary": message, "value": body}
    return found


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "") -> Any:  # noqa: ANN401 - JSON
    """Return a value the schema allows. schemas: those the document refers to. name: of the field it is for."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, name)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if name in _FAMILIAR and _admits(schema, _FAMILIAR[name]):
        return _FAMILIAR[name]
    if schema.get("examples"):
        return schema["examples"][0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas, name)
    return _of_type(schema, schemas)


def _of_type(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> object:
    match schema.get("type", "string"):
        case "object" if "properties" in schema:
            return {field: example_of(inner, schemas, field) for field, inner in schema["properties"].items()}
        case "object":
            values = schema.get("additionalProperties")
            return {"total_trades": example_of(values, schemas)} if isinstance(values, dict) and values else {}
        case "array":
            return [example_of(schema["items"], schemas)]
        case kind:
            return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE[kind])


def _admits(schema: Mapping[str, Any], value: object) -> bool:
    """Whether a familiar value is of a kind the schema names."""
    if "anyOf" in schema:
        return any(_admits(one, value) for one in schema["anyOf"])
    kinds = _KINDS.get(schema.get("type", ""), ())
    parts = schema.get("additionalProperties"), schema.get("items")
    has_own_shape = "properties" in schema or any("$ref" in str(part) for part in parts)
    return "$ref" not in schema and not has_own_shape and isinstance(value, kinds)
