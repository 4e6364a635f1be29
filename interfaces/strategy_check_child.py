"""The process that tries a strategy out: `python -m interfaces.strategy_check_child`, its task as its input, in JSON.

Its answer is one line of JSON on standard output: an examination, or why there is none. What the strategy prints goes
to standard error. It is given none of Weaver's settings and keys, and writes nothing to the journal.
"""

import faulthandler
import gc
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from application.look_ahead import follows_no_bars
from application.strategy_check import Examination, checked, examined, whole_trial
from application.strategy_trial import Candidate, Market, Tried
from application.verdicts import Verdict
from domain.errors import InvalidInput, NotFound, WeaverError
from domain.market import Bars, Timeframe
from domain.parameters import declared_parameters, parse_parameters, recorded_values
from domain.sessions import Sessions
from interfaces.logs import configure_logs
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.market_data.sample_bars import sample_bars
from interfaces.outside_reads import OutsideReads, holds_bars
from interfaces.strategy_catalog import FileStrategyCatalog
from interfaces.strategy_check_task import Answer, Task
from interfaces.user_code import limit_memory

GARBAGE_THRESHOLDS = (500_000, 50, 100)
# The process that asked ends it earlier; should that one die, nobody else would.
SPARE_SECONDS = 10
# Bars of a minute. The longer ones are for strategies that decide nothing on the shorter.
SAMPLE_DAYS = (15, 60)
MOST_SAMPLE_SYMBOLS = 3


def main() -> None:
    """Try the strategy the task names, and end without waiting for anything its code has left running."""
    faulthandler.enable()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    answers = os.dup(1)
    os.dup2(2, 1)
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    signal.alarm(int(task.most_seconds) + SPARE_SECONDS)
    limit_memory(task.memory)
    configure_logs("WARNING", task.log_format, [task.database_url] if task.database_url else [])
    try:
        answer = Answer(_examined(task))
    except WeaverError as error:
        answer = Answer(error=error.message, is_wrong_use=isinstance(error, InvalidInput | NotFound))
    content = msgspec.json.encode(answer)
    while content:
        content = content[os.write(answers, content) :]
    os._exit(0)


def _examined(task: Task) -> Examination:
    reads = OutsideReads()
    catalog = FileStrategyCatalog(Path(task.strategies_dir))
    given = _given_market(task)
    # what has to be asked of other processes is asked before: it is not the strategy that starts them
    catalog.describe(task.strategy_id)
    with reads.watched():
        kind = catalog.load(task.strategy_id)
        parameters = recorded_values(parse_parameters(declared_parameters(kind), task.parameters))
        candidate = Candidate(task.strategy_id, kind, parameters)
        market, tried = _tried(candidate, [given] if given else _samples(), task.seconds)
        if task.only_trades:
            return examined(market, tried)
        verdicts = checked(candidate, market, tried, task.seconds)
    return examined(market, tried, _with_reads(verdicts, reads, candidate, market, tried))


def _given_market(task: Task) -> Market | None:
    """The bars that were asked for, None if none were."""
    if not task.symbols:
        return None
    timeframe = Timeframe.parse(task.timeframe)
    store = BarStore(task.database_url)
    files = {file.symbol: file for file in task.files}
    found: list[Bars] = []
    for symbol in task.symbols:
        if symbol in files:
            bars = store.read_file(files[symbol], timeframe).between(task.start, task.end)
        else:
            store.require_coverage(symbol, timeframe)
            bars = store.load(symbol, timeframe, task.start, task.end)
        if not len(bars):
            raise InvalidInput(f"there are no bars of {symbol} {timeframe} in that range")
        found.append(bars)
    calendar, sessions = ExchangeSessions(Path(task.cache_dir)), dict[str, Sessions]()
    for bars in found:
        its = calendar.sessions(bars.symbol, bars.start_time, bars.end_time)
        if its is not None:
            sessions[bars.symbol] = its
    return Market(tuple(found), sessions)


def _samples() -> Iterator[Market]:
    """Generated markets, of one symbol and more, then longer ones."""
    for days in SAMPLE_DAYS:
        for count in range(1, MOST_SAMPLE_SYMBOLS + 1):
            names = [f"SAMPLE{number or ''}/USD" for number in range(count)]
            bars = (sample_bars(name, days, seed=7 + number) for number, name in enumerate(names))
            yield Market(tuple(bars), {})


def _tried(candidate: Candidate, markets: Iterable[Market], seconds: float) -> tuple[Market, Tried]:
    """The first market on which it places orders, else the first on which it does not fail, else the first."""
    found: list[tuple[Market, Tried]] = []
    for market in markets:
        tried = whole_trial(candidate, market, seconds)
        if tried.orders and not tried.fault:
            return market, tried
        found.append((market, tried))
    return next((one for one in found if not one[1].fault), found[0])


def _with_reads(
    verdicts: Sequence[Verdict], reads: OutsideReads, candidate: Candidate, market: Market, tried: Tried
) -> list[Verdict]:
    """The verdicts, that of look-ahead in the light of what else the strategy reads: the future may stand there."""
    if not reads.files and not reads.others:
        return list(verdicts)
    said = ", ".join([*(file.name for file in reads.files[:5]), *reads.others])
    return [_in_their_light(one, said, reads, candidate, market, tried) for one in verdicts]


def _in_their_light(
    verdict: Verdict, said: str, reads: OutsideReads, candidate: Candidate, market: Market, tried: Tried
) -> Verdict:
    if verdict.check != "look_ahead" or verdict.outcome in ("failed", "skipped"):
        return verdict
    telling = next((file for file in reads.files if holds_bars(file, market.bars)), None)
    if telling is not None:
        message = f"it reads {telling.name}, which holds bars it is tried on: what comes after them stands there"
        return Verdict("look_ahead", "failed", message, verdict.figures)
    if follows_no_bars(candidate, market, tried):
        message = f"it decides the same on bars that never were, and reads {said}: it follows that, not the market"
        return Verdict("look_ahead", "failed", message, verdict.figures)
    message = f"the bars do not tell it the future, but it reads {said}: whether the future stands there is not known"
    return Verdict("look_ahead", "unsure", message, verdict.figures, notes=(verdict.message,))


if __name__ == "__main__":
    main()
