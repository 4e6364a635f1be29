"""A real nginx with the configuration of the image, on a port and in a directory of its own."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import httpx

from tests.system.weaver_process import free_port, wait_until

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "docker" / "nginx.conf"
# Debian's is where only root's PATH leads.
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
WITHOUT_NGINX = "no nginx is installed (Debian: apt-get install nginx-light)"
# Where things are in the image, and may be anywhere in a test.
IN_THE_IMAGE = ("/tmp/", "/usr/share/nginx/html", "listen 8080;", "/dev/stdout")
START_SECONDS = 20.0


def rendered(upstream: str, directory: Path, page: Path, port: int) -> str:
    """Return the configuration as the image's start would fill it in, its places moved below the directory."""
    text = TEMPLATE.read_text()
    assert all(place in text for place in IN_THE_IMAGE), "docker/nginx.conf has other places than these"
    there = (f"{directory}/", str(page), f"listen 127.0.0.1:{port};", f"{directory}/log")
    for place, moved in zip(IN_THE_IMAGE, there, strict=True):
        text = text.replace(place, moved)
    filled = text.replace("${WEAVER_UPSTREAM}", upstream).replace("${NGINX_LOCAL_RESOLVERS}", "127.0.0.1")
    assert "${WEAVER" not in filled
    assert "${NGINX" not in filled
    return filled


class NginxServer:
    """nginx before an upstream (host:port), serving a page's directory; unprivileged, like the image's.

    limits: `rate` and `burst` of requests, the image's own if none are given.
    """

    def __init__(self, upstream: str, page: Path, *, limits: tuple[int, int] | None = None) -> None:
        self._limits = limits
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._upstream = upstream
        self._page = page
        self._account = "nobody" if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it and wait until it answers."""
        self._kept = tempfile.TemporaryDirectory(prefix="weaver-nginx-", ignore_cleanup_errors=True)
        directory = Path(self._kept.name)
        page = directory / "page"
        shutil.copytree(self._page, page)
        self.configuration = directory / "nginx.conf"
        text = rendered(self._upstream, directory, page, self.port)
        if self._limits is not None:
            text = re.sub(r"rate=\d+r/s", f"rate={self._limits[0]}r/s", text)
            text = re.sub(r"burst=\d+", f"burst={self._limits[1]}", text)
        self.configuration.write_text(text)
        if self._account is not None:
            for path in (directory, *directory.rglob("*")):
                shutil.chown(path, self._account)
        self._process = subprocess.Popen(self.command("-g", "daemon off;"), cwd="/", user=self._account)
        wait_until(self._answers, START_SECONDS, "nginx answers")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(START_SECONDS)
        self._kept.cleanup()

    def command(self, *arguments: str) -> list[str]:
        """Return the words that run nginx on this configuration."""
        assert NGINX is not None
        return [NGINX, "-p", str(self.configuration.parent), "-c", str(self.configuration), *arguments]

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"nginx ended with {self._process.returncode}"
        try:
            return httpx.get(self.url, timeout=5.0).status_code == 200
        except httpx.TransportError:
            return False
