"""The documents against the code: what they must name, what they must not, and where their links lead."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import typer

from domain.event_catalogue import EVENTS
from domain.events import Superseded
from domain.strategy import Strategy
from interfaces.market_data.sample_bars import sample_bars
from interfaces.settings import _OTHER_VARIABLES, PREFIX, Settings
from tests.trading import trade

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ADRS = sorted((DOCS / "adr").glob("*.md"))
ADR_HEADINGS = ["Context", "Decision", "Consequences", "Measured alternatives"]
MADE_BY_MACHINES = {"node_modules", "dist", "build", "htmlcov"}
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*?) \| ([^|]*?) ?\|$", re.MULTILINE)
TYPE_NAMES = {
    msgspec.inspect.StrType: "text",
    msgspec.inspect.EnumType: "text",
    msgspec.inspect.IntType: "integer",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.BoolType: "true or false",
    msgspec.inspect.DecimalType: "decimal",
    msgspec.inspect.DateTimeType: "time",
    msgspec.inspect.UUIDType: "id",
}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """Every Markdown file of ours."""
    found: list[Path] = []
    for directory, folders, files in ROOT.walk():
        folders[:] = [name for name in folders if not name.startswith(".") and name not in MADE_BY_MACHINES]
        found += [directory / name for name in files if name.endswith(".md")]
    return sorted(found)


PAGES = pages()


def event_sections() -> dict[str, str]:
    """The text under each heading of docs/events.md that stands in backticks."""
    parts = re.split(r"^#{1,2} (.+)$", (DOCS / "events.md").read_text(), flags=re.MULTILINE)
    headings, texts = parts[1::2], parts[2::2]
    return {heading.strip("`"): text for heading, text in zip(headings, texts, strict=True) if heading[0] == "`"}


def fields_of(kind: type[msgspec.Struct]) -> set[str]:
    """The names of a struct's fields."""
    return {field.name for field in msgspec.structs.fields(kind)}


def nested_structs(described: msgspec.inspect.Type) -> Iterator[type[msgspec.Struct]]:
    """The structs a type is made of, itself left out unless it is one."""
    match described:
        case msgspec.inspect.StructType(cls=kind):
            yield kind
        case msgspec.inspect.VarTupleType(item_type=item):
            yield from nested_structs(item)
        case msgspec.inspect.DictType(value_type=item):
            yield from nested_structs(item)
        case msgspec.inspect.UnionType(types=kinds):
            for one in kinds:
                yield from nested_structs(one)


def type_in_words(described: msgspec.inspect.Type) -> str:
    """A pattern for how the tables of docs/events.md name the type of a field."""
    match described:
        case msgspec.inspect.UnionType(types=kinds) if any(isinstance(one, msgspec.inspect.NoneType) for one in kinds):
            [kind] = [type_in_words(one) for one in kinds if not isinstance(one, msgspec.inspect.NoneType)]
            return f"{kind} or none"
        case msgspec.inspect.VarTupleType(item_type=item):
            return f"list of {type_in_words(item)}s?"
        case msgspec.inspect.LiteralType(values=values):
            return r"(`\w+`, )*`\w+` or `\w+`" if len(values) > 1 else r"`\w+`"
        case msgspec.inspect.DictType() | msgspec.inspect.StructType():
            return "object"
        case _:
            return TYPE_NAMES[type(described)]


def test_every_heading_of_the_event_catalogue_is_a_topic_and_every_topic_has_one() -> None:
    assert list(event_sections().keys() - EVENTS.keys()) == [], "docs/events.md describes topics that do not exist"
    assert sorted(EVENTS.keys() - event_sections().keys()) == [], "add `## `topic`` to docs/events.md"


@pytest.mark.parametrize("topic", EVENTS)
def test_every_field_of_an_event_is_named_under_its_heading(topic: str) -> None:
    event, text = EVENTS[topic], event_sections().get(topic, "")
    rows = {name: (kind, meaning) for name, kind, meaning in ROW.findall(text)}
    assert rows.keys() == fields_of(event), (
        f"the table under {topic} in docs/events.md and the fields of {event.__name__}"
    )
    described = msgspec.inspect.type_info(event)
    assert isinstance(described, msgspec.inspect.StructType)
    for field in described.fields:
        kind, meaning = rows[field.name]
        assert re.fullmatch(type_in_words(field.type), kind), f"the type of {field.name} under {topic}: {field.type}"
        assert field.required or "default" in meaning, f"{field.name} under {topic}: name its default"
    inner = {name for field in described.fields for kind in nested_structs(field.type) for name in fields_of(kind)}
    assert inner <= set(CODE.findall(text)), f"fields of objects inside {topic}"


