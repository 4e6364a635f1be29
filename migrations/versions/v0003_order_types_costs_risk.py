"""What the complete engine records: prices of exits, fees in base, slippage, and the rules a run trades by.

Rows that were there before get what their events imply; a rebuild gives the same.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UPGRADE = """
alter table runs
    add column venue text not null default 'generic',
    add column volume_cap numeric not null default 0,
    add column account jsonb not null default '{"kind": "cash", "leverage": "2", "maintenance": "0.25"}',
    add column risk jsonb not null default '{}';
update runs set costs = '{"maker_bps": null, "commission_per_unit": "0", "commission_per_order": "0",
    "fee_in_base": false, "slippage_ticks": "0", "slippage_impact": "0"}'::jsonb || costs;
alter table runs alter column venue drop default, alter column volume_cap drop default,
    alter column account drop default, alter column risk drop default;

alter table orders
    add column trail_percent numeric,
    add column take_profit numeric,
    add column stop_loss numeric;

alter table fills
    add column base_fee numeric not null default 0,
    add column slippage numeric not null default 0,
    add column liquidity text not null default 'taker',
    add column ambiguous boolean not null default false;
alter table fills alter column base_fee drop default, alter column slippage drop default,
    alter column liquidity drop default, alter column ambiguous drop default;
"""

DOWNGRADE = """
alter table fills drop column base_fee, drop column slippage, drop column liquidity, drop column ambiguous;
alter table orders drop column trail_percent, drop column take_profit, drop column stop_loss;
update runs set costs = jsonb_build_object(
    'commission_bps', costs -> 'commission_bps', 'slippage_bps', costs -> 'slippage_bps'
);
alter table runs drop column venue, drop column volume_cap, drop column account, drop column risk;
"""


def upgrade() -> None:
    """Add the columns."""
    op.execute(UPGRADE)


def downgrade() -> None:
    """Drop them."""
    op.execute(DOWNGRADE)
