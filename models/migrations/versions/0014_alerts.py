"""Alerts, whom they were told to, and how the shop's people want to be told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

import models.base

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
AT = models.base.UtcDateTime(timezone=True)
OPEN, DUE = sa.text("ended_at IS NULL"), sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("began_at", AT, nullable=False),
        sa.Column("told_at", AT, nullable=True),
        sa.Column("ended_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_open", "alert", ["kind", "subject"], unique=True, postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_index("ix_alert_ended_at", "alert", ["ended_at"])
    op.create_table(
        "notice",
        sa.Column("id", ID, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("staff_id", ID, nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("not_before", AT, nullable=False),
        sa.Column("attempts", ID, nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_notice_alert_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_notice_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("alert_id", "staff_id", name=op.f("uq_notice_alert_id_staff_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_notice_staff_id"), "notice", ["staff_id"])
    op.create_index("ix_notice_due", "notice", ["not_before"], postgresql_where=DUE, sqlite_where=DUE)
    op.create_index("ix_notice_made_at", "notice", ["made_at"])
    op.add_column("staff", sa.Column("alerts", JSON, nullable=True))
    op.add_column("staff", sa.Column("phone", sa.String(), nullable=True))
    op.add_column("staff", sa.Column("phone_code", sa.String(), nullable=True))
    op.add_column("staff", sa.Column("phone_proved_at", AT, nullable=True))
    op.add_column("staff", sa.Column("alerts_seen_at", AT, nullable=True))


def downgrade() -> None:
    for column in ("alerts_seen_at", "phone_proved_at", "phone_code", "phone", "alerts"):
        op.drop_column("staff", column)
    op.drop_table("notice")
    op.drop_table("alert")
