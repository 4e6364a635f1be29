"""Lines of a run's log say who wrote them: its strategy, or Weaver itself.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UPGRADE = """
alter table log add column source text not null default 'strategy';
alter table log alter column source drop default;
"""

DOWNGRADE = """
delete from log where source <> 'strategy';
alter table log drop column source;
"""


def upgrade() -> None:
    """Add the column."""
    op.execute(UPGRADE)


def downgrade() -> None:
    """Drop it, and the lines it tells apart."""
    op.execute(DOWNGRADE)
