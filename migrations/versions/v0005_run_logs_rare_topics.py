"""Logs of runs, and an index for those who look for the life of runs in a large journal.

The index holds the topics of runs alone, a handful for each run: appending orders costs nothing more.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# No event of a log can be older than its read model: it begins at the journal's end.
UPGRADE = """
create table log (
    run_id uuid not null,
    number bigint not null,
    at timestamptz not null,
    level text not null,
    message text not null,
    fields json not null,
    position bigint not null,
    primary key (run_id, number)
);
insert into projection_position (name, position)
select 'log', coalesce(max(notification_id), 0) from weaver_events;

create index weaver_events_of_runs_idx on weaver_events (notification_id) where topic like 'run.%';
"""

DOWNGRADE = """
drop index weaver_events_of_runs_idx;
delete from projection_position where name = 'log';
drop table log;
"""


def upgrade() -> None:
    """Add the table and the index."""
    op.execute(UPGRADE)


def downgrade() -> None:
    """Drop them."""
    op.execute(DOWNGRADE)
