"""The web page: built files, one page for every address, and a hint where it is not built."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from interfaces.composition import Weaver
from tests.interfaces.web.scenes import require_error, served

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def built(weaver: Weaver, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a Weaver whose page is built."""
    page = tmp_path / "dist"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>Haro</title>")
    (page / "assets" / "index-abc123.js").write_text("1")
    (page / "robots.txt").write_text("Disallow: /")
    (tmp_path / "secret.txt").write_text("secret")
    (page / "assets" / "leak").symlink_to(tmp_path / "secret.txt")
    with served(weaver, page) as server, server.client() as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/index.html", "/runs", "/runs/new", "/runs/1.5", "/apix"])
def test_every_address_of_the_application_is_the_page(built: httpx.Client, path: str) -> None:
    response = built.get(path, headers=HTML)
    assert response.status_code == 200
    assert "Haro" in response.text
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["content-type"].startswith("text/html")
    assert built.head(path, headers=HTML).content == b""


def test_hashed_assets_are_kept_for_ever_and_other_files_are_not(built: httpx.Client) -> None:
    asset = built.get("/assets/index-abc123.js")
    assert (asset.status_code, asset.text) == (200, "1")
    assert "immutable" in asset.headers["cache-control"]
    assert "javascript" in asset.headers["content-type"]
    assert built.get("/robots.txt").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone.js",
        "/assets/leak",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%00",
        "/" + "x" * 5_000,
    ],
)
def test_what_is_not_built_or_lies_outside_is_not_found(built: httpx.Client, path: str) -> None:
    response = built.get(path)
    assert "secret" not in response.text.replace("secret.txt", "")
    require_error(response, 404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api", "/metrics/x", "/docs/x", "/healthz/x"])
def test_the_page_never_answers_for_the_interface(built: httpx.Client, path: str) -> None:
    require_error(built.get(path, headers=HTML), 404, "NOT_FOUND")


def test_a_page_that_is_not_built_says_how_to_build_it(weaver: Weaver, tmp_path: Path) -> None:
    with served(weaver, tmp_path / "nowhere") as server, server.client() as client:
        response = client.get("/", headers=HTML)
        assert response.status_code == 200
        assert "make haro" in response.text
        require_error(client.get("/some.js"), 404, "NOT_FOUND")
