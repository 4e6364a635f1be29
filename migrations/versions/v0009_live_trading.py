"""What live trading shows: who asked for a cancellation, what a decision was taken on, accounts at exchanges.

Rows that were there before get what their events imply; a rebuild gives the same. The accounts are folded by whoever
follows the journal first.

Revision ID: 0009
Revises: 0007
"""

from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

ORDERS = """
alter table orders add column cancel_requested boolean not null default false;
update orders set cancel_requested = true where exists (
    select from weaver_events where originator_id = orders.id and topic = 'order.cancel_requested'
);
alter table orders alter column cancel_requested drop default;
"""

DECISIONS = """
alter table decisions
    add column tick bigint,
    add column cause text,
    add column missed bigint not null default 0,
    add column missed_because text;
alter table decisions alter column missed drop default;
"""

ACCOUNTS = """
create table exchange_accounts (
    id uuid primary key,
    name text not null unique,
    account_id text,
    currency text,
    cash numeric,
    equity numeric,
    buying_power numeric,
    positions json not null,
    open_orders bigint,
    external_orders bigint,
    reconciled_at timestamptz,
    reconciled_because text,
    discrepancies json not null,
    position bigint not null
);
insert into projection_position (name) values ('exchange_accounts');
"""

DOWNGRADE = """
drop table exchange_accounts;
delete from projection_position where name = 'exchange_accounts';
delete from decisions where placed = 0 and cancellations = 0;
alter table decisions drop column tick, drop column cause, drop column missed, drop column missed_because;
alter table orders drop column cancel_requested;
"""


def upgrade() -> None:
    """Add the columns and the table."""
    for statements in (ORDERS, DECISIONS, ACCOUNTS):
        op.execute(statements)


def downgrade() -> None:
    """Drop them."""
    op.execute(DOWNGRADE)
