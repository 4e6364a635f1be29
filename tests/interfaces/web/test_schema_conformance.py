"""The OpenAPI document is the truth: whatever it allows or forbids, the server answers as it says and never fails."""

from collections.abc import Callable
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

from tests.interfaces.web.scenes import Served, record_backtest, record_run, until

type Case = schemathesis.Case[Any]

# A stream does not end, and has tests of its own.
ENDLESS = "/api/v1/events/stream"
CASES_AN_OPERATION = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def web_schema(lasting_server: Served) -> Any:
    """The served document, over a journal with something in it."""
    weaver = lasting_server.weaver
    record_run(weaver)
    record_backtest(weaver)
    until(lambda: all(processor.position == weaver.journal.head() for processor in weaver.processors))
    return schemathesis.openapi.from_url(f"{lasting_server.url}/openapi.json").exclude(path=ENDLESS)


@pytest.mark.timeout(400)
def test_every_answer_is_one_the_document_describes(web_schema: Any, subtests: pytest.Subtests) -> None:
    operations = [found.ok() for found in web_schema.get_all_operations()]
    assert len(operations) >= 20
    for operation in operations:
        can_be_wrong = operation.query or operation.path_parameters or operation.body
        for mode in GenerationMode if can_be_wrong else (GenerationMode.POSITIVE,):
            with subtests.test(f"{operation.label}, {mode.value} cases"):
                conforms(operation.as_strategy(generation_mode=mode))()


def conforms(cases: SearchStrategy[Case]) -> Callable[[], None]:
    """Return the test of one operation."""

    @given(case=cases)
    @settings(
        max_examples=CASES_AN_OPERATION,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Case) -> None:
        do_not_wait(case.query)
        case.call_and_validate(checks=CHECKS, timeout=20)

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
