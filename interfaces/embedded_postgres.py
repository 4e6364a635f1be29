"""Starts, shares and stops the PostgreSQL server that Weaver brings along, one for each Weaver home.

Three lock files in the directory say who is there; the kernel drops a lock with the last process that holds it, however
that process ended, so no answer depends on a process id that may have been reused:

- `users.lock`, shared by every user; who gets it exclusively is the last one and stops the server.
- `start.lock`, exclusive and brief: at most one process starts or stops.
- `server.lock`, inherited by the server and all its children on purpose: while it is taken the server lives, and once
  it is free every `postmaster.pid` is stale.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from domain.errors import one_line
from interfaces.postgres_binaries import (
    MAJOR_VERSION,
    Account,
    EmbeddedPostgresError,
    binaries_for,
    command_line,
    is_postgres_in,
    last_lines,
    make_data_directory,
    make_private,
    open_private,
    reach,
    run,
    server_account,
    write_private,
)

__all__ = ["DEFAULT_SETTINGS", "EmbeddedPostgres", "EmbeddedPostgresError"]

DATABASE = ROLE = "weaver"
PORT = 5432  # only part of the name of the socket: the server does not listen on the network
SOCKET_PATH_LIMIT = 103  # bytes, the smaller one of Linux and macOS
PATIENCE = 60.0  # seconds for a start (crash recovery included), a stop, or another process that is at either
PAUSE = 0.005  # seconds between two looks

DEFAULT_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "cluster_name": "weaver",
        "listen_addresses": "",
        "shared_buffers": "128MB",
        "max_connections": "100",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "wal_compression": "on",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",
        # Files in the data directory: a container's /dev/shm is 64 MB, and systemd empties it when its user logs out.
        "dynamic_shared_memory_type": "mmap",
    }
)
# One log file for each day of the week, overwritten a week later.
LOG_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "logging_collector": "on",
        "log_directory": "../log",
        "log_filename": "server-%a.log",
        "log_file_mode": "0600",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
    }
)

log = logging.getLogger(__name__)


class EmbeddedPostgres:
    """A PostgreSQL of our own under a directory, shared by all Weaver processes of that directory.

    The first user starts the server, the last one stops it; a server that was left behind by killed users is adopted.
    Use it as a context manager, or call `start()` and `release()`. `settings` are PostgreSQL settings on top of
    DEFAULT_SETTINGS; they count when this process starts the server, not when it joins a running one.
    """

    def __init__(self, directory: Path, *, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        self._directory = Path(directory).resolve()
        self._data = self._directory / "data"
        self._socket = _socket_directory(self._directory)
        self._settings = {**DEFAULT_SETTINGS, **settings}
        self._users: int | None = None
        self._joined_by = 0
        self._url = ""

    @property
    def url(self) -> str:
        """The address of the database; raises EmbeddedPostgresError unless started."""
        if self._users is None:
            raise EmbeddedPostgresError("the embedded PostgreSQL has no address before start() and after release()")
        return self._url

    def start(self) -> str:
        """Return the address of a running server's database "weaver", after joining as one of its users.

        `postgresql://weaver:<password>@/weaver?host=<socket directory>&port=5432`, for psycopg, libpq and SQLAlchemy.
        Called again it makes sure that the server still runs, and starts it again if it was killed.
        Raises EmbeddedPostgresError with a line that says what to do.
        """
        with _explained(self._directory):
            account = server_account(self._data, self._directory)
            _make_directory(self._directory, account)
            try:
                with self._lock("start.lock", "another process that starts or stops it"):
                    self._users, self._joined_by = self._share(), os.getpid()
                    _acquire(self._users, fcntl.LOCK_SH, "a process that left it")
                    self._url = self._serve(account)
            except BaseException:
                self._give_up()
                raise
        return self._url

    def release(self) -> None:
        """Leave; the last user stops the server and waits for it. A second call does nothing."""
        users, self._users = self._users, None
        if users is None:
            return
        if os.getpid() != self._joined_by:  # a forked child: the share is its parent's
            os.close(users)
            return
        try:
            with self._lock("start.lock", "another process that starts or stops it"):
                if _locks(users, fcntl.LOCK_EX):
                    self._stop()
        except (OSError, EmbeddedPostgresError) as error:
            log.warning("the embedded PostgreSQL in %s may still run: %s", self._directory, error)
        finally:
            _drop(users)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _give_up(self) -> None:
        if self._says_ready():
            self.release()
        elif self._users is not None:  # a server in its recovery goes on: it would have to begin again
            users, self._users = self._users, None
            _drop(users)

    def _share(self) -> int:
        """Return the open file of our share; a forked child gets one of its own instead of its parent's."""
        if self._users is not None and os.getpid() == self._joined_by:
            return self._users
        if self._users is not None:
            os.close(self._users)
        return open_private(self._directory / "users.lock")

    def _serve(self, account: Account | None) -> str:
        password = self._password()
        deadline = time.monotonic() + PATIENCE
        started, problem = False, "it does not answer"
        while True:
            if self._says_ready():
                problem = self._prepare_database(password)
                if not problem:
                    return self._address(password, DATABASE)
            with self._server_lock() as free:
                if free is not None:
                    if started:
                        raise EmbeddedPostgresError(f"the embedded PostgreSQL did not start: {self._last_log_lines()}")
                    self._launch(free, account)
                    started = True
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"the embedded PostgreSQL in {self._directory} is not ready after {PATIENCE:.0f} s ({problem}); "
                    f"try again, or end its processes; its log ends: {self._last_log_lines()}"
                )
            time.sleep(PAUSE)

    def _says_ready(self) -> bool:
        return self._pid_file()[7:8] == ["ready"]

    def _prepare_database(self, password: str) -> str:
        """Nothing if the database is there and answers, else why not (yet)."""
        try:
            with psycopg.connect(self._address(password, "postgres"), autocommit=True, connect_timeout=5) as connection:
                if connection.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
                    connection.execute(f'CREATE DATABASE "{DATABASE}"')
        except psycopg.OperationalError as error:
            if error.sqlstate is not None:
                raise EmbeddedPostgresError(f"the database cannot be created: {one_line(error)}") from error
            if "password authentication failed" in str(error):
                raise EmbeddedPostgresError(
                    f"the embedded PostgreSQL refuses the password in {self._directory / 'password'}: "
                    "restore the file that belongs to this data"
                ) from error
            return one_line(error)
        return ""

    def _address(self, password: str, database: str) -> str:
        secret, host = quote(password, safe=""), quote(str(self._socket), safe="")
        return f"postgresql://{ROLE}:{secret}@/{database}?host={host}&port={PORT}"

    def _password(self) -> str:
        path = self._directory / "password"
        if path.exists():
            return path.read_text(encoding="ascii").strip()
        if not self._is_empty():
            raise EmbeddedPostgresError(f"{path} is missing: restore the file that belongs to this data")
        write_private(path, password := secrets.token_urlsafe(32))
        return password

    def _is_empty(self) -> bool:
        return not self._data.exists() or not any(self._data.iterdir())

    def _launch(self, server_lock: int, account: Account | None) -> None:
        binaries = binaries_for(account)
        if self._is_empty():
            make_data_directory(binaries, self._data, ROLE, self._password(), account, server_lock)
        self._check_version()
        self._remove_stale_files()
        for private in (self._socket, self._directory / "log"):
            make_private(private, account)
        sockets = "../socket" if self._socket.parent == self._directory else str(self._socket)
        settings = {**self._settings, **LOG_SETTINGS, "unix_socket_directories": sockets, "port": str(PORT)}
        arguments = [f"{name}={value}" for name, value in settings.items()]
        arguments.append(self._marker())  # the last argument, see _postmaster
        words = [str(binaries / "postgres"), "-D", reach(self._data, account)]
        words += [word for argument in arguments for word in ("-c", argument)]
        output = open_private(self._directory / "start.log", os.O_TRUNC | os.O_APPEND)
        try:
            # The shell leaves at once: the server is nobody's child, so no user has to reap it.
            run(["/bin/sh", "-c", '"$@" &', "sh", *words], self._data, account, server_lock, output)
        finally:
            os.close(output)

    def _check_version(self) -> None:
        path = self._data / "PG_VERSION"
        if not path.exists():
            raise EmbeddedPostgresError(f"{self._data} is not a PostgreSQL data directory: move it away or restore it")
        if (version := path.read_text(encoding="ascii").strip()) != MAJOR_VERSION:
            raise EmbeddedPostgresError(
                f"the data in {self._data} is of PostgreSQL {version}, this Weaver brings {MAJOR_VERSION}: "
                "install the Weaver that wrote it, dump the database there, and restore it into a new directory"
            )

    def _remove_stale_files(self) -> None:
        """Remove what a killed server left; `server.lock` is ours, so none that Weaver started is alive."""
        if (pid := self._recorded_pid()) is not None and is_postgres_in(pid, self._data):
            raise EmbeddedPostgresError(
                f"a PostgreSQL that Weaver did not start (process {pid}) uses {self._data}: stop it first"
            )
        for stale in (self._data / "postmaster.pid", self._socket / f".s.PGSQL.{PORT}.lock"):
            stale.unlink(missing_ok=True)

    def _stop(self) -> None:
        with self._server_lock() as free:
            if free is not None:
                return
        if not self._interrupt_postmaster():
            raise EmbeddedPostgresError("its main process cannot be told apart; the next user takes it over")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with self._server_lock() as free:
                if free is not None:
                    return
            time.sleep(PAUSE)
        raise EmbeddedPostgresError(f"it has not stopped within {PATIENCE:.0f} s")

    def _interrupt_postmaster(self) -> bool:
        """Ask for a fast shutdown, only of a process that is the server of this very directory."""
        pid = self._recorded_pid()
        if pid is None:
            return False
        if sys.platform != "linux":
            if found := self._is_postmaster(pid):
                os.kill(pid, signal.SIGINT)
            return found
        try:
            process = os.pidfd_open(pid)  # stays this process, even when its id is given to another one
        except ProcessLookupError:
            return False
        try:
            if found := self._is_postmaster(pid):
                signal.pidfd_send_signal(process, signal.SIGINT)
            return found
        finally:
            os.close(process)

    def _is_postmaster(self, pid: int) -> bool:
        command = command_line(pid)
        return "/postgres -D " in command and command.endswith(f" -c {self._marker()}")

    def _marker(self) -> str:
        return f"weaver.directory={self._directory}"

    def _recorded_pid(self) -> int | None:
        first = "".join(self._pid_file()[:1]).lstrip("-")
        return int(first) if first.isdecimal() and int(first) > 0 else None

    def _pid_file(self) -> list[str]:
        try:
            return [line.strip() for line in (self._data / "postmaster.pid").read_text(errors="replace").splitlines()]
        except FileNotFoundError:
            return []

    def _last_log_lines(self) -> str:
        logs = [path for path in (self._directory / "start.log", *self._directory.glob("log/*.log")) if path.exists()]
        newest = max(logs, key=lambda path: path.stat().st_mtime_ns, default=None)
        return last_lines(newest.read_text(errors="replace")) if newest is not None else "(no log)"

    @contextlib.contextmanager
    def _lock(self, name: str, holder: str) -> Iterator[None]:
        descriptor = open_private(self._directory / name)
        try:
            _acquire(descriptor, fcntl.LOCK_EX, holder)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _server_lock(self) -> Iterator[int | None]:
        """Give the lock for a new server to inherit, or None while a process of a server holds it."""
        descriptor = open_private(self._directory / "server.lock")
        try:
            yield descriptor if _locks(descriptor, fcntl.LOCK_EX) else None
        finally:
            os.close(descriptor)


def _locks(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _acquire(descriptor: int, operation: int, holder: str) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while not _locks(descriptor, operation):
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"waited {2 * PATIENCE:.0f} s for {holder}: try again, or end that process")
        time.sleep(PAUSE)


def _drop(users: int) -> None:
    fcntl.flock(users, fcntl.LOCK_UN)  # closing alone would leave the share with a child that was forked meanwhile
    os.close(users)


@contextlib.contextmanager
def _explained(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedPostgresError(
            f"the embedded PostgreSQL cannot use {directory} ({error.filename or 'system'}: {error.strerror}): "
            "make room or make it writable, or set WEAVER_HOME to another directory"
        ) from error


def _socket_directory(directory: Path) -> Path:
    usual = directory / "socket"
    if len(os.fsencode(usual / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT:
        return usual
    return Path("/tmp") / f"weaver-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]}"


def _make_directory(directory: Path, account: Account | None) -> None:
    if not directory.exists():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None and not account.may(directory, 1):
        directory.chmod(directory.stat().st_mode | 0o011)  # to pass through; what is inside has its own modes
