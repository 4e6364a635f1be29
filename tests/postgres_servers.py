"""PostgreSQL servers for tests: the embedded one, Debian's, and fresh databases on either."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def with_database(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextmanager
def fresh_database(server_url: str, name: str, template: str = "template0") -> Iterator[str]:
    """Create a database, give its URL, and drop it afterwards with everything connected to it."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    yield with_database(server_url, name)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def debian_binaries() -> Path | None:
    """Return the directory of a system PostgreSQL's programs of version 15 or newer, None where there is none."""
    for directory in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if int(directory.parent.name) >= 15 and (directory / "initdb").exists():
            return directory
    return None


class SystemServer:
    """A system PostgreSQL on a socket in the directory, as the user postgres when root; made, not yet started."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        self._binaries = binaries
        self._directory = directory
        self._account = "postgres" if os.geteuid() == 0 else None
        self._data = directory / "data"
        self.url = f"postgresql://weaver@/postgres?host={directory}"
        self._data.mkdir(mode=0o700)
        if self._account:
            shutil.chown(directory, "postgres")
            shutil.chown(self._data, "postgres")
        self._run("initdb", "--username=weaver", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")

    def start(self) -> None:
        """Start it; return when it accepts connections."""
        options = f"-k {self._directory} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-l", str(self._directory / "log"), "-o", options)

    def stop(self) -> None:
        """End it as a crash would; what is committed is recovered at the next start."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), "-D", str(self._data), *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, user=self._account, group=self._account)


@contextmanager
def system_server(binaries: Path, directory: Path) -> Iterator[str]:
    """Run a system PostgreSQL on a socket in the directory; give its URL."""
    server = SystemServer(binaries, directory)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()
