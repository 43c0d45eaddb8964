"""What the shop's people must know while it is so, and who of them was told."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_AGAIN, Base

OPEN = text("ended_at IS NULL")
DUE = text("state = 'waiting'")


class Alert(Base):
    """Something that needs somebody: it lasts as long as it is so. All times are machine time."""

    __tablename__ = "alert"
    __table_args__ = (
        Index("ix_alert_open", "kind", "subject", unique=True, postgresql_where=OPEN, sqlite_where=OPEN),
        Index("ix_alert_ended_at", "ended_at"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]  # waiting | campaign | worker
    subject: Mapped[str]  # which campaign; "" where there is one alert for all
    facts: Mapped[dict[str, Any]]  # what it says: how many people, the campaign's name, which processes
    began_at: Mapped[datetime]
    told_at: Mapped[datetime | None]  # shown, and told, from then on; None: it may still pass by itself
    ended_at: Mapped[datetime | None]


class Notice(Base):
    """Somebody is told that there are alerts of a kind, because of the newest of them. All times are machine time."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("alert_id", "staff_id"),
        Index("ix_notice_due", "not_before", postgresql_where=DUE, sqlite_where=DUE),
        Index("ix_notice_made_at", "made_at"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id", ondelete="CASCADE"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    way: Mapped[str]  # email | text
    state: Mapped[str]  # waiting; sent (an e-mail); handed over (a text, to the outbox); refused; failed; passed (no longer true)
    made_at: Mapped[datetime]
    not_before: Mapped[datetime]  # waiting: the next try; while somebody is at it, until when
    attempts: Mapped[int] = mapped_column(default=0)
    why: Mapped[str | None]  # it was refused, or the last try failed
