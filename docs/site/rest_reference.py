"""The page of the routes: every route with its parameters, body, answer and errors, from the server's own document."""

import re
from collections import defaultdict
from typing import Any

from fastapi import FastAPI

from interfaces.web.app import include_routes

type Json = dict[str, Any]

_INTRODUCTION = """# REST routes

Every route, made from the document that a running server shows with examples at `/docs` and `/redoc`. What is the same
for all of them (values, errors, lists, idempotency keys) says [the REST interface](../rest.md).
"""


def page() -> str:
    """Return the page as Markdown: errors, routes by the first word of their path, the shapes they speak of."""
    app = FastAPI(title="Weaver", version="1")
    include_routes(app)
    document: Json = app.openapi()
    routes = [(path, method, one) for path, item in document["paths"].items() for method, one in item.items()]
    everywhere = set.intersection(*({*_errors_of(one)} for path, _, one in routes if path.startswith("/api/")))
    groups: dict[str, list[str]] = defaultdict(list)
    for path, method, operation in routes:
        groups[_group(path)].append(_route(method, path, operation, everywhere))
    parts = [_INTRODUCTION, _errors([one for _, _, one in routes], everywhere)]
    for group in sorted(groups, key=lambda name: (name == "Without a prefix", name)):
        parts += [f"## {group}", *groups[group]]
    shapes = document["components"]["schemas"]
    parts += ["## Shapes", *(_shape(name, shapes[name]) for name in sorted(shapes))]
    return "\n\n".join(parts) + "\n"


def _group(path: str) -> str:
    words = path.strip("/").split("/")
    return words[2].replace("-", " ").capitalize() if words[:2] == ["api", "v1"] else "Without a prefix"


def _errors_of(operation: Json) -> dict[str, tuple[str, str]]:
    """Status and an example of the message of every error a route can answer with, by code."""
    return {
        code: (status, example["summary"])
        for status, answer in operation["responses"].items()
        if status >= "4"
        for code, example in answer.get("content", {}).get("application/json", {}).get("examples", {}).items()
    }


def _errors(operations: list[Json], everywhere: set[str]) -> str:
    known = {code: said for one in operations for code, said in _errors_of(one).items()}
    rows = [
        f"| {status} | `{code}` | {'every route' if code in everywhere else ''} | {_cell(message)} |"
        for code, (status, message) in sorted(known.items(), key=lambda one: (one[1][0], one[0]))
    ]
    return "\n".join(["## Errors", "", "| status | `code` | of | for example |", "| --- | --- | --- | --- |", *rows])


def _route(method: str, path: str, operation: Json, everywhere: set[str]) -> str:
    parts = [f"### {method.upper()} {path}", _text(operation.get("description", ""))]
    parameters = operation.get("parameters", [])
    if parameters:
        rows = ["| parameter | in | type | meaning |", "| --- | --- | --- | --- |"]
        rows += [_parameter(one) for one in parameters]
        parts.append("\n".join(rows))
    if body := operation.get("requestBody"):
        parts.append("Body: " + ", or ".join(_type(one.get("schema", {})) for one in body["content"].values()))
    parts += [_answer(status, one) for status, one in operation["responses"].items() if status < "4"]
    if own := [f"`{code}`" for code in _errors_of(operation) if code not in everywhere]:
        parts.append(f"Errors besides those of every route: {', '.join(own)}.")
    return "\n\n".join(part for part in parts if part)


def _answer(status: str, answer: Json) -> str:
    kinds = [(kind, _type(one["schema"])) for kind, one in answer.get("content", {}).items() if one.get("schema")]
    shown = ", or ".join(words if kind == "application/json" else f"{words} as `{kind}`" for kind, words in kinds)
    said = _text(answer.get("description", "")).rstrip(".")
    return f"Answers `{status}`: {said}" + (f", {shown}." if shown else ".")


def _parameter(parameter: Json) -> str:
    schema = parameter.get("schema", {})
    name = f"`{parameter['name']}`" + (", required" if parameter.get("required") else "")
    said = _cell(parameter.get("description") or schema.get("description") or "")
    default = schema.get("default")
    kind = _type(schema).removesuffix(" or none")  # a parameter is left out, not sent as null
    shown = f"{said} Default `{default}`." if default is not None else said
    return f"| {name} | {parameter['in']} | {kind} | {shown.strip()} |"


def _shape(name: str, schema: Json) -> str:
    parts = [f"### {name}", _text(schema.get("description", ""))]
    if words := schema.get("enum"):
        parts.append("One of " + ", ".join(f"`{one}`" for one in words) + ".")
    if fields := schema.get("properties"):
        needed = schema.get("required", [])
        rows = ["| field | type | meaning |", "| --- | --- | --- |"]
        for field, one in fields.items():
            name = f"`{field}`, required" if field in needed else f"`{field}`"
            rows.append(f"| {name} | {_type(one)} | {_cell(one.get('description', ''))} |")
        parts.append("\n".join(rows))
    return "\n\n".join(part for part in parts if part)


def _type(schema: Json) -> str:
    """What a schema allows, in words, with links to the shapes on this page."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        said = f"page of {listed[1]}" if (listed := re.fullmatch(r"Page_(\w+)_", name)) else name
        return f"[{said}](#{name.lower()})"
    if among := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_type(one) for one in among))
    if words := schema.get("enum"):
        return ", ".join(f"`{one}`" for one in words)
    if "const" in schema:
        return f"`{schema['const']}`"
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema.get('items', {}))}"
        case "null":
            return "none"
        case "string":
            return {"date-time": "time", "uuid": "id", "date": "day"}.get(schema.get("format", ""), "text")
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"object of {_type(schema['additionalProperties'])}"
        case None:
            return "any value"
        case kind:
            return str(kind)


def _text(words: str) -> str:
    return words.replace("<", "&lt;").replace("*", "\\*").strip()


def _cell(words: str) -> str:
    return _text(" ".join(words.split())).replace("|", "\\|")
