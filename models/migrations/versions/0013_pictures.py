"""Files in pieces, for pictures, and the pictures of campaigns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

import models.base

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = models.base.UtcDateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
PICTURE = sa.text("purpose = 'picture'")


def upgrade() -> None:
    op.create_table(
        "file",
        sa.Column("id", ID, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("width", ID, nullable=True),
        sa.Column("height", ID, nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("message_id", ID, nullable=True),
        sa.Column("place", ID, nullable=True),
        sa.Column("made_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_file_message_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
        sa.UniqueConstraint("message_id", "place", name=op.f("uq_file_message_id_place")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_file_picture", "file", ["digest"], unique=True, postgresql_where=PICTURE, sqlite_where=PICTURE)
    op.create_index("ix_file_purpose", "file", ["purpose", "id"])
    op.create_table(
        "file_piece",
        sa.Column("file_id", ID, nullable=False),
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_file_piece_file_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("file_id", "number", name=op.f("pk_file_piece")),
    )
    op.add_column("campaign", sa.Column("media", JSON, nullable=False, server_default=sa.text("'[]'")))


def downgrade() -> None:
    op.drop_column("campaign", "media")
    op.drop_table("file_piece")
    op.drop_table("file")
