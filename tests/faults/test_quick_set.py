"""The most telling trials of the matrix, two at a time; `make test-faults` holds all of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.matrix import Kill, Phase, Trial, trials
from tests.faults.trial import Verdict, conduct
from tests.postgres_servers import fresh_database

# A trial takes ten to fifty seconds, and several times as long on a machine that has much else to do.
pytestmark = pytest.mark.timeout(600)

SEED = 1
AT_ONCE = 2
TELLING: list[tuple[Phase, str, Kill]] = [
    ("submit", "dropped after", "main"),
    ("submit", "dropped after", "child"),
    ("submit", "504 after", "none"),
    ("submit", "late arrival", "main"),
    ("submit", "accepted, unanswered and hidden", "main"),
    ("submit", "database connections cut, answer lost", "none"),
    ("submit", "updates cut", "main"),
    ("cancel", "dropped after", "main"),
    ("cancel", "filled in spite of a cancel", "child"),
    ("fill", "filled after a cancel", "none"),
    ("fill", "half a body", "main"),
    ("fill", "updates duplicated", "child"),
    ("fill", "updates lost", "main"),
    ("reconnect", "partial", "none"),
    ("reconnect", "exchange restarted", "main"),
]
_EVERY = {(one.plan.phase, one.plan.name, one.kill): one for one in trials(SEED)}


@pytest.fixture(scope="module")
def verdicts(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, migrated_template: str
) -> Iterator[Callable[[Trial], Future[Verdict]]]:
    """The verdict on each trial: they begin with the first that is asked for."""

    def hold(trial: Trial, directory: Path) -> Verdict:
        with fresh_database(server_url, f"{migrated_template}_{trial.number}", migrated_template) as url:
            return conduct(trial, directory, url)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        held = {
            key: pool.submit(hold, _EVERY[key], tmp_path_factory.mktemp(f"trial-{_EVERY[key].number}"))
            for key in TELLING
        }
        yield lambda trial: held[trial.plan.phase, trial.plan.name, trial.kill]


@pytest.mark.parametrize("trial", [_EVERY[key] for key in TELLING], ids=str)
def test_a_fault_and_a_kill_leave_both_sides_equal(trial: Trial, verdicts: Callable[[Trial], Future[Verdict]]) -> None:
    verdict = verdicts(trial).result()
    assert not verdict.wrong, "\n".join([f"{trial}, seed {SEED}", *verdict.wrong, verdict.story])
