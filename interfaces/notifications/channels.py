"""The channels of the file WEAVER_NOTIFICATIONS: what each takes, and where it sends it."""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings.sources import DotEnvSettingsSource

from domain.errors import InvalidInput, NotFound, did_you_mean
from domain.event_catalogue import CATALOGUE
from domain.run import Mode
from domain.severity import Severity
from interfaces.settings import Settings, is_loopback

# A parameter of this name holds the name of the environment's variable that holds the secret.
_BY_REFERENCE = "_env"


def _safe(url: SecretStr) -> SecretStr:
    """The address itself, which may not travel where others listen."""
    try:
        parts = urlsplit(url.get_secret_value())
        host, is_odd = parts.hostname or "", parts.port == 0
    except ValueError:
        host, is_odd, parts = "", True, urlsplit("")
    if is_odd or not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ValueError("must be an address that begins with https:// (http:// only to this machine itself)")
    return url


type SecretUrl = Annotated[SecretStr, AfterValidator(_safe)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)


class QuietHours(_Strict):
    """When nothing but what is critical is sent, by the clocks of a time zone; the rest waits for the end."""

    start: time = Field(alias="from")
    end: time = Field(alias="to")
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"there is no time zone {zone!r}: write it as Europe/Berlin") from None
        return zone

    def hold(self, moment: datetime) -> bool:
        """Return whether the moment lies in them; they may go past midnight, and equal ends are no time at all."""
        here = moment.astimezone(ZoneInfo(self.zone)).time()
        if self.start <= self.end:
            return self.start <= here < self.end
        return here >= self.start or here < self.end


