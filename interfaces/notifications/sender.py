"""What every channel can do with a message, and how it says that it could not."""

import re
from datetime import datetime
from typing import Protocol

from interfaces.notifications.messages import Message

# What is kept of a reason; what others answer may hold what a database or a terminal does not take.
MAX_REASON = 200
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def in_one_line(text: str) -> str:
    """Return the beginning of what somebody said, on one line, without what cannot be kept or shown."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[:MAX_REASON]


class NotDelivered(Exception):
    """A message was not taken, or nobody knows whether it was. The reason is one line without secrets.

    is_final: the same again would be refused again. may_have_arrived: there was no answer. retry_after: seconds to
    leave the channel alone, as it asked for.
    """

    def __init__(
        self,
        reason: str,
        *,
        is_final: bool = False,
        may_have_arrived: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.reason = in_one_line(reason)
        super().__init__(self.reason)
        self.is_final = is_final
        self.may_have_arrived = may_have_arrived
        self.retry_after = retry_after


class Sender(Protocol):
    """What takes messages to a channel. longest_seconds: that an attempt takes, whatever the other side does."""

    @property
    def longest_seconds(self) -> float:
        """When an attempt is over for certain."""
        ...

    def send(self, message: Message, now: datetime) -> str:
        """Return what the channel answered, in one line; raise NotDelivered."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
