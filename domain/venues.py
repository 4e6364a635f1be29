"""The venues a simulation knows: one table each of what they take, what they cost and how they fill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from domain.errors import InvalidInput, did_you_mean
from domain.instruments import AssetClass, Capabilities, Instrument
from domain.money import POSTING_STEP, ZERO
from domain.order import OrderType, TimeInForce
from domain.run import CostSettings
from domain.sessions import is_always_open

GENERIC = "generic"
ALPACA = "alpaca"

COMMISSION = ("commission_bps", "maker_bps", "commission_per_unit", "commission_per_order", "fee_in_base")

_GTC, _DAY, _IOC, _FOK = TimeInForce.GTC, TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
_NANO = Decimal("1e-9")
_CENT, _HUNDREDTH_CENT = Decimal("0.01"), Decimal("0.0001")
_DOLLARS = ("USD",)


@dataclass(frozen=True, slots=True)
class Venue:
    """One venue. costs: what it takes by asset class. volume_cap: percent of a bar's volume a run may take, 0 = all."""

    name: str
    summary: str
    instrument: Callable[[str], Instrument]
    costs: Mapping[AssetClass, CostSettings]
    volume_cap: Mapping[AssetClass, Decimal]


def asset_class(symbol: str) -> AssetClass:
    """Return what a symbol is: pairs such as BTC/USD are crypto, anything else is a share."""
    return "crypto" if is_always_open(symbol) else "us_equity"


def venue(name: str) -> Venue:
    """Return the venue of that name; raise InvalidInput, with a suggestion, if there is none."""
    found = VENUES.get(name)
    if found is None:
        hint = did_you_mean(name, VENUES)
        raise InvalidInput(f"unknown venue {name!r}: {hint}choose one of {', '.join(VENUES)}", venue=name)
    return found


def venue_name(exchange: str | None, given: str) -> str:
    """Return whose rules and costs a run has: those of the exchange it trades at, where these are known."""
    return exchange if exchange is not None and exchange in VENUES else given


def default_costs(at: Venue, symbols: tuple[str, ...]) -> CostSettings:
    """Return what the venue takes of these symbols; raise InvalidInput where it takes different things of them."""
    found = {asset_class(symbol): at.costs[asset_class(symbol)] for symbol in symbols}
    if len(set(map(repr, found.values()))) > 1:
        raise InvalidInput(
            f"{at.name} has different costs for {' and '.join(found)}: say the commission, or trade them in two runs"
        )
    return next(iter(found.values()))


def costs_at(name: str, symbols: tuple[str, ...], given: Mapping[str, object]) -> CostSettings:
    """Return the costs of a run: what was given, and what the venue takes of these symbols where nothing was.

    given: fields of CostSettings by name, as numbers, texts or decimals; None means not given. Giving any part of the
    commission replaces the venue's whole commission. Raises InvalidInput for an unknown name and a value of the wrong
    type.
    """
    parsed = _parsed(given)
    is_commission_given = any(key in COMMISSION for key in parsed)
    base = CostSettings() if is_commission_given else default_costs(venue(name), symbols)
    return msgspec.structs.replace(base, **parsed)


def changed_costs(costs: CostSettings, given: Mapping[str, object]) -> CostSettings:
    """Return the costs with what was given in place of theirs; `given` and what is raised are as in `costs_at`."""
    return msgspec.structs.replace(costs, **_parsed(given))


def _parsed(given: Mapping[str, object]) -> dict[str, Decimal | bool]:
    wanted = {key: value for key, value in given.items() if value is not None}
    known = CostSettings.__struct_fields__
    for key in wanted:
        if key not in known:
            hint = did_you_mean(key, known)
            raise InvalidInput(f"there is no cost {key!r}: {hint}choose one of {', '.join(known)}", name=key)
    return {key: _cost(key, value) for key, value in wanted.items()}


