"""Haro's built files: assets that never change, one page for every address, and a hint where it is not built."""

from pathlib import Path

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from interfaces.web.errors import Problem

BUILT_PAGE = Path(__file__).parents[2] / "haro" / "dist"
# Everything that is not the page's own; what begins like this is never answered with the page.
RESERVED = ("/api", "/healthz", "/readyz", "/metrics", "/docs", "/redoc", "/openapi.json")
FOR_EVER = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"

HINT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Weaver</title></head>
<body><h1>Weaver is running</h1>
<p>The web page is not here. In a checkout it is not built yet: build it with <code>make haro</code>, then load this
address again. In containers nginx serves it, at an address of its own.</p>
<p>Until then: the interface for programs is described at <a href="/docs">/docs</a>, and
<code>weaver --help</code> does the same on the command line.</p></body></html>
"""


def belongs_to_page(method: str, path: str) -> bool:
    """Return whether a request is for the page itself, which holds nothing secret: it is where the key is asked for."""
    return method in ("GET", "HEAD") and not any(path == name or path.startswith(name + "/") for name in RESERVED)


class ElsewhereOnly:
    """Answers what no route does in a process that serves no page: with a 404 that says where to ask."""

    def __init__(self, role: str) -> None:
        self._role = role

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse one request."""
        raise Problem(
            404,
            f"there is nothing at {scope['path']} in a process with the role {self._role}: "
            "ask one with the role api or all",
            role=self._role,
        )


class PageFiles:
    """Answers what no route does: with a built file, with the page itself for a browser's address, or with a 404."""

    def __init__(self, directory: Path = BUILT_PAGE) -> None:
        self._directory = directory
        self._files = StaticFiles(directory=directory, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a 404 is raised, for the application to put into its one shape."""
        path = scope["path"]
        if not belongs_to_page(scope["method"], path):
            raise Problem(404, f"there is nothing at {path}")
        response = await to_thread.run_sync(self._answer, path.lstrip("/"), scope)
        await response(scope, receive, send)

    def _answer(self, path: str, scope: Scope) -> Response:
        accepted = Headers(scope=scope).get("accept", "")
        index = self._directory / "index.html"
        file = _file_of(self._directory, path)
        if file is not None and file != index.resolve():
            is_hashed = path.startswith("assets/")
            return self._file(file, scope, FOR_EVER if is_hashed else ASK_EACH_TIME)
        if path and (path.startswith("assets/") or "text/html" not in accepted):
            raise Problem(404, f"there is nothing at /{path}")
        if not index.is_file():
            return HTMLResponse(HINT, headers={"Cache-Control": ASK_EACH_TIME})
        return self._file(index, scope, ASK_EACH_TIME)

    def _file(self, file: Path, scope: Scope, kept: str) -> Response:
        """The file, or a 304 for a browser that has it already."""
        response = self._files.file_response(file, file.stat(), scope)
        response.headers["Cache-Control"] = kept
        return response


def _file_of(directory: Path, path: str) -> Path | None:
    """The built file of that path, None if there is none or it lies outside."""
    if not path or "\0" in path or len(path) > 500:
        return None
    root = directory.resolve()
    file = (root / path).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None
