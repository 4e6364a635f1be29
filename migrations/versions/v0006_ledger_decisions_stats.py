"""The ledger, decisions, and statistics of their own: a run's row keeps the five figures that lists show.

The ledger and the decisions of what was recorded before are folded by whoever follows the journal first.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LEDGER = """
create table accounts (
    run_id uuid primary key,
    mode text not null,
    initial_cash numeric not null,
    cash numeric not null,
    realised_pnl numeric not null,
    fees numeric not null,
    slippage numeric not null,
    traded numeric not null,
    fills bigint not null,
    ambiguous_fills bigint not null,
    trades bigint not null,
    created_at timestamptz not null,
    last_fill_at timestamptz,
    deleted boolean not null,
    created_position bigint not null unique,
    position bigint not null
);

create table positions (
    run_id uuid not null,
    symbol text not null,
    mode text not null,
    quantity numeric not null,
    cost numeric not null,
    realised_pnl numeric not null,
    fees numeric not null,
    trades bigint not null,
    opened_at timestamptz,
    last_fill_at timestamptz not null,
    last_fill_price numeric not null,
    trade_pnl numeric not null,
    trade_fees numeric not null,
    most numeric not null,
    opened numeric not null,
    opened_value numeric not null,
    closed numeric not null,
    closed_value numeric not null,
    created_position bigint not null unique,
    position bigint not null,
    primary key (run_id, symbol)
);

create table lots (
    run_id uuid not null,
    symbol text not null,
    trade bigint not null,
    through numeric not null,
    quantity numeric not null,
    price numeric not null,
    opened_at timestamptz not null,
    primary key (run_id, symbol, trade, through)
);

create table trades (
    position bigint primary key,
    run_id uuid not null,
    symbol text not null,
    side text not null,
    opened_at timestamptz not null,
    closed_at timestamptz not null,
    qty numeric not null,
    entry_price numeric not null,
    exit_price numeric not null,
    pnl numeric not null,
    fees numeric not null
);
create index on trades (run_id, position);

create table executions (execution_id text primary key, position bigint not null);
insert into projection_position (name) values ('ledger');
"""

DECISIONS = """
create table decisions (
    run_id uuid not null,
    at timestamptz not null,
    symbols text[] not null,
    placed bigint not null,
    orders json not null,
    cancellations bigint not null,
    cancelled uuid[] not null,
    created_position bigint not null,
    position bigint not null,
    primary key (run_id, at)
);
create index on decisions (run_id, created_position);

create table refusals (
    order_id uuid primary key,
    run_id uuid not null,
    at timestamptz not null,
    reason text not null,
    policy text,
    position bigint not null
);
insert into projection_position (name) values ('decisions');
"""

STATS = """
create table stats (run_id uuid primary key, figures jsonb not null, position bigint not null);

insert into stats (run_id, figures, position)
select runs.id, runs.stats, completed.notification_id
from runs join weaver_events as completed
    on completed.originator_id = runs.id and completed.topic = 'run.completed'
where runs.stats is not null;
insert into projection_position (name, position)
select 'stats', position from projection_position where name = 'runs';

alter table runs rename column stats to summary;
update runs set summary = jsonb_build_object(
    'total_trades', summary -> 'total_trades' -> 'value',
    'winning_trades', summary -> 'winning_trades' -> 'value',
    'total_pnl', summary -> 'total_pnl' -> 'value',
    'max_drawdown', summary -> 'max_drawdown' -> 'value',
    'sharpe_ratio', summary -> 'sharpe_ratio' -> 'value'
) where summary is not null;
"""

DROP = """
alter table runs rename column summary to stats;
update runs set stats = stats.figures from stats where stats.run_id = runs.id;

drop table stats, refusals, decisions, executions, trades, lots, positions, accounts;
delete from projection_position where name in ('ledger', 'decisions', 'stats');
"""


def upgrade() -> None:
    """Create the tables and move the statistics."""
    for statements in (LEDGER, DECISIONS, STATS):
        op.execute(statements)


def downgrade() -> None:
    """Move the statistics back and drop the tables."""
    op.execute(DROP)
