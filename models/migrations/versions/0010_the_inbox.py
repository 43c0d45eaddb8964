"""The inbox: threads, what staff did and wrote in them, and canned answers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

import models.base

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = models.base.UtcDateTime(timezone=True)
WAITS, OPEN = sa.text("waits_since IS NOT NULL"), sa.text("NOT closed")


def upgrade() -> None:
    op.create_table(
        "thread",
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("staff_id", ID, nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("waits_since", AT, nullable=True),
        sa.Column("snoozed_until", AT, nullable=True),
        sa.Column("answer_id", ID, nullable=True),
        sa.Column("at", AT, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_thread_contact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_thread_staff_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_thread")),
    )
    op.create_index("ix_thread_waits_since", "thread", ["waits_since"], postgresql_where=WAITS, sqlite_where=WAITS)
    op.create_index("ix_thread_staff_id_at", "thread", ["staff_id", "at"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_index("ix_thread_closed_at", "thread", ["closed", "at"])
    op.create_table(
        "thread_entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("staff_id", ID, nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_thread_entry_contact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_thread_entry_staff_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_entry")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_thread_entry_contact_id_at", "thread_entry", ["contact_id", "at", "id"])
    op.create_index(op.f("ix_thread_entry_staff_id"), "thread_entry", ["staff_id"])
    op.create_table(
        "canned_answer",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("texts", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_answer")),
        sa.UniqueConstraint("name", name=op.f("uq_canned_answer_name")),
    )
    op.add_column("message", sa.Column("staff_id", ID, nullable=True))
    op.execute(  # whoever waits for a person already
        "INSERT INTO thread (contact_id, closed, waits_since, at) SELECT contact_id, false, min(at), max(at) FROM message"
        " WHERE for_person AND direction = 'in' AND contact_id IS NOT NULL GROUP BY contact_id"
    )


def downgrade() -> None:
    op.drop_column("message", "staff_id")
    op.drop_table("canned_answer")
    op.drop_table("thread_entry")
    op.drop_table("thread")
