"""Bytes no client library would send: each is answered in the one shape or not at all, never with a 500."""

import contextlib
import json
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.interfaces.web.scenes import Served, require_error

HEAD = b"Host: localhost\r\nConnection: close\r\n"
GET = b"GET /api/v1/info HTTP/1.1\r\n" + HEAD
POST = b"POST /api/v1/runs HTTP/1.1\r\nContent-Type: application/json\r\n" + HEAD
MEBIBYTES = 2 * 1024 * 1024


def answered(server: Served, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to these bytes."""
    with socket.create_connection((server.host, server.port), timeout=20) as connection:
        received = b""
        # It may answer, and close, before everything is sent: what it said is here all the same.
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            while more := connection.recv(65536):
                received += more
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


def require_one_shape(server: Served, sent: bytes, status: int, code: str) -> None:
    got, headers, body = answered(server, sent)
    assert got == status, (got, body)
    failure = json.loads(body)
    assert set(failure) == {"code", "message", "details", "correlation_id", "timestamp"}
    assert failure["code"] == code
    assert failure["correlation_id"] == headers["x-correlation-id"]
    assert headers["content-type"] == "application/json"
    assert headers["x-content-type-options"] == "nosniff"
    assert int(headers["content-length"]) == len(body)


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n\r\n nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /api/v1/info\r\n\r\n",
        b"GET  /api/v1/info HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"GET /api/v1/\xff HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"GET /api/v1/runs?tag=\xff HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"GET /api/v1/info\0 HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"G\0T /api/v1/info HTTP/1.1\r\n" + HEAD + b"\r\n",
        GET + b"no colon\r\n\r\n",
        GET + b"X: a\0b\r\n\r\n",
        GET + b"Bad Name: x\r\n\r\n",
        GET + b"Content-Length: -1\r\n\r\n",
        GET + b"Content-Length: many\r\n\r\n",
        GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        POST + b"Transfer-Encoding: gzip\r\n\r\n{}",
        GET + b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
        GET + b"".join(b"X-%d: y\r\n" % number for number in range(20_000)) + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # somebody speaks TLS
    ],
)
def test_what_is_no_http_is_answered_in_the_one_shape_too(lasting_server: Served, sent: bytes) -> None:
    require_one_shape(lasting_server, sent, 400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (GET.replace(b"GET", b"BREW") + b"\r\n", 405, "METHOD_NOT_ALLOWED"),
        (GET.replace(b"info", b"%ff%fe") + b"\r\n", 404, "NOT_FOUND"),
        (GET.replace(b"info", b"runs/%ff") + b"\r\n", 422, "VALIDATION_ERROR"),
        (GET.replace(b"info", b"runs?tag=%ff%00") + b"\r\n", 422, "VALIDATION_ERROR"),
        (GET.replace(b"info", b"runs?%ff=1") + b"\r\n", 422, "VALIDATION_ERROR"),
        (GET.replace(b"info", b"strategies/..%2f..%2fetc") + b"\r\n", 404, "NOT_FOUND"),
        (GET.replace(b"info", b"runs?page_size=%E0%A5%AB") + b"\r\n", 422, "VALIDATION_ERROR"),
        (GET + b"Content-Length: 2\r\nContent-Type: text/plain\r\n\r\n{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (GET + b"Content-Length: %d\r\n\r\n" % MEBIBYTES, 413, "PAYLOAD_TOO_LARGE"),
        (POST + b"Content-Length: %d\r\n\r\n" % MEBIBYTES + b"x" * MEBIBYTES, 413, "PAYLOAD_TOO_LARGE"),
        (
            POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % MEBIBYTES + b"x" * MEBIBYTES + b"\r\n0\r\n\r\n",
            413,
            "PAYLOAD_TOO_LARGE",
        ),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 422, "VALIDATION_ERROR"),
        (POST + b"Content-Length: 0\r\n\r\n", 422, "VALIDATION_ERROR"),
        (POST + b"Content-Length: 5\r\n\r\n\xff\xfe\xfd\xfc\xfb", 400, "BAD_REQUEST"),
    ],
)
def test_http_that_cannot_be_meant_is_answered_in_the_one_shape(
    lasting_server: Served, sent: bytes, status: int, code: str
) -> None:
    require_one_shape(lasting_server, sent, status, code)


def test_a_body_on_a_get_is_read_and_ignored(lasting_server: Served) -> None:
    body = b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    status, _, answer = answered(lasting_server, GET + body)
    assert status == 200
    assert json.loads(answer)["epoch"]


def test_a_request_that_breaks_off_is_no_trouble(lasting_server: Served) -> None:
    with socket.create_connection((lasting_server.host, lasting_server.port), timeout=20) as connection:
        connection.sendall(POST + b"Content-Length: 500\r\n\r\n{")
    with lasting_server.client() as client:
        assert client.get("/healthz").status_code == 200


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from([b"GET", b"POST", b"DELETE", b"PUT", b"OPTIONS", b"PATCH"]),
    path=st.binary(max_size=60),
    header=st.binary(max_size=60),
    body=st.binary(max_size=60),
)
def test_no_bytes_make_the_server_fail(
    lasting_server: Served, method: bytes, path: bytes, header: bytes, body: bytes
) -> None:
    sent = b"%b /api/v1/%b HTTP/1.1\r\n%bX-Any: %b\r\nContent-Length: %d\r\n\r\n%b"
    status, _, answer = answered(lasting_server, sent % (method, path, HEAD, header, len(body), body))
    assert status < 500
    if status >= 400:
        assert set(json.loads(answer)) == {"code", "message", "details", "correlation_id", "timestamp"}


def test_head_and_options_are_not_taken_anywhere_and_what_is_taken_is_named(lasting_server: Served) -> None:
    with lasting_server.client() as client:
        document = client.get("/openapi.json").json()
        for template, operations in document["paths"].items():
            path = template.replace("{name}", "x").replace("{run_id}", "y").replace("{order_id}", "z")
            head, options = client.head(path), client.options(path)
            require_error(options, 405, "METHOD_NOT_ALLOWED")
            assert head.status_code == 405
            assert head.content == b""
            for response in (head, options):
                assert set(response.headers["allow"].split(", ")) == {method.upper() for method in operations}, path
                assert response.headers["x-correlation-id"]
