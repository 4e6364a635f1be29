"""Alpaca's market data as the settings have them: opened here, connected when they are first asked for."""

from application.clock import Clock
from interfaces.alpaca_wire.http import AlpacaHttp
from interfaces.alpaca_wire.keys import AlpacaKeys, keys_of
from interfaces.alpaca_wire.rate_limit import RateLimit
from interfaces.market_data.alpaca_bars import AlpacaBars
from interfaces.market_data.alpaca_feed import CRYPTO, AlpacaFeed
from interfaces.market_data.alpaca_market_stream import AlpacaMarketStream, MarketListener
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.settings import Settings

CRYPTO_STREAM, SHARES_STREAM = "/v1beta3/crypto/us", "/v2/iex"


def open_bars(settings: Settings, clock: Clock) -> AlpacaBars:
    """Return Alpaca's bars by query: of crypto, and of shares where keys are set."""
    mode, keys = _keys(settings)
    # the data of an account have a limit of their own, whichever kind they are of
    limit = RateLimit()
    url = settings.alpaca_data_url
    crypto = AlpacaHttp(url, "v1beta3", keys, environment=mode, limit=limit)
    shares = AlpacaHttp(url, "v2", keys, environment=mode, limit=limit) if keys else None
    return AlpacaBars(crypto, shares, clock, ExchangeSessions(settings.home / "cache"))


def open_feed(settings: Settings, clock: Clock) -> AlpacaFeed:
    """Return Alpaca's closed bars: by streams where keys are set, of crypto by query where they are not."""
    mode, keys = _keys(settings)

    def open_stream(kind: str, listener: MarketListener) -> AlpacaMarketStream | None:
        if keys is None:
            return None
        url = settings.alpaca_data_stream_url + (CRYPTO_STREAM if kind == CRYPTO else SHARES_STREAM)
        return AlpacaMarketStream(kind, url, keys, mode, listener)

    return AlpacaFeed(open_bars(settings, clock), open_stream, clock)


def _keys(settings: Settings) -> tuple[str, AlpacaKeys | None]:
    """Return the mode whose keys are used for data, and the keys; data are the same with either."""
    for mode in ("paper", "live"):
        if keys := keys_of(mode, settings):
            return mode, keys
    return "paper", None
