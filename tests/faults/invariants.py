"""What must hold after every trial: the book of the exchange against the journal, read by nobody's code but this.

Each check returns sentences that say what is wrong, none if nothing is.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg

type Check = Callable[[Evidence], list[str]]

FINAL = {"order.filled", "order.cancelled", "order.rejected", "order.expired"}
FILLS = ("order.filled", "order.partially_filled")
FINAL_AT_THE_EXCHANGE = {"filled", "canceled", "expired", "replaced", "rejected"}
# A run books the fee of a taker; who waited in the book pays less. The exchange rounds each fee up to nine decimals.
TAKERS_FEE, MAKERS_DISCOUNT, ROUNDING = Decimal("0.0025"), Decimal("0.001"), Decimal("1e-9")
CENTS = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry of the journal."""

    position: int
    stream: str
    topic: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Both sides of a trial, and what the processes wrote.

    audit: the exchange's. accounts: what the run has by its read models. log: lines of `weaver serve`. starts: of it;
    sessions_killed: how often the run's process was. suspended: engines that were; what they had started goes on for a
    while, and may decide before the session of who took over.
    """

    journal: Sequence[Recorded]
    audit: Mapping[str, Any]
    run: Mapping[str, Any]
    positions: Mapping[str, Decimal]
    cash: Decimal
    log: Sequence[str]
    starts: int
    sessions_killed: int
    suspended: int = 0

    def of(self, *topics: str) -> list[Recorded]:
        """Return the entries of these topics, oldest first."""
        return [one for one in self.journal if one.topic in topics]

    def orders(self) -> dict[str, list[Recorded]]:
        """Return each order's entries by its client id."""
        streams: dict[str, list[Recorded]] = defaultdict(list)
        for one in self.journal:
            if one.topic.startswith("order."):
                streams[one.stream].append(one)
        return {entries[0].payload["client_order_id"]: entries for entries in streams.values()}


def read_journal(database_url: str) -> list[Recorded]:
    """Return the whole journal, oldest first."""
    statement = """
        select notification_id, originator_id::text, topic, convert_from(state, 'UTF8')
        from weaver_events order by notification_id
    """
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(statement.encode()).fetchall()
    return [Recorded(position, stream, topic, json.loads(state)) for position, stream, topic, state in rows]


def violations(evidence: Evidence, *excused: Check) -> list[str]:
    """Return everything that is wrong, by all checks but those that are excused."""
    checks = [check for check in CHECKS if check not in excused]
    return [f"{check.__name__}: {wrong}" for check in checks for wrong in check(evidence)]


def one_acceptance_per_intent(evidence: Evidence) -> list[str]:
    """I1."""
    accepted: Mapping[str, int] = evidence.audit["acceptances"]
    return [f"{name} was accepted {count} times" for name, count in accepted.items() if count > 1]


def intent_before_acceptance(evidence: Evidence) -> list[str]:
    """I2: recorded as an intent, and as about to be sent, before the exchange was asked to take it."""
    wrong = []
    orders = evidence.orders()
    asked_at = {one["client_order_id"]: one["wall"] for one in reversed(evidence.audit["requests"]) if _is_submit(one)}
    for order in evidence.audit["orders"]:
        name = order["client_order_id"]
        entries = orders.get(name)
        if entries is None:
            wrong.append(f"{name} is at the exchange and not in the journal")
            continue
        sent = [one for one in entries if one.topic == "order.submitted"]
        if not sent or _moment(sent[0].payload["at"]).timestamp() > asked_at[name] / 1e9:
            wrong.append(f"{name} was asked for before it was recorded as sent")
    return wrong


def nothing_sent_again_without_asking(evidence: Evidence) -> list[str]:
    """Between two requests for one order the exchange was asked after it at least three times."""
    wrong = []
    asked_since: dict[str, int] = {}
    for request in evidence.audit["requests"]:
        name = request["client_order_id"]
        if request["method"] == "GET" and name in asked_since:
            asked_since[name] += 1
        elif _is_submit(request):
            if asked_since.get(name, 3) < 3:
                wrong.append(f"{name} was sent again after {asked_since[name]} questions")
            asked_since[name] = 0
    return wrong


def every_execution_once(evidence: Evidence) -> list[str]:
    """I3: the same quantities at the same prices on both sides, in the order of each order."""
    names = {order["id"]: order["client_order_id"] for order in evidence.audit["orders"]}
    there, here = defaultdict(list), defaultdict(list)
    for execution in evidence.audit["executions"]:
        there[names[execution["order_id"]]].append(_deal(execution))
    for name, entries in evidence.orders().items():
        for one in entries:
            if one.topic in FILLS:
                here[name].append(_deal(one.payload))
    return [
        f"{name}: executed {sorted(there[name])} at the exchange, booked {sorted(here[name])}"
        for name in there.keys() | here.keys()
        if Counter(there[name]) != Counter(here[name])
    ]


def same_position_and_cash(evidence: Evidence) -> list[str]:
    """I4: but for the fee of makers, which the exchange takes and does not tell before the end of the day."""
    executions, fills = evidence.audit["executions"], evidence.of(*FILLS)
    made = [one for one in executions if _is_of_a_maker(one)]
    units = sum((Decimal(one["qty"]) for one in made if one["side"] == "buy"), Decimal(0))
    dollars = sum((Decimal(one["qty"]) * Decimal(one["price"]) for one in made if one["side"] == "sell"), Decimal(0))
    wrong = []
    for symbol in evidence.positions.keys() | evidence.audit["positions"].keys():
        there = Decimal(evidence.audit["positions"].get(symbol, "0"))
        here = evidence.positions.get(symbol, Decimal(0))
        if abs(there - here) > units * MAKERS_DISCOUNT + ROUNDING * len(executions):
            wrong.append(f"{there} {symbol} at the exchange, {here} in the run")
    booked = sum((_signed(one.payload) - Decimal(one.payload.get("base_fee", "0")) for one in fills), Decimal(0))
    if sum(evidence.positions.values(), Decimal(0)) != booked:
        wrong.append(f"the run holds {dict(evidence.positions)}, its fills come to {booked}")
    there, here = Decimal(evidence.audit["cash"]), evidence.cash
    if abs(there - here) > dollars * MAKERS_DISCOUNT + CENTS:
        wrong.append(f"cash is {there} at the exchange, {here} in the run")
    return wrong