class Channel(_Strict):
    """What all channels have in common: which events they take, and how many at once.

    events: topics or globs. runs: ids or globs of names; empty: of all. per_minute: messages. digest_above: more of the
    same topic and run that wait together are told in one message, 0 for never.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    events: tuple[str, ...] = ("*",)
    minimum_severity: Severity = "warning"
    modes: tuple[Mode, ...] = ("paper", "live")
    runs: tuple[str, ...] = ()
    per_minute: int = Field(20, ge=1, le=1_000)
    digest_above: int = Field(5, ge=0, le=1_000)
    quiet: QuietHours | None = None

    @field_validator("events")
    @classmethod
    def _known_events(cls, events: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in events:
            if not any(fnmatchcase(topic, pattern) for topic in CATALOGUE.events):
                hint = did_you_mean(pattern, CATALOGUE.events)
                raise ValueError(f"no event is called {pattern!r}: {hint}docs/events.md lists them all")
        return events

    @property
    def topics(self) -> frozenset[str]:
        """The topics it takes, every version of each."""
        named = {topic for topic in CATALOGUE.events if any(fnmatchcase(topic, one) for one in self.events)}
        return CATALOGUE.versions(named)

    def is_quiet(self, moment: datetime) -> bool:
        """Return whether the moment lies in its quiet hours."""
        return self.quiet is not None and self.quiet.hold(moment)

    def secrets(self) -> Iterator[str]:
        """Give everything of it that must show nowhere; of an address also its parts."""
        for field in type(self).model_fields:
            value = getattr(self, field)
            if isinstance(value, SecretStr):
                secret = value.get_secret_value()
                yield secret
                if "://" in secret:
                    parts = urlsplit(secret)
                    yield from (part for part in (parts.path, parts.query) if len(part) > 1)
                    yield from (part for part in parts.path.split("/") if len(part) >= 8)


class WebhookChannel(Channel):
    """A program that is sent each event by POST, signed."""

    kind: Literal["webhook"]
    url: SecretUrl
    secret: SecretStr = Field(min_length=16)
    per_minute: int = Field(120, ge=1, le=1_000)
    digest_above: int = Field(0, ge=0, le=1_000)


class TelegramChannel(Channel):
    """A chat with a bot at Telegram."""

    kind: Literal["telegram"]
    token: SecretStr
    chat_id: Annotated[str, Field(coerce_numbers_to_str=True, pattern=r"^(-?[0-9]+|@\w+)$")]
    api_url: SecretUrl = SecretStr("https://api.telegram.org")

    @field_validator("token")
    @classmethod
    def _of_a_bot(cls, token: SecretStr) -> SecretStr:
        number, colon, rest = token.get_secret_value().partition(":")
        if not (number.isdecimal() and colon and rest.replace("-", "").replace("_", "").isalnum()):
            raise ValueError("must look like 123456:ABC-DEF, as BotFather gave it")
        return token


class DiscordChannel(Channel):
    """A channel of a Discord server, by its webhook."""

    kind: Literal["discord"]
    url: SecretUrl


class SlackChannel(Channel):
    """A channel of a Slack workspace, by an incoming webhook."""

    kind: Literal["slack"]
    url: SecretUrl


class SmtpChannel(Channel):
    """Mail."""

    kind: Literal["smtp"]
    host: str = Field(min_length=1)
    port: int = Field(587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: str = Field(alias="from", pattern=r"^[^\r\n]+@[^\r\n]+$")
    to: tuple[Annotated[str, Field(pattern=r"^[^\r\n]+@[^\r\n]+$")], ...] = Field(min_length=1)
    per_minute: int = Field(10, ge=1, le=1_000)

    @model_validator(mode="after")
    def _not_overheard(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError("security: mail to another machine needs starttls or tls")
        if (self.user is None) != (self.password is None):
            raise ValueError("user: give a user and a password, or neither")
        return self


type AnyChannel = WebhookChannel | TelegramChannel | DiscordChannel | SlackChannel | SmtpChannel
_channel: TypeAdapter[AnyChannel] = TypeAdapter(Annotated[AnyChannel, Field(discriminator="kind")])
_KINDS: Mapping[str, type[Channel]] = {
    "webhook": WebhookChannel,
    "telegram": TelegramChannel,
    "discord": DiscordChannel,
    "slack": SlackChannel,
    "smtp": SmtpChannel,
}


def configured_channels(settings: Settings) -> tuple[AnyChannel, ...]:
    """Return the channels of the file that the settings name; secrets come from the environment or from `.env`."""
    in_file = DotEnvSettingsSource(Settings, case_sensitive=True).env_vars
    return read_channels(settings.notifications, {**in_file, **os.environ})


def secrets_of(channels: Iterable[Channel]) -> tuple[str, ...]:
    """Return everything of the channels that must show nowhere."""
    return tuple(secret for channel in channels for secret in channel.secrets())


def read_channels(path: Path | None, environment: Mapping[str, str | None]) -> tuple[AnyChannel, ...]:
    """Return the channels of the file in its order, none without a file.

    environment: where secrets that are given by reference are looked up. Raises InvalidInput that names the file, the
    channel and the parameter.
    """
    if path is None:
        return ()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"WEAVER_NOTIFICATIONS: {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path}: this is no TOML: {error}") from None
    tables = given.pop("channel", [])
    if given or not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        found = f", and no {sorted(given)[0]!r}" if given else ""
        raise InvalidInput(f"{path}: write a table [[channel]] for each channel{found}")
    channels = tuple(_read(path, number, table, environment) for number, table in enumerate(tables, start=1))
    names = [channel.name for channel in channels]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"{path}: channel {name}: name: two channels have it", channel=name)
    return channels


def named(channels: Sequence[AnyChannel], name: str) -> AnyChannel:
    """Return the channel of that name; raise NotFound naming all there are."""
    for channel in channels:
        if channel.name == name:
            return channel
    known = ", ".join(channel.name for channel in channels) or "none is configured: set WEAVER_NOTIFICATIONS"
    raise NotFound(f"there is no channel {name!r}: choose one of {known}", channel=name)


def _read(path: Path, number: int, table: dict[str, Any], environment: Mapping[str, str | None]) -> AnyChannel:
    name = table.get("name")
    label = name if isinstance(name, str) and name else f"number {number}"
    try:
        return _channel.validate_python(_looked_up(table, environment))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = [str(part) for part in first["loc"] if part not in _KINDS]
        message = first["msg"].removeprefix("Value error, ")
        if first["type"].startswith("union_tag"):
            place, message = ["kind"], f"choose one of {', '.join(_KINDS)}"
        problem = ": ".join([".".join(place), message] if place else [message])
    except _Missing as missing:
        problem = str(missing)
    raise InvalidInput(f"{path}: channel {label}: {problem}", channel=label) from None


class _Missing(Exception):
    """A secret was given by a reference that leads nowhere."""


def _looked_up(table: Mapping[str, Any], environment: Mapping[str, str | None]) -> dict[str, Any]:
    """The table with secrets in place of the names of variables that hold them."""
    kind = _KINDS.get(str(table.get("kind")), Channel)
    found: dict[str, Any] = {}
    for key, value in table.items():
        field = key.removesuffix(_BY_REFERENCE)
        if field == key or field not in kind.model_fields:
            found[key] = value
            continue
        if field in table:
            raise _Missing(f"{key}: {field} is given as well: keep one of the two")
        secret = environment.get(value) if isinstance(value, str) else None
        if not secret:
            raise _Missing(f"{key}: the environment has no variable {value!r}")
        found[field] = secret
    return found
