"""What leaves for each channel of the web, and what every answer means."""

import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from interfaces.notifications import http_post
from interfaces.notifications.messages import REPEATED, Message
from interfaces.notifications.sender import MAX_REASON, NotDelivered
from interfaces.notifications.senders import sender_of
from tests.interfaces.notifications.receiver import Receiver
from tests.interfaces.notifications.scene import NOW, SECRET, TELEGRAM_TOKEN, channel, message

TELEGRAM = f"https://api.telegram.org/bot{TELEGRAM_TOKEN}/sendMessage"
DISCORD = "https://discord.test/api/webhooks/1/a-token-nobody-may-see"
SLACK = "https://hooks.slack.test/services/T0/B0/abcdefghijklmn"
WEBHOOK = "https://hooks.example.test/in/a-path-nobody-may-see?key=nor-this-one"
FIELDS: dict[str, dict[str, Any]] = {
    "webhook": {"url": WEBHOOK, "secret": SECRET},
    "telegram": {"token": TELEGRAM_TOKEN, "chat_id": "42"},
    "discord": {"url": DISCORD},
    "slack": {"url": SLACK},
}
ADDRESS = {"webhook": WEBHOOK, "telegram": TELEGRAM, "discord": DISCORD, "slack": SLACK}
HIDDEN = (SECRET, TELEGRAM_TOKEN, "a-token-nobody-may-see", "abcdefghijklmn", "a-path-nobody-may-see", "nor-this-one")


@pytest.fixture
def router() -> Iterator[respx.MockRouter]:
    """The web's answers; whatever is not told is an error of the test."""
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def sent(
    router: respx.MockRouter, home: Path, kind: str, said: Message, answer: httpx.Response | Exception | None = None
) -> tuple[httpx.Request, str]:
    """Send a message to a channel of that kind; return the request and what came of it."""
    answer = answer or httpx.Response(200, json={"ok": True})
    route = router.post(ADDRESS[kind]).mock(**_as_mocked(answer))
    sender = sender_of(channel(home, kind=kind, **FIELDS[kind]))
    try:
        outcome = sender.send(said, NOW)
    finally:
        sender.close()
    return route.calls.last.request, outcome


def _as_mocked(answer: httpx.Response | Exception) -> dict[str, Any]:
    return {"side_effect": answer} if isinstance(answer, Exception) else {"return_value": answer}


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


def test_a_webhook_gets_the_envelope_with_the_text_and_a_signature(router: respx.MockRouter, home: Path) -> None:
    said = message(count=3, attempt=2, may_have_arrived=True)
    request, _ = sent(router, home, "webhook", said)
    assert body_of(request) == {
        "id": "x:7",
        "payload": {"price": "1.50"},
        "position": 7,
        "text": said.text,
        "severity": "warning",
        "folded": ["x:8", "x:9"],
    }
    timestamp = request.headers["Weaver-Timestamp"]
    assert int(timestamp) == NOW.timestamp()
    assert request.headers["Weaver-Delivery"] == str(said.deliveries[0].id)
    assert request.headers["Content-Type"] == "application/json"
    expected = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + request.content, hashlib.sha256).hexdigest()
    assert request.headers["Weaver-Signature"] == f"v1={expected}"


def test_a_repeated_webhook_has_the_same_body_and_id(router: respx.MockRouter, home: Path) -> None:
    first, _ = sent(router, home, "webhook", message())
    second, _ = sent(router, home, "webhook", message(attempt=2, may_have_arrived=True))
    assert first.content == second.content
    assert first.headers["Weaver-Delivery"] == second.headers["Weaver-Delivery"]


def test_telegram_gets_plain_text_of_at_most_its_length(router: respx.MockRouter, home: Path) -> None:
    text = "*it* <b>broke</b> _here_ &amp;\nwhy: [x](y)"
    request, _ = sent(router, home, "telegram", message(text))
    assert body_of(request) == {"chat_id": "42", "text": text, "link_preview_options": {"is_disabled": True}}
    request, _ = sent(router, home, "telegram", message("\N{PILE OF POO}" * 3_000))
    told = body_of(request)["text"]
    assert len(told.encode("utf-16-le")) // 2 in (4_095, 4_096)
    assert told.endswith("\N{PILE OF POO}…")


def test_discord_gets_escaped_markdown_and_mentions_nobody(router: respx.MockRouter, home: Path) -> None:
    request, _ = sent(router, home, "discord", message("**it** @everyone <@1> `x` [a](b)\n# why: |x|"))
    body = body_of(request)
    assert body["content"] == r"\*\*it\*\* \@everyone \<\@1\> \`x\` \[a\]\(b\)" + "\n" + r"\# why\: \|x\|"
    assert body["allowed_mentions"] == {"parse": []}
    request, _ = sent(router, home, "discord", message("*" * 5_000))
    told = body_of(request)["content"]
    assert told == r"\*" * 999 + "…"
    assert len(told) <= 2_000


def test_slack_gets_text_without_markup_or_mentions(router: respx.MockRouter, home: Path) -> None:
    request, _ = sent(router, home, "slack", message("<!channel> *it* & <https://x|y>"))
    body = body_of(request)
    assert body["text"] == "&lt;!channel&gt; *it* &amp; &lt;https://x|y&gt;"
    assert body["mrkdwn"] is False
    request, _ = sent(router, home, "slack", message("&" * 5_000))
    assert body_of(request)["text"] == "&amp;" * 799 + "…"


