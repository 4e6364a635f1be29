"""The exchanges of this process: bundled and of packages, and what is said of those that cannot be used."""

import re
import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType
from typing import Any

import pytest

from application.ports import BarSource
from domain.errors import InvalidInput
from interfaces.exchanges import catalog as catalog_module
from interfaces.exchanges.catalog import EntryPointExchangeCatalog
from interfaces.market_data.bar_store import BarStore
from interfaces.settings import Settings

# Nobody asks it anything here: it connects when it is asked.
NO_BARS = BarStore("postgresql://nobody@127.0.0.1:1/nothing")
KEYS = {"alpaca_paper_key_id": "PKTEST", "alpaca_paper_secret_key": "secret"}


class Toy:
    """An exchange of a package."""

    summary = "a toy"
    venue = None

    @property
    def details(self) -> dict[str, str]:
        return {"crypto": "market orders"}

    def modes(self, settings: Settings) -> tuple[str, ...]:
        return ("paper",)

    def missing(self, mode: str) -> str:
        return "it knows paper only"

    def open(self, mode: str, settings: Settings) -> Any:
        return f"{self.summary}, {mode}"

    def feed(self, settings: Settings, stored: BarSource) -> Any:
        return f"bars of {self.summary}"


class Broken(Toy):
    """One that fails when it is asked anything."""

    def modes(self, settings: Settings) -> tuple[str, ...]:
        raise RuntimeError("no such thing\nas modes")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some packages with exchanges, good and bad."""
    module = ModuleType("toy_exchange")
    vars(module).update(toy=Toy(), broken=Broken(), nothing=object())
    monkeypatch.setitem(sys.modules, "toy_exchange", module)
    values = {
        "toy": "toy_exchange:toy",
        "broken": "toy_exchange:broken",
        "nothing": "toy_exchange:nothing",
        "missing": "toy_exchange:forgotten",
        "absent": "no_such_package.exchange:plugin",
    }
    group = catalog_module.ENTRY_POINT_GROUP
    points = [EntryPoint(name, value, group) for name, value in values.items()]
    points += [EntryPoint("alpaca", "toy_exchange:toy", group)]
    points += [EntryPoint("alpaca", "interfaces.exchanges.alpaca_plugin:plugin", group)]
    monkeypatch.setattr(catalog_module, "entry_points", lambda group: EntryPoints(points))


def test_alpaca_is_bundled_with_the_modes_its_keys_allow() -> None:
    assert EntryPointExchangeCatalog(Settings.read(), NO_BARS).describe("alpaca").modes == ()
    both = KEYS | {"alpaca_live_key_id": "AKTEST", "alpaca_live_secret_key": "secret"}
    described = EntryPointExchangeCatalog(Settings.read(**both), NO_BARS).describe("alpaca")
    assert (described.modes, described.source, described.error) == (("paper", "live"), "bundled", None)
    assert "stop_limit (gtc ioc)" in described.details["crypto"]


def test_describing_alpaca_does_not_import_its_library() -> None:
    code = (
        "import sys; from interfaces.exchanges.catalog import EntryPointExchangeCatalog as C; "
        "from interfaces.settings import Settings; C(Settings.read(), None).list(); print('alpaca' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


@pytest.mark.usefixtures("installed")
def test_what_cannot_be_used_is_a_line_in_the_list() -> None:
    errors = [(one.name, one.error) for one in EntryPointExchangeCatalog(Settings.read(), NO_BARS).list()]
    assert errors == [
        ("absent", "no_such_package.exchange:plugin cannot be imported: ModuleNotFoundError: No module named "
         "'no_such_package'"),
        ("alpaca", None),
        ("alpaca", "toy_exchange:toy: the name is taken by interfaces.exchanges.alpaca_plugin:plugin"),
        ("broken", "RuntimeError: no such thing as modes"),
        ("missing", "toy_exchange:forgotten cannot be imported: AttributeError: module 'toy_exchange' has no attribute "
         "'forgotten'"),
        ("nothing", "toy_exchange:nothing is no exchange adapter: see docs/adapters.md"),
        ("toy", None),
    ]  # fmt: skip


@pytest.mark.usefixtures("installed")
def test_an_exchange_of_a_package_is_opened_and_fed() -> None:
    catalog = EntryPointExchangeCatalog(Settings.read(), NO_BARS)
    assert str(catalog.open("toy", "paper")) == "a toy, paper"
    assert str(catalog.feed("toy")) == "bars of a toy"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "mode", "said"),
    [
        ("alpace", "paper", "unknown exchange 'alpace': did you mean alpaca? choose one of absent, alpaca,"),
        ("alpaca", "live", "cannot be traded at in mode live: set WEAVER_ALPACA_LIVE_KEY_ID and"),
        ("alpaca", "demo", "an exchange is opened for paper or live, not for 'demo'"),
        ("toy", "live", "it knows paper only"),
        ("absent", "paper", "absent cannot be used: no_such_package"),
    ],
)
def test_what_cannot_be_opened_says_why(name: str, mode: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(said)):
        EntryPointExchangeCatalog(Settings.read(**KEYS), NO_BARS).open(name, mode)


def test_half_a_key_is_no_key() -> None:
    half = Settings.read(alpaca_paper_key_id="PKTEST", alpaca_paper_secret_key=" ")
    assert EntryPointExchangeCatalog(half, NO_BARS).describe("alpaca").modes == ()
