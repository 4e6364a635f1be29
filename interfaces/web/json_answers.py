"""Answers written as JSON in the thread that found them: FastAPI would give each to another worker thread and back."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from pydantic import TypeAdapter
from starlette.responses import Response


class JsonAnswers:
    """Writes what is found as the JSON of a model."""

    def __init__(self, model: type[Any]) -> None:
        self._adapter: TypeAdapter[Any] = TypeAdapter(model)

    def of(self, found: object) -> Response:
        """Return the answer; raise pydantic's ValidationError, which ends in a 500, for what is none of the model."""
        shown = self._adapter.validate_python(found, from_attributes=True)
        return Response(self._adapter.dump_json(shown, by_alias=True), media_type="application/json")


def writing_json[**Given](endpoint: Callable[Given, object], model: type[Any]) -> Callable[Given, Response]:
    """Return the endpoint with what it returns written as the model's JSON.

    Not for an endpoint that runs on the event loop, nor for one that sets headers of the answer FastAPI would make.
    """
    answers = JsonAnswers(model)

    @wraps(endpoint)
    def write(*args: Given.args, **given: Given.kwargs) -> Response:
        return answers.of(endpoint(*args, **given))

    return write
