"""What every list route does: a page of a read model's rows, filtered by the query's own fields."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any
from uuid import UUID

from interfaces.composition import Weaver
from interfaces.web.access import SHOWN_SECONDS, reading, require_run
from interfaces.web.pagination import Cursors, PageOfRows, paged
from interfaces.web.queries import Paged
from projections.paging import Listing
from projections.runs import RunRow


def listed[Row](
    here: Weaver,
    sealed: Cursors,
    name: str,
    query: Paged,
    listing: Listing[Row],
    page: Callable[..., tuple[list[Row], int]],
    **fixed: Any,  # noqa: ANN401 - whatever the read model filters by
) -> PageOfRows[Row]:
    """Return the page of the read model's list that the query asks for.

    name: of the list, for its cursors. page: the read model's function, which takes the query's filters by their names.
    fixed: filters that the path gives.
    """
    filters = query.wanted() | fixed
    with reading(here) as connection:
        return paged(
            sealed,
            name,
            query,
            lambda limit, offset, before: page(connection, **filters, limit=limit, offset=offset, before=before),
            attrgetter(listing.place),
        )


def listed_of_run[Row](
    here: Weaver,
    sealed: Cursors,
    run_id: UUID,
    query: Paged,
    listing: Listing[Row],
    page: Callable[..., tuple[list[Row], int]],
    read_model: str,
    as_of: int | None = None,
) -> PageOfRows[Row]:
    """Return the page of one run's rows that the query asks for; a 404 ends the request when there is no such run.

    as_of: a position at which the run must have been there; `page` is to find the rows of then.
    """
    require_shown_run(here, run_id, read_model, as_of)
    return listed(here, sealed, f"{listing.table} of {run_id}", query, listing, page, run_id=run_id)


def require_shown_run(here: Weaver, run_id: UUID, read_model: str, as_of: int | None = None) -> RunRow:
    """Return the run, and give the read model a moment to catch up with its row; a 404 when there is no such run.

    Whoever sees that a run has completed finds all it did in its lists, without knowing about positions.
    as_of: a position at which the run must have been there; it may be deleted since.
    """
    with reading(here) as connection:
        run = require_run(connection, run_id, as_of)
    for processor in here.processors:
        if processor.name == read_model:
            processor.wait_for(run.position, SHOWN_SECONDS)
    return run
