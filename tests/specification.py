"""Given these facts, when that is asked, then these events follow: the language of aggregate tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

import pytest

from domain.errors import WeaverError
from domain.events import Aggregate, Event, Recorded
from domain.ids import new_id


@dataclass
class Scenario[A: Aggregate]:
    """An aggregate with a past, and what it did when asked."""

    aggregate: A
    triggered: Sequence[Event] = ()
    refused: WeaverError | None = None

    def when(self, ask: Callable[[A], object]) -> Self:
        """Ask the aggregate for something."""
        try:
            ask(self.aggregate)
        except WeaverError as error:
            self.refused = error
        self.triggered = [recorded.event for recorded in self.aggregate.collect_events()]
        return self

    def then(self, *events: Event) -> None:
        """Expect exactly these events, and no refusal."""
        if self.refused is not None:
            raise self.refused
        assert list(self.triggered) == list(events)

    def then_refused(self, kind: type[WeaverError], *words: str) -> None:
        """Expect a refusal that says the words, and no event."""
        assert list(self.triggered) == []
        if self.refused is None:
            pytest.fail(f"nothing was refused, {kind.__name__} was expected")
        assert type(self.refused) is kind
        for word in words:
            assert word in self.refused.message


def given[A: Aggregate](kind: type[A], *events: Event, stream_id: UUID | None = None) -> Scenario[A]:
    """Fold the facts into an aggregate, as loading it from the journal would."""
    stream_id = stream_id or new_id()
    aggregate = kind(stream_id)
    for version, event in enumerate(events, start=1):
        folded = kind.fold(aggregate, [Recorded(stream_id, version, event)])
        assert folded is aggregate
    return Scenario(aggregate)
