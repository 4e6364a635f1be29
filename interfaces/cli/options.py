"""Options and arguments that several commands share: declared once, so that they mean and say the same everywhere."""

from typing import Annotated, Literal

import typer

# As `domain.market` has them, which takes too long to import for a help text; a test holds the two together.
TIMEFRAMES = "1s 5s 15s 30s 1m 5m 15m 30m 1h 4h 1d"

Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on stdout.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many, the newest first.")]

Strategy = Annotated[
    str,
    typer.Argument(
        metavar="STRATEGY", help="A name of the catalogue, such as sma_cross, or path/to/file.py:ClassName."
    ),
]
_SYMBOL = typer.Option("--symbol", metavar="SYMBOL", help="A symbol such as BTC/USD; may be given several times.")
Symbols = Annotated[list[str], _SYMBOL]
SymbolsIfAny = Annotated[list[str] | None, _SYMBOL]
_TIMEFRAME = typer.Option("--timeframe", metavar="TIMEFRAME", help=f"The length of a bar: {TIMEFRAMES}.")
TimeframeName = Annotated[str, _TIMEFRAME]
TimeframeIfAny = Annotated[str | None, _TIMEFRAME]
Start = Annotated[
    str | None,
    typer.Option("--start", metavar="TIME", help="First moment, such as 2024-01-31 or 2024-01-31T14:30:00Z (UTC)."),
]
End = Annotated[str | None, typer.Option("--end", metavar="TIME", help="Moment to end before (UTC).")]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the strategy; may be given several times."),
]
Cash = Annotated[str, typer.Option("--cash", metavar="AMOUNT", help="Cash to begin with, in quote currency.")]
CommissionBps = Annotated[
    str | None,
    typer.Option(
        "--commission-bps",
        metavar="BPS",
        help="Commission, in basis points of the traded price; 10 unless the venue has its own.",
    ),
]
SlippageBps = Annotated[
    str, typer.Option("--slippage-bps", metavar="BPS", help="Slippage, in basis points of the price.")
]
OtherCosts = Annotated[
    list[str] | None,
    typer.Option(
        "--cost",
        metavar="NAME=VALUE",
        help="Another cost: maker_bps, commission_per_unit, commission_per_order, fee_in_base, slippage_ticks, "
        "slippage_impact; may be given several times.",
    ),
]
Venue = Annotated[
    str, typer.Option("--venue", metavar="VENUE", help="Whose rules and costs to simulate: generic or alpaca.")
]
VolumeCap = Annotated[
    str | None,
    typer.Option(
        "--volume-cap",
        metavar="PERCENT",
        help="How much of a bar's volume the run may take; 0 for no cap, else as the venue has it.",
    ),
]
Account = Annotated[
    Literal["cash", "margin"], typer.Option("--account", help="A cash account, or one that borrows and goes short.")
]
Leverage = Annotated[
    str | None,
    typer.Option(
        "--leverage",
        metavar="TIMES",
        help="Positions a margin account may open, in multiples of its equity; 2 unless said otherwise.",
    ),
]
Risk = Annotated[
    list[str] | None,
    typer.Option(
        "--risk",
        metavar="NAME=VALUE",
        help="A risk limit, such as max_position=5 or max_drawdown=0.2; may be given several times.",
    ),
]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call the run.")]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", metavar="TAG", help="A tag to find the run by; may be given several times.")
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id of the run.")]
