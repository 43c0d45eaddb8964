"""Campaigns: one text for many people, whom it was meant for, and what became of each of them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_AGAIN, Base, Json

# As the index of open batches says it: SQLite finds it in no other way.
IS_OPEN = text("NOT batch.over")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

# draft -> scheduled -> sending -> finished; from scheduled and sending also to paused and back, or to cancelled.
STATES = ("draft", "scheduled", "sending", "paused", "finished", "cancelled")
RECIPIENT_STATES = ("waiting", "refused", "handed over")


class Campaign(Base):
    """What is said, to which segments, when, and how far it has come. Times are business time."""

    __tablename__ = "campaign"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    kind: Mapped[str] = mapped_column(default="marketing")  # marketing | service
    topic: Mapped[str]  # slug: whose consent it needs
    texts: Mapped[dict[str, Any]]  # language, or "" for any -> Liquid
    # addresses of pictures that go along
    media: Mapped[list[str]] = mapped_column(Json, default=list, server_default=text("'[]'"))
    ours: Mapped[str | None]  # the sender; none: the one of the contact's country, else the shop's first
    within: Mapped[list[Any]] = mapped_column(Json, default=list)  # ids of segments: who is in one of them
    without: Mapped[list[Any]] = mapped_column(Json, default=list)  # ids of segments: and in none of these
    dialog: Mapped[str | None]  # what an answer opens
    answers_for: Mapped[int] = mapped_column(default=0)  # days for which an answer opens it
    error_limit: Mapped[int]  # percent of errors at which it pauses itself
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]  # who was not texted by then never is
    why: Mapped[str | None]  # why it was paused
    version: Mapped[int] = mapped_column(default=0)  # of its alarm
    # The audience is frozen at launch: contacts up to last_id, taken in slices, done up to taken_to.
    launched_at: Mapped[datetime | None]
    last_id: Mapped[int | None]
    taken_to: Mapped[int] = mapped_column(default=0)
    worked_at: Mapped[datetime] = mapped_column(default=LONG_AGO)  # machine time: when a worker last took a batch of it
    resumed_at: Mapped[datetime] = mapped_column(default=LONG_AGO)  # machine time: errors before it count no more
    finished_at: Mapped[datetime | None]
    made_at: Mapped[datetime]


class Batch(Base):
    """A range of a campaign's recipients, which one worker at a time sees to."""

    __tablename__ = "batch"
    __table_args__ = (
        Index("ix_batch_open", "campaign_id", "id", postgresql_where=text("NOT over"), sqlite_where=text("NOT over")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    first_id: Mapped[int]  # of contacts, both included
    last_id: Mapped[int]
    due_at: Mapped[datetime]  # business time: before it nobody in it may be texted
    lease_until: Mapped[datetime] = mapped_column(default=LONG_AGO)  # machine time
    over: Mapped[bool] = mapped_column(default=False)


class Recipient(Base):
    """One person a campaign was meant for, once. Their text, when there is one, is the message `c:<campaign>:<contact>`.

    The contact is no foreign key: someone who is erased stays counted, and 400,000 rows are written at once.
    """

    __tablename__ = "recipient"
    __table_args__ = ({"sqlite_with_rowid": False},)

    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="waiting")  # one of RECIPIENT_STATES
    why: Mapped[str | None]  # the judge that refused or holds them
    due_at: Mapped[datetime | None]  # business time: held until then
