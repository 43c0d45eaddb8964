"""What the shop's people and a contact have to do with each other: the inbox."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_AGAIN, Base

WAITS = text("waits_since IS NOT NULL")
OPEN = text("NOT closed")


class Thread(Base):
    """A contact who needed a person, once or now. All times are business time."""

    __tablename__ = "thread"
    __table_args__ = (
        Index("ix_thread_waits_since", "waits_since", postgresql_where=WAITS, sqlite_where=WAITS),
        Index("ix_thread_staff_id_at", "staff_id", "at", postgresql_where=OPEN, sqlite_where=OPEN),
        Index("ix_thread_closed_at", "closed", "at"),
    )

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))  # whose it is
    closed: Mapped[bool] = mapped_column(default=False)
    waits_since: Mapped[datetime | None]  # the first text that nobody has answered yet; None: they wait for nothing
    snoozed_until: Mapped[datetime | None]  # nobody is bothered with it until then
    answer_id: Mapped[int | None]  # the last message that staff wrote
    at: Mapped[datetime]  # when something was last said or done in it


class ThreadEntry(Base):
    """What staff did in a thread, or wrote to each other: the contact never sees it."""

    __tablename__ = "thread_entry"
    __table_args__ = (Index("ix_thread_entry_contact_id_at", "contact_id", "at", "id"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    at: Mapped[datetime]  # business time
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"), index=True)
    who: Mapped[str]  # their name then
    did: Mapped[str]  # note | assigned | closed | reopened | snoozed | took_over | gave_back | ended_dialog
    words: Mapped[str] = mapped_column(default="")  # of a note; to whom, until when


class CannedAnswer(Base):
    """Words that staff answer with again and again."""

    __tablename__ = "canned_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)  # what is typed after the slash
    texts: Mapped[dict[str, Any]]  # language, or "" for any -> Liquid
