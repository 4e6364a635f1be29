"""The catalogue of strategies: what is found, what is said of what is broken, and that user code never runs in here."""

import fcntl
import hashlib
import os
import re
from pathlib import Path
from textwrap import dedent
from time import monotonic

import pytest

import weaver.strategies
from application.ports import StrategyDescription
from domain.errors import StrategyFault, StrategyNotFound
from domain.parameters import ParameterSpec
from interfaces import strategy_catalog
from interfaces.strategy_catalog import FileStrategyCatalog
from tests.trading import market, trade

GOOD = '''
    from weaver import Strategy, parameter

    class Good(Strategy):
        """Does nothing, well."""

        length: int = parameter(3, ge=1)
'''


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text))
    return path


def named(name: str, requires: str = "()") -> str:
    return f"from weaver import Strategy\nclass Any(Strategy):\n    name = {name!r}\n    requires = {requires}\n"


def users(catalog: FileStrategyCatalog) -> dict[str, StrategyDescription]:
    return {one.strategy_id: one for one in catalog.list() if one.source != "bundled"}


def listed_error(catalog: FileStrategyCatalog, strategy_id: str) -> str:
    return users(catalog)[strategy_id].error or ""


def error_of(catalog: FileStrategyCatalog, strategy_id: str) -> str:
    with pytest.raises(StrategyNotFound) as caught:
        catalog.describe(strategy_id)
    assert "\n" not in caught.value.message
    return caught.value.message


def is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def test_a_bundled_strategy_is_found_and_described() -> None:
    catalog = FileStrategyCatalog(None)
    described = catalog.describe("sma_cross")
    assert (described.class_name, described.source, described.error) == ("SmaCross", "bundled", None)
    assert catalog.load("sma_cross").__name__ == "SmaCross"
    assert described.description == "Long while the fast average is above the slow one."
    assert [spec.name for spec in described.parameters] == ["fast", "slow", "quantity"]


def test_packages_are_looked_through_for_what_is_found_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_through: list[str] = []

    def none_installed(group: str) -> tuple[()]:
        looked_through.append(group)
        return ()

    monkeypatch.setattr(strategy_catalog, "entry_points", none_installed)
    write(tmp_path / "good.py", GOOD)
    catalog = FileStrategyCatalog(tmp_path)

    assert catalog.describe("sma_cross").source == "bundled"
    assert catalog.describe("good").source == "directory"
    assert looked_through == []
    error_of(catalog, "theirs")
    assert looked_through


def test_without_a_directory_there_are_the_bundled_ones(tmp_path: Path) -> None:
    for directory in (None, tmp_path / "nowhere"):
        assert "sma_cross" in [one.strategy_id for one in FileStrategyCatalog(directory).list()]
        assert users(FileStrategyCatalog(directory)) == {}


def test_bundled_strategies_are_whatever_lies_in_their_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "bundle" / "other.py", GOOD.replace("Good", "Other"))
    write(tmp_path / "bundle" / "broken.py", "1 / 0\n")
    write(tmp_path / "good.py", GOOD)
    places = [str(tmp_path / "bundle")]
    monkeypatch.setattr(weaver.strategies, "__path__", places)
    monkeypatch.setattr(weaver.strategies.__spec__, "submodule_search_locations", places)
    found = {one.strategy_id: (one.source, one.error is None) for one in FileStrategyCatalog(tmp_path).list()}
    assert found == {"other": ("bundled", True), "broken": ("bundled", False), "good": ("directory", True)}


def test_a_file_of_the_directory_is_found_under_its_class_name(tmp_path: Path) -> None:
    write(tmp_path / "whatever.py", GOOD.replace("Good", "RSIAndMore"))
    described = FileStrategyCatalog(tmp_path).describe("rsi_and_more")
    assert (described.class_name, described.source, described.error) == ("RSIAndMore", "directory", None)
    assert described.description == "Does nothing, well."
    assert described.parameters == (ParameterSpec("length", "int", "3", ge="1"),)


def test_a_name_of_its_own_is_not_inherited(tmp_path: Path) -> None:
    write(tmp_path / "two.py", named("first") + "class Second(Any):\n    pass\n")
    assert {name: one.class_name for name, one in users(FileStrategyCatalog(tmp_path)).items()} == {
        "first": "Any",
        "second": "Second",
    }


