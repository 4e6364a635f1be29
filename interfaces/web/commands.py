"""Commands of requests, carried out once: what an idempotency key and the answer's headers say about it."""

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Depends, Header, Request, Response

from application.commands import Command
from application.journal import Performed, PerformedBefore
from domain.events import Chain, Once
from domain.ids import new_id
from interfaces.composition import Weaver
from interfaces.web.access import SHOWN_SECONDS, Here
from interfaces.web.errors import Problem, correlation_id_of

POSITION_HEADER = "Weaver-Position"
KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
ACTOR = "rest"


class Done(NamedTuple):
    """What a command did: to what, and up to which position."""

    subject: UUID
    position: int


class Asked(NamedTuple):
    """A request with an idempotency key. digest: of method, path and body."""

    key: str
    digest: bytes


class Commands:
    """Carries out the commands of one request, and says so in its answer's headers."""

    def __init__(self, weaver: Weaver, request: Request, response: Response, asked: Asked | None) -> None:
        self._weaver = weaver
        self._correlation_id = correlation_id_of(request)
        self._headers = response.headers
        self._asked = asked

    def carry_out(self, command: Command, subject: UUID, *, shown_in: str | None = None) -> Done:
        """Dispatch the command, or find what it did when the request's key is known.

        subject: what the answer is about. shown_in: a read model that gets a moment to show what has changed; a client
        that must be sure passes the position on as `min_position`. Raises a 422 for a known key with another request.
        """
        done = self._done_before() or self._dispatched(command, subject)
        self._headers[POSITION_HEADER] = str(done.position)
        for processor in self._weaver.processors:
            if processor.name == shown_in:
                processor.wait_for(done.position, SHOWN_SECONDS)
        return done

    def go_on(self, command: Command) -> int:
        """Dispatch what follows upon a command that was carried out; return the position it came to.

        A repetition of the request does this again, and must be able to: only `carry_out` stands under the key.
        """
        position = self._weaver.dispatch.dispatch(command, correlation_id=self._correlation_id, actor=ACTOR)
        self._headers[POSITION_HEADER] = str(position)
        return position

    def perform(self, act: Callable[[], object], subject: UUID) -> Done:
        """Do what is recorded nowhere but under the request's key, or nothing when the key is known.

        The key follows the act: killed in between, a repetition acts again, which must do no harm.
        """
        done = self._done_before()
        if done is None:
            act()
            done = self._noted(subject)
        self._headers[POSITION_HEADER] = str(done.position)
        return done

    def _noted(self, subject: UUID) -> Done:
        chain = Chain(self._correlation_id, str(new_id()), actor=ACTOR, once=self._once(subject))
        try:
            return Done(subject, self._weaver.journal.record(run_id=None, chain=chain))
        except PerformedBefore as error:
            return self._replayed(error.performed)

    def _once(self, subject: UUID) -> Once | None:
        return None if self._asked is None else Once(self._asked.key, self._asked.digest, subject)

    def _done_before(self) -> Done | None:
        performed = None if self._asked is None else self._weaver.journal.performed(self._asked.key)
        return None if performed is None else self._replayed(performed)

    def _dispatched(self, command: Command, subject: UUID) -> Done:
        try:
            position = self._weaver.dispatch.dispatch(
                command, correlation_id=self._correlation_id, actor=ACTOR, once=self._once(subject)
            )
        except PerformedBefore as error:  # by an equal request at the same moment
            return self._replayed(error.performed)
        return Done(subject, position)

    def _replayed(self, performed: Performed) -> Done:
        if self._asked is None or performed.digest != self._asked.digest:
            message = "this Idempotency-Key belongs to another request: send a new key"
            raise Problem(422, message, code="IDEMPOTENCY_MISMATCH")
        self._headers[REPLAYED_HEADER] = "true"
        return Done(performed.subject, performed.position)


async def _asked(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            pattern=r"^[\x21-\x7e]{1,200}$",
            description="Carries the request out once: a repetition within 24 hours gets the same answer.",
            examples=["2f1c7a9e-create-btc-run"],
        ),
    ] = None,
) -> Asked | None:
    if idempotency_key is None:
        return None
    if len(request.headers.getlist(KEY_HEADER)) > 1:
        raise Problem(422, f"{KEY_HEADER} is given more than once")
    body = await request.json() if await request.body() else None
    meant = [request.method, request.url.path, body or {}]
    canonical = json.dumps(meant, sort_keys=True, separators=(",", ":"), default=str).encode()
    return Asked(idempotency_key, hashlib.sha256(canonical).digest())


async def _commands(
    request: Request, response: Response, here: Here, asked: Annotated[Asked | None, Depends(_asked)]
) -> Commands:
    return Commands(here, request, response, asked)


Commanding = Annotated[Commands, Depends(_commands)]