def nothing_works_after_stopped(evidence: Evidence) -> list[str]:
    """R7."""
    if evidence.run["status"] != "stopped":
        return [f"the run is {evidence.run['status']}: {evidence.run.get('error')}"]
    return [
        f"{order['client_order_id']} is {order['status']} at the exchange"
        for order in evidence.audit["orders"]
        if order["status"] not in FINAL_AT_THE_EXCHANGE
    ]


def nothing_sent_after_the_stop(evidence: Evidence) -> list[str]:
    """I9: what left was recorded as sent before the stop was asked for."""
    asked = min((one.position for one in evidence.of("run.stop_requested")), default=None)
    if asked is None:
        return []
    late = {one.stream for one in evidence.of("order.submitted") if one.position > asked}
    early = {one.stream for one in evidence.of("order.submitted") if one.position < asked}
    posted = {one["client_order_id"] for one in evidence.audit["requests"] if one["method"] == "POST"}
    names = {entries[0].stream: name for name, entries in evidence.orders().items()}
    return [f"{names[one]} was sent after the stop" for one in late - early if names[one] in posted]


def every_order_is_final(evidence: Evidence) -> list[str]:
    """Nothing is left open in the journal, and each ended as it did at the exchange."""
    wrong = []
    there = {order["client_order_id"]: order["status"] for order in evidence.audit["orders"]}
    words = {"filled": "order.filled", "canceled": "order.cancelled", "rejected": "order.rejected"}
    for name, entries in evidence.orders().items():
        ends = [one.topic for one in entries if one.topic in FINAL and not one.payload.get("late")]
        if not ends:
            wrong.append(f"{name} has not ended: {[one.topic for one in entries]}")
        elif name in there and words.get(there[name], ends[0]) != ends[0]:
            wrong.append(f"{name} is {there[name]} at the exchange, {ends[0]} in the journal")
        elif name not in there and ends[0] == "order.filled":
            wrong.append(f"{name} is filled in the journal and not at the exchange")
    return wrong


def nobody_had_to_intervene(evidence: Evidence) -> list[str]:
    """No kill switch, no halt of the run, no discrepancy that needs a person, no fault of the run."""
    wrong = [f"{one.topic}: {one.payload.get('message')}" for one in evidence.of("risk.halted", "run.faulted")]
    for one in evidence.of("account.discrepancy_found"):
        if one.payload["kind"] not in ("unreadable_message",):
            wrong.append(f"{one.topic}: {one.payload['message']} ({one.payload['policy']})")
    return wrong


def no_crash_loop(evidence: Evidence) -> list[str]:
    """As many processes as there were kills, and no complaint of an error."""
    wrong = []
    lines = [_line(one) for one in evidence.log]
    counted = Counter(str(line.get("event")) for line in lines)
    if counted["Started server process"] > evidence.starts:
        wrong.append(f"the server started {counted['Started server process']} times instead of {evidence.starts}")
    overtaken = counted["session overtaken"]
    if overtaken and not evidence.suspended:
        wrong.append(f"the session was overtaken {overtaken} times, and no other was to be expected")
    sessions = evidence.starts + evidence.sessions_killed + overtaken
    if counted["session started"] > sessions:
        wrong.append(f"the session started {counted['session started']} times, {sessions} are to be expected")
    if counted["session died"] > evidence.sessions_killed:
        wrong.append(f"the session died {counted['session died']} times, killed {evidence.sessions_killed} times")
    for line in lines:
        if (
            line.get("level") in ("error", "critical")
            or "traceback" in line
            or str(line.get("event")).endswith(" failed")
        ):
            wrong.append(f"logged: {json.dumps(line)[:2000]}")
    return wrong


CHECKS: Sequence[Check] = (
    one_acceptance_per_intent,
    intent_before_acceptance,
    nothing_sent_again_without_asking,
    every_execution_once,
    same_position_and_cash,
    nothing_works_after_stopped,
    nothing_sent_after_the_stop,
    every_order_is_final,
    nobody_had_to_intervene,
    no_crash_loop,
)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _is_submit(request: Mapping[str, Any]) -> bool:
    return bool(request["method"] == "POST" and request["path"] == "/v2/orders")


def _deal(execution: Mapping[str, Any]) -> tuple[Decimal, Decimal, str]:
    return Decimal(execution["qty"]).normalize(), Decimal(execution["price"]).normalize(), execution["side"]


def _signed(payload: Mapping[str, Any]) -> Decimal:
    return Decimal(payload["qty"]) * (1 if payload["side"] == "buy" else -1)


def _is_of_a_maker(execution: Mapping[str, Any]) -> bool:
    value = Decimal(1) if execution["side"] == "buy" else Decimal(execution["price"])
    return Decimal(execution["fee"]) < Decimal(execution["qty"]) * value * (TAKERS_FEE - MAKERS_DISCOUNT / 2)


def _line(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        return {"event": text, "level": "error" if "Traceback" in text else "info"}
    return line if isinstance(line, dict) else {"event": text}
