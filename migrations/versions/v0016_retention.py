"""What is kept of events that are dropped: their hashes, so that the digest of the journal stays what it was.

Executions that were booked say of which run they are, so that a run's can be found when it goes.

Revision ID: 0016
Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# One row for each range of a `journal.pruned`; hashes: 32 bytes for each of its events, in their order.
UPGRADE = """
create table pruned_hashes (last bigint primary key, hashes bytea not null);
alter table pruned_hashes alter column hashes set storage external;
create index weaver_events_pruned_idx on weaver_events (notification_id) where topic like 'journal.%';

alter table executions add column run_id uuid;
update executions set run_id = (convert_from(booked.state, 'UTF8')::jsonb ->> 'run_id')::uuid
from weaver_events as booked where booked.notification_id = executions.position;
create index on executions (run_id);
create index on refusals (run_id);
"""

DOWNGRADE = """
drop index refusals_run_id_idx;
alter table executions drop column run_id;
drop index weaver_events_pruned_idx;
drop table pruned_hashes;
"""


def upgrade() -> None:
    """Create the table, the indexes and the column."""
    op.execute(UPGRADE)


def downgrade() -> None:
    """Drop them: a journal of which something was dropped is found to lack it from then on."""
    op.execute(DOWNGRADE)
