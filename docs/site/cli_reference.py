"""The page of the command line: every command with its arguments and options, read from the commands themselves."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import typer

from interfaces.cli.entry import _application

_INTRODUCTION = """# Command line

Every command, as `--help` shows it; this page is made from the commands themselves. What they are for, and which exit
codes they have, says [Operations](../operations.md#commands).
"""


def page() -> str:
    """Return the page as Markdown: a heading for each command, then what it takes."""
    tree = typer.main.get_command(_application())
    return "\n\n".join([_INTRODUCTION, *_sections(tree, ("weaver",))]) + "\n"


def _sections(command: Any, path: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401 - typer's commands are untyped here
    inner = getattr(command, "commands", {})
    if not inner:
        yield _section(command, path)
    elif len(path) > 1:
        yield f"## {' '.join(path)}\n\n{_text(command.help or '')}"
    for name, one in inner.items():
        if not one.hidden:
            yield from _sections(one, (*path, name))


def _section(command: Any, path: tuple[str, ...]) -> str:  # noqa: ANN401
    shown = [one for one in command.params if not one.hidden and one.name != "help"]
    arguments = [one for one in shown if one.param_type_name == "argument"]
    options = [one for one in shown if one.param_type_name == "option"]
    usage = " ".join([*path, *("[OPTIONS]" for _ in options[:1]), *(_argument(one) for one in arguments)])
    parts = [f"{'#' * min(len(path), 3)} {' '.join(path)}", _text(command.help or ""), f"```text\n{usage}\n```"]
    parts += [_table(title, group) for title, group in (("argument", arguments), ("option", options)) if group]
    return "\n\n".join(parts)


def _table(title: str, parameters: list[Any]) -> str:
    rows = [f"| {title} | meaning | default |", "| --- | --- | --- |"]
    return "\n".join(rows + [f"| {_name(one)} | {_cell(one.help or '')} | {_default(one)} |" for one in parameters])


def _name(parameter: Any) -> str:  # noqa: ANN401
    if parameter.param_type_name == "argument":
        return f"`{_argument(parameter)}`"
    words = ", ".join(f"`{one}`" for one in (*parameter.opts, *parameter.secondary_opts))
    return words if parameter.is_flag else f"{words} `{_value(parameter)}`"


def _value(option: Any) -> str:  # noqa: ANN401
    if option.metavar:
        return str(option.metavar)
    kind = option.type_descriptor.annotation
    return "\\|".join(get_args(kind)) if get_origin(kind) is Literal else "NUMBER"


def _argument(parameter: Any) -> str:  # noqa: ANN401
    word = parameter.metavar
    repeated = f"{word}..." if parameter.nargs == -1 and not word.endswith("...") else word
    return repeated if parameter.required or repeated.startswith("[") else f"[{repeated}]"


def _default(parameter: Any) -> str:  # noqa: ANN401
    if parameter.required:
        return "required"
    if parameter.default in (None, "", (), [], False) or callable(parameter.default):
        return ""
    return f"`{parameter.default}`" + (", may be repeated" if getattr(parameter, "multiple", False) else "")


def _text(words: str) -> str:
    """Help as Markdown: what could be taken for markup is escaped."""
    return words.replace("<", "&lt;").replace("*", "\\*").replace("\b", "").strip()


def _cell(words: str) -> str:
    return _text(" ".join(words.split())).replace("|", "\\|")