@pytest.mark.parametrize("topic", EVENTS)
def test_a_superseded_topic_says_what_came_after_it_and_no_other_does(topic: str) -> None:
    event, text = EVENTS[topic], event_sections().get(topic, "")
    successors = [event.SUCCESSOR.TOPIC] if issubclass(event, Superseded) else []
    assert re.findall(r"Superseded by `([^`]+)`", text) == successors


def test_every_setting_is_in_the_table_of_operations() -> None:
    named = set(CODE.findall((DOCS / "operations.md").read_text()))
    assert sorted({PREFIX + name.upper() for name in Settings.model_fields} - named) == []


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | _OTHER_VARIABLES
    named = {(page.name, name) for page in PAGES for name in re.findall(PREFIX + r"[A-Z_]*[A-Z]", page.read_text())}
    assert sorted(one for one in named if one[1] not in known) == []


def test_every_decision_is_in_the_index_with_its_number_and_title() -> None:
    titles = [path.read_text().partition("\n")[0].removeprefix("# ") for path in ADRS]
    assert [int(path.name[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))
    assert [int(title.partition(".")[0]) for title in titles] == list(range(1, len(ADRS) + 1))
    listed = re.findall(r"^(\d+\. )\[(.+)\]\(adr/(.+)\)$", (DOCS / "index.md").read_text(), re.MULTILINE)
    assert [(number + title, name) for number, title, name in listed] == [
        (title, path.name) for title, path in zip(titles, ADRS, strict=True)
    ]


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.stem)
def test_a_decision_has_the_four_parts(path: Path) -> None:
    assert re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE) == ADR_HEADINGS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{page.name}: nothing is at {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: no such heading at {link}"


def anchors(page: Path) -> set[str]:
    """The names by which headings can be linked to."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_strategy_of_the_readme_gives_the_result_shown_there() -> None:
    text = (ROOT / "README.md").read_text()
    [source] = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    made: dict[str, type[Strategy]] = {}
    exec(compile(source, "README.md", "exec"), made)
    strategy = made["Crossover"](fast=60, slow=240)
    session, _ = trade(strategy, sample_bars(), commission_bps="10")
    assert f"became {session.equity:,f}: {session.orders_placed:,} orders, {session.portfolio.fills:,} fills, " in text
    assert sum(bool(line) for line in source.splitlines()) <= 15


def commands(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command of the command line, groups resolved."""
    inner: dict[str, object] = getattr(command, "commands", {})
    if not inner:
        yield path
    for name, one in inner.items():
        yield from commands(one, (*path, name))


@pytest.fixture(scope="module")
def command_words() -> set[tuple[str, ...]]:
    """The words of every command there is."""
    from interfaces.cli.entry import _application

    return set(commands(typer.main.get_command(_application())))


def test_every_command_is_in_the_documents(command_words: set[tuple[str, ...]]) -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    missing = [words for words in command_words if not re.search(rf"\bweaver {' '.join(words)}\b", text)]
    assert sorted(missing) == []


def test_no_document_shows_a_command_that_does_not_exist(command_words: set[tuple[str, ...]]) -> None:
    unknown = {(page.name, " ".join(words)) for page in PAGES for words in shown_commands(page, command_words)}
    assert sorted(unknown) == []


def shown_commands(page: Path, known: set[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Commands in code, inline and in blocks, that are not known. A group alone may be shown."""
    text = page.read_text()
    blocks = [*FENCE.findall(text), *re.findall(r"^ {4}.+$", text, re.MULTILINE)]
    code = "\n".join([*CODE.findall(FENCE.sub("", text)), *blocks])
    groups = {words[0] for words in known if len(words) == 2}
    for line in re.findall(r"^[ $]*(?:\.venv/bin/)?weaver ([a-z].*)$", code, re.MULTILINE):
        first, *rest = line.split()
        if first not in groups:
            words: tuple[str, ...] = (first,)
        elif rest:
            words = (first, rest[0])
        else:
            continue
        if words not in known:
            yield words
