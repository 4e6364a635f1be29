"""Alpaca's two names of a pair: orders are of `BTC/USD`, positions of `BTCUSD`."""

import threading
from collections.abc import Callable, Mapping
from time import monotonic
from urllib.parse import quote

from application.exchange import Listing
from domain.errors import ExchangeUnavailable
from interfaces.alpaca_wire.http import AlpacaHttp, AlpacaRefusal, NotAnswered
from interfaces.exchanges.alpaca_translation import NotUnderstood, listing_from

REFRESHED_AFTER = 3600.0
# A name that no pair has is looked for in a fresh list, but not more often.
LOOKED_AGAIN_AFTER = 60.0
# Shares have at most five letters, and a point or a suffix; the shortest pairs have six.
SHORTEST_PAIR = 6


class AlpacaSymbols:
    """What Alpaca lists, and the pairs by their names without the slash; safe to be used by several threads."""

    def __init__(self, http: AlpacaHttp, clock: Callable[[], float] = monotonic) -> None:
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._pairs: Mapping[str, str] = {}
        self._read_at: float | None = None

    def listing(self, symbol: str) -> Listing | None:
        """Return what Alpaca says of a symbol now, None if it has never heard of it.

        Raises ExchangeUnavailable or CredentialsRefused.
        """
        try:
            return listing_from(self._http.get(f"/assets/{quote(symbol, safe='')}"))
        except AlpacaRefusal as refusal:
            if refusal.status == 404 and refusal.is_alpacas:
                return None
            raise self._http.as_error(refusal) from None
        except NotAnswered as silence:
            raise ExchangeUnavailable(f"Alpaca cannot be asked of {symbol}: {silence.reason}") from None
        except NotUnderstood as error:
            raise ExchangeUnavailable(f"what Alpaca says of {symbol} cannot be read: {error}") from None

    def refresh(self) -> None:
        """Read the pairs if that was never done or long ago; raise ExchangeUnavailable or CredentialsRefused."""
        with self._lock:
            if self._read_at is None or self._clock() > self._read_at + REFRESHED_AFTER:
                self._read()

    def symbol_of(self, name: str) -> str:
        """Return the symbol by which orders are placed; a name that no pair has is one already."""
        if "/" in name or len(name) < SHORTEST_PAIR:
            return name
        return self._pairs.get(name, name)

    def symbol_of_position(self, name: str) -> str:
        """Return the symbol by which orders are placed, asking Alpaca where the pair is not known yet.

        Raises ExchangeUnavailable or CredentialsRefused.
        """
        self.refresh()
        found = self.symbol_of(name)
        if "/" in found or len(name) < SHORTEST_PAIR:
            return found
        with self._lock:
            if self._read_at is None or self._clock() > self._read_at + LOOKED_AGAIN_AFTER:
                self._read()
        return self.symbol_of(name)

    def _read(self) -> None:
        answer = self._http.ask("/assets", {"asset_class": "crypto"})
        if not isinstance(answer, list):
            raise ExchangeUnavailable("Alpaca's list of assets cannot be read: it is no list")
        symbols = [one["symbol"] for one in answer if isinstance(one, dict) and isinstance(one.get("symbol"), str)]
        self._pairs = {symbol.replace("/", ""): symbol for symbol in symbols if "/" in symbol}
        self._read_at = self._clock()
