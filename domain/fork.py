"""Where a run was forked from: another run, and the moment up to which it is that run."""

from datetime import datetime
from uuid import UUID

import msgspec


class ForkOrigin(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a fork begins with.

    run_id: the parent. position: the event of the parent that was forked at. moment: market time of the parent's
    newest trading event by then, UTC: up to it, it included, the parent's settings hold. None: the parent had not
    traded yet, so the whole run is under the fork's settings.
    """

    run_id: UUID
    position: int
    moment: datetime | None = None
