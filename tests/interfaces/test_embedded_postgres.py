"""The embedded PostgreSQL: who starts it, who stops it, and what a crash at any moment leaves behind."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from interfaces import postgres_binaries
from interfaces.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError

ROOT = Path(__file__).parents[2]
USER = """
import sys
from pathlib import Path
from interfaces.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.start(), flush=True)
sys.stdin.readline()
server.release()
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up its privileges")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class User(subprocess.Popen[str]):
    """A process that uses the server of a directory until it is told to leave."""

    def __init__(self, directory: Path, program: str = USER) -> None:
        command = [sys.executable, "-c", program, str(directory)]
        super().__init__(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def joined(self) -> str:
        """Wait until it has joined; return the address it got."""
        assert self.stdout is not None
        url = self.stdout.readline().strip()
        assert url.startswith("postgresql://")
        return url

    def leave(self) -> None:
        """Let it release the server and end."""
        self.communicate("\n", timeout=30)
        assert self.returncode == 0

    def killed(self) -> None:
        """End it with SIGKILL."""
        self.kill()
        self.communicate(timeout=30)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    account = postgres_binaries.server_account()  # PostgreSQL takes the process of another account for stale by itself
    with subprocess.Popen(["sleep", "600"], user=account.uid if account else None) as process:
        yield process
        process.kill()


@contextlib.contextmanager
def short_directory() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="weaver-test-", dir="/tmp"))
    try:
        yield home / "postgres"
    finally:
        if runs(home / "postgres"):
            with EmbeddedPostgres(home / "postgres"):
                pass
        shutil.rmtree(home)


@pytest.fixture
def directory() -> Iterator[Path]:
    with short_directory() as path:
        yield path


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Path, str]]:
    with short_directory() as path, EmbeddedPostgres(path) as server:
        yield path, server.url


def is_locked(path: Path) -> bool:
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def runs(directory: Path) -> bool:
    return (directory / "server.lock").exists() and is_locked(directory / "server.lock")


def serves(url: str) -> bool:
    try:
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def postmaster(directory: Path) -> int:
    return int((directory / "data" / "postmaster.pid").read_text().splitlines()[0])


def tell(pid: int, what: str) -> str:
    return subprocess.run(
        ["ps", "-ww", "-o", f"{what}=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()


def children(pid: int) -> list[int]:
    every = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(child) for child, parent in map(str.split, every.splitlines()) if int(parent) == pid]


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def error_of(server: EmbeddedPostgres) -> str:
    with pytest.raises(EmbeddedPostgresError) as caught:
        server.start()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_first_start_makes_a_database_that_psycopg_and_sqlalchemy_reach(shared: tuple[Path, str]) -> None:
    _, url = shared
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT current_database(), current_user, current_setting('TimeZone'), current_setting('server_encoding'),"
            " current_setting('fsync'), current_setting('listen_addresses'), datlocale FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchone()
    assert row == ("weaver", "weaver", "UTC", "UTF8", "on", "", "C.UTF-8")
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connected:
        assert connected.execute(sqlalchemy.text("SELECT current_database()")).scalar() == "weaver"
    engine.dispose()


def test_only_its_owner_with_the_password_gets_in(shared: tuple[Path, str]) -> None:
    directory, url = shared
    modes = {name: oct((directory / name).stat().st_mode & 0o777) for name in ("password", "data", "socket")}
    assert modes == {"password": "0o600", "data": "0o700", "socket": "0o700"}
    password = (directory / "password").read_text()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "wrong"))
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(url.replace(f":{password}", ""), passfile="/dev/null")


def test_the_terminals_interrupt_key_does_not_reach_the_server(shared: tuple[Path, str]) -> None:
    directory, _ = shared
    assert os.getsid(postmaster(directory)) != os.getsid(0)
    assert os.getpgid(postmaster(directory)) != os.getpgid(0)


@on_linux
def test_the_server_inherits_its_own_lock_and_none_of_its_users(shared: tuple[Path, str]) -> None:
    directory, _ = shared
    family = [postmaster(directory), *children(postmaster(directory))]
    assert len(family) > 3
    for pid in family:
        try:
            held = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
        except FileNotFoundError:
            continue  # a worker of the server that has ended since it was counted
        assert str(directory / "server.lock") in held
        assert not held & {str(directory / "users.lock"), str(directory / "start.lock")}


def test_joining_takes_the_server_that_runs_and_no_time(shared: tuple[Path, str]) -> None:
    directory, url = shared
    before, began = postmaster(directory), time.perf_counter()
    with EmbeddedPostgres(directory) as second:
        assert time.perf_counter() - began < 1.0
        assert second.url == url
    assert postmaster(directory) == before
    assert serves(url)


