"""How many rows each list has, kept beside them; indexes for every filter; events a read model has passed over.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PARKED = """
create table parked_events (
    read_model text not null,
    position bigint not null,
    topic text not null,
    stream_id uuid not null,
    error text not null,
    parked_at timestamptz not null default clock_timestamp(),
    primary key (read_model, position)
);
"""

# A tally's rows change with every batch: room on its pages lets them change without touching the index.
TALLIES = """
create table order_tally (
    symbol text not null, side text not null, status text not null,
    tallied bigint not null,
    primary key (status, symbol, side)
) with (fillfactor = 50);
create table order_tally_by_run (
    run_id uuid not null, symbol text not null, side text not null, status text not null,
    tallied bigint not null,
    primary key (run_id, status, symbol, side)
) with (fillfactor = 80);
create table order_tally_by_day (
    day date not null, symbol text not null, side text not null, status text not null,
    tallied bigint not null,
    primary key (day, status, symbol, side)
) with (fillfactor = 80);
create table order_days (
    day date primary key,
    first_position bigint not null,
    last_position bigint not null
) with (fillfactor = 80);
create table run_tally (
    status text not null, mode text not null, strategy_id text not null,
    tallied bigint not null,
    primary key (status, mode, strategy_id)
) with (fillfactor = 50);
create table fill_tally (
    run_id uuid primary key,
    tallied bigint not null
) with (fillfactor = 80);
create table activity_tally (
    severity text primary key,
    tallied bigint not null
) with (fillfactor = 50);
create table activity_tally_by_run (
    run_id uuid not null, severity text not null,
    tallied bigint not null,
    primary key (run_id, severity)
) with (fillfactor = 80);
"""

FILLED = """
insert into order_tally (symbol, side, status, tallied)
select symbol, side, status, count(*) from orders group by 1, 2, 3;
insert into order_tally_by_run (run_id, symbol, side, status, tallied)
select run_id, symbol, side, status, count(*) from orders group by 1, 2, 3, 4;
insert into order_tally_by_day (day, symbol, side, status, tallied)
select (created_at at time zone 'UTC')::date, symbol, side, status, count(*) from orders group by 1, 2, 3, 4;
insert into order_days (day, first_position, last_position)
select (created_at at time zone 'UTC')::date, min(created_position), max(created_position) from orders group by 1;
insert into run_tally (status, mode, strategy_id, tallied)
select status, mode, strategy_id, count(*) from runs where not deleted group by 1, 2, 3;
insert into fill_tally (run_id, tallied) select run_id, count(*) from fills group by 1;
insert into activity_tally (severity, tallied) select severity, count(*) from activity group by 1;
insert into activity_tally_by_run (run_id, severity, tallied)
select run_id, severity, count(*) from activity where run_id is not null group by 1, 2;
"""

INDEXES = """
create index orders_status_created_position_idx on orders (status, created_position);
create index orders_symbol_created_position_idx on orders (symbol, created_position);
create index orders_created_at_idx on orders (created_at);
create index runs_status_created_position_idx on runs (status, created_position) where not deleted;
create index runs_strategy_id_created_position_idx on runs (strategy_id, created_position) where not deleted;
create index runs_tags_idx on runs using gin (tags) where not deleted;
create index activity_severity_position_idx on activity (severity, position);
"""

DOWNGRADE = """
drop index activity_severity_position_idx, runs_tags_idx, runs_strategy_id_created_position_idx,
    runs_status_created_position_idx, orders_created_at_idx, orders_symbol_created_position_idx,
    orders_status_created_position_idx;
drop table activity_tally_by_run, activity_tally, fill_tally, run_tally;
drop table order_days, order_tally_by_day, order_tally_by_run, order_tally, parked_events;
"""


def upgrade() -> None:
    """Create them, and count what is there."""
    for statements in (PARKED, TALLIES, FILLED, INDEXES):
        op.execute(statements)


def downgrade() -> None:
    """Drop them."""
    op.execute(DOWNGRADE)
