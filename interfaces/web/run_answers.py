"""Runs put into answers: from the read model's row, and from the event that created one."""

from uuid import UUID

import msgspec

from domain.run import RunCreated, RunStatus
from interfaces.web.run_schemas import Run
from projections.runs import RunRow

_MADE_HERE = {"progress", "stats"}


def shown(row: RunRow, last_progress: float | None) -> dict[str, object]:
    """Return the fields of a Run. last_progress: the newest figure heard of it, if it is being run."""
    fields = {name: getattr(row, name) for name in Run.model_fields if name not in _MADE_HERE}
    return fields | {"progress": _progress(row, last_progress), "stats": row.summary}


def shown_as_created(run_id: UUID, created: RunCreated, position: int) -> dict[str, object]:
    """Return the fields of a Run that was created at that position, and nothing more has happened to."""
    is_backtest = created.mode == "backtest"
    return {
        "id": run_id,
        "name": created.name,
        "strategy_id": created.strategy_id,
        "strategy_version": created.strategy_version,
        "mode": created.mode,
        "status": RunStatus.PENDING,
        "symbols": created.symbols,
        "timeframe": created.timeframe,
        "exchange": created.exchange,
        "config": created.parameters,
        "initial_cash": created.initial_cash,
        "costs": created.costs,
        "venue": created.venue,
        "volume_cap": created.volume_cap,
        "account": created.account,
        "risk": msgspec.to_builtins(created.risk),
        "start_time": created.start_time,
        "end_time": created.end_time,
        "created_at": created.at,
        "started_at": None,
        "stopped_at": None,
        "progress": 0.0 if is_backtest else None,
        "error": None,
        "tags": created.tags,
        "notes": created.notes,
        "stats": None,
        "position": position,
        "forked_from": created.forked_from and msgspec.to_builtins(created.forked_from),
    }


def _progress(row: RunRow, last_progress: float | None) -> float | None:
    if row.mode != "backtest":
        return None
    if row.status == RunStatus.COMPLETED:
        return 1.0
    return last_progress or 0.0
