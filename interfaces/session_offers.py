"""Sessions between the engine that wants them and the workers that run them: one row each, in the database.

Nothing here is a fact of trading: what a session decides is in the journal, and fenced there. A row says who is to run
a session and who does, and when each of the two was heard of last, by the database's clock alone.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from domain.ids import new_id
from interfaces.database import connect, database_errors

# Who was not heard of for so long is gone: a worker's sessions are offered again, an engine's are ended.
LOST_SECONDS = 10.0
_LOST = f"interval '{LOST_SECONDS} seconds'"
_KEPT = "interval '1 day'"


@dataclass(frozen=True, slots=True)
class SessionOffer:
    """A session that nobody runs yet. strategy_version: what the run was created with."""

    id: UUID
    run_id: UUID
    strategy_id: str
    strategy_version: str


@dataclass(frozen=True, slots=True)
class OfferState:
    """A session as its engine sees it.

    worker: who has taken it, None for nobody. unheard: seconds since the worker was heard of. sign_age: seconds since
    the session showed that it is at work, None before the first time. exit_code, complaint: of a session that ended.
    """

    worker: str | None
    unheard: float
    sign_age: float | None
    exit_code: int | None
    complaint: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What the engine wants of a session: to end soon, or at once."""

    stop: bool
    end: bool


class SessionOffers:
    """The rows, on one connection of its own that is made again when it was lost; any thread may ask.

    Every method raises DatabaseUnavailable.
    """

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._connection: psycopg.Connection | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    # The engine's side.

    def offer(self, run_id: UUID, strategy_id: str, strategy_version: str) -> UUID:
        """Offer the session of a run, and return the offer's id; whoever runs an earlier one of the run ends it."""
        offer_id = new_id()
        self._ask(
            f"""
            with earlier as (
                update session_offers set withdrawn = true where run_id = %(run)s and ended_at is null
            ), forgotten as (
                delete from session_offers where renewed_at < clock_timestamp() - {_KEPT}
            )
            insert into session_offers (id, run_id, strategy_id, strategy_version)
            values (%(id)s, %(run)s, %(strategy)s, %(version)s)
            """,
            {"id": offer_id, "run": run_id, "strategy": strategy_id, "version": strategy_version},
        )
        return offer_id

    def renew(self, offer_ids: Sequence[UUID]) -> Mapping[UUID, OfferState]:
        """Say that these are still wanted; return how each stands, without those that are gone."""
        rows = self._ask(
            """
            update session_offers set renewed_at = clock_timestamp() where id = any(%(ids)s)
            returning id, worker, coalesce(extract(epoch from clock_timestamp() - beat_at), 0)::float8,
                      extract(epoch from clock_timestamp() - sign_at)::float8, exit_code, coalesce(complaint, '')
            """,
            {"ids": list(offer_ids)},
        )
        return {row[0]: OfferState(*row[1:]) for row in rows}

    def ask_to_stop(self, offer_id: UUID) -> None:
        """Ask for the session to end soon."""
        self._ask("update session_offers set stop_asked = true where id = %(id)s", {"id": offer_id})

    def withdraw(self, offer_id: UUID) -> None:
        """Want the session no more: nobody takes it, whoever runs it ends it at once."""
        self._ask("update session_offers set withdrawn = true where id = %(id)s", {"id": offer_id})

    # The worker's side.

    def waiting(self) -> list[SessionOffer]:
        """Return what nobody has taken and an engine that lives wants, the oldest first."""
        rows = self._ask(
            f"""
            select id, run_id, strategy_id, strategy_version from session_offers
            where ended_at is null and worker is null and not withdrawn and renewed_at > clock_timestamp() - {_LOST}
            order by offered_at
            """,
            {},
        )
        return [SessionOffer(*row) for row in rows]

    def take(self, offer_id: UUID, worker: str) -> bool:
        """Return whether the session is this worker's now; False: another one was faster, or it is wanted no more."""
        return bool(
            self._ask(
                """
                update session_offers set worker = %(worker)s, beat_at = clock_timestamp()
                where id = %(id)s and worker is null and not withdrawn and ended_at is null returning 1
                """,
                {"id": offer_id, "worker": worker},
            )
        )

    def beat(self, sign_ages: Mapping[UUID, float | None]) -> Mapping[UUID, Wish]:
        """Say that a worker and these sessions live; return what is wanted of each, without those that are gone.

        sign_ages: of each the seconds since it showed that it is at work, None if it has not yet.
        """
        rows = self._ask(
            f"""
            update session_offers as offer
            set beat_at = clock_timestamp(), sign_at = clock_timestamp() - told.age * interval '1 second'
            from unnest(%(ids)s::uuid[], %(ages)s::float8[]) as told (id, age) where offer.id = told.id
            returning offer.id, offer.stop_asked, offer.withdrawn or renewed_at < clock_timestamp() - {_LOST}
            """,
            {"ids": list(sign_ages), "ages": list(sign_ages.values())},
        )
        return {row[0]: Wish(*row[1:]) for row in rows}

    def end(self, offer_id: UUID, exit_code: int, complaint: str) -> None:
        """Say that a session has ended."""
        self._ask(
            """
            update session_offers set ended_at = clock_timestamp(), exit_code = %(code)s, complaint = %(complaint)s
            where id = %(id)s and ended_at is null
            """,
            {"id": offer_id, "code": exit_code, "complaint": complaint.replace("\0", "")},
        )

    def _ask(self, query: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        with self._lock, database_errors():
            if self._connection is None or self._connection.closed:
                self._connection = connect(self._url)
            cursor = self._connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []
