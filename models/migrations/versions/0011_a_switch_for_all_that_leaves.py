"""A switch for all that leaves, off."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "halt",
        sa.Column("id", ID, nullable=False),
        sa.Column("halted_at", models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("halted_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_halt")),
    )
    op.execute("INSERT INTO halt (id) VALUES (1)")


def downgrade() -> None:
    op.drop_table("halt")
