"""The two halves of a key of Alpaca, which never show, and where they are set."""

from dataclasses import dataclass, field

from interfaces.settings import Settings


@dataclass(frozen=True, slots=True)
class AlpacaKeys:
    """A key id and its secret; neither is in the repr."""

    key_id: str = field(repr=False)
    secret: str = field(repr=False)


def keys_of(mode: str, settings: Settings) -> AlpacaKeys | None:
    """Return the keys of a mode, `paper` or `live`, None unless both halves are set."""
    key_id = settings.alpaca_live_key_id if mode == "live" else settings.alpaca_paper_key_id
    secret = settings.alpaca_live_secret_key if mode == "live" else settings.alpaca_paper_secret_key
    halves = [half.get_secret_value().strip() for half in (key_id, secret) if half is not None]
    return AlpacaKeys(*halves) if len(halves) == 2 and all(halves) else None
