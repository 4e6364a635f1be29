"""What is secret shows nowhere: in no line of the log and in no error, whatever a request holds and wherever."""

import io
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.logs import HIDDEN, MIN_SECRET, Redaction, configure_logs
from tests.interfaces.web.scenes import Served, composed, new_backtest, require_error, served, until

KEY = 'sesame "open" \\ ünder the-hill'
SECRETS = {
    "api_key": KEY,
    "alpaca_paper_key_id": "PKTESTPAPERKEY",
    "alpaca_paper_secret_key": "paper/secret+key=1",
    "alpaca_live_key_id": "AKTESTLIVEKEY",
    "alpaca_live_secret_key": "live%secret&key",
}


@pytest.fixture(scope="module")
def secretive(lasting_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A Weaver with every secret there is."""
    with (
        composed(lasting_database_url, tmp_path_factory.mktemp("home"), **SECRETS) as weaver,
        served(weaver) as server,
    ):
        yield server


@pytest.fixture
def written(secretive: Served) -> io.StringIO:
    """What is logged during the test, as `weaver serve` logs it."""
    weaver = secretive.weaver
    configure_logs("DEBUG", "json", (*weaver.settings.secrets(), weaver.database_url))
    [handler] = [one for one in logging.getLogger().handlers if isinstance(one, logging.StreamHandler)]
    stream = io.StringIO()
    handler.setStream(stream)
    return stream


def secrets_of(server: Served) -> list[str]:
    password = httpx.URL(server.weaver.database_url).password
    assert len(password) >= 20
    return [*SECRETS.values(), password]


def require_hidden(text: str, secrets: list[str]) -> None:
    for secret in secrets:
        for way in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret)):
            assert way not in text, f"{way!r} in {text}"


def requests_with(secret: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Requests that carry a secret in every place a mistake can put it."""
    yield "GET", "/api/v1/runs", {"params": {"api_key": secret}}
    yield "GET", "/api/v1/runs", {"params": {"tag": secret}}
    yield "GET", "/api/v1/runs", {"params": {secret: "1"}}
    yield "GET", f"/api/v1/{quote(secret, safe='')}", {}
    yield "GET", f"/{quote(secret, safe='')}.txt", {}
    yield "GET", f"/api/v1/strategies/{quote(secret, safe='')}", {}
    yield "GET", f"/api/v1/runs/{quote(secret, safe='')}", {}
    yield "PUT", f"/api/v1/runs/{quote(secret, safe='')}/start", {}
    yield "GET", "/api/v1/events/tail", {"params": {"type": secret}}
    yield "GET", "/api/v1/candles", {"params": {"symbol": secret, "timeframe": secret}}
    yield "GET", "/api/v1/info", {"headers": [(b"X-Correlation-ID", secret.encode())]}
    yield "POST", "/api/v1/runs", {"json": new_backtest(mode=secret)}
    yield "POST", "/api/v1/runs", {"json": new_backtest(strategy_id="k" + secret)}
    yield "POST", "/api/v1/runs", {"json": new_backtest(symbols=[secret], timeframe=secret)}
    yield "POST", "/api/v1/runs", {"json": {secret: secret}}
    yield "POST", "/api/v1/runs", {"json": new_backtest(config={"fast": secret, secret: 1})}
    yield "POST", "/api/v1/runs", {"content": secret.encode(), "headers": {"Content-Type": "application/json"}}


@pytest.mark.parametrize("has_key", [True, False])
def test_a_secret_in_the_wrong_place_is_repeated_nowhere(
    secretive: Served, written: io.StringIO, has_key: bool
) -> None:
    secrets = secrets_of(secretive)
    with secretive.client(headers=[(b"X-API-Key", KEY.encode())] if has_key else []) as client:
        for secret in secrets:
            for method, path, options in requests_with(secret):
                response = client.request(method, path, **options)
                if response.status_code >= 400:
                    require_hidden(response.text, secrets)
                require_hidden(str(response.headers), secrets)
    # The line of a request follows its answer.
    until(lambda: written.getvalue().count('"event": "request"') >= len(secrets) * 17)
    assert all(json.loads(line) for line in written.getvalue().splitlines())
    require_hidden(written.getvalue(), secrets)
    assert HIDDEN in written.getvalue()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_bytes_around_a_secret_do_not_bring_it_out(
    secretive: Served, written: io.StringIO, data: st.DataObject
) -> None:
    secrets = secrets_of(secretive)
    secret = data.draw(st.sampled_from(secrets)).encode()
    around = st.binary(max_size=20)
    before, after = data.draw(around), data.draw(around)
    shape = data.draw(
        st.sampled_from(
            [
                b"GET /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                b"GET /api/v1/runs?%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                b"%s /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                b"GET /api/v1/info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Correlation-ID: %s\r\n\r\n",
                b"GET /api/v1/info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: %s\r\n\r\n",
                b"GET /api/v1/info HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                b"%s\r\n\r\n",
            ]
        )
    )
    with socket.create_connection((secretive.host, secretive.port), timeout=20) as connection:
        connection.sendall(shape % (before + secret + after))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert not answer.startswith(b"HTTP/1.1 5")
    if answer.startswith(b"HTTP/1.1 4"):
        require_hidden(answer.decode("latin-1"), secrets)
    require_hidden(written.getvalue(), secrets)


def test_a_key_in_the_address_is_refused_with_advice_even_beside_the_right_one(secretive: Served) -> None:
    with secretive.client() as client:
        for name in ("api_key", "X-API-Key", "token"):
            error = require_error(client.get("/api/v1/info", params={name: KEY}), 401, "UNAUTHORIZED")
            assert "X-API-Key" in error["message"]
            assert "change it" in error["message"]
            page = client.get("/", params={name: KEY}, headers={"Accept": "text/html"})
            require_error(page, 422, "VALIDATION_ERROR")
        client.headers = httpx.Headers([(b"X-API-Key", KEY.encode())])
        require_error(client.get("/api/v1/info", params={"api_key": "a wrong one"}), 422, "VALIDATION_ERROR")
        assert client.get("/api/v1/runs", params={"tag": "no key"}).status_code == 200


def test_a_traceback_hides_what_is_secret(written: io.StringIO) -> None:
    try:
        raise ValueError(f"connection to {KEY} failed")
    except ValueError:
        logging.getLogger("anything").exception("it failed with %r", KEY)
    require_hidden(written.getvalue(), [KEY])
    assert "ValueError" in written.getvalue()


@pytest.mark.parametrize("form", ["console", "json"])
def test_every_form_of_log_hides_secrets(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", form, ["postgresql://weaver:p%40ss%2Fword@host/db", KEY])
    logging.getLogger("anything").warning("p@ss/word p%%40ss%%2Fword %s", KEY)
    told = capsys.readouterr().err
    require_hidden(told, ["p@ss/word", KEY])
    assert "anything" in told


@given(secret=st.text(min_size=MIN_SECRET), around=st.text())
def test_a_redacted_text_is_free_of_the_secret(secret: str, around: str) -> None:
    redact = Redaction([secret])
    if secret not in HIDDEN:
        assert secret not in redact(secret) or secret in around
    assert redact(around) == around or secret in around or quote(secret) in around or len(secret) < len(around)


@pytest.mark.parametrize("url", ["postgresql://weaver@host/db", "http://[", "postgresql://weaver:abc@host/db"])
def test_a_url_without_a_password_worth_hiding_hides_no_words(url: str) -> None:
    assert Redaction([url])("weaver asks the host for abc") == "weaver asks the host for abc"


def test_nothing_to_hide_changes_nothing(tmp_path: Path) -> None:
    assert Redaction()(str(tmp_path)) == str(tmp_path)