def test_every_kind_of_parameter_comes_through_whole(tmp_path: Path) -> None:
    text = """
        from __future__ import annotations
        from decimal import Decimal
        from weaver import Strategy, parameter

        class All(Strategy):
            a: int = parameter(1, ge=0, lt=5, description="whole")
            b: float = parameter(0.5, gt=0.1)
            c: Decimal = parameter(Decimal("1.50"), le=Decimal(2))
            d: bool = parameter(True)
            e: str = parameter("x", choices=("x", "ü"))
    """
    write(tmp_path / "all.py", text)
    assert FileStrategyCatalog(tmp_path).describe("all").parameters == (
        ParameterSpec("a", "int", "1", "whole", ge="0", lt="5"),
        ParameterSpec("b", "float", "0.5", gt="0.1"),
        ParameterSpec("c", "decimal", "1.50", le="2"),
        ParameterSpec("d", "bool", "True"),
        ParameterSpec("e", "str", "x", choices=("x", "ü")),
    )


def test_the_version_is_the_declared_one_and_the_hash_of_the_files_bytes(tmp_path: Path) -> None:
    file = write(tmp_path / "good.py", GOOD + '        version = "2.1"\n')
    wanted = f"2.1+{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
    catalog = FileStrategyCatalog(tmp_path)
    assert catalog.describe("good").version == wanted
    assert catalog.describe(f"{file}:Good").version == wanted
    write(file, GOOD + '        version = "2.1"  # changed\n')
    assert catalog.describe("good").version != wanted


def test_hidden_and_helping_files_are_not_listed_and_can_be_imported(tmp_path: Path) -> None:
    write(tmp_path / "_shared.py", "from weaver import Strategy\nclass Shared(Strategy):\n    pass\nLENGTH = 7\n")
    write(tmp_path / ".hidden.py", "1 / 0\n")
    (tmp_path / "folder.py").mkdir()
    write(tmp_path / "good.py", "from _shared import LENGTH, Shared\n" + dedent(GOOD).replace("(3,", "(LENGTH,"))
    found = users(FileStrategyCatalog(tmp_path))
    assert list(found) == ["good"]
    assert found["good"].parameters[0].default == "7"


def test_a_strategy_can_build_on_a_bundled_one(tmp_path: Path) -> None:
    text = """
        from weaver import parameter
        from weaver.strategies.sma_cross import SmaCross

        class Slower(SmaCross):
            slow: int = parameter(90, ge=3)
            requires = ("sma_cross", "sma")
    """
    write(tmp_path / "slower.py", text)
    described = FileStrategyCatalog(tmp_path).describe("slower")
    assert {spec.name: spec.default for spec in described.parameters} == {"fast": "10", "slow": "90", "quantity": "1"}


