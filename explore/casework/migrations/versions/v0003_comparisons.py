"""Comparisons of runs in the queue."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Give the table `jobs` the runs that a job compares."""
    op.add_column("jobs", sa.Column("compare", sa.JSON))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("jobs", "compare")
