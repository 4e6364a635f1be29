"""The images before they are built: what linters say, who they run as, and what can be in them."""

import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from interfaces.settings import PREFIX, Settings
from tests.docker.dockerfiles import DOCKERFILES, ROOT, stages

BIN = Path(sys.executable).parent
SECRET = re.compile(r"KEY|PASSWORD|SECRET|TOKEN|DATABASE_URL", re.IGNORECASE)
PUBLISHED = [pytest.param(path, id=path.name) for path in DOCKERFILES]
SOURCES = {"domain", "application", "projections", "interfaces", "migrations", "weaver"}


def test_hadolint_finds_nothing() -> None:
    linted = subprocess.run(
        [BIN / "hadolint", "--no-color", *DOCKERFILES], capture_output=True, text=True, timeout=60, check=False
    )
    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


@pytest.mark.parametrize("path", PUBLISHED)
def test_an_image_runs_as_a_fixed_user_that_is_not_root(path: Path) -> None:
    [*_, user] = stages(path)["prod"].all("USER")
    uid, gid = user.split(":")
    assert int(uid) > 0
    assert int(gid) > 0


@pytest.mark.parametrize("path", PUBLISHED)
def test_signals_reach_the_program_and_its_health_is_looked_at(path: Path) -> None:
    image = stages(path)["prod"]
    for words in (*image.all("ENTRYPOINT"), *image.all("CMD")):
        assert isinstance(json.loads(words), list), "a shell would be process 1 and take the signal"
    [health] = image.all("HEALTHCHECK")
    assert "curl" not in health
    assert isinstance(json.loads(health.partition(" CMD ")[2]), list)


@pytest.mark.parametrize("path", PUBLISHED)
def test_no_stage_is_given_a_secret(path: Path) -> None:
    for stage in stages(path).values():
        for arguments in (*stage.all("ARG"), *stage.all("ENV")):
            assert not SECRET.search(arguments), f"{stage.name}: {arguments}"


@pytest.mark.parametrize("path", PUBLISHED)
def test_every_origin_names_its_version(path: Path) -> None:
    named = stages(path)
    for stage in named.values():
        assert stage.origin in named or re.search(r":\d", stage.origin), stage.origin


def test_the_backend_is_installed_by_the_hashes_of_the_lock_and_brings_no_tool() -> None:
    named = stages(ROOT / "docker" / "Dockerfile")
    installs = [step for stage in named.values() for step in stage.all("RUN") if "pip install" in step]
    assert len(installs) >= 4
    for step in installs:
        for command in step.split("&&"):
            is_of_others = "pip install" in command and "/tmp/wheel/" not in command and "--editable" not in command
            assert not is_of_others or "--require-hashes" in command, command
    prod = named["prod"]
    assert prod.origin == named["installer"].origin
    assert not any("install " in step for step in prod.all("RUN"))
    assert prod.all("COPY") == ["--from=build /opt/weaver /opt/weaver"]


def test_every_setting_an_image_gives_exists() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for stage in stages(ROOT / "docker" / "Dockerfile").values():
        given = {name for arguments in stage.all("ENV") for name in re.findall(rf"\b({PREFIX}\w+)=", arguments)}
        assert given <= known


def test_every_package_of_the_wheel_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    for name in ("dev", "build"):
        copies = stages(ROOT / "docker" / "Dockerfile")[name].all("COPY")
        copied = {word for words in copies for word in words.split()[:-1]}
        assert packages | {"README.md", "LICENSE"} <= copied


def test_the_images_say_the_version_and_the_licence_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for path in DOCKERFILES:
        image = stages(path)["prod"]
        assert f"VERSION={project['version']}" in image.all("ARG")
        assert f'org.opencontainers.image.licenses="{project["license"]}"' in image.all("LABEL")[0]


@pytest.mark.parametrize(
    "name",
    [".env", "docker/.env", ".git", "tests", "haro/node_modules", "haro/dist", "interfaces/__pycache__", "haro/.env"],
)
def test_what_belongs_in_no_image_is_not_sent(name: str) -> None:
    assert not is_sent(name)


@pytest.mark.parametrize("name", [*sorted(SOURCES), "requirements.lock", "haro/package-lock.json", "docker/nginx.conf"])
def test_what_is_copied_is_sent(name: str) -> None:
    assert is_sent(name)


def is_sent(name: str) -> bool:
    """Whether .dockerignore lets a path through: its last line that fits the path, or a directory above it, decides."""
    paths = [Path(name), *Path(name).parents][:-1]
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        anywhere = "**/" in line
        fits = any(fnmatch(path.name if anywhere else str(path), pattern) for path in paths)
        if line and not line.startswith("#") and fits:
            sent = line.startswith("!")
    return sent


def test_shell_files_are_checked() -> None:
    scripts = [path for folder in ("docker", ".ci", ".github") for path in (ROOT / folder).rglob("*") if is_shell(path)]
    assert scripts, "there is at least .ci/run"
    for path in scripts:
        checked = subprocess.run([BIN / "shellcheck", path], capture_output=True, text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stdout


def is_shell(path: Path) -> bool:
    """Whether a file says of itself that a shell runs it."""
    return path.is_file() and re.match(rb"#!.*\b(ba|da)?sh\b", path.read_bytes()[:80]) is not None
