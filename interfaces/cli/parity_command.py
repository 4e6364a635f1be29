"""`weaver run parity`: a paper or live run beside a backtest of the bars it saw."""

from typing import TYPE_CHECKING

from interfaces.cli import typed
from interfaces.cli.opened import opened_database, read_settings
from interfaces.cli.options import Json, RunId
from interfaces.cli.printing import print_facts, print_json, print_line, print_table

if TYPE_CHECKING:
    from application.parity import ParityReport
    from domain.parity import Example

SHOWN = 3


def show_parity(run: RunId, json_wanted: Json = False) -> None:
    """Say where a run differs from a backtest of its bars.

    It is about paper and live runs, and the bars they saw. Amounts are what each cause adds to the run's equity;
    together they are the difference, to the last digit.
    """
    from interfaces.replays import parity_report

    run_id = typed.identity(run, "run")
    with opened_database() as url:
        report = parity_report(run_id, url, read_settings())
    if json_wanted:
        import msgspec

        print_json(msgspec.to_builtins(report))
    else:
        _print(report)


def _print(report: "ParityReport") -> None:
    latency = report.latency
    print_facts(
        {
            "run": report.run_id,
            "mode": f"{report.mode} at {report.exchange}",
            "compared up to": report.moment,
            "bars": f"{report.bars:,}, {report.bars_compared:,} of them held against the bar store",
            "orders": f"{report.orders:,} live, {report.backtest_orders:,} in the backtest",
            "live equity": report.live_equity,
            "backtest equity": report.backtest_equity,
            "difference": report.difference,
        }
    )
    print_line()
    rows: list[tuple[object, ...]] = [(one.kind, one.count, one.amount) for one in report.differences]
    rows.append(("unexplained", None, report.unexplained))
    print_table(("cause", "count", "amount"), rows, right=("count", "amount"))
    if latency.orders:
        print_line(
            f"From decision to fill: {latency.p50:.3f} s at the median, {latency.p95:.3f} s at the 95th percentile, "
            f"{latency.longest:.3f} s at most ({latency.orders:,} orders)"
        )
    if report.backtest_error is not None:
        print_line(f"The backtest ended early: {report.backtest_error}")
    for one in report.differences:
        for example in one.examples[:SHOWN]:
            print_line(f"{one.kind} {_told(example)}")


def _told(example: "Example") -> str:
    sides = (
        f"{name}: {'none' if side is None else ' '.join(f'{key} {value}' for key, value in side.items())}"
        for name, side in (("live", example.live), ("backtest", example.backtest))
    )
    return f"{example.at:%Y-%m-%d %H:%M:%S} {example.symbol} {example.amount:f}; {'; '.join(sides)}"
