"""What was turned away at the carrier's door is kept for a while."""

import sqlalchemy as sa
from alembic import op

import models.base

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = models.base.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "refusal",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("times", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
    )


def downgrade() -> None:
    op.drop_table("refusal")
