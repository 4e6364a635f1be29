"""A run as it was typed, as the command that creates it: the same for `weaver run create` and `weaver backtest`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interfaces.cli import typed

if TYPE_CHECKING:
    from application.commands import CreateRun
    from domain.run import AccountKind, AccountSettings, BarFile, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedRun:
    """What the options that describe a run were given, as texts; None and empty lists are what was left out."""

    strategy: str
    mode: "Mode"
    symbols: Sequence[str]
    timeframe: str
    start: str | None
    end: str | None
    parameters: Sequence[str] | None
    cash: str
    commission_bps: str | None
    slippage_bps: str
    costs: Sequence[str] | None
    venue: str
    volume_cap: str | None
    account: "AccountKind"
    leverage: str | None
    risk: Sequence[str] | None
    name: str | None
    tags: Sequence[str] | None
    notes: str = ""
    exchange: str | None = None
    warmup_bars: int = 0

    def command(self, bar_files: tuple["BarFile", ...] = ()) -> "CreateRun":
        """Return the command, with an id of its own; raise InvalidInput for what cannot be meant."""
        from application.commands import CreateRun
        from domain.ids import new_id
        from domain.market import parse_symbol
        from domain.risk import parse_limits
        from domain.venues import costs_at, venue_name

        symbols = tuple(parse_symbol(one) for one in self.symbols)
        venue = venue_name(self.exchange, self.venue)
        costs = typed.pairs(self.costs or [], "--cost") | {
            "commission_bps": None
            if self.commission_bps is None
            else typed.decimal(self.commission_bps, "--commission-bps"),
            "slippage_bps": typed.decimal(self.slippage_bps, "--slippage-bps"),
        }
        return CreateRun(
            run_id=new_id(),
            strategy_id=typed.strategy(self.strategy),
            mode=self.mode,
            symbols=symbols,
            timeframe=self.timeframe,
            name=self.name,
            parameters=typed.parameters(self.parameters or []),
            initial_cash=typed.decimal(self.cash, "--cash"),
            costs=costs_at(venue, symbols, costs),
            venue=venue,
            exchange=self.exchange,
            warmup_bars=self.warmup_bars,
            volume_cap=None if self.volume_cap is None else typed.decimal(self.volume_cap, "--volume-cap"),
            account=self._account(),
            risk=parse_limits(typed.pairs(self.risk or [], "--risk")),
            start_time=typed.moment(self.start, "--start"),
            end_time=typed.moment(self.end, "--end"),
            bar_files=bar_files,
            tags=tuple(self.tags or ()),
            notes=self.notes,
        )

    def _account(self) -> "AccountSettings":
        from domain.errors import InvalidInput
        from domain.run import AccountSettings

        if self.leverage is None:
            return AccountSettings(kind=self.account)
        if self.account != "margin":
            raise InvalidInput("--leverage is for a margin account: add --account margin")
        return AccountSettings.leveraged(typed.decimal(self.leverage, "--leverage"))
