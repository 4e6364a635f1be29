"""A shell that outlives a command, as a reader's does: what is exported and what runs behind stays."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

MARK = "\x1e"
# curl as a reader uses it, but that an answer of 4xx or 5xx fails, and that a stream ends by itself
_BEGIN = r"""
curl() {
  case " $* " in
    *" -N "*) command curl -sS --fail --max-time 2 "$@" || [ $? = 28 ] ;;
    *) command curl -sS --fail-with-body --max-time 60 "$@" ;;
  esac
}
"""


class Terminal:
    """A bash in a directory, with the given settings; ended with everything it started when the block ends.

    is_checkout: the directory has a Weaver of its own, or will have.
    """

    def __init__(self, directory: Path, environment: dict[str, str], *, is_checkout: bool = False) -> None:
        self.directory = directory
        if not is_checkout:
            # as in a checkout: `.venv/bin/weaver` is what is tested
            (directory / ".venv").symlink_to(sys.prefix)
        path = f"{directory / '.venv' / 'bin'}:{os.environ['PATH']}"
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=directory,
            env=environment | {"PATH": path, "TERM": "dumb", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.run(_BEGIN, 10)

    def _read(self) -> None:
        assert self._bash.stdout is not None
        for line in self._bash.stdout:
            self._lines.put(line)

    def run(self, command: str, seconds: float) -> tuple[int, str]:
        """Run a command and return its exit code with all it printed; TimeoutError when it takes longer."""
        assert self._bash.stdin is not None
        self._bash.stdin.write(f"{command}\nprintf '{MARK}%s\\n' $?\n")
        self._bash.stdin.flush()
        said, deadline = "", time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"{command!r} took more than {seconds} s; it printed:\n{said}") from None
            before, mark, code = line.partition(MARK)
            said += before
            if mark:
                return int(code), said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write("kill $(jobs -p) 2>/dev/null; wait; exit\n")
        self._bash.stdin.close()
        try:
            self._bash.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._bash.pid, signal.SIGKILL)  # the session is this shell's own
            self._bash.wait(10)
        self._reader.join(10)
        assert self._bash.stdout is not None
        self._bash.stdout.close()
