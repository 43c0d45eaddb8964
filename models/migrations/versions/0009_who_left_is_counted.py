"""Who left in a time is counted by an index, which only those who leave are in."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OUT = sa.text("change = 'out'")


def upgrade() -> None:
    op.create_index("ix_consent_event_out", "consent_event", ["at"], postgresql_where=OUT, sqlite_where=OUT)


def downgrade() -> None:
    op.drop_index("ix_consent_event_out", "consent_event")