BROKEN = {
    "def broken(:": "line 1: SyntaxError: ",
    "import weaver\n\nimport nothing_of_this_name": "line 3: needs the module nothing_of_this_name",
    "1 / 0": "line 1: ZeroDivisionError: division by zero",
    "raise SystemExit(0)": "line 1: SystemExit: 0",
    "raise ValueError('two\\nlines')": "line 1: ValueError: two lines",
    "import os; os._exit(0)": "ended while it was loaded (exit code 0)",
    "import os, signal; os.kill(os.getpid(), signal.SIGKILL)": "ended while it was loaded (signal 9)",
    "input()": "line 1: EOFError: ",
    "x = 1": "has no Strategy class",
    "from weaver import *\nclass A(Strategy):\n    n = parameter(1)": "parameter n needs an annotation",
    "from weaver import *\nclass A(Strategy):\n    n: int = parameter(1, ge=2)": "must be at least 2",
    "from weaver import *\nclass A(Strategy):\n    name = '../a'": "the name of A must be",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_is_one_line_and_keeps_nothing_else_from_working(text: str, tmp_path: Path) -> None:
    write(tmp_path / "a.py", text + "\n")
    write(tmp_path / "good.py", GOOD)
    catalog = FileStrategyCatalog(tmp_path)
    broken, good = sorted(users(catalog).values(), key=lambda one: one.strategy_id.lower())
    error = listed_error(catalog, broken.strategy_id)
    assert error.startswith("a.py: ")
    assert BROKEN[text] in error
    assert "\n" not in error
    assert good.error is None
    assert error in error_of(catalog, broken.strategy_id)
    assert BROKEN[text] in error_of(catalog, str(tmp_path / "a.py"))


def test_what_is_no_text_or_no_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xff\x00\xfe")
    (tmp_path / "b.py").symlink_to(tmp_path / "gone")
    catalog = FileStrategyCatalog(tmp_path)
    assert listed_error(catalog, "a").startswith("a.py: ")
    assert listed_error(catalog, "b") == "b.py: there is no such file"
    assert [one.error is None for one in users(FileStrategyCatalog(tmp_path / "a.py")).values()] == [False]


def test_a_file_that_never_stops_loading_is_ended_with_all_it_started(tmp_path: Path) -> None:
    held = tmp_path / "held"
    endless = f"""
        import fcntl, subprocess
        held = open({str(held)!r}, "w")
        fcntl.flock(held, fcntl.LOCK_EX)
        subprocess.Popen(["sleep", "600"], pass_fds=[held.fileno()])
        while True:
            pass
    """
    write(tmp_path / "endless.py", endless)
    catalog = FileStrategyCatalog(tmp_path, patience=4)
    assert listed_error(catalog, "endless") == "endless.py: did not load within 4 s"
    with held.open() as file:
        deadline = monotonic() + 10
        while not is_free(file.fileno()):
            assert monotonic() < deadline, "what the file started is still there"


def test_while_one_file_never_stops_loading_the_others_are_there_at_once(tmp_path: Path) -> None:
    write(tmp_path / "endless.py", "while True:\n    pass\n")
    write(tmp_path / "good.py", GOOD)
    catalog = FileStrategyCatalog(tmp_path, patience=600)
    assert catalog.describe("sma_cross").error is None
    assert catalog.describe("good").error is None


def test_deleting_any_file_leaves_the_rest(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.py", GOOD.replace("Good", name.title())) for name in ("a", "b", "c")]
    catalog = FileStrategyCatalog(tmp_path)
    assert list(users(catalog)) == ["a", "b", "c"]
    files[0].unlink()
    assert list(users(catalog)) == ["b", "c"]
    assert "no strategy is named 'a'" in error_of(catalog, "a")
    assert catalog.load("b").__name__ == "B"


def test_user_code_never_runs_in_here_and_sees_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEAVER_API_KEY", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    text = """
        import os
        from weaver import Strategy

        class Spy(Strategy):
            description = f"{os.getpid()} {' '.join(os.environ)}"
    """
    file = write(tmp_path / "spy.py", text)
    catalog = FileStrategyCatalog(tmp_path)
    for said in (catalog.describe("spy").description, catalog.describe(str(file)).description):
        pid, *variables = said.split()
        assert (int(pid) != os.getpid(), "PATH" in variables) == (True, True)
        assert not {"WEAVER_API_KEY", "AWS_SECRET_ACCESS_KEY"} & set(variables)


def test_what_a_file_prints_does_not_mix_with_the_answer(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    noise = (
        'import os, sys\nprint("{}" * 100_000)\nos.write(1, b"[]")\nsys.stdout.close()\nprint("x", file=sys.stderr)\n'
    )
    write(tmp_path / "good.py", noise + dedent(GOOD))
    assert FileStrategyCatalog(tmp_path).describe("good").error is None
    assert capfd.readouterr() == ("", "")


def test_a_file_is_looked_into_again_only_when_it_has_changed(tmp_path: Path) -> None:
    count = tmp_path / "count"
    counting = f"with open({str(count)!r}, 'a') as file: file.write('.')\n" + dedent(GOOD)
    file = write(tmp_path / "good.py", counting)
    catalog = FileStrategyCatalog(tmp_path)
    catalog.list()
    catalog.list()
    catalog.describe("good")
    assert count.read_text() == "."
    file.write_text(counting.replace("(3,", "(4,"))
    assert catalog.describe("good").parameters[0].default == "4"
    assert count.read_text() == ".."


def test_a_helper_that_changes_is_noticed(tmp_path: Path) -> None:
    helper = write(tmp_path / "_shared.py", "LENGTH = 7\n")
    write(tmp_path / "good.py", "from _shared import LENGTH\n" + dedent(GOOD).replace("(3,", "(LENGTH,"))
    catalog = FileStrategyCatalog(tmp_path)
    assert catalog.describe("good").parameters[0].default == "7"
    helper.write_text("LENGTH = 123\n")
    assert catalog.describe("good").parameters[0].default == "123"


def test_a_strategy_is_found_by_the_path_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "some where" / "good.py", GOOD)
    monkeypatch.chdir(tmp_path)
    catalog = FileStrategyCatalog(None)
    for strategy_id in (f"{file}:Good", str(file), "some where/good.py:Good", "some where/good.py"):
        described = catalog.describe(strategy_id)
        assert (described.class_name, described.source) == ("Good", "path")
        assert described.strategy_id == f"{file}:Good"
        assert catalog.load(strategy_id).__name__ == "Good"


def test_a_path_that_names_nothing_says_what_there_is(tmp_path: Path) -> None:
    file = write(tmp_path / "two.py", GOOD + GOOD.replace("Good", "Better"))
    catalog = FileStrategyCatalog(None)
    assert "holds Good, Better: say which one, as in two.py:Good" in error_of(catalog, str(file))
    assert "Best" in error_of(catalog, f"{file}:Best")
    assert "there is no such file" in error_of(catalog, str(tmp_path / "none.py"))
    assert catalog.describe(f"{file}:Better").class_name == "Better"


def test_a_loaded_strategy_trades(tmp_path: Path) -> None:
    write(tmp_path / "good.py", GOOD + "        def on_bar(self, ctx):\n            ctx.target(self.length)\n")
    kind = FileStrategyCatalog(tmp_path).load("good")
    session, _ = trade(kind(length=5), market([10, 10, 10]))
    assert session.position("BTC/USD").quantity == 5


@pytest.mark.parametrize("by_path", [True, False])
def test_loading_a_file_that_raises_tells_the_traceback(by_path: bool, tmp_path: Path) -> None:
    file = write(tmp_path / "broken.py", "def explode():\n    return 1 / 0\n\nexplode()\n")
    with pytest.raises(StrategyFault, match="line 2: ZeroDivisionError") as caught:
        FileStrategyCatalog(tmp_path).load(str(file) if by_path else "broken")
    assert "in explode" in str(caught.value.details["traceback"])


def test_a_mistyped_name_gets_a_suggestion(tmp_path: Path) -> None:
    write(tmp_path / "good.py", GOOD)
    catalog = FileStrategyCatalog(tmp_path)
    assert error_of(catalog, "sma_cros").endswith("did you mean sma_cross?")
    assert error_of(catalog, "Goood").endswith("did you mean good?")
    assert "sma_cross" in error_of(catalog, "zzz")


def test_of_two_strategies_with_one_name_the_later_one_says_who_has_it(tmp_path: Path) -> None:
    first = write(tmp_path / "a.py", named("twin"))
    write(tmp_path / "b.py", named("twin") + "# the other\n")
    catalog = FileStrategyCatalog(tmp_path)
    errors = [one.error for one in catalog.list() if one.strategy_id == "twin"]
    assert errors[0] is None
    assert re.match(r"b\.py: the name is taken by .*a\.py", errors[1] or "")
    assert catalog.describe("twin").version == f"1.0+{hashlib.sha256(first.read_bytes()).hexdigest()[:12]}"


def test_a_copy_of_a_bundled_strategy_does_not_replace_it(tmp_path: Path) -> None:
    write(tmp_path / "sma_cross.py", GOOD.replace("Good", "SmaCross"))
    catalog = FileStrategyCatalog(tmp_path)
    found = {one.source: one.error for one in catalog.list() if one.strategy_id == "sma_cross"}
    assert found["bundled"] is None
    assert "the name is taken" in (found["directory"] or "")
    assert catalog.describe("sma_cross").source == "bundled"


def test_a_missing_requirement_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.py", named("a", '("sma", "sma_cross", "kalman")'))
    catalog = FileStrategyCatalog(tmp_path)
    assert listed_error(catalog, "a") == "requires kalman, which is not there"
    for strategy_id in ("a", str(file)):
        assert error_of(catalog, strategy_id).endswith("requires kalman, which is not there")
    write(tmp_path / "k.py", named("kalman"))
    assert catalog.describe("a").error is None


def test_a_requirement_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a.py", named("a", '("b",)'))
    write(tmp_path / "b.py", "1 / 0\n")
    assert listed_error(FileStrategyCatalog(tmp_path), "a").startswith("requires b, which cannot be loaded: b.py: ")


def test_requirements_in_a_circle_are_named(tmp_path: Path) -> None:
    for name, needed in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "d")):
        write(tmp_path / f"{name}.py", named(name, f"({needed!r},)"))
    catalog = FileStrategyCatalog(tmp_path)
    assert "a → b → c → a" in listed_error(catalog, "a")
    assert "d → d" in listed_error(catalog, "d")


def install(place: Path, module: str, text: str, points: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    write(place / f"{module}.py", text)
    about = place / f"{module}-1.0.dist-info"
    write(about / "METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    lines = [f"{name} = {value}" for name, value in points.items()]
    write(about / "entry_points.txt", "\n".join(["[weaver.strategies]", *lines, ""]))
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setenv("PYTHONPATH", str(place))


def test_a_strategy_of_an_installed_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = dedent(GOOD) + "    author = str(__import__('os').getpid())\n"
    install(tmp_path, "shared_by_ada", text, {"whatever": "shared_by_ada:Good"}, monkeypatch)
    catalog = FileStrategyCatalog(None)
    described = catalog.describe("good")
    assert (described.class_name, described.source) == ("Good", "package")
    assert int(described.author) != os.getpid(), "installed packages are user code too"
    assert re.fullmatch(r"1\.0\+[0-9a-f]{12}", described.version)
    assert catalog.load("good").__module__ == "shared_by_ada"


def test_an_installed_package_that_is_broken_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = {"gone": "not_there:Any", "none": "broken_by_bob:Nothing"}
    install(tmp_path, "broken_by_bob", "x = 1\n", points, monkeypatch)
    errors = sorted(one.error or "" for one in FileStrategyCatalog(None).list() if one.source == "package")
    assert [word in error for word, error in zip(("Nothing", "not_there"), errors, strict=True)] == [True, True]
