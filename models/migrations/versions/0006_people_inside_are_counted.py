"""People inside a version of a dialog are counted by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LIVE = sa.text("status <> 'ended'")


def upgrade() -> None:
    op.create_index(
        "ix_conversation_version_id", "conversation", ["version_id"], postgresql_where=LIVE, sqlite_where=LIVE
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_version_id", "conversation")
