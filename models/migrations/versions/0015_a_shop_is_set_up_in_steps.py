"""What is answered in the steps of a set-up, before there is a shop."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "setup_answer",
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("said", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("step", name=op.f("pk_setup_answer")),
    )


def downgrade() -> None:
    op.drop_table("setup_answer")
