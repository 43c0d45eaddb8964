"""Files: their content in pieces in the database, so that any process on any host can read them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_AGAIN, Base

PURPOSES = ("picture", "inbound")  # what the shop shows; what came with a text
PICTURE = text("purpose = 'picture'")


class File(Base):
    """What a file is, and what it is for."""

    __tablename__ = "file"
    __table_args__ = (
        UniqueConstraint("message_id", "place"),
        Index("ix_file_picture", "digest", unique=True, postgresql_where=PICTURE, sqlite_where=PICTURE),
        Index("ix_file_purpose", "purpose", "id"),
        NEVER_AGAIN,  # an address that was given away must not show another file
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str]  # one of PURPOSES
    name: Mapped[str]  # as people call it
    type: Mapped[str]  # as its bytes tell, such as image/png; "": nothing that we show, and no content
    size: Mapped[int]  # bytes
    width: Mapped[int | None]  # pixels, of a picture
    height: Mapped[int | None]
    digest: Mapped[str]  # SHA-256 of the content
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))  # that it came with
    place: Mapped[int | None]  # among the media of that message
    made_at: Mapped[datetime]


class FilePiece(Base):
    """A piece of a file's content; all but the last are of the same size."""

    __tablename__ = "file_piece"

    file_id: Mapped[int] = mapped_column(ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
