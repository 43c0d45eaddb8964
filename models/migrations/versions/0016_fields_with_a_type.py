"""Fields have a type, and a tag on its way onto many contacts stops after failures."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("field", sa.Column("type", sa.String(), nullable=False, server_default="text"))
    op.add_column("tagging", sa.Column("attempts", COUNT, nullable=False, server_default="0"))
    op.add_column("tagging", sa.Column("why", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("tagging", "why")
    op.drop_column("tagging", "attempts")
    op.drop_column("field", "type")
