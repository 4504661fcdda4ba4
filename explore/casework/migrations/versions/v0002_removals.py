"""The record of what was deleted, purged or erased."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table `removals`."""
    op.create_table(
        "removals",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("account", sa.Text),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("snapshots", sa.JSON, nullable=False),
        sa.Column("runs", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Drop the table `removals`."""
    op.drop_table("removals")
