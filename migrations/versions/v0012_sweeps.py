"""Read model of sweeps and their trials.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UPGRADE = """
create table sweeps (
    id uuid primary key,
    name text not null,
    strategy_id text not null,
    strategy_version text not null,
    symbols text[] not null,
    timeframe text not null,
    parameters jsonb not null,
    initial_cash numeric not null,
    costs jsonb not null,
    start_time timestamptz,
    end_time timestamptz,
    dimensions jsonb not null,
    method text not null,
    objective text not null,
    direction text not null,
    constraints jsonb not null,
    seed bigint not null,
    pruning boolean not null,
    walk_forward jsonb,
    trials_a_window bigint not null,
    created_at timestamptz not null,
    status text not null,
    windows jsonb not null,
    bars bigint,
    trials bigint,
    guards jsonb,
    walk jsonb,
    best bigint,
    error jsonb,
    ended_at timestamptz,
    completed bigint not null default 0,
    pruned bigint not null default 0,
    failed bigint not null default 0,
    created_position bigint not null unique,
    position bigint not null
);

create table sweep_trials (
    id uuid primary key,
    sweep_id uuid not null,
    number bigint not null,
    window_number bigint not null,
    part text not null,
    status text not null,
    parameters jsonb not null,
    start_time timestamptz,
    end_time timestamptz,
    value double precision,
    feasible boolean,
    orders bigint,
    fills bigint,
    trades bigint,
    final_equity numeric,
    figures jsonb,
    engine_seconds double precision,
    times timestamptz[] not null,
    equity double precision[] not null,
    error jsonb,
    started_at timestamptz not null,
    ended_at timestamptz,
    created_position bigint not null unique,
    position bigint not null
);
create unique index on sweep_trials (sweep_id, number);

insert into projection_position (name) values ('sweeps');
"""

DOWNGRADE = """
delete from projection_position where name = 'sweeps';
drop table sweep_trials, sweeps;
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(UPGRADE)


def downgrade() -> None:
    """Drop them; the journal keeps the sweeps."""
    op.execute(DOWNGRADE)
