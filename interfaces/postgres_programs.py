"""PostgreSQL's own `pg_dump` and `pg_restore`: which ones to run, and how, without a password that others can see."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from domain.errors import Unavailable
from interfaces.postgres_binaries import MAJOR_VERSION, binaries_for, last_lines

PROGRAMS = ("pg_dump", "pg_restore")


class ProgramFailed(Unavailable):
    """A program of PostgreSQL is missing, too old, or did not do what it was asked for; the message has its words."""


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """The programs that can read and write databases of a server. directory: where they are; major: their version."""

    directory: Path
    major: int

    def run(
        self,
        name: str,
        arguments: Sequence[str],
        database_url: str | None = None,
        told: Callable[[str], object] = lambda line: None,
    ) -> str:
        """Run a program to its end; return what it printed on stdout.

        database_url: what it connects to; the password goes by the environment. told: called with each line of stderr.
        Raises ProgramFailed with its last words.
        """
        words = [str(self.directory / name), *arguments]
        environment = {**os.environ, "LC_ALL": "C"}
        if database_url is not None:
            parameters: dict[str, Any] = conninfo_to_dict(database_url)
            environment["PGPASSWORD"] = str(parameters.pop("password", "") or "")
            words += ["--no-password", "--dbname", make_conninfo(**parameters)]
        process = subprocess.Popen(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        lines: list[str] = []
        # what is printed is short, or goes to a file: it fits into the pipe that nobody reads meanwhile
        with process:
            assert process.stderr is not None
            assert process.stdout is not None
            try:
                for line in process.stderr:
                    lines.append(line)
                    told(line.rstrip())
                printed = process.stdout.read()
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            raise ProgramFailed(f"{name} failed: {last_lines(''.join(lines)) or f'exit code {process.returncode}'}")
        return printed


def client_programs(server_version: int, *, is_embedded: bool) -> PostgresPrograms:
    """Return the programs for a server: those of the wheel for the embedded one, else those of PATH.

    server_version: such as 180001. Raises ProgramFailed where there are none of its major version or a newer one.
    """
    if is_embedded:
        return PostgresPrograms(binaries_for(None), int(MAJOR_VERSION))
    major = server_version // 10_000
    needed = f"the server is PostgreSQL {major}: install its client programs, of version {major} or newer"
    found = [shutil.which(name) for name in PROGRAMS]
    paths = [Path(one) for one in found if one is not None]
    if len(paths) < len(PROGRAMS):
        raise ProgramFailed(f"{' and '.join(PROGRAMS)} are not on PATH; {needed}")
    of_dump, of_restore = (_major(path) for path in paths)
    if of_dump < major or of_restore < major:
        raise ProgramFailed(f"{paths[0]} is of PostgreSQL {min(of_dump, of_restore)}; {needed}")
    return PostgresPrograms(paths[0].parent, of_dump)


def _major(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\) (\d+)", said)
    return int(version[1]) if version else 0