@pytest.mark.parametrize("kind", ["telegram", "discord", "slack"])
def test_what_cannot_recognise_a_repetition_is_told_of_one(kind: str, router: respx.MockRouter, home: Path) -> None:
    request, _ = sent(router, home, kind, message("it broke", attempt=2, may_have_arrived=True))
    body = body_of(request)
    told = str(body.get("text") or body["content"]).replace("\\", "")
    assert told == f"{REPEATED}it broke"
    request, _ = sent(router, home, kind, message("it broke", attempt=2))
    assert "repeated" not in request.content.decode()


def test_many_of_a_kind_are_one_message_that_says_how_many(router: respx.MockRouter, home: Path) -> None:
    request, _ = sent(router, home, "telegram", message("it broke", count=38))
    assert body_of(request)["text"] == "it broke\nand 37 more order.rejected of paper run morning, up to position 44"


@pytest.mark.parametrize("kind", ADDRESS)
@pytest.mark.parametrize(
    ("answer", "is_final", "may_have_arrived", "retry_after"),
    [
        (httpx.Response(429, headers={"Retry-After": "17"}), False, False, 17.0),
        (httpx.Response(429, headers={"Retry-After": "Sun, 01 Mar 2026 12:01:00 GMT"}), False, False, 60.0),
        (httpx.Response(429, json={"parameters": {"retry_after": 5}}), False, False, 5.0),
        (httpx.Response(429, json={"message": "slow down", "retry_after": 0.25}), False, False, 0.25),
        (httpx.Response(429, headers={"Retry-After": "later"}), False, False, None),
        (httpx.Response(429, headers={"Retry-After": "inf"}), False, False, None),
        (httpx.Response(429, headers={"Retry-After": "-3"}), False, False, 0.0),
        (httpx.Response(429, json={"retry_after": 1e300}), False, False, 3_600.0),
        (httpx.Response(408), False, False, None),
        (httpx.Response(500, text="<html>oops</html>"), False, True, None),
        (httpx.Response(503, headers={"Retry-After": "3"}), False, False, 3.0),
        (httpx.Response(504), False, True, None),
        (httpx.Response(400, json={"ok": False, "description": "Bad Request: chat not found"}), True, False, None),
        (httpx.Response(403, text="invalid_token"), True, False, None),
        (httpx.Response(404), True, False, None),
        (httpx.Response(410, content=b"gone\x00\x1b[2J for\ngood" + b"x" * 100_000), True, False, None),
        (httpx.Response(302, headers={"Location": "http://elsewhere.test"}), True, False, None),
        (httpx.ConnectError("[Errno 111] Connection refused"), False, False, None),
        (httpx.ConnectTimeout("timed out"), False, False, None),
        (httpx.ReadTimeout("timed out"), False, True, None),
        (httpx.RemoteProtocolError("server disconnected"), False, True, None),
    ],
    ids=lambda value: f"{value.status_code}" if isinstance(value, httpx.Response) else None,
)
def test_every_other_answer_says_whether_to_try_again_and_what_is_known(
    kind: str,
    answer: httpx.Response | Exception,
    is_final: bool,
    may_have_arrived: bool,
    retry_after: float | None,
    router: respx.MockRouter,
    home: Path,
) -> None:
    with pytest.raises(NotDelivered) as caught:
        sent(router, home, kind, message(), answer)
    error = caught.value
    assert (error.is_final, error.may_have_arrived, error.retry_after) == (is_final, may_have_arrived, retry_after)
    assert error.reason
    assert error.reason.isprintable()
    assert len(error.reason) <= MAX_REASON


@pytest.mark.parametrize("kind", ADDRESS)
def test_no_secret_stands_in_a_reason_whoever_repeats_it(kind: str, router: respx.MockRouter, home: Path) -> None:
    told = f"no route to {ADDRESS[kind]} with {SECRET} and {TELEGRAM_TOKEN} for {ADDRESS[kind].rpartition('/')[2]}"
    for answer in (httpx.ConnectError(told), httpx.Response(500, text=told), httpx.Response(400, json={"error": told})):
        with pytest.raises(NotDelivered) as caught:
            sent(router, home, kind, message(), answer)
        own = [secret for secret in HIDDEN if secret in ADDRESS[kind] or (kind == "webhook" and secret == SECRET)]
        assert not [secret for secret in own if secret in caught.value.reason], caught.value.reason
        assert caught.value.__cause__ is None


def test_an_answer_that_drips_is_over_in_time_and_its_status_counts(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_post, "TOTAL", 0.6)
    with Receiver() as receiver, contextlib.closing(sender_of(channel(home, url=receiver.url))) as sender:
        receiver.drip(seconds=0.2)
        receiver.statuses.extend([200, 500])
        began = time.monotonic()
        assert sender.send(message(), NOW).startswith("200 ")
        with pytest.raises(NotDelivered, match=r"deadline|timed out") as caught:
            sender.send(message(), NOW)
        assert time.monotonic() - began < 5
        assert caught.value.may_have_arrived
