"""Mail over SMTP, under a Message-ID that is the same at every attempt."""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from time import monotonic

from domain.errors import one_line
from interfaces.logs import Redaction
from interfaces.notifications.channels import SmtpChannel
from interfaces.notifications.messages import Message
from interfaces.notifications.sender import NotDelivered, in_one_line

# All in seconds: of one answer of the server, and of everything.
STEP, TOTAL = 5.0, 20.0
MAX_SUBJECT = 200


class SmtpSender:
    """Sends a mail on a connection of its own each time."""

    longest_seconds = TOTAL

    def __init__(self, channel: SmtpChannel, hidden: Redaction) -> None:
        self._channel = channel
        self._hidden = hidden

    def send(self, message: Message, now: datetime) -> str:
        """Return what the server answered; raise NotDelivered."""
        mail = self._mail(message, now)
        is_handed_over = False
        try:
            with self._connected() as server:
                is_handed_over = True
                refused = server.send_message(mail, self._channel.sender, list(self._channel.to))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise NotDelivered(self._all(error.recipients), is_final=all(code >= 500 for code in codes)) from None
        except smtplib.SMTPNotSupportedError as error:
            raise NotDelivered(self._said(error), is_final=True) from None
        except smtplib.SMTPResponseException as error:
            told = (
                error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
            )
            reason = self._hidden(f"{error.smtp_code} {told}")
            # codes below 400 are of a connection that ended before an answer
            raise NotDelivered(reason, is_final=error.smtp_code >= 500) from None
        except (smtplib.SMTPException, OSError, EOFError) as error:
            raise NotDelivered(self._said(error), may_have_arrived=is_handed_over) from None
        return f"taken, but not for {self._all(refused)}" if refused else "taken"

    def close(self) -> None:
        """Do nothing: no connection is kept."""

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """Give a connection that is logged in, and cut it when all the time there is has passed."""
        channel, context, began = self._channel, ssl.create_default_context(), monotonic()
        if channel.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(channel.host, channel.port, timeout=STEP, context=context)
        else:
            server = smtplib.SMTP(channel.host, channel.port, timeout=STEP)
        left = TOTAL - (monotonic() - began)
        if left < STEP:  # looking a name up has no timeout of its own
            server.close()
            raise NotDelivered(f"{channel.host}: connecting took {TOTAL - left:.0f} seconds")
        guard = threading.Timer(left, _cut, (server,))
        guard.daemon = True
        guard.start()
        try:
            if channel.security == "starttls":
                server.starttls(context=context)
            if channel.user is not None and channel.password is not None:
                server.login(channel.user, channel.password.get_secret_value())
            yield server
        finally:
            guard.cancel()
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def _mail(self, message: Message, now: datetime) -> EmailMessage:
        mail = EmailMessage()
        domain = self._channel.sender.rpartition("@")[2].rstrip("> ")
        mail["Message-ID"] = f"<{message.id}@{domain}>"
        mail["Date"] = format_datetime(now)
        mail["From"] = self._channel.sender
        mail["To"] = ", ".join(self._channel.to)
        mail["Subject"] = message.title[:MAX_SUBJECT]
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail

    def _all(self, refused: dict[str, tuple[int, bytes]]) -> str:
        said = ", ".join(f"{who}: {code} {why.decode(errors='replace')}" for who, (code, why) in refused.items())
        return in_one_line(self._hidden(said))

    def _said(self, error: Exception) -> str:
        return self._hidden(f"{self._channel.host}: {one_line(error) or type(error).__name__}")


def _cut(server: smtplib.SMTP) -> None:
    """End whatever the connection waits for, in its own thread, by an error there."""
    connection = server.sock
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
