"""Parts of the audience: a segment that a rule fills by itself, or a list that is picked by hand."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_AGAIN, Base


class Segment(Base):
    """A named part of the contacts. Being in one says nothing about consent."""

    __tablename__ = "segment"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    # a rule as `bot.segments` writes it; none: a list
    rule: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    )
    made_at: Mapped[datetime]


class ListMember(Base):
    """A contact on a list."""

    __tablename__ = "list_member"
    __table_args__ = (Index("ix_list_member_contact_id", "contact_id"),)

    segment_id: Mapped[int] = mapped_column(ForeignKey("segment.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime]
