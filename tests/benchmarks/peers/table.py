"""The results as a Markdown table: the fastest first, those without a figure last."""

from collections.abc import Sequence

from tests.benchmarks.peers.measuring import Failure, Measurement, Result
from tests.benchmarks.peers.workload import WEAVER

NOTHING = "-"
HEADER = (
    *("engine", "version", "bars/s", "Weaver is … times as fast", "seconds", "of a core"),
    *("orders", "trades", "equity", "remarks"),
)
ALIGNMENT = ("---", "---", *("--:",) * 7, "---")
# Below this share of a core the figure says more about the machine than about the engine.
UNDISTURBED = 0.9


def markdown(results: Sequence[Result]) -> str:
    """Return the table; ratios are to Weaver's engine in process, a dash where that has no figure."""
    found = sorted(
        (one for one in results if isinstance(one, Measurement)), key=lambda one: one.bars_per_second, reverse=True
    )
    weaver = next((one.bars_per_second for one in found if one.peer == WEAVER), None)
    rows = [_row(one, weaver) for one in found]
    missing = (NOTHING,) * (len(HEADER) - 2)
    rows += [(one.peer, *missing, one.reason) for one in results if isinstance(one, Failure)]
    lines = (HEADER, ALIGNMENT, *rows)
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def disturbed(results: Sequence[Result]) -> list[str]:
    """Return a sentence for every measurement whose process did not have its core to itself."""
    said = []
    for one in results:
        share = _share(one) if isinstance(one, Measurement) else None
        if share is not None and share < UNDISTURBED:
            said.append(f"{one.peer} had {share:.0%} of a core: the machine was busy, measure it again")
    return said


def _share(one: Measurement) -> float | None:
    return None if one.processor_seconds is None else one.processor_seconds / one.seconds


def _row(one: Measurement, weaver: float | None) -> tuple[str, ...]:
    share = _share(one)
    ratio = NOTHING if weaver is None else _two_digits(weaver / one.bars_per_second)
    return (
        one.peer,
        one.version,
        f"{one.bars_per_second:,.0f}",
        ratio,
        f"{one.seconds:.2f}",
        NOTHING if share is None else f"{share:.0%}",
        f"{one.orders:,}",
        f"{one.trades:,}",
        f"{one.final_equity:,.2f}",
        one.note,
    )


def _two_digits(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"
