"""Alpaca as a plugin: what its keys allow, and how its account and its bars are opened."""

from collections.abc import Mapping

from application.exchange import BarFeed, Exchange
from application.ports import BarSource
from domain.instruments import Instrument
from domain.money import plain
from domain.venues import ALPACA, venue
from interfaces.alpaca_wire.keys import keys_of
from interfaces.exchanges.plugin import ExchangePlugin
from interfaces.settings import Settings

SAMPLES = {"crypto": "BTC/USD", "us_equity": "SPY"}


class AlpacaPlugin:
    """Implements `ExchangePlugin`; alpaca-py is imported when something is opened."""

    venue = ALPACA
    summary = "Alpaca: US shares and crypto, with a paper account and a real one"

    @property
    def details(self) -> Mapping[str, str]:
        """What it takes of each asset class."""
        return {kind: _told(venue(ALPACA).instrument(symbol)) for kind, symbol in SAMPLES.items()}

    def modes(self, settings: Settings) -> tuple[str, ...]:
        """Return the modes whose two keys are set."""
        return tuple(mode for mode in ("paper", "live") if keys_of(mode, settings))

    def missing(self, mode: str) -> str:
        """Return which settings a mode needs."""
        return f"set WEAVER_ALPACA_{mode.upper()}_KEY_ID and WEAVER_ALPACA_{mode.upper()}_SECRET_KEY"

    def open(self, mode: str, settings: Settings) -> Exchange:
        """Return the account of a mode whose keys are set."""
        from interfaces.alpaca_wire.http import AlpacaHttp
        from interfaces.exchanges.alpaca import AlpacaExchange
        from interfaces.exchanges.alpaca_stream import AlpacaOrderStream

        is_live = mode == "live"
        keys = keys_of(mode, settings)
        assert keys is not None, "the catalogue opens what is among the modes"
        address = settings.alpaca_live_url if is_live else settings.alpaca_paper_url
        stream = settings.alpaca_live_stream_url if is_live else settings.alpaca_paper_stream_url
        return AlpacaExchange(
            mode,
            AlpacaHttp(address, "v2", keys, environment=mode),
            lambda symbols: AlpacaOrderStream(mode, stream, keys, symbols.symbol_of),
        )

    def feed(self, settings: Settings, stored: BarSource) -> BarFeed:
        """Return Alpaca's bars; those of shares and the streams need keys, of whichever mode."""
        from application.clock import WallClock
        from interfaces.market_data.alpaca_data import open_feed

        return open_feed(settings, WallClock())


def _told(instrument: Instrument) -> str:
    orders = ", ".join(f"{kind} ({' '.join(sorted(tifs))})" for kind, tifs in instrument.capabilities.items())
    shorting = "may be sold short" if instrument.shortable else "no short sales"
    return f"{orders}; quantities in steps of {plain(instrument.lot)}; {shorting}; orders are streamed"


plugin: ExchangePlugin = AlpacaPlugin()
