"""What an exchange adapter declares of itself, and how it is opened: the object behind an entry point."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from application.exchange import BarFeed, Exchange
from application.ports import BarSource
from interfaces.settings import Settings


@runtime_checkable
class ExchangePlugin(Protocol):
    """An exchange that can be traded at. Making one and describing it connects to nothing and imports little."""

    @property
    def summary(self) -> str:
        """One line for people."""
        ...

    @property
    def venue(self) -> str | None:
        """Whose rules and costs its runs have, None for those they are created with."""
        ...

    @property
    def details(self) -> Mapping[str, str]:
        """What it takes, by asset class: order types with their times in force, fractions, streaming; for people."""
        ...

    def modes(self, settings: Settings) -> tuple[str, ...]:
        """Return what can be opened with these settings: `paper`, `live`, both or nothing."""
        ...

    def missing(self, mode: str) -> str:
        """Return what has to be set for a mode that is not among `modes`, naming the settings."""
        ...

    def open(self, mode: str, settings: Settings) -> Exchange:
        """Return the account of a mode that is among `modes`; it connects when it is first asked."""
        ...

    def feed(self, settings: Settings, stored: BarSource) -> BarFeed:
        """Return the bars that belong to the exchange; it connects when it is first asked. stored: the bar store."""
        ...
