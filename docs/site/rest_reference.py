"""The page of the routes: every route with its parameters, body, answer and errors, from its OpenAPI document."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from interfaces.web.errors import CODES, TABLE

DOCUMENT = Path(__file__).parents[2] / "haro" / "openapi.json"
type Json = dict[str, Any]

_INTRODUCTION = """# REST routes

Every route, made from the document the web page is built for (`haro/openapi.json`). What is the same for all of them
(values, errors, lists, idempotency keys) says [the REST interface](../rest.md). A running server shows the same with
examples at `/docs` and `/redoc`.
"""


def page() -> str:
    """Return the page as Markdown: errors, routes by the first word of their path, the shapes they speak of."""
    document: Json = json.loads(DOCUMENT.read_text())
    groups: dict[str, list[str]] = defaultdict(list)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            groups[_group(path)].append(_route(method, path, operation))
    parts = [_INTRODUCTION, _errors()]
    for group in sorted(groups, key=lambda name: (name == "Without a prefix", name)):
        parts += [f"## {group}", *groups[group]]
    shapes = document["components"]["schemas"]
    parts += ["## Shapes", *(_shape(name, shapes[name]) for name in sorted(shapes))]
    return "\n\n".join(parts) + "\n"


def _group(path: str) -> str:
    words = path.strip("/").split("/")
    return words[2].replace("-", " ").capitalize() if words[:2] == ["api", "v1"] else "Without a prefix"


def _errors() -> str:
    rows = [f"| {status} | `{code}` |" for status, code in CODES.items()]
    known = {*CODES.values()}
    rows += [f"| {status} | `{code}` |" for _, status, code in TABLE if code not in known]
    return "\n".join(["## Error codes", "", "| status | `code` |", "| --- | --- |", *sorted(set(rows))])


def _route(method: str, path: str, operation: Json) -> str:
    parts = [f"### {method.upper()} {path}".replace("{", "&#123;").replace("}", "&#125;")]
    parts.append(_text(operation.get("description", "")))
    parameters = operation.get("parameters", [])
    if parameters:
        rows = ["| parameter | in | type | meaning |", "| --- | --- | --- | --- |"]
        rows += [_parameter(one) for one in parameters]
        parts.append("\n".join(rows))
    if body := operation.get("requestBody"):
        parts.append("Body: " + ", or ".join(_type(one.get("schema", {})) for one in body["content"].values()))
    parts += [_answer(status, one) for status, one in operation["responses"].items()]
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
