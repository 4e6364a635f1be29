"""The command line: `weaver`."""

from interfaces.cli.entry import main

__all__ = ["main"]
