"""Sessions that an engine offers to workers on other machines.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table: who offers, who has taken, and the signs of life of both. All times are the database's."""
    op.execute("""
        create table session_offers (
            id uuid primary key,
            run_id uuid not null,
            strategy_id text not null,
            strategy_version text not null,
            offered_at timestamptz not null default clock_timestamp(),
            renewed_at timestamptz not null default clock_timestamp(),
            worker text,
            beat_at timestamptz,
            sign_at timestamptz,
            stop_asked boolean not null default false,
            withdrawn boolean not null default false,
            ended_at timestamptz,
            exit_code integer,
            complaint text
        )""")
    op.execute("create index session_offers_open on session_offers (offered_at) where ended_at is null")


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table session_offers")
