"""Tokens of programs, and what their requests have been answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import models.base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
# Rows that may go now, when somebody is erased: SQLite would give the id of the last one to the next, and what still names it
# (a recipient, a status that comes late) would be about somebody else.
NEVER_AGAIN = ("contact", "message", "conversation", "segment", "campaign")
AT = models.base.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("used_at", AT, nullable=True),
        sa.Column("revoked_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("name", name=op.f("uq_api_token_name")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("token_id", ID, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("status", ID, nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_idempotency_key")),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_token.id"], name=op.f("fk_idempotency_key_token_id"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_idempotency_key_at", "idempotency_key", ["at"])
    op.create_index("ix_idempotency_key_about", "idempotency_key", ["about"])
    op.create_index("ix_conversation_contact_id", "conversation", ["contact_id"])  # whoever is erased is looked for by it
    if op.get_bind().dialect.name == "sqlite":
        _count_on()


def _count_on() -> None:
    """Tables whose ids are never given again. A trigger that writes to one of them steps aside meanwhile."""
    triggers = op.get_bind().execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in triggers:
        op.execute(f"DROP TRIGGER {name}")
    for name in NEVER_AGAIN:
        with op.batch_alter_table(name, recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass
    for _, sql in triggers:
        op.execute(sa.text(sql.replace(":", "\\:")))


def downgrade() -> None:
    op.drop_index("ix_conversation_contact_id", "conversation")
    op.drop_index("ix_idempotency_key_about", "idempotency_key")
    op.drop_index("ix_idempotency_key_at", "idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_table("api_token")
