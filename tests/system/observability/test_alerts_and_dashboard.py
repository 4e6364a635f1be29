"""The rules and the dashboard beside the metrics: they parse, name what exists, and lead to a section that helps."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from tests.system.observability.catalogue import OBSERVABILITY, ROOT, queryable

RUNBOOK = ROOT / "docs" / "runbook.md"
# Prometheus' own, of every target.
OF_PROMETHEUS = {"up"}
VARIABLES = re.compile(r"\$\{?(\w+)\}?")


def alerts() -> dict[str, dict[str, Any]]:
    """Every rule by its name."""
    groups = yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    return {rule["alert"]: rule for rule in rules}


def panels() -> Iterator[dict[str, Any]]:
    """Every panel of the dashboard, rows left out."""
    dashboard = json.loads((OBSERVABILITY / "weaver-dashboard.json").read_text())
    yield from (panel for panel in dashboard["panels"] if panel["type"] != "row")


def metrics_in(expression: str) -> set[str]:
    """Return the metrics of a query as a real parser of PromQL finds them; raise ValueError when it is none."""
    found: set[str] = set()

    def see(part: promql_parser.Expr) -> None:
        if isinstance(part, promql_parser.VectorSelector):
            assert part.name is not None, f"a selector without a name in {expression}"
            found.add(part.name)

    promql_parser.walk(promql_parser.parse(expression), see)
    return found


def test_a_query_that_is_none_is_found() -> None:
    with pytest.raises(ValueError, match="unclosed"):
        metrics_in("sum by (a) (rate(weaver_http_request_seconds_count[5m])")


@pytest.mark.parametrize("name", list(alerts()))
def test_an_alert_asks_for_what_exists_and_says_what_to_do(name: str) -> None:
    rule = alerts()[name]
    assert metrics_in(rule["expr"]) <= queryable() | OF_PROMETHEUS
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert (page, anchor) == ("docs/runbook.md", name.lower())
    [section] = re.findall(rf"^### {name}\n(.*?)(?=^##|\Z)", RUNBOOK.read_text(), re.MULTILINE | re.DOTALL)
    for part in ("**Means.**", "**Look.**", "**Do.**"):
        assert part in section


def test_every_section_of_the_runbook_is_about_an_alert_there_is() -> None:
    _, _, text = RUNBOOK.read_text().partition("## Alerts\n")
    text = re.split(r"^## ", text, flags=re.MULTILINE)[0]
    assert re.findall(r"^### (.+)$", text, re.MULTILINE) == list(alerts()), "in the order of the rules"


@pytest.mark.parametrize("panel", list(panels()), ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_exists(panel: dict[str, Any]) -> None:
    assert panel["targets"]
    for target in panel["targets"]:
        assert set(VARIABLES.findall(target["expr"])) <= {"instance"}
        assert metrics_in(target["expr"]) <= queryable()


def test_the_dashboard_has_its_rows_and_every_panel_its_place() -> None:
    dashboard = json.loads((OBSERVABILITY / "weaver-dashboard.json").read_text())
    rows = [panel["title"] for panel in dashboard["panels"] if panel["type"] == "row"]
    assert rows == ["Trading", "Journal and read models", "Clock and feeds", "Web", "Machine"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
    assert {one["name"] for one in dashboard["templating"]["list"]} == {"datasource", "instance"}
    assert dashboard["schemaVersion"] >= 39


def test_the_sample_scrapes_the_route_with_a_key_from_a_file() -> None:
    [job] = yaml.safe_load((OBSERVABILITY / "prometheus.yml").read_text())["scrape_configs"]
    assert job["job_name"] == "weaver", "the alerts ask for this job"
    assert job["metrics_path"] == "/metrics"
    assert list(job["http_headers"]) == ["X-API-Key"]
    assert list(job["http_headers"]["X-API-Key"]) == ["files"], "a key in this file would be in everybody's backup"


def test_every_alert_is_tried_by_promtool() -> None:
    tests = yaml.safe_load((OBSERVABILITY / "alerts_test.yml").read_text())["tests"]
    samples = [sample for test in tests for one in test["promql_expr_test"] for sample in one["exp_samples"]]
    fired = {re.findall(r'alertname="(\w+)"', sample["labels"])[0] for sample in samples}
    assert fired == alerts().keys()


@pytest.mark.parametrize(
    "arguments", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")], ids=" ".join
)
def test_promtool_agrees(arguments: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool") or shutil.which("promtool", path=Path(sys.executable).parent)
    if promtool is None:
        pytest.skip("there is no promtool (`make promtool`, or Debian: apt-get install prometheus)")
    done = subprocess.run(
        [promtool, *arguments], cwd=OBSERVABILITY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
