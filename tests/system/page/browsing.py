"""Windows of a browser as tests of the page have them: how they are opened, and what goes wrong in them."""

import re
from typing import Literal, Protocol

from playwright.sync_api import Page

from tests.system.weaver_process import WeaverServer

type Scheme = Literal["dark", "light"]


class Complaints:
    """What pages say went wrong in them: on the console, or by an error nobody caught."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._expected: list[str] = []

    def listen_to(self, page: Page) -> None:
        """Write down what goes wrong in a page from now on."""
        page.on("pageerror", lambda error: self._told.append(f"{error.name}: {error.message}\n{error.stack}"))
        page.on("console", lambda line: self._told.append(line.text) if line.type == "error" else None)

    def expect(self, pattern: str) -> None:
        """Let what matches the pattern pass: the test provokes it."""
        self._expected.append(pattern)

    def unexpected(self) -> list[str]:
        """What no test said it would provoke."""
        return [told for told in self._told if not any(re.search(pattern, told) for pattern in self._expected)]


class OpenPage(Protocol):
    """Opens a window on a server's page, a browser profile of its own, with nothing loaded yet."""

    def __call__(
        self, server: WeaverServer, *, width: int = 1440, height: int = 900, scheme: Scheme = "dark", script: str = ""
    ) -> Page: ...
