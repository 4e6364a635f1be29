"""Exact amounts: how floats of the market become decimals of the ledger, and how both are rounded."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)
BASIS_POINT = Decimal("0.0001")
# Amounts and slipped prices are posted with eight decimals: a satoshi, and far below a cent.
POSTING_STEP = Decimal("0.00000001")
# Room for whatever an order that is refused would have cost.
_LEDGER = Context(prec=60)


def exact(price: float) -> Decimal:
    """Return the decimal a float stands for: its shortest text, exact to the 15 significant digits bars carry."""
    return Decimal(repr(price))


def posted(amount: Decimal) -> Decimal:
    """Return the amount as the ledger holds it: eight decimals, half to even."""
    return amount.quantize(POSTING_STEP, ROUND_HALF_EVEN, _LEDGER)


def rounded_up(price: Decimal) -> Decimal:
    """Return the price rounded up to eight decimals, as a buyer pays it."""
    return price.quantize(POSTING_STEP, ROUND_CEILING, _LEDGER)


def rounded_down(price: Decimal) -> Decimal:
    """Return the price rounded down to eight decimals, as a seller gets it."""
    return price.quantize(POSTING_STEP, ROUND_FLOOR, _LEDGER)


def plain(amount: Decimal) -> str:
    """Return the amount as plain digits, without exponent and without trailing zeros: `0.5`, `100000`."""
    if not amount:
        return "0"
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
