"""Versions of actions: what saved pipelines are pinned to, and the definitions that executions follow."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "definitions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column(
            "document", sa.Text(), nullable=False, comment="What the catalog said of an action that a plan uses."
        ),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.add_column(
        "pipelines",
        sa.Column(
            "pins",
            sa.Text(),
            nullable=True,
            comment="Major version of each action that it was checked against; NULL if saved before.",
        ),
    )
