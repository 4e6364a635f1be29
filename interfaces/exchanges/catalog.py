"""Finds exchange adapters: the bundled ones and those of installed packages, all by their entry points."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from application.exchange import BarFeed, Exchange, ExchangeDescription
from application.ports import BarSource
from domain.errors import InvalidInput, did_you_mean, one_line
from interfaces.exchanges.plugin import ExchangePlugin
from interfaces.settings import Settings

ENTRY_POINT_GROUP = "weaver.exchanges"
MODES = ("paper", "live")


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry point and what it gave: a plugin, or why there is none."""

    name: str
    source: str
    plugin: ExchangePlugin | None
    error: str | None = None


class EntryPointExchangeCatalog:
    """Implements `ExchangeCatalog` over the entry points of the group `weaver.exchanges`.

    An adapter that cannot be imported is listed with its error. Where two have one name, Weaver's own goes first and
    the other is listed with an error. stored: the bar store, for feeds that play or keep bars.
    """

    def __init__(self, settings: Settings, stored: BarSource) -> None:
        self._settings = settings
        self._stored = stored

    def list(self) -> Sequence[ExchangeDescription]:
        """Return every adapter found, unusable ones included, by name. Never raises: what is wrong is in `error`."""
        return [self._description(found) for found in _all()]

    def describe(self, name: str) -> ExchangeDescription:
        """Return one; raise InvalidInput with a suggestion for an unknown name."""
        return self._description(_named(name))

    def open(self, name: str, mode: str) -> Exchange:
        """Return the account, connecting lazily; raise InvalidInput naming what is missing."""
        plugin = _usable(_named(name))
        if mode not in MODES:
            raise InvalidInput(f"an exchange is opened for {' or '.join(MODES)}, not for {mode!r}", mode=mode)
        if mode not in plugin.modes(self._settings):
            raise InvalidInput(f"{name} cannot be traded at in mode {mode}: {plugin.missing(mode)}", exchange=name)
        return plugin.open(mode, self._settings)

    def feed(self, name: str) -> BarFeed:
        """Return the bars that belong to an exchange; raise InvalidInput as `describe` does."""
        return _usable(_named(name)).feed(self._settings, self._stored)

    def _description(self, found: _Found) -> ExchangeDescription:
        if found.plugin is None:
            return ExchangeDescription(found.name, "", (), found.source, found.error)
        try:
            modes = tuple(found.plugin.modes(self._settings))
            return ExchangeDescription(
                found.name,
                found.plugin.summary,
                modes,
                found.source,
                found.error,
                found.plugin.venue,
                found.plugin.details,
            )
        except Exception as error:  # noqa: BLE001 - somebody else's code: a line in the list, never a crash
            return ExchangeDescription(found.name, "", (), found.source, _explained(error))


def _all() -> Sequence[_Found]:
    points = entry_points(group=ENTRY_POINT_GROUP)
    taken: dict[str, str] = {}
    listed = []
    for point in sorted(points, key=lambda point: (point.name, not _is_bundled(point), point.value)):
        if point.name in taken:
            error = f"{point.value}: the name is taken by {taken[point.name]}"
            listed.append(_Found(point.name, _source(point), None, error))
            continue
        taken[point.name] = point.value
        listed.append(_loaded(point))
    return listed


def _named(name: str) -> _Found:
    found = {one.name: one for one in reversed(_all())}
    if name not in found:
        hint = did_you_mean(name, found)
        raise InvalidInput(
            f"unknown exchange {name!r}: {hint}choose one of {', '.join(sorted(found)) or '(none is installed)'}",
            exchange=name,
        )
    return found[name]


def _usable(found: _Found) -> ExchangePlugin:
    if found.plugin is None:
        raise InvalidInput(f"{found.name} cannot be used: {found.error}", exchange=found.name)
    return found.plugin


def _loaded(point: EntryPoint) -> _Found:
    try:
        plugin = point.load()
    except Exception as error:  # noqa: BLE001 - somebody else's code: a line in the list, never a crash
        return _Found(point.name, _source(point), None, f"{point.value} cannot be imported: {_explained(error)}")
    if not isinstance(plugin, ExchangePlugin):
        return _Found(point.name, _source(point), None, f"{point.value} is no exchange adapter: see docs/adapters.md")
    return _Found(point.name, _source(point), plugin)


def _is_bundled(point: EntryPoint) -> bool:
    return point.value.startswith("interfaces.exchanges.")


def _source(point: EntryPoint) -> str:
    return "bundled" if _is_bundled(point) else "package"


def _explained(error: Exception) -> str:
    return f"{type(error).__name__}: {one_line(error)}"
