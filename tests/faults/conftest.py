"""A stage for each test: an exchange, a fresh database and `weaver serve`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.trial import Stage


@pytest.fixture
def stage(tmp_path: Path, database_url: str) -> Iterator[Stage]:
    with Stage(tmp_path, database_url) as opened:
        yield opened
