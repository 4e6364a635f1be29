"""docs/metrics.md as the tests read it, and what a server really exposes."""

import re
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[3]
CATALOGUE = ROOT / "docs" / "metrics.md"
OBSERVABILITY = ROOT / "docker" / "observability"
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([^|]*?) ?\| ([^|]+) \| ([^|]+) \| ([^|]*?) ?\|$", re.MULTILINE)


@dataclass(frozen=True)
class Metric:
    """A row of the catalogue, or a family of a scrape. labels: of a scrape those that were seen."""

    type: str
    labels: frozenset[str]


def documented() -> dict[str, Metric]:
    """Every metric of docs/metrics.md by its name in queries; of a histogram, that is the name before `_bucket`."""
    found: dict[str, Metric] = {}
    for name, kind, labels, _, meaning, _ in ROW.findall(CATALOGUE.read_text()):
        assert name not in found, f"{name} is there twice"
        assert meaning
        found[name] = Metric(kind, frozenset(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", labels))))
    return found


def queryable() -> set[str]:
    """Every name a query may use."""
    names: set[str] = set()
    for name, metric in documented().items():
        is_histogram = metric.type == "histogram"
        names |= {f"{name}_{end}" for end in ("bucket", "sum", "count")} if is_histogram else {name}
    return names


def exposed(text: str) -> dict[str, Metric]:
    """Every family of an answer of /metrics as Prometheus' own parser reads it; those that say since when left out."""
    found: dict[str, Metric] = {}
    for family in text_string_to_metric_families(text):
        if family.name.endswith("_created"):
            continue
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = Metric(family.type, frozenset(labels))
    return found


def samples(text: str, name: str) -> dict[tuple[str, ...], float]:
    """Return the values of one metric by the values of its labels, in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }
