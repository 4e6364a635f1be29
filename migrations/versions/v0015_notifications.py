"""What is told to people outside: channels, how far each has looked at the journal, and what it has sent.

No read model: a rebuild would send everything again.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UPGRADE = """
create table notification_channels (
    name text primary key,
    epoch text not null,
    position bigint not null,
    last_success_at timestamptz,
    last_error text,
    last_error_at timestamptz
);

create table notification_deliveries (
    id uuid primary key,
    channel text not null references notification_channels on delete cascade,
    epoch text not null,
    position bigint not null,
    topic text not null,
    run_id uuid,
    severity text not null,
    subject text not null,
    title text not null,
    text text not null,
    envelope text not null,
    state text not null default 'pending' check (state in ('pending', 'sending', 'sent', 'parked', 'skipped')),
    message_id uuid,
    attempts bigint not null default 0,
    may_have_arrived boolean not null default false,
    enqueued_at timestamptz not null,
    tried_from timestamptz not null,
    due_at timestamptz not null,
    sending_since timestamptz,
    ended_at timestamptz,
    last_error text,
    unique (channel, epoch, position)
);
create index on notification_deliveries (channel, state, position);
create index on notification_deliveries (message_id);
"""

DOWNGRADE = "drop table notification_deliveries, notification_channels;"


def upgrade() -> None:
    """Create the tables."""
    op.execute(UPGRADE)


def downgrade() -> None:
    """Drop them; what was sent is not known any more, and channels begin at the journal's head again."""
    op.execute(DOWNGRADE)
