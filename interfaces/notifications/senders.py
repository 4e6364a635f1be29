"""The sender of each kind of channel."""

from typing import assert_never

from interfaces.logs import Redaction
from interfaces.notifications.channels import (
    AnyChannel,
    DiscordChannel,
    SlackChannel,
    SmtpChannel,
    TelegramChannel,
    WebhookChannel,
)
from interfaces.notifications.mail_channel import SmtpSender
from interfaces.notifications.sender import Sender
from interfaces.notifications.web_channels import DiscordSender, SlackSender, TelegramSender, WebhookSender


def sender_of(channel: AnyChannel) -> Sender:
    """Return what takes messages to the channel; nothing is connected yet."""
    hidden = Redaction(channel.secrets())
    match channel:
        case WebhookChannel():
            return WebhookSender(channel, hidden)
        case TelegramChannel():
            return TelegramSender(channel, hidden)
        case DiscordChannel():
            return DiscordSender(channel, hidden)
        case SlackChannel():
            return SlackSender(channel, hidden)
        case SmtpChannel():
            return SmtpSender(channel, hidden)
        case _:
            assert_never(channel)
