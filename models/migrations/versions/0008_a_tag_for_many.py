"""A tag is put on many contacts, or taken off them, slice by slice."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tagging",
        sa.Column("id", ID, nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("adds", sa.Boolean(), nullable=False),
        sa.Column("wanted", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_id", ID, nullable=False),
        sa.Column("taken_to", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tagging")),
    )


def downgrade() -> None:
    op.drop_table("tagging")
