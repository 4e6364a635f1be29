"""Answers that are not what they should be: fields with other values, orders that are not shown yet."""

from typing import Any

import msgspec
from starlette.responses import Response

from tests.alpaca_server.answers import json_answer
from tests.alpaca_server.refusals import NOT_FOUND
from tests.alpaca_server.venue import Venue


def rewrite(answer: Response, field: str, value: Any) -> Response:
    """Return an answer in which a field has another value wherever it stands."""
    if not answer.body:
        return answer
    return json_answer(rewritten(msgspec.json.decode(answer.body), field, value), answer.status_code)


def rewritten(content: Any, field: str, value: Any) -> Any:
    """Return JSON content in which a field has another value wherever it stands."""
    if isinstance(content, list):
        return [rewritten(one, field, value) for one in content]
    if isinstance(content, dict):
        return {name: value if name == field else rewritten(one, field, value) for name, one in content.items()}
    return content


def conceal(answer: Response, path: str, venue: Venue | None, seconds: float) -> Response:
    """Return an answer without the orders that were taken less than some seconds ago: 404 for one, a shorter list."""
    if venue is None or "/orders" not in path or answer.status_code != 200:
        return answer
    shown = msgspec.json.decode(answer.body)
    if isinstance(shown, list):
        return json_answer([order for order in shown if venue.age(order["id"]) >= seconds])
    if venue.age(shown["id"]) >= seconds:
        return answer
    return json_answer({"code": NOT_FOUND, "message": f"order not found for {shown['client_order_id']}"}, 404)
