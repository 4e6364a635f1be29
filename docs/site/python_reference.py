"""The page of what a strategy imports: every name of the package `weaver`, with its signature and docstring."""

from inspect import isclass

import weaver

_INTRODUCTION = """# Python API

All a strategy file needs to import is in the package `weaver`; [Strategies](../strategies.md) shows how it is used.
This page is made from the signatures and docstrings of the code.
"""


def page() -> str:
    """Return the page as Markdown for mkdocstrings: what a strategy is and holds first, then functions."""
    names = sorted(weaver.__all__, key=lambda name: (name not in ("Strategy", "Context"), name))
    kinds = [name for name in names if isclass(getattr(weaver, name))]
    functions = [name for name in names if name not in kinds]
    titled = (("What a strategy is, and what it holds", kinds), ("Functions", functions))
    parts = [f"## {title}\n\n" + "\n\n".join(f"::: weaver.{name}" for name in group) for title, group in titled]
    return "\n\n".join([_INTRODUCTION, *parts]) + "\n"
