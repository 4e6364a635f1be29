"""The compose files and the workflow before they run: their schemas, what they demand, and the settings they name."""

import itertools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from interfaces.settings import PREFIX, Settings
from tests.docker.dockerfiles import DOCKER, ROOT, stages

BIN = Path(sys.executable).parent
COMPOSE = DOCKER / "compose.yaml"
DEVELOPMENT = DOCKER / "compose.dev.yaml"
EXAMPLES = (DOCKER / ".env.example", DOCKER / ".env.dev.example")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def services(path: Path) -> dict[str, Any]:
    """Return the services of a compose file."""
    found: dict[str, Any] = yaml.safe_load(path.read_text())["services"]
    return found


@pytest.mark.parametrize(
    ("schema", "paths"),
    [("compose-spec", (COMPOSE, DEVELOPMENT)), ("github-workflows", tuple(WORKFLOWS))],
    ids=["compose", "workflow"],
)
def test_the_files_are_what_their_schema_says(schema: str, paths: tuple[Path, ...]) -> None:
    assert paths
    checked = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *paths],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "WEAVER_API_KEY"])
def test_a_secret_has_no_default_and_must_be_given(name: str) -> None:
    used = re.findall(rf"\$\{{{name}([^}}]*)\}}", COMPOSE.read_text())
    assert used
    assert all(rest.startswith(":?") for rest in used)
    assert f"\n{name}=\n" in EXAMPLES[0].read_text(), "to be filled in, with nothing that would do"


def test_every_container_of_ours_gives_up_what_it_does_not_need() -> None:
    for name, service in services(COMPOSE).items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only") is True or name == "postgres"
        assert "privileged" not in service


@pytest.mark.parametrize("path", [COMPOSE, DEVELOPMENT], ids=lambda path: path.name)
def test_only_this_machine_is_let_in_unless_it_is_said_otherwise(path: Path) -> None:
    ports = {name: service.get("ports", []) for name, service in services(path).items()}
    assert all("127.0.0.1:" in port for mapped in ports.values() for port in mapped)
    if path == COMPOSE:
        assert [name for name, mapped in ports.items() if mapped] == ["haro"]


@pytest.mark.parametrize("path", [COMPOSE, DEVELOPMENT], ids=lambda path: path.name)
def test_the_server_starts_on_a_migrated_database_only(path: Path) -> None:
    found = services(path)
    assert found["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert found["migrate"]["command"][-1] == "migrate"
    assert found["backend"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("path", [COMPOSE, DEVELOPMENT], ids=lambda path: path.name)
def test_what_is_built_is_there(path: Path) -> None:
    for service in services(path).values():
        if "build" in service:
            build = service["build"]
            assert (path.parent / build["context"]).resolve() == ROOT
            assert build["target"] in stages(ROOT / build["dockerfile"])


@pytest.mark.parametrize("path", [COMPOSE, DEVELOPMENT], ids=lambda path: path.name)
def test_every_setting_a_container_is_given_exists(path: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given = {name for one in services(path).values() for name in one.get("environment", {}) if name.startswith(PREFIX)}
    assert sorted(given - known) == []


def test_a_worker_reaches_the_database_alone_and_knows_no_key() -> None:
    found = services(COMPOSE)
    worker = found["worker"]
    assert worker["profiles"] == ["workers"]
    assert worker["networks"] == ["database"]
    assert yaml.safe_load(COMPOSE.read_text())["networks"]["database"] == {"internal": True}
    assert "env_file" not in worker
    keys = {PREFIX + name.upper() for name in Settings.model_fields if "key" in name}
    assert {f"{PREFIX}API_KEY", f"{PREFIX}ALPACA_LIVE_SECRET_KEY"} <= keys
    assert keys.isdisjoint(worker["environment"])
    assert worker["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert worker["environment"]["WEAVER_DATABASE_URL"] == found["backend"]["environment"]["WEAVER_DATABASE_URL"]
    [strategies] = worker["volumes"]
    assert strategies in found["backend"]["volumes"], "a version of a strategy is a hash of its file"


def test_nginx_asks_the_server_where_it_listens() -> None:
    backend = services(COMPOSE)["backend"]["environment"]
    [upstream] = re.findall(r"WEAVER_UPSTREAM=(\S+)", " ".join(stages(DOCKER / "haro.Dockerfile")["prod"].all("ENV")))
    assert upstream == f"backend:{backend['WEAVER_PORT']}"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_names_every_setting_with_its_default_and_its_meaning(path: Path) -> None:
    lines = path.read_text().splitlines()
    shown = dict(re.findall(rf"^#?({PREFIX}\w+)=(.*)$", path.read_text(), re.MULTILINE))
    defaults = {PREFIX + name.upper(): as_written(field.default) for name, field in Settings.model_fields.items()}
    assert shown == defaults
    for before, line in itertools.pairwise(lines):
        if re.match(rf"#?{PREFIX}\w+=", line):
            assert before.startswith("#"), f"{line}: say what it means"


def as_written(default: object) -> str:
    """A setting's default as it would be written in a file."""
    match default:
        case None | ():
            return ""
        case SecretStr():
            return default.get_secret_value()
        case float():
            return f"{default:g}"
        case _:
            return str(default)
