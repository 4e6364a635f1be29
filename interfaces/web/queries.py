"""Query parameters that many routes share: pages, cursors and the position an answer must show."""

from typing import Annotated, Any, Self

from fastapi import Body, Query
from pydantic import Field, model_validator

from interfaces.web.values import MAX_WHOLE, AsOf, Given, Nothing

MAX_PAGE_SIZE = 500
# Parameters that may be given more than once; of the others, one of two values would have to be ignored.
REPEATABLE = frozenset({"type"})
# What says which page of a list to show, and how fresh; every other parameter but the time filters it.
_PLACES = {"page", "page_size", "cursor", "min_position"}
_NO_FILTERS = _PLACES | {"as_of"}


class NoParameters(Given):
    """A command takes no query parameters."""


NoQuery = Annotated[NoParameters, Query()]
NoBody = Annotated[Nothing | None, Body()]


class Read(Given):
    """What every GET takes."""

    min_position: int | None = Field(
        None,
        ge=0,
        le=MAX_WHOLE,
        description="Show at least this position of the journal: the `Weaver-Position` of an earlier command.",
    )


AsOfParameter = Annotated[
    AsOf | None,
    Field(
        description="Show what was: after this position of the journal, or after all that was recorded by this time. "
        "For a backtest, a time before it was created is a time of its market."
    ),
]


class ReadPast(Read):
    """What every GET takes that can show the past."""

    as_of: AsOfParameter = None


class Paged(Read):
    """What every list takes: a page number for jumping, or the cursor of the page before for depth."""

    page: int | None = Field(None, ge=1, le=1_000_000, description="Number of the page, from 1. Not with `cursor`.")
    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = 50
    cursor: str | None = Field(
        None, min_length=1, max_length=500, description="`next_cursor` of the page before, asked with the same filters."
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.page is not None and self.cursor is not None:
            raise ValueError("page and cursor say two places: give one of them")
        return self

    def wanted(self) -> dict[str, Any]:
        """Return what the list is filtered by, as a read model takes it: by name, None for what is not filtered by."""
        return {name: getattr(self, name) for name in type(self).model_fields if name not in _NO_FILTERS}

    def filters(self) -> dict[str, object]:
        """Return what the list is filtered by, as JSON types: a cursor is good for these alone."""
        return self.model_dump(mode="json", exclude=_PLACES, exclude_none=True)
