"""Rows of runs say what they were forked from.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: runs that were there are no forks."""
    op.execute("alter table runs add column forked_from jsonb")


def downgrade() -> None:
    """Drop it."""
    op.execute("alter table runs drop column forked_from")
