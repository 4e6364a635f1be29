"""Settings: environment variables and `.env`, prefix WEAVER_, read once into one typed object."""

from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings.sources import DotEnvSettingsSource, EnvSettingsSource

from domain.errors import InvalidInput

PREFIX = "WEAVER_"
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
# Read by the tests alone: the server they make their databases on.
_OTHER_VARIABLES = frozenset({"WEAVER_TEST_DATABASE_URL"})

type Names = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Everything that can be set from outside; secrets show as stars in every repr."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: SecretStr = SecretStr("")
    home: Path = Path("~/.weaver")
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    api_key: SecretStr | None = None
    allowed_hosts: Names = ()
    allowed_origins: Names = ()
    allowed_ips: Names = ()
    rate_limit: float = Field(600, ge=0, le=1_000_000, allow_inf_nan=False)
    rate_burst: int = Field(3_000, ge=1, le=1_000_000)
    strategies_dir: Path = Path("strategies")
    bar_patience: float = Field(8, ge=0.1, le=60, allow_inf_nan=False)
    decision_patience: float = Field(15, ge=1, le=3_600, allow_inf_nan=False)
    sessions: Literal["here", "workers"] = "here"
    session_memory: int = Field(2_048, ge=256, le=1_048_576)
    notifications: Path | None = None
    log_format: Literal["console", "json"] | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Credentials and addresses of Alpaca, for the exchange adapter; nothing is sent anywhere while the keys are empty.
    alpaca_paper_key_id: SecretStr | None = None
    alpaca_paper_secret_key: SecretStr | None = None
    alpaca_live_key_id: SecretStr | None = None
    alpaca_live_secret_key: SecretStr | None = None
    alpaca_paper_url: str = "https://paper-api.alpaca.markets"
    alpaca_live_url: str = "https://api.alpaca.markets"
    alpaca_data_url: str = "https://data.alpaca.markets"
    alpaca_paper_stream_url: str = "wss://paper-api.alpaca.markets/stream"
    alpaca_live_stream_url: str = "wss://api.alpaca.markets/stream"
    alpaca_data_stream_url: str = "wss://stream.data.alpaca.markets"

    @field_validator("allowed_hosts", "allowed_origins", "allowed_ips", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        origins = tuple(origin.rstrip("/").lower() for origin in given)
        for origin in origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != origin or "*" in origin:
                raise ValueError(
                    f"{origin!r} is no origin: write each as https://name or https://name:port, one by one"
                )
        return origins

    @field_validator("api_key", mode="before")
    @classmethod
    def _empty_key_is_none(cls, given: object) -> object:
        return given or None

    @field_validator("log_format", mode="before")
    @classmethod
    def _empty_format_is_none(cls, given: object) -> object:
        return given or None

    @field_validator("notifications", mode="before")
    @classmethod
    def _empty_file_is_none(cls, given: object) -> object:
        return given or None

    @field_validator("home", "strategies_dir", "notifications")
    @classmethod
    def _expanded(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @field_validator("alpaca_paper_url", "alpaca_live_url", "alpaca_data_url")
    @classmethod
    def _address(cls, url: str) -> str:
        return _checked_address(url, ("https", "http"))

    @field_validator("alpaca_paper_stream_url", "alpaca_live_stream_url", "alpaca_data_stream_url")
    @classmethod
    def _stream_address(cls, url: str) -> str:
        return _checked_address(url, ("wss", "ws"))

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, url: SecretStr) -> SecretStr:
        text = url.get_secret_value()
        if text and urlsplit(text).scheme not in ("postgresql", "postgres"):
            raise ValueError("must look like postgresql://user:password@host:port/database")
        return url

    @model_validator(mode="after")
    def _key_beyond_loopback(self) -> Self:
        if self.api_key is None and not is_loopback(self.host):
            raise ValueError(
                f"WEAVER_HOST {self.host} can be reached from other machines: set WEAVER_API_KEY, or bind 127.0.0.1"
            )
        return self

    @property
    def has_broker_keys(self) -> bool:
        """Whether any key of an exchange is set."""
        keys = (self.alpaca_paper_key_id, self.alpaca_paper_secret_key, self.alpaca_live_key_id)
        return any(key is not None for key in (*keys, self.alpaca_live_secret_key))

    def secrets(self) -> tuple[str, ...]:
        """Return everything that must show nowhere: keys, and the database's URL for the password in it."""
        fields = (getattr(self, name) for name in type(self).model_fields)
        given = (field.get_secret_value() for field in fields if isinstance(field, SecretStr))
        return tuple(secret for secret in given if secret)

    @classmethod
    def read(cls, **overrides: object) -> "Settings":
        """Return the settings of the environment, the `.env` file and the overrides, which win.

        Raises InvalidInput naming the variable that is unknown or has a bad value.
        """
        _refuse_unknown_variables(cls)
        try:
            return cls(**overrides)  # type: ignore[arg-type]
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else ""
            message = first["msg"].removeprefix("Value error, ")
            raise InvalidInput(f"{name}: {message}" if name else message, variable=name) from None


def _checked_address(url: str, schemes: tuple[str, str]) -> str:
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_one = False
    if not is_one:
        raise ValueError(f"must look like {schemes[0]}://host or {schemes[1]}://host:port, not {url!r}")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server that binds the host."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_unknown_variables(kind: type[Settings]) -> None:
    known = {PREFIX + name.upper() for name in kind.model_fields} | _OTHER_VARIABLES
    given = {name.upper() for name in EnvSettingsSource(kind).env_vars} | {
        name.upper() for name in DotEnvSettingsSource(kind).env_vars
    }
    for name in sorted(given):
        if name.startswith(PREFIX) and name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f": did you mean {close[0]}?" if close else ""
            raise InvalidInput(f"{name} is no setting of Weaver{hint}", variable=name)