def _cost(name: str, given: object) -> Decimal | bool:
    text = str(given).lower()
    try:
        if name == "fee_in_base":
            return msgspec.convert(text, bool, strict=False)
        return msgspec.convert(text, Decimal, strict=False)
    except msgspec.ValidationError:
        wanted = "true or false" if name == "fee_in_base" else "a number"
        raise InvalidInput(f"{name} must be {wanted}, not {given!r}", name=name) from None


def default_volume_cap(at: Venue, symbols: tuple[str, ...]) -> Decimal:
    """Return the percent of a bar's volume a run may take: the lowest cap above zero of its symbols, 0 for none."""
    return min((cap for symbol in symbols if (cap := at.volume_cap[asset_class(symbol)])), default=ZERO)


def _eight_decimals(price: Decimal) -> Decimal:
    return POSTING_STEP


def _cents(price: Decimal) -> Decimal:
    return _CENT if price >= 1 else _HUNDREDTH_CENT


def _generic(symbol: str) -> Instrument:
    always_open = is_always_open(symbol)
    working = frozenset({_GTC}) if always_open else frozenset({_GTC, _DAY})
    immediate = frozenset({_IOC, _FOK})
    return Instrument(
        symbol=symbol,
        venue=GENERIC,
        asset_class=asset_class(symbol),
        tick=_eight_decimals,
        lot=_NANO,
        capabilities={
            OrderType.MARKET: working | immediate,
            OrderType.LIMIT: working | immediate,
            OrderType.STOP: working,
            OrderType.STOP_LIMIT: working,
            OrderType.TRAILING_STOP: working,
        },
        legs=True,
        shortable=True,
    )


def _alpaca(symbol: str) -> Instrument:
    if is_always_open(symbol):
        quote = symbol.rpartition("/")[2]
        both = frozenset({_GTC, _IOC})
        crypto: Capabilities = {OrderType.MARKET: both, OrderType.LIMIT: both, OrderType.STOP_LIMIT: both}
        return Instrument(
            symbol=symbol,
            venue=ALPACA,
            asset_class="crypto",
            tick=lambda price: _NANO,
            lot=_NANO,
            capabilities=crypto,
            legs=False,
            shortable=False,
            min_buy_notional=Decimal(10) if quote in _DOLLARS else None,
            max_notional=Decimal(200_000),
        )
    working, immediate = frozenset({_GTC, _DAY}), frozenset({_IOC, _FOK})
    shares: Capabilities = {
        OrderType.MARKET: working | immediate,
        OrderType.LIMIT: working | immediate,
        OrderType.STOP: working,
        OrderType.STOP_LIMIT: working,
        OrderType.TRAILING_STOP: working,
    }
    return Instrument(
        symbol=symbol,
        venue=ALPACA,
        asset_class="us_equity",
        tick=_cents,
        lot=_NANO,
        capabilities=shares,
        legs=True,
        shortable=True,
        min_buy_notional=Decimal(1),
        fractional_only=frozenset({_DAY}),
    )


_TEXTBOOK = CostSettings(commission_bps=Decimal(10))

VENUES: Mapping[str, Venue] = {
    GENERIC: Venue(
        GENERIC,
        "a textbook market: every order type, no minimums, orders are filled whole",
        _generic,
        costs={"crypto": _TEXTBOOK, "us_equity": _TEXTBOOK},
        volume_cap={"crypto": ZERO, "us_equity": ZERO},
    ),
    ALPACA: Venue(
        ALPACA,
        "what Alpaca takes, its minimums, increments and fees",
        _alpaca,
        costs={
            "crypto": CostSettings(commission_bps=Decimal(25), maker_bps=Decimal(15), fee_in_base=True),
            "us_equity": CostSettings(),
        },
        # most bars of crypto have no volume there although they have a price: a cap would be made of noise
        volume_cap={"crypto": ZERO, "us_equity": Decimal(10)},
    ),
}
