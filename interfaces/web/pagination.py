"""Pages of a list, and the sealed cursor that says where the next one begins."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from interfaces.web.errors import Problem
from interfaces.web.queries import Paged
from interfaces.web.values import Answered

_SEAL_BYTES = 16


class Page[Item](Answered):
    """One page of a list. `page` is null when a cursor was followed, `next_cursor` on the last page."""

    items: list[Item]
    total: int
    page: int | None
    page_size: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PageOfRows[Row]:
    """What becomes a Page: rows in place of the items."""

    items: Sequence[Row]
    total: int
    page: int | None
    page_size: int
    next_cursor: str | None

    def of[Item](self, items: Sequence[Item]) -> "PageOfRows[Item]":
        """Return the page with other items in place of its own."""
        return PageOfRows(items, self.total, self.page, self.page_size, self.next_cursor)


class Cursors:
    """Seals and opens cursors: whatever was not sealed here, for this very list, is refused."""

    def __init__(self, store_id: UUID) -> None:
        self._key = hashlib.sha256(b"weaver cursor" + store_id.bytes).digest()

    def seal(self, listed: str, filters: dict[str, object], before: int) -> str:
        """Return the cursor of a list after the row at that position."""
        content = msgspec.json.encode({"before": before})
        return _as_text(self._seal(listed, filters, content) + content)

    def open(self, listed: str, filters: dict[str, object], cursor: str) -> int:
        """Return the position the page goes on before; raise a 400 for a cursor of another list, or of nobody."""
        try:
            sealed = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            sealed = b""
        seal, content = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        # Two texts can stand for the same bytes: only the one that was given out is good.
        if _as_text(sealed) != cursor or not hmac.compare_digest(seal, self._seal(listed, filters, content)):
            raise Problem(400, "the cursor is not of this list: take next_cursor of a page with the same filters")
        return int(msgspec.json.decode(content)["before"])

    def _seal(self, listed: str, filters: dict[str, object], content: bytes) -> bytes:
        meant = msgspec.json.encode([listed, sorted(filters.items())])
        return hmac.digest(self._key, len(meant).to_bytes(8) + meant + content, "sha256")[:_SEAL_BYTES]


def _as_text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def paged[Row](
    cursors: Cursors,
    listed: str,
    query: Paged,
    fetch: Callable[[int, int, int | None], tuple[Sequence[Row], int]],
    place: Callable[[Row], int],
) -> PageOfRows[Row]:
    """Return the page the query asks for.

    listed: names the list, so that a cursor of one is no good for another. place: a row's place in the list's order.
    fetch: gives the rows of (limit, offset, place to go on from) and how many there are in all. One row more than the
    page holds is asked for, which tells whether there is a next page.
    """
    filters = query.filters()
    before = None if query.cursor is None else cursors.open(listed, filters, query.cursor)
    page = None if query.cursor is not None else query.page or 1
    offset = 0 if page is None else (page - 1) * query.page_size
    rows, total = fetch(query.page_size + 1, offset, before)
    shown = rows[: query.page_size]
    is_last = len(rows) <= query.page_size
    next_cursor = None if is_last else cursors.seal(listed, filters, place(shown[-1]))
    return PageOfRows(shown, total, page, query.page_size, next_cursor)


def paged_whole[Row](cursors: Cursors, listed: str, query: Paged, rows: Sequence[Row]) -> PageOfRows[Row]:
    """Return the page the query asks for of a list that is at hand as a whole."""
    numbered = list(enumerate(rows, start=1))

    def fetch(limit: int, offset: int, after: int | None) -> tuple[Sequence[tuple[int, Row]], int]:
        first = offset if after is None else after
        return numbered[first : first + limit], len(numbered)

    page = paged(cursors, listed, query, fetch, lambda numbered_row: numbered_row[0])
    return page.of([row for _, row in page.items])
