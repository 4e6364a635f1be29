"""Prints what the page's types are made from: `python -m interfaces.web.document > haro/openapi.json`."""

import json
import sys
from typing import Any

from fastapi import FastAPI

from interfaces.web.app import include_routes

# Said once for each route, and of no use to types.
_UNTYPED = frozenset({"examples", "example", "headers", "tags", "summary", "operationId", "title", "info"})


def document() -> str:
    """Return the OpenAPI document of every route as JSON, without errors and examples; the same for the same routes."""
    app = FastAPI(title="Weaver", version="1")
    include_routes(app)
    whole = app.openapi()
    paths = {path: {method: _shown(one) for method, one in item.items()} for path, item in whole["paths"].items()}
    components = {"schemas": _lean(whole["components"]["schemas"], is_naming=True)}
    lean = {"openapi": whole["openapi"], "info": {"title": "Weaver", "version": "1"}}
    return json.dumps(lean | {"paths": paths, "components": components}, indent=1, ensure_ascii=False) + "\n"


def _shown(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation with the answers of its success: every error has the one shape."""
    answers = {status: one for status, one in operation["responses"].items() if status < "3"}
    lean: dict[str, Any] = _lean(operation | {"responses": answers})
    return lean


def _lean(node: Any, *, is_naming: bool = False) -> Any:  # noqa: ANN401 - JSON
    """What types are made from. is_naming: whether the keys are names given here, not words of OpenAPI."""
    if isinstance(node, list):
        return [_lean(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _lean(one, is_naming=key in ("properties", "schemas"))
        for key, one in node.items()
        if is_naming or key not in _UNTYPED
    }


if __name__ == "__main__":
    sys.stdout.write(document())
