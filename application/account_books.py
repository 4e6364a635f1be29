"""The runs that trade one account, each folded from its entries."""

from uuid import UUID

from application.journal import Journal
from application.run_book import RunBook, catch_up, read_book
from application.runs import READ_PAGE
from domain.events import JournalEntry
from domain.run import RunCreated


class AccountBooks:
    """What every run of an account holds and has working. runs: by their ids, as read or caught up with last.

    traded: mode and adapter of the account's runs.
    """

    def __init__(self, journal: Journal, traded: tuple[str, str]) -> None:
        self._journal = journal
        self._traded = traded
        self._foreign: set[UUID] = set()
        self.runs: dict[UUID, RunBook] = {}

    def read(self) -> None:
        """Fold every run of the account anew; until that is done `runs` are those of before."""
        runs = dict[UUID, RunBook]()
        after = 0
        while page := self._journal.read(after, READ_PAGE, topics=(RunCreated.TOPIC,)):
            for entry in page:
                if (book := self._book_of(entry)) is not None:
                    runs[entry.stream_id] = book
            after = page[-1].position
        self.runs = runs

    def catch_up(self, run_id: UUID) -> RunBook | None:
        """Return the run as recorded by now, None for one of another account."""
        book = self.runs.get(run_id)
        if book is not None:
            catch_up(self._journal, book)
        elif run_id not in self._foreign and (stream := self._journal.stream(run_id)):
            book = self._book_of(stream[0])
        if book is not None:
            self.runs[run_id] = book
        return book

    def known(self, client_order_id: str) -> tuple[RunBook, UUID] | None:
        """Return whose order that is, and its own id; None for an order that the journal does not know."""
        for book in self.runs.values():
            order_id = book.client_ids.get(client_order_id)
            if order_id is not None:
                return book, order_id
        return None

    def _book_of(self, created: JournalEntry) -> RunBook | None:
        """Return the book of a run, None for a run of another account: it is nobody's business here.

        An imported run was traded on an account of another Weaver, whatever that is called.
        """
        event = self._journal.catalogue.decode(created.topic, created.state)
        if isinstance(event, RunCreated) and (event.mode, event.exchange) == self._traded and created.origin is None:
            return read_book(self._journal, created.stream_id, event)
        self._foreign.add(created.stream_id)
        return None
