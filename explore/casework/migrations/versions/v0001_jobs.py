"""The queue of loads and runs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table `jobs`."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("done", sa.Float),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("load", sa.JSON),
        sa.Column("run", sa.JSON),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("executor", sa.Integer),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
    )
    op.create_index("jobs_state", "jobs", ["state"])


def downgrade() -> None:
    """Drop the table `jobs`."""
    op.drop_table("jobs")
