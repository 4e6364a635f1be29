"""Mail on a real server: what arrives, over which connection, and what every refusal means."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from interfaces.notifications import mail_channel
from interfaces.notifications.sender import NotDelivered
from interfaces.notifications.senders import sender_of
from tests.interfaces.notifications.scene import NOW, channel, message

PASSWORD = "the mailbox's password"


class Mailbox:
    """What the server does with a mail: `answer` is said at its end, `refuses` to a recipient."""

    def __init__(self) -> None:
        self.mails: list[tuple[Envelope, EmailMessage, bool]] = []
        self.answer = "250 OK"
        self.refuses: str | None = None

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses is not None and not address.startswith("me@"):
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((envelope, mail, session.ssl is not None))
        return self.answer


def authenticated(server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=data == LoginPassword(b"weaver", PASSWORD.encode()), handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        (
            f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {key} -out {certificate} "
            "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
        ).split(),
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def plain(mailbox: Mailbox) -> Iterator[int]:
    """The port of a server that speaks in the clear."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield int(controller.port)
    controller.stop()


@pytest.fixture
def secure(mailbox: Mailbox, certificate: tuple[Path, Path]) -> Iterator[int]:
    """The port of a server that insists on STARTTLS and a login."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        authenticator=authenticated,
        auth_required=True,
    )
    controller.start()
    yield int(controller.port)
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fields(port: int, **more: Any) -> dict[str, Any]:
    mail = {"name": "mail", "kind": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
    return mail | {"from": "Weaver <weaver@example.test>", "to": ["me@example.test"]} | more


def test_a_mail_arrives_with_its_text_and_the_same_id_at_every_attempt(
    plain: int, mailbox: Mailbox, tmp_path: Path
) -> None:
    sender = sender_of(channel(tmp_path, **fields(plain)))
    said = message("it bröke\nwhy: it was old")
    assert sender.send(said, NOW) == "taken"
    sender.send(message("it bröke\nwhy: it was old", attempt=2, may_have_arrived=True), NOW)
    (envelope, first, _), (_, second, _) = mailbox.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == ("weaver@example.test", ["me@example.test"])
    assert first["Subject"] == "[warning] it bröke"
    assert first.get_content().splitlines() == ["it bröke", "why: it was old"]
    assert first["Message-ID"] == second["Message-ID"] == f"<{said.id}@example.test>"
    assert first.get_content() == second.get_content()
    assert (first["Auto-Submitted"], first["To"]) == ("auto-generated", "me@example.test")


def test_a_mail_goes_over_starttls_with_a_login(
    secure: int, mailbox: Mailbox, certificate: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    login = {"security": "starttls", "user": "weaver", "password": PASSWORD}
    assert sender_of(channel(tmp_path, **fields(secure, **login))).send(message(), NOW) == "taken"
    [(_, _, is_encrypted)] = mailbox.mails
    assert is_encrypted
    with pytest.raises(NotDelivered, match="535") as caught:
        sender_of(channel(tmp_path, **fields(secure, **login | {"password": "another one"}))).send(message(), NOW)
    assert caught.value.is_final
    assert "another one" not in caught.value.reason


def test_a_certificate_nobody_vouches_for_gets_neither_mail_nor_password(
    secure: int, mailbox: Mailbox, tmp_path: Path
) -> None:
    login = {"security": "starttls", "user": "weaver", "password": PASSWORD}
    with pytest.raises(NotDelivered, match="certificate") as caught:
        sender_of(channel(tmp_path, **fields(secure, **login))).send(message(), NOW)
    assert (caught.value.is_final, caught.value.may_have_arrived) == (False, False)
    assert mailbox.mails == []


def test_a_server_without_starttls_gets_nothing(plain: int, mailbox: Mailbox, tmp_path: Path) -> None:
    with pytest.raises(NotDelivered, match="STARTTLS") as caught:
        sender_of(channel(tmp_path, **fields(plain, security="starttls"))).send(message(), NOW)
    assert caught.value.is_final
    assert mailbox.mails == []


@pytest.mark.parametrize(("answer", "is_final"), [("451 later", False), ("554 never", True)])
def test_a_refusal_says_whether_to_try_again(
    answer: str, is_final: bool, plain: int, mailbox: Mailbox, tmp_path: Path
) -> None:
    mailbox.answer = answer
    with pytest.raises(NotDelivered, match=answer) as caught:
        sender_of(channel(tmp_path, **fields(plain))).send(message(), NOW)
    assert (caught.value.is_final, caught.value.may_have_arrived) == (is_final, False)


def test_refused_recipients_are_named(plain: int, mailbox: Mailbox, tmp_path: Path) -> None:
    mailbox.refuses = "550 unknown here"
    both = sender_of(channel(tmp_path, **fields(plain, to=["me@example.test", "you@example.test"])))
    assert both.send(message(), NOW) == "taken, but not for you@example.test: 550 unknown here"
    with pytest.raises(NotDelivered, match="550 unknown here") as caught:
        sender_of(channel(tmp_path, **fields(plain, to=["you@example.test"]))).send(message(), NOW)
    assert caught.value.is_final


def test_nobody_there_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered, match=r"127\.0\.0\.1: .*refused") as caught:
        sender_of(channel(tmp_path, **fields(free_port()))).send(message(), NOW)
    assert (caught.value.is_final, caught.value.may_have_arrived) == (False, False)


def test_a_server_that_says_a_word_now_and_then_is_left_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_channel, "STEP", 0.5)
    monkeypatch.setattr(mail_channel, "TOTAL", 1.5)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"220 hello\r\n")
                connection.recv(1_000)
                while not done.wait(0.2):
                    try:
                        connection.sendall(b"250-and so on\r\n")
                    except OSError:
                        return

        talker = threading.Thread(target=babble, daemon=True)
        talker.start()
        try:
            with pytest.raises(NotDelivered):
                sender_of(channel(tmp_path, **fields(server.getsockname()[1]))).send(message(), NOW)
        finally:
            done.set()
            talker.join(10)
    assert not talker.is_alive()
