"""What can be traded: a few pairs and shares, one of each kind that the rules tell apart."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

NINE_DECIMALS = Decimal("1e-9")
CENT = Decimal("0.01")


class Asset(msgspec.Struct, frozen=True):
    """A pair of crypto (`BTC/USD`) or a share (`AAPL`), and what its price starts from."""

    symbol: str
    name: str
    price: Decimal
    tick: Decimal = CENT
    exchange: str = "CRYPTO"
    status: str = "active"
    tradable: bool = True
    fractionable: bool = True
    shortable: bool = False

    @property
    def is_crypto(self) -> bool:
        return self.exchange == "CRYPTO"

    @property
    def asset_class(self) -> str:
        return "crypto" if self.is_crypto else "us_equity"

    @property
    def base(self) -> str:
        """The currency that is bought: `BTC` of `BTC/USD`, `AAPL` of `AAPL`."""
        return self.symbol.partition("/")[0]

    @property
    def joined(self) -> str:
        """The symbol as positions show it: `BTCUSD`."""
        return self.symbol.replace("/", "")

    @property
    def id(self) -> str:
        return str(uuid5(NAMESPACE_URL, f"asset:{self.symbol}"))

    def wire(self) -> dict[str, Any]:
        """Return the asset as the API shows it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "class": self.asset_class,
            "exchange": self.exchange,
            "symbol": self.symbol,
            "name": self.name,
            "status": self.status,
            "tradable": self.tradable,
            "marginable": not self.is_crypto,
            "maintenance_margin_requirement": 100 if self.is_crypto else 30,
            "margin_requirement_long": "100" if self.is_crypto else "30",
            "margin_requirement_short": "100" if self.is_crypto else "30",
            "shortable": self.shortable,
            "easy_to_borrow": self.shortable,
            "fractionable": self.fractionable,
            "attributes": [] if self.is_crypto else ["fractional_eh_enabled"] * self.fractionable,
        }
        if self.is_crypto:
            shown["min_order_size"] = f"{(1 / self.price).quantize(NINE_DECIMALS).normalize():f}"
            shown["min_trade_increment"] = "0.000000001"
            shown["price_increment"] = "0.000000001"
        return shown


def _crypto(base: str, name: str, price: str, tick: str = "0.01", **other: Any) -> Asset:
    return Asset(f"{base}/USD", f"{name} / US Dollar", Decimal(price), Decimal(tick), **other)


def _share(symbol: str, name: str, price: str, exchange: str = "NASDAQ", **other: Any) -> Asset:
    return Asset(symbol, name, Decimal(price), exchange=exchange, **{"shortable": True} | other)


LISTED = [
    _crypto("BTC", "Bitcoin", "60000"),
    _crypto("ETH", "Ethereum", "3000"),
    _crypto("SOL", "Solana", "150"),
    _crypto("LTC", "Litecoin", "80"),
    _crypto("DOGE", "Dogecoin", "0.15", "0.000001"),
    _crypto("MKR", "Maker", "1500", status="inactive", tradable=False),
    _share("AAPL", "Apple Inc. Common Stock", "200"),
    _share("MSFT", "Microsoft Corporation Common Stock", "400"),
    _share("SPY", "SPDR S&P 500 ETF Trust", "550", exchange="ARCA"),
    _share("BRK.A", "Berkshire Hathaway Inc.", "600000", exchange="NYSE", fractionable=False),
    _share("HARD", "Hard To Borrow Corp.", "12", shortable=False),
    _share("SIRI", "A share below a dollar", "0.75", tick=Decimal("0.0001")),
    _share("GONE", "Gone Corp.", "5", status="inactive", tradable=False),
]


@dataclass(frozen=True)
class Listing:
    """The assets, found by any of the names Alpaca takes."""

    assets: dict[str, Asset]

    @classmethod
    def usual(cls) -> "Listing":
        """Return the assets every local Alpaca begins with."""
        return cls({asset.symbol: asset for asset in LISTED})

    def find(self, name: str) -> Asset | None:
        """Return the asset called `BTC/USD`, `BTCUSD` or by its id; None if there is none."""
        return self.assets.get(name) or next((a for a in self.assets.values() if name in (a.joined, a.id)), None)

    def change(self, symbol: str, **changes: Any) -> None:
        """Change a listed asset: its status, whether it can be traded, sold short, split."""
        self.assets[symbol] = msgspec.structs.replace(self.assets[symbol], **changes)