def test_the_first_one_out_leaves_the_server_and_the_last_one_stops_it(directory: Path) -> None:
    with User(directory) as first, User(directory) as second:
        url = first.joined()
        assert second.joined() == url
        first.leave()
        assert serves(url)
        second.leave()
    assert not runs(directory)
    assert not serves(url)
    assert not (directory / "data" / "postmaster.pid").exists()


def test_a_killed_user_does_not_count_any_more(directory: Path) -> None:
    with User(directory) as victim, User(directory) as other:
        url = victim.joined()
        other.joined()
        victim.killed()
        assert serves(url)
        other.leave()
    assert not runs(directory)


def test_a_server_whose_users_were_all_killed_is_adopted_and_stopped_by_the_next_one(directory: Path) -> None:
    with User(directory) as one, User(directory) as two:
        url = one.joined()
        two.joined()
        one.killed()
        two.killed()
    orphan = postmaster(directory)
    assert serves(url)
    assert not is_locked(directory / "users.lock")
    with EmbeddedPostgres(directory) as server:
        assert server.url == url
        assert postmaster(directory) == orphan
    assert not runs(directory)


def test_what_was_committed_survives_a_killed_server(directory: Path) -> None:
    with EmbeddedPostgres(directory) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        killed = postmaster(directory)
        os.kill(killed, signal.SIGKILL)
        assert server.start() == server.url
        assert postmaster(directory) != killed
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert not runs(directory)


def test_a_start_waits_for_the_children_of_a_killed_server(directory: Path) -> None:
    with EmbeddedPostgres(directory) as server, psycopg.connect(server.url) as connection:
        child = connection.info.backend_pid
        os.kill(child, signal.SIGSTOP)
        os.kill(postmaster(directory), signal.SIGKILL)
        with User(directory) as waiting:
            eventually(lambda: is_locked(directory / "start.lock"))
            assert runs(directory)
            os.kill(child, signal.SIGKILL)
            assert serves(waiting.joined())
            waiting.leave()
        assert serves(server.url)


def test_a_reused_process_id_neither_hinders_the_start_nor_is_harmed(
    directory: Path, bystander: subprocess.Popen[bytes]
) -> None:
    with EmbeddedPostgres(directory):
        lines = (directory / "data" / "postmaster.pid").read_text().splitlines()
        os.kill(postmaster(directory), signal.SIGKILL)
    eventually(lambda: not runs(directory))
    stale = "\n".join([str(bystander.pid), *lines[1:]]) + "\n"
    (directory / "data" / "postmaster.pid").write_text(stale)
    (directory / "socket" / ".s.PGSQL.5432.lock").write_text(stale)
    with EmbeddedPostgres(directory) as server:
        assert serves(server.url)
    assert not runs(directory)
    assert bystander.poll() is None


