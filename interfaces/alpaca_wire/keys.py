"""The two halves of a key of Alpaca, which never show."""

from dataclasses import dataclass, field

KEY_HEADER, SECRET_HEADER = "APCA-API-KEY-ID", "APCA-API-SECRET-KEY"


@dataclass(frozen=True, slots=True)
class AlpacaKeys:
    """A key id and its secret; neither is in the repr."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)
