"""What the processes of a trial run: `weaver serve` and the local Alpaca, from their own `main` on.

Imported by the process they are forked from, so that a trial pays for no import.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence

# Imported here, once: what `weaver serve` with an account at Alpaca comes to import.
import interfaces.cli
import interfaces.composition
import interfaces.exchanges.alpaca
import interfaces.exchanges.alpaca_stream
import interfaces.market_data.alpaca_data
import interfaces.web.server
import tests.alpaca_server.__main__


def serve_weaver(environment: Mapping[str, str], directory: str, log: str, arguments: Sequence[str]) -> None:
    """Be `weaver` with these arguments, in that environment and directory; what is written goes to the log."""
    _settle(environment, directory, log)
    sys.argv = ["weaver", *arguments]
    interfaces.cli.main()


def serve_alpaca(directory: str, output: str, arguments: Sequence[str]) -> None:
    """Be `python -m tests.alpaca_server` with these arguments; what is written goes to the output."""
    _settle(os.environ, directory, output)
    sys.argv = ["tests.alpaca_server", *arguments]
    tests.alpaca_server.__main__.main()


def _settle(environment: Mapping[str, str], directory: str, output: str) -> None:
    """Become what a process started by a shell would be; end with whoever started this one."""
    given = dict(environment)
    os.environ.clear()
    os.environ.update(given)
    os.chdir(directory)
    file = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGKILL)
