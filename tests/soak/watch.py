"""What a soak measures, sample by sample, and what it makes of it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

MEGABYTE = 1_000_000
# Memory is flat if its median in the last quarter is not above that of the second by more than a tenth: the first
# quarter fills what is bounded (rings, pools, caches).
TOLERATED_GROWTH = 1.1
# Growth below so much is a matter of when garbage was looked for.
TOLERATED_MEGABYTES = 15.0
LAG_SECONDS = 1.0
# The one line that is for people, whatever the format of the log.
ANNOUNCEMENT = "Haro is at "
LOUD = frozenset({"error", "critical"})


@dataclass
class Soaked:
    """What was seen.

    memory: of each kind of process its bytes at every sample, those of one kind added up. lag: of the read model that
    was furthest behind, in seconds, at every sample. ticks, boundaries: of the paper run. positions: what each client
    of the event stream was told. head: where the journal ended.
    """

    seconds: float = 0.0
    memory: dict[str, list[int]] = field(default_factory=dict)
    lag: list[float] = field(default_factory=list)
    backtests: Counter[str] = field(default_factory=Counter)
    positions: list[list[int]] = field(default_factory=list)
    head: int = 0
    ticks: int = 0
    boundaries: int = 0
    lines: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    run_status: str = ""
    verified: str = ""

    def sample(self, processes: Iterable[Mapping[str, Any]], metrics: str) -> None:
        """Take one sample: what `/system/processes` lists, and what `/metrics` says."""
        found = Counter[str]()
        for process in processes:
            found[process["kind"]] += process["memory_bytes"] or 0
        for kind, size in found.items():
            self.memory.setdefault(kind, []).append(size)
        name = "weaver_read_model_lag_seconds{"
        self.lag.append(max(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith(name)))

    def take_log(self, lines: Iterable[str]) -> None:
        """Count the lines of the server's log by level, and keep those that must not be there."""
        for line in lines:
            if line.startswith(ANNOUNCEMENT):
                continue
            try:
                level = str(json.loads(line)["level"])
            except (ValueError, KeyError):
                level = "error"  # a traceback, or the last words of a process
            self.lines[level] += 1
            if level in LOUD:
                self.errors.append(line.strip())

    def wrong(self) -> list[str]:
        """Return in sentences what must not be however slow the machine is, none if all is well."""
        found = [f"the log has an error: {line[:300]}" for line in self.errors[:5]]
        for number, positions in enumerate(self.positions):
            if positions != sorted(set(positions)):
                found.append(f"client {number} was told something twice or out of order")
            elif positions[-1:] != [self.head]:
                found.append(f"client {number} ends at {positions[-1:]}, the journal at {self.head}")
        if len({len(positions) for positions in self.positions}) > 1:
            found.append("clients were not all told the same")
        if set(self.backtests) - {"completed"}:
            found.append(f"backtests ended otherwise: {dict(self.backtests)}")
        if self.run_status != "stopped":
            found.append(f"the paper run is {self.run_status or 'unknown'}, not stopped")
        if self.verified:
            found.append(f"the journal does not verify: {self.verified}")
        return found

    def slow(self) -> list[str]:
        """Return in sentences what a machine with nothing else to do should have managed."""
        found = []
        for kind in ("server", "projector"):
            before, after = growth(self.memory.get(kind, []))
            if after > before * TOLERATED_GROWTH and after - before > TOLERATED_MEGABYTES * MEGABYTE:
                found.append(f"the {kind} grew from {before / MEGABYTE:.0f} to {after / MEGABYTE:.0f} MB")
        if (worst := max(self.lag, default=0.0)) > LAG_SECONDS:
            found.append(f"a read model was {worst:.1f} s behind")
        if self.ticks < self.boundaries:
            found.append(f"{self.boundaries - self.ticks} of {self.boundaries} boundaries were missed")
        return found

    def table(self) -> list[tuple[str, str]]:
        """Return what there is to say, in rows of two."""
        rows = [("lasted", f"{self.seconds:,.0f} s")]
        for kind, sizes in sorted(self.memory.items()):
            before, after = growth(sizes)
            rows.append((f"memory of the {kind}", f"{before / MEGABYTE:.0f} MB, then {after / MEGABYTE:.0f} MB"))
        lag = sorted(self.lag)
        if lag:
            late = f"p50 {median(lag):.2f} s, p99 {lag[int(len(lag) * 0.99)]:.2f} s, worst {lag[-1]:.2f} s"
            rows.append(("lag of the read models", late))
        rows.append(("ticks of the paper run", f"{self.ticks:,} of {self.boundaries:,}"))
        rows.append(("backtests", ", ".join(f"{count} {status}" for status, count in self.backtests.items()) or "none"))
        rows.append(("clients of the event stream", f"{len(self.positions)}, {self.head:,} events each at most"))
        rows.append(
            ("lines of the log", ", ".join(f"{count:,} {level}" for level, count in sorted(self.lines.items())))
        )
        return rows


def growth(sizes: Sequence[int]) -> tuple[float, float]:
    """Return the median size in the second and in the last quarter of the samples; zeros with fewer than four."""
    quarter = len(sizes) // 4
    if not quarter:
        return 0.0, 0.0
    return median(sizes[quarter : 2 * quarter]), median(sizes[-quarter:])