def test_a_stop_signals_no_process_that_is_not_the_server(
    directory: Path, bystander: subprocess.Popen[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    with EmbeddedPostgres(directory) as server:
        pid_file = directory / "data" / "postmaster.pid"
        right = pid_file.read_text()
        pid_file.write_text(f"{bystander.pid}\n{right.partition('\n')[2]}")
        server.release()
    assert bystander.poll() is None
    assert "cannot be told apart" in caplog.text
    assert runs(directory)
    pid_file.write_text(right)


def test_ten_first_starts_at_once_all_succeed(directory: Path) -> None:
    with contextlib.ExitStack() as stack:
        users = [stack.enter_context(User(directory)) for _ in range(10)]
        urls = {user.joined() for user in users}
        assert len(urls) == 1
        assert serves(urls.pop())
        for user in users:
            user.leave()
    assert not runs(directory)


@pytest.mark.parametrize("with_initdb", [False, True], ids=["the user alone", "and initdb"])
def test_a_first_start_that_was_killed_half_way_is_done_again(directory: Path, with_initdb: bool) -> None:
    with User(directory) as user:
        eventually((directory / "new" / "data" / "PG_VERSION").exists)
        (initdb,) = children(user.pid)
        user.killed()
        if with_initdb:
            os.killpg(initdb, signal.SIGKILL)
    assert not (directory / "data").exists()
    with EmbeddedPostgres(directory) as server:
        assert serves(server.url)
    assert not (directory / "new").exists()


def test_a_path_that_is_too_long_for_a_socket_works(directory: Path) -> None:
    long = directory.joinpath(*["a rather long name & more" for _ in range(6)])
    with EmbeddedPostgres(long) as server, EmbeddedPostgres(long) as second:
        assert serves(server.url)
        assert second.url == server.url
        elsewhere = Path(str(psycopg.conninfo.conninfo_to_dict(server.url)["host"]))
        assert elsewhere.stat().st_mode & 0o777 == 0o700
    assert not runs(long)
    elsewhere.rmdir()


@as_root
def test_root_keeps_its_data_under_a_private_home_and_serves_it_unprivileged(directory: Path) -> None:
    home = directory.parent
    home.chmod(0o700)
    with EmbeddedPostgres(directory) as server:
        assert serves(server.url)
        assert tell(postmaster(directory), "uid") not in {"", "0"}
        assert home.stat().st_mode & 0o777 == 0o700
    home.chmod(0o755)
    with EmbeddedPostgres(directory) as server:
        assert serves(server.url)


@as_root
def test_root_with_binaries_in_a_private_place_runs_one_copy_of_them(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = postgres_binaries.binaries_for(None).parents[2]
    for package in site.glob(f"{postgres_binaries.PACKAGE}*"):
        shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("pginstall"))
    tmp_path.chmod(0o700)
    monkeypatch.syspath_prepend(tmp_path)
    place = Path(tempfile.mkdtemp(prefix="weaver-test-", dir="/var/cache"))
    place.chmod(0o755)
    monkeypatch.setattr(postgres_binaries, "SHARED_COPIES", (place,))
    try:
        for _ in range(2):
            with EmbeddedPostgres(directory) as server:
                assert serves(server.url)
                assert tell(postmaster(directory), "command").startswith(str(place))
        (copy,) = place.iterdir()
        copy.chmod(0o777)
        assert "can be changed by others than root" in error_of(EmbeddedPostgres(directory))
    finally:
        shutil.rmtree(place)


def test_a_directory_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "Not a directory): make room or" in error_of(EmbeddedPostgres(tmp_path / "file" / "postgres"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_directory_that_is_not_writable_is_a_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "Permission denied" in error_of(EmbeddedPostgres(tmp_path / "postgres"))


def test_a_full_disk_is_a_clear_error_and_leaves_room_for_another_try(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", place], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("a small file system can be mounted by root on Linux only")
    try:
        assert "No space left on device" in error_of(EmbeddedPostgres(place / "postgres"))
        subprocess.run(["mount", "-o", "remount,size=200m", place], check=True)
        with EmbeddedPostgres(place / "postgres") as server:
            assert serves(server.url)
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_server_that_does_not_come_up_tells_the_end_of_its_log(directory: Path) -> None:
    message = error_of(EmbeddedPostgres(directory, settings={"shared_buffers": "plenty"}))
    assert 'invalid value for parameter "shared_buffers": "plenty"' in message
    few = EmbeddedPostgres(directory, settings={"max_connections": "20"})
    with few as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("20",)
    assert not runs(directory)


def test_data_of_another_version_or_without_its_password_is_a_clear_error(directory: Path) -> None:
    with EmbeddedPostgres(directory):
        pass
    (directory / "data" / "PG_VERSION").write_text("17\n")
    assert "is of PostgreSQL 17, this Weaver brings 18" in error_of(EmbeddedPostgres(directory))
    (directory / "data" / "PG_VERSION").write_text("18\n")
    (directory / "password").write_text("not the one")
    assert "refuses the password" in error_of(EmbeddedPostgres(directory))
    assert not runs(directory)
    (directory / "password").unlink()
    assert "restore the file that belongs to this data" in error_of(EmbeddedPostgres(directory))


def test_missing_binaries_are_a_clear_error(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_binaries, "PACKAGE", "no_such_package")
    assert "binaries are missing" in error_of(EmbeddedPostgres(directory))


def test_a_server_that_somebody_else_started_on_the_data_is_left_alone(directory: Path) -> None:
    with EmbeddedPostgres(directory):
        pass
    account = postgres_binaries.server_account(directory / "data")
    program = str(postgres_binaries.binaries_for(account) / "postgres")
    command = [program, "-D", postgres_binaries.reach(directory / "data", account), "-k", "..", "-h", ""]
    user = account.uid if account else None
    directory.chmod(0o777)  # the socket of the foreign server lies here
    with subprocess.Popen(command, cwd=directory / "data", user=user, stderr=subprocess.DEVNULL) as foreign:
        eventually((directory / ".s.PGSQL.5432").exists)
        assert f"did not start (process {foreign.pid})" in error_of(EmbeddedPostgres(directory))
        assert foreign.poll() is None
        foreign.send_signal(signal.SIGINT)


def test_a_release_may_be_repeated_and_takes_the_address_away(directory: Path) -> None:
    server = EmbeddedPostgres(directory)
    server.release()
    assert serves(server.start())
    server.release()
    server.release()
    assert not runs(directory)
    with pytest.raises(EmbeddedPostgresError, match="after release"):
        _ = server.url


def test_a_forked_child_does_not_give_up_the_share_of_its_parent(directory: Path) -> None:
    with EmbeddedPostgres(directory) as server, User(directory) as other:
        url = other.joined()
        if (child := os.fork()) == 0:
            try:
                server.release()
            finally:
                os._exit(0)
        assert os.waitpid(child, 0) == (child, 0)
        other.leave()
        assert serves(url)
    assert not runs(directory)
