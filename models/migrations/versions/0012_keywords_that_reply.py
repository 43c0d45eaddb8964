"""Keywords that say a reply, and the texts that each has answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
OF_KEYWORD = sa.text("keyword_id IS NOT NULL")


def upgrade() -> None:
    # Texts name the keyword: on SQLite, too, its id is never given again.
    with op.batch_alter_table("keyword", table_kwargs={"sqlite_autoincrement": True}) as keyword:
        keyword.alter_column("dialog", existing_type=sa.String(), nullable=True)
        keyword.add_column(sa.Column("reply", JSON, nullable=True))
        keyword.add_column(sa.Column("picture", sa.String(), nullable=True))
        keyword.add_column(sa.Column("topic", sa.String(), nullable=True))
    op.add_column("message", sa.Column("keyword_id", ID, nullable=True))
    op.create_index(
        "ix_message_keyword_id_at", "message", ["keyword_id", "at"], postgresql_where=OF_KEYWORD, sqlite_where=OF_KEYWORD
    )


def downgrade() -> None:
    op.drop_index("ix_message_keyword_id_at", "message")
    op.drop_column("message", "keyword_id")
    op.execute("DELETE FROM keyword WHERE dialog IS NULL")
    with op.batch_alter_table("keyword") as keyword:
        keyword.drop_column("topic")
        keyword.drop_column("picture")
        keyword.drop_column("reply")
        keyword.alter_column("dialog", existing_type=sa.String(), nullable=False)
