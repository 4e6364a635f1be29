"""What holds in the book whatever is asked of the exchange and whatever the market does."""

import tempfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.alpaca_server.__main__ import KEYS
from tests.alpaca_server.conditions import Conditions
from tests.alpaca_server.exchange import START_CASH, Exchange
from tests.alpaca_server.faults import Fault
from tests.alpaca_server.refusals import Refused
from tests.alpaca_server.times import parsed

START = parsed("2026-01-14T17:00:00Z")
SYMBOL = "BTC/USD"

sides = st.sampled_from(["buy", "sell"])
quantities = st.decimals("0.0002", "0.5", places=9)
prices = st.decimals("58000", "62000", places=2)
ids = st.sampled_from([f"id-{number}" for number in range(12)])
orders = st.fixed_dictionaries(
    {"symbol": st.just(SYMBOL), "side": sides, "time_in_force": st.sampled_from(["gtc", "ioc"]), "client_order_id": ids}
).flatmap(
    lambda terms: st.one_of(
        quantities.map(lambda qty: terms | {"type": "market", "qty": qty}),
        st.integers(10, 20_000).map(lambda dollars: terms | {"type": "market", "notional": dollars}),
        st.tuples(quantities, prices).map(lambda t: terms | {"type": "limit", "qty": t[0], "limit_price": t[1]}),
        st.tuples(quantities, prices, prices).map(
            lambda t: terms | {"type": "stop_limit", "qty": t[0], "stop_price": t[1], "limit_price": t[2]}
        ),
    )
)
order_faults = st.sampled_from(
    ["reject_later", "hold", "partial", "cancel_stuck", "fill_on_cancel", "fill_after_cancel"]
)
shares = st.sampled_from([Decimal("0.1"), Decimal("0.5"), Decimal(1)])


class Trading(RuleBasedStateMachine):
    """Anything a client, the market, a fault or a kill can do to the paper account."""

    @initialize(seed=st.integers(0, 1_000), partial_share=st.sampled_from([0.0, 0.5]))
    def open(self, seed: int, partial_share: float) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="weaver-book-")
        self.partial_share = partial_share
        self.filled_before: dict[str, Decimal] = defaultdict(Decimal)
        self.accepted: set[str] = set()
        self.killed: list[Exchange] = []
        self.seed = seed
        self.begin()
        self.exchange.give_price(SYMBOL, Decimal(60_000))

    def begin(self) -> None:
        conditions = Conditions(fill_seconds=0, partial_share=self.partial_share, spread_bps=Decimal(1))
        path = Path(self.folder.name) / "book.jsonl"
        self.exchange = Exchange(
            path, KEYS, seed=self.seed, start=START, speed=0, conditions=conditions, book_id="always the same"
        )
        self.venue = self.exchange.venues["paper"]
        self.book = self.venue.book

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            for exchange in (*self.killed, self.exchange):
                exchange.journal.close()
            self.folder.cleanup()

    @rule(order=orders)
    def submit(self, order: dict[str, object]) -> None:
        name = str(order["client_order_id"])
        answer = self.answer(order)
        assert (answer == "client_order_id must be unique") == (name in self.accepted)
        if answer == "accepted":
            self.accepted.add(name)

    def answer(self, order: dict[str, object]) -> str:
        try:
            self.venue.submit(order)
        except Refused as refused:
            return str(refused)
        return "accepted"

    @rule(kind=order_faults, share=shares)
    def plan_a_fault(self, kind: str, share: Decimal) -> None:
        self.exchange.faults.add(Fault(kind=kind, share=share))  # type: ignore[arg-type]

    @rule(price=prices)
    def trade_at(self, price: Decimal) -> None:
        self.exchange.give_price(SYMBOL, price)

    @rule(steps=st.integers(1, 3))
    def pass_time(self, steps: int) -> None:
        for _ in range(steps):
            self.venue.work()

    @precondition(lambda self: self.book.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order_id = data.draw(st.sampled_from(list(self.book.orders)))
        was_open = self.book.orders[order_id].is_open
        try:
            self.venue.cancel(order_id)
        except Refused:
            assert not was_open

    @precondition(lambda self: self.book.orders)
    @rule(data=st.data(), qty=quantities)
    def replace(self, data: st.DataObject, qty: Decimal) -> None:
        order_id = data.draw(st.sampled_from(list(self.book.orders)))
        try:
            self.venue.replace(order_id, {"qty": qty})
        except Refused:
            return
        assert self.book.orders[order_id].status == "replaced"

    @rule()
    def kill_and_start_again(self) -> None:
        before = self.book
        # The file is not closed: what counts is what was written by then.
        self.killed.append(self.exchange)
        self.begin()
        assert self.book == before

    @invariant()
    def cash_and_positions_are_those_of_the_executions(self) -> None:
        if not hasattr(self, "book"):
            return
        cash, held = START_CASH, Decimal(0)
        for one in self.book.executions:
            sign = 1 if one.side == "buy" else -1
            cash -= sign * one.qty * one.price
            held += sign * one.qty
            if one.fee_asset == "USD":
                cash -= one.fee
            else:
                held -= one.fee
        assert self.book.cash == cash
        assert self.book.quantity(SYMBOL) == held
        assert held >= 0, "crypto is never sold short"
        assert len({one.id for one in self.book.executions}) == len(self.book.executions)

    @invariant()
    def what_is_filled_never_falls_and_is_the_sum_of_its_executions(self) -> None:
        if not hasattr(self, "book"):
            return
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for one in self.book.executions:
            sums[one.order_id] += one.qty
            assert one.cum_qty == sums[one.order_id]
        for order in self.book.orders.values():
            assert order.filled_qty == sums[order.id] >= self.filled_before[order.id]
            assert order.qty is None or order.filled_qty <= order.qty
            assert order.status != "filled" or order.qty in (None, order.filled_qty)
            self.filled_before[order.id] = order.filled_qty

    @invariant()
    def an_id_stands_for_one_order_for_ever(self) -> None:
        if not hasattr(self, "book"):
            return
        names = [order.client_order_id for order in self.book.orders.values()]
        assert len(names) == len(set(names))
        assert set(self.book.acceptances.values()) <= {1}
        assert self.accepted <= self.book.acceptances.keys()


TestTrading = Trading.TestCase
TestTrading.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
