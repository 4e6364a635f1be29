"""The file of channels: what can be written there, what is refused and how it is said, and what is never shown."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import InvalidInput, NotFound
from domain.event_catalogue import EVENTS
from interfaces.notifications.channels import (
    QuietHours,
    SmtpChannel,
    TelegramChannel,
    configured_channels,
    named,
    read_channels,
    secrets_of,
)
from interfaces.settings import Settings
from tests.interfaces.notifications.scene import SECRET, TELEGRAM_TOKEN, channel

EVERY_KIND = """
[[channel]]
name = "phone"
kind = "telegram"
token_env = "BOT"
chat_id = -100123

[[channel]]
name = "program"
kind = "webhook"
url = "https://hooks.example.test/in"
secret_env = "SIGNING"
events = ["order.*", "run.error"]
minimum_severity = "info"

[[channel]]
name = "desk"
kind = "discord"
url_env = "DISCORD"

[[channel]]
name = "team"
kind = "slack"
url = "https://hooks.slack.test/services/T0/B0/abcdefghij"
quiet = { from = "22:00", to = 07:00:00, zone = "Europe/Berlin" }

[[channel]]
name = "mail"
kind = "smtp"
host = "mail.example.test"
user = "weaver"
password_env = "MAIL"
from = "Weaver <weaver@example.test>"
to = ["me@example.test"]
"""
ENVIRONMENT = {
    "BOT": TELEGRAM_TOKEN,
    "SIGNING": SECRET,
    "DISCORD": "https://discord.test/api/webhooks/1/very-secret-token",
    "MAIL": "the mail's password",
}


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "notifications.toml"
    path.write_text(text)
    return path


def test_every_kind_is_read_with_its_secrets_from_the_environment(tmp_path: Path) -> None:
    channels = read_channels(write(tmp_path, EVERY_KIND), ENVIRONMENT)
    assert [one.kind for one in channels] == ["telegram", "webhook", "discord", "slack", "smtp"]
    phone, program, *_, mail = channels
    assert isinstance(phone, TelegramChannel)
    assert isinstance(mail, SmtpChannel)
    assert (phone.chat_id, phone.token.get_secret_value()) == ("-100123", TELEGRAM_TOKEN)
    assert (phone.minimum_severity, phone.modes, phone.topics) == ("warning", ("paper", "live"), frozenset(EVENTS))
    assert program.topics == {topic for topic in EVENTS if topic.startswith("order.")} | {"run.error"}
    assert (mail.port, mail.security) == (587, "starttls")
    assert named(channels, "team").kind == "slack"
    with pytest.raises(NotFound, match="choose one of phone, program, desk, team, mail"):
        named(channels, "telephone")


def test_no_secret_shows_in_a_channel_or_in_what_is_said_of_a_bad_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channels = read_channels(write(tmp_path, EVERY_KIND), ENVIRONMENT)
    shown = f"{channels!r} {channels} {[one.model_dump_json() for one in channels]}"
    assert not [secret for secret in ENVIRONMENT.values() if secret in shown]
    assert set(ENVIRONMENT.values()) < set(secrets_of(channels))
    for bad in ("token", "secret"):
        text = EVERY_KIND.replace(f"{bad}_env", f'{bad} = "short-{SECRET[:6]}"\n#')
        with pytest.raises(InvalidInput) as caught:
            read_channels(write(tmp_path, text), ENVIRONMENT)
        assert SECRET[:6] not in f"{caught.value!r} {caught.value.details}"
    assert not [secret for secret in ENVIRONMENT.values() if secret in caplog.text]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('kind = "telegram"', 'kind = "pager"', "channel phone: kind: choose one of webhook, telegram"),
        ('kind = "telegram"', "", "channel phone: kind: choose one of"),
        ('name = "phone"', "", "channel number 1: name: Field required"),
        ('name = "phone"', 'name = "My phone"', "channel My phone: name: String should match"),
        ('name = "desk"', 'name = "phone"', "channel phone: name: two channels have it"),
        ('token_env = "BOT"', 'token_env = "NOWHERE"', "channel phone: token_env: the environment has no .*'NOWHERE'"),
        ('token_env = "BOT"', 'token = "abc"', "channel phone: token: must look like 123456:ABC"),
        ('token_env = "BOT"', 'token_env = "BOT"\ntoken = "x"', "channel phone: token_env: token is given as well"),
        ('["order.*", "run.error"]', '["orders.*"]', "channel program: events: no event is called 'orders.\\*'"),
        (
            '["order.*", "run.error"]',
            '["run.eror"]',
            r"events: no event is called 'run.eror': did you mean run.error\?",
        ),
        ('"info"', '"low"', "channel program: minimum_severity: Input should be 'info', 'warning' or 'critical'"),
        ("https://hooks.example", "http://hooks.example", "channel program: url: must be an address that begins with"),
        ("https://hooks.example", "https:/hooks.example", "channel program: url: must be an address that begins with"),
        ("Europe/Berlin", "Berlin", "channel team: quiet.zone: there is no time zone 'Berlin'"),
        ('user = "weaver"', "", "channel mail: user: give a user and a password, or neither"),
        ('user = "weaver"', 'security = "none"', "channel mail: security: mail to another machine needs"),
        ("to = [", "cc = []\nto = [", "channel mail: cc: Extra inputs are not permitted"),
        ('to = ["me@', 'to = ["me@x\\r\\nBcc: you@', "channel mail: to.0: String should match"),
        ("[[channel]]", "[channel]", "this is no TOML|write a table"),
        ('name = "phone"', 'name = "phone', "this is no TOML"),
    ],
)
def test_what_cannot_be_meant_is_named_with_its_file_channel_and_parameter(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    path = write(tmp_path, EVERY_KIND.replace(before, after, 1))
    with pytest.raises(InvalidInput, match=said) as caught:
        read_channels(path, ENVIRONMENT)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_that_is_not_there_and_another_table_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"WEAVER_NOTIFICATIONS: .*absent.toml cannot be read: No such file"):
        read_channels(tmp_path / "absent.toml", {})
    with pytest.raises(InvalidInput, match=r"write a table \[\[channel\]\] for each channel, and no 'chanel'"):
        read_channels(write(tmp_path, "[[chanel]]\nname = 'x'"), {})
    assert read_channels(None, {}) == read_channels(write(tmp_path, ""), {}) == ()


def test_secrets_may_stand_in_the_file_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, '[[channel]]\nname = "phone"\nkind = "telegram"\ntoken_env = "Bot"\nchat_id = "@mine"')
    (tmp_path / ".env").write_text(f"WEAVER_NOTIFICATIONS={path}\nBot={TELEGRAM_TOKEN}\n")
    [phone] = configured_channels(Settings.read())
    assert phone.name == "phone"
    monkeypatch.setenv("Bot", "1:from-the-environment")
    [phone] = configured_channels(Settings.read())
    assert "1:from-the-environment" in secrets_of([phone])
    assert configured_channels(Settings.read(notifications="")) == ()


def test_quiet_hours_may_go_past_midnight_and_follow_the_clocks_of_their_zone(tmp_path: Path) -> None:
    berlin = QuietHours.model_validate({"from": "22:00", "to": "07:00", "zone": "Europe/Berlin"})
    assert berlin.hold(datetime(2026, 1, 5, 21, 30, tzinfo=UTC))  # 22:30 in winter
    assert not berlin.hold(datetime(2026, 1, 5, 6, 0, tzinfo=UTC))
    assert not berlin.hold(datetime(2026, 7, 5, 5, 30, tzinfo=UTC))  # 07:30 in summer
    noon = QuietHours.model_validate({"from": "12:00", "to": "13:00"})
    assert [noon.hold(datetime(2026, 1, 5, hour, tzinfo=UTC)) for hour in (11, 12, 13)] == [False, True, False]
    assert not channel(tmp_path).is_quiet(datetime(2026, 1, 5, 3, tzinfo=UTC))
