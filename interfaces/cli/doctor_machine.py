"""What `weaver doctor` looks at on this machine: disks, files that hold secrets, Python, the page, the port."""

import os
import platform
import re
import shutil
import socket
import stat
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from interfaces.cli.doctor_findings import Finding, ok, problem, warning
from interfaces.web.release import DISTRIBUTION, release

if TYPE_CHECKING:
    from interfaces.settings import Settings

MEGABYTE = 1_000_000
PROBLEM_BELOW_MB, WARN_BELOW_MB = 200, 2_000
OTHERS_READ = stat.S_IRGRP | stat.S_IROTH
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
PORT_SECONDS = 3.0


def disks(settings: "Settings") -> Iterator[Finding]:
    """Look at the room for the home, and for the embedded database where that is another disk."""
    home = settings.home
    places = {"home": _existing(home)}
    database = _existing(home / "postgres" / "data")
    if not settings.database_url.get_secret_value() and database.stat().st_dev != places["home"].stat().st_dev:
        places["database"] = database
    for place, path in places.items():
        free = shutil.disk_usage(path).free // MEGABYTE
        said = f"{free:,} MB free for {'the database, ' if place == 'database' else ''}{path}"
        if free < PROBLEM_BELOW_MB:
            yield problem("disk", said, "make room now: the database stops when its disk is full")
        elif free < WARN_BELOW_MB:
            yield warning("disk", said, "make room soon: the database stops when its disk is full")
        else:
            yield ok("disk", said)


def files(settings: "Settings", directory: Path) -> Iterator[Finding]:
    """Look at who may read secrets and write the home. directory: where `.env` is read."""
    home, found = settings.home, False
    for path in (directory / ".env", home / "postgres" / "password"):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & OTHERS_READ:
            found = True
            yield warning("files", f"{path} can be read by other accounts of this machine", f"chmod 600 {path}")
    if home.exists():
        if stat.S_IMODE(home.stat().st_mode) & OTHERS_WRITE:
            found = True
            yield warning("files", f"{home} can be written by other accounts of this machine", f"chmod go-w {home}")
        if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
            found = True
            yield problem("files", f"{home} cannot be written", "give it to the account that runs Weaver: chown")
    if not found:
        yield ok("files", "secrets are readable by their owner alone")


def python() -> Iterator[Finding]:
    """Look at Python and at the packages Weaver needs."""
    needed = [re.split(r"[^A-Za-z0-9._-]", one)[0] for one in requires(DISTRIBUTION) or () if "extra ==" not in one]
    versions, missing = {}, []
    for name in sorted(needed):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        yield problem("packages", f"not installed: {', '.join(missing)}", "install Weaver again, with its dependencies")
    named = ", ".join(f"{name} {versions[name]}" for name in ("psycopg", "fastapi", "uvicorn") if name in versions)
    yield ok("python", f"Python {platform.python_version()}, Weaver {release()}, {named}")


def page(built: Path) -> Iterator[Finding]:
    """Look whether the page is built. built: where it would be."""
    if (built / "index.html").exists():
        yield ok("page", "built")
    else:
        yield warning("page", "the web page is not built: everything else works without it", "make haro")


def port(settings: "Settings") -> Iterator[Finding]:
    """Look whether the port can be listened on, or who does."""
    where = f"{settings.host}:{settings.port}"
    family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            taken = error.strerror
        else:
            yield ok("port", f"{where} is free")
            return
    if _is_weaver(settings):
        yield ok("port", f"a Weaver answers at {where}")
    else:
        yield warning("port", f"{where} cannot be listened on: {taken}", "end what listens there, or set WEAVER_PORT")


def _is_weaver(settings: "Settings") -> bool:
    import httpx

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        answer = httpx.get(f"http://{host}:{settings.port}/healthz", timeout=PORT_SECONDS, trust_env=False)
        told = answer.json()
    except (httpx.HTTPError, ValueError):
        return False
    return isinstance(told, dict) and told.keys() == {"status", "version"}


def _existing(path: Path) -> Path:
    """The path itself, or the nearest directory above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())
