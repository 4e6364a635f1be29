"""Channels that are reached by a POST: signed webhooks, Telegram, Discord, Slack."""

import hashlib
import hmac
import re
from datetime import datetime

import msgspec

from interfaces.logs import Redaction
from interfaces.notifications.channels import DiscordChannel, SlackChannel, TelegramChannel, WebhookChannel
from interfaces.notifications.http_post import HttpPost
from interfaces.notifications.messages import Message, fitted

# What each takes at most: Telegram counts UTF-16 units.
TELEGRAM_LONGEST, DISCORD_LONGEST, SLACK_LONGEST = 4_096, 2_000, 4_000
_SUPPRESS_EMBEDS = 4
_MARKDOWN = re.compile(r"[\\*_~`|>#\[\]()<@:.+-]")
_SLACK_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class _WebSender:
    """A sender over one address."""

    longest_seconds = HttpPost.longest_seconds

    def __init__(self, url: str, hidden: Redaction) -> None:
        self._post = HttpPost(url, hidden)

    def close(self) -> None:
        """Close every connection."""
        self._post.close()


class WebhookSender(_WebSender):
    """Sends the event as JSON; the receiver knows a repetition by `Weaver-Delivery`, and Weaver by the signature."""

    def __init__(self, channel: WebhookChannel, hidden: Redaction) -> None:
        super().__init__(channel.url.get_secret_value(), hidden)
        self._secret = channel.secret.get_secret_value().encode()

    def send(self, message: Message, now: datetime) -> str:
        """Return what the receiver answered; raise NotDelivered."""
        body, timestamp = message.as_json(), str(int(now.timestamp()))
        headers = {
            "Weaver-Delivery": str(message.id),
            "Weaver-Timestamp": timestamp,
            "Weaver-Signature": f"v1={signature(self._secret, timestamp, body)}",
        }
        return self._post.send(body, headers, now)


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return the hexadecimal HMAC-SHA256 of `<timestamp>.<body>`."""
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class TelegramSender(_WebSender):
    """Sends plain text to a chat: without a parse mode nothing in it means anything."""

    def __init__(self, channel: TelegramChannel, hidden: Redaction) -> None:
        base = channel.api_url.get_secret_value().rstrip("/")
        super().__init__(f"{base}/bot{channel.token.get_secret_value()}/sendMessage", hidden)
        self._chat_id = channel.chat_id

    def send(self, message: Message, now: datetime) -> str:
        """Return what Telegram answered; raise NotDelivered."""
        text = fitted(message.marked_text, TELEGRAM_LONGEST, length=lambda part: len(part.encode("utf-16-le")) // 2)
        body = {"chat_id": self._chat_id, "text": text, "link_preview_options": {"is_disabled": True}}
        return self._post.send(msgspec.json.encode(body), {}, now)


class DiscordSender(_WebSender):
    """Sends text whose Markdown is escaped, and that mentions nobody."""

    def __init__(self, channel: DiscordChannel, hidden: Redaction) -> None:
        super().__init__(channel.url.get_secret_value(), hidden)

    def send(self, message: Message, now: datetime) -> str:
        """Return what Discord answered; raise NotDelivered."""
        text = fitted(message.marked_text, DISCORD_LONGEST, lambda one: _MARKDOWN.sub(r"\\\g<0>", one))
        body = {"content": text, "allowed_mentions": {"parse": []}, "flags": _SUPPRESS_EMBEDS}
        return self._post.send(msgspec.json.encode(body), {}, now)


class SlackSender(_WebSender):
    """Sends text in which nothing is markup: its entities are escaped, and `mrkdwn` is off."""

    def __init__(self, channel: SlackChannel, hidden: Redaction) -> None:
        super().__init__(channel.url.get_secret_value(), hidden)

    def send(self, message: Message, now: datetime) -> str:
        """Return what Slack answered; raise NotDelivered."""
        text = fitted(message.marked_text, SLACK_LONGEST, lambda one: _SLACK_ENTITIES.get(one, one))
        body = {"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
        return self._post.send(msgspec.json.encode(body), {}, now)
