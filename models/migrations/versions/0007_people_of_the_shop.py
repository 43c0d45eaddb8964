"""The people of the shop: accounts, sessions, links, tries, and who changed what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import models.base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
AT = models.base.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", ID, nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("password", sa.String(), nullable=True),
        sa.Column("totp_secret", sa.String(), nullable=True),
        sa.Column("totp_step", ID, nullable=True),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("closed_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "staff_session",
        sa.Column("id", ID, nullable=False),
        sa.Column("staff_id", ID, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("seen_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_session_digest")),
    )
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"])
    op.create_table(
        "staff_link",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("staff_id", ID, nullable=False),
        sa.Column("ends_second_step", sa.Boolean(), nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_link_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_staff_link")),
    )
    op.create_index(op.f("ix_staff_link_staff_id"), "staff_link", ["staff_id"])
    op.create_table(
        "try",
        sa.Column("id", ID, nullable=False),
        sa.Column("whose", sa.String(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_try")),
    )
    op.create_index("ix_try_whose_at", "try", ["whose", "at"])
    op.create_index("ix_try_at", "try", ["at"])
    op.create_table(
        "audit_entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("staff_id", ID, nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_audit_entry_staff_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_entry_staff_id"), "audit_entry", ["staff_id"])
    op.create_index("ix_audit_entry_about", "audit_entry", ["about"])


def downgrade() -> None:
    for table in ("audit_entry", "try", "staff_link", "staff_session", "staff"):
        op.drop_table(table)
