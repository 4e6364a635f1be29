"""The OpenAPI document is the truth: whatever it allows or forbids, the server answers as it says and never fails."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.interfaces.cli.command_line import minute_rows, write_bars
from tests.system.weaver_process import WeaverServer, weaver

type Case = schemathesis.Case[Any]

# A stream does not end, and has tests of its own.
ENDLESS = "/api/v1/events/stream"
CASES = 2_000
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def web_schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The document of `weaver serve`, a process of its own as for users, over a journal with something in it."""
    home = tmp_path_factory.mktemp("home")
    bars = write_bars(home / "bars.csv", minute_rows(300))
    imported = weaver(home, "data", "import", str(bars), "--symbol", "A", "--timeframe", "1m")
    assert imported.returncode == 0, imported.stderr
    with WeaverServer(home) as server:
        [coverage] = server.get("/symbols")["items"]
        described = {"symbols": ["A"], "start_time": coverage["start_time"], "end_time": coverage["end_time"]}
        server.create_run(**described)
        run_id = server.create_run(config={"fast": 2, "slow": 5}, **described)
        server.start_run(run_id)
        assert server.wait_for_end(run_id)["stats"]["total_trades"] > 0
        yield schemathesis.openapi.from_url(f"{server.url}/openapi.json").exclude(path=ENDLESS)


@pytest.mark.timeout(900)
def test_every_answer_is_one_the_document_describes(web_schema: Any, subtests: pytest.Subtests) -> None:
    operations = [found.ok() for found in web_schema.get_all_operations()]
    assert len(operations) >= 20
    asked: Counter[str] = Counter()
    with_choices = [one for one in operations if one.query or one.path_parameters or one.body]
    # A little more: some operations have fewer different cases than that.
    share = math.ceil(1.05 * CASES / len(GenerationMode) / len(with_choices))
    for operation in operations:
        modes = GenerationMode if operation in with_choices else (GenerationMode.POSITIVE,)
        for mode in modes:
            with subtests.test(f"{operation.label}, {mode.value} cases"):
                conforms(operation.as_strategy(generation_mode=mode), share, asked)()
    assert asked.total() >= CASES, asked


def conforms(cases: SearchStrategy[Case], count: int, asked: Counter[str]) -> Callable[[], None]:
    """Return the test of one operation, which notes how often it was asked."""

    @given(case=cases)
    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Case) -> None:
        do_not_wait(case.query)
        case.call_and_validate(checks=CHECKS, timeout=20)
        asked[case.operation.label] += 1

    return check


def do_not_wait(query: Any) -> None:
    """Take out of a query what makes the server wait for something that will not come, and rightly answer 503."""
    if str(query.get("min_position", "")).isdecimal() and int(query["min_position"]) < 2**63:
        query["min_position"] = 0
    try:
        if 0 <= float(query.get("wait", -1)) <= 30:
            query["wait"] = 0
    except (TypeError, ValueError):
        pass
