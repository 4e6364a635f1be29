"""The envelope: how an event looks outside Weaver, in the tail, the stream and exports. A promise to users."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from domain.event_catalogue import split_topic
from domain.events import JournalEntry

PRODUCER = "weaver"


def envelope(entry: JournalEntry) -> dict[str, Any]:
    """Return the event's envelope, JSON types only.

    `id` is stable (stream and version), `position` is the global order, `ts` is when the event was recorded, UTC;
    `payload` holds the event itself, market time as `at`. `type`, `version` and `payload` are those it was recorded in,
    whatever form has come since: what happened does not change, and who reads it may rely on that.
    """
    meta = entry.meta
    return {
        "id": f"{entry.stream_id}:{entry.version}",
        "kind": "evt",
        "type": entry.topic,
        "version": split_topic(entry.topic)[1],
        "run_id": str(entry.run_id) if entry.run_id is not None else None,
        "corr_id": meta.get("corr_id"),
        "causation_id": meta.get("causation_id"),
        "trace_id": meta.get("trace_id"),
        "ts": timestamp(entry.recorded_at),
        "producer": meta.get("actor") or PRODUCER,
        "headers": {},
        "payload": msgspec.json.decode(entry.state),
        "position": entry.position,
    }


def timestamp(moment: datetime) -> str:
    """Return the moment as ISO 8601 in UTC with a Z."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
