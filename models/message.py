"""Every text, both ways, and the reasons why ours went, wait or never will."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_AGAIN, Base, Json

# States of what we send. ready: waits for its turn; sending: a call to the carrier is under way; answered: handed over in
# the response to a webhook; unknown: nobody can tell yet, the carrier is asked; sent: the carrier has it; failed: the
# carrier refused it; refused: our gate refused it; held: waits for an hour or for a person.
OPEN_STATES = ("ready", "sending", "answered", "unknown", "held")

READY = text("state = 'ready' AND batch_id IS NULL")
OF_BATCH = text("state = 'ready' AND batch_id IS NOT NULL")
OF_CAMPAIGN = text("campaign_id IS NOT NULL")
HELD = text("state = 'held'")
OF_KEYWORD = text("keyword_id IS NOT NULL")


class Message(Base):
    """A text from a contact (state `received`) or a say of ours."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("account", "sid"),
        Index("ix_message_contact", "contact_id", "direction", "at"),
        Index("ix_message_ready", "not_before", postgresql_where=READY, sqlite_where=READY),
        Index("ix_message_batch", "batch_id", "id", postgresql_where=OF_BATCH, sqlite_where=OF_BATCH),
        Index("ix_message_campaign", "campaign_id", "state", "id", postgresql_where=OF_CAMPAIGN, sqlite_where=OF_CAMPAIGN),
        Index("ix_message_held", "id", postgresql_where=HELD, sqlite_where=HELD),
        Index(
            "ix_message_leased",
            "lease_until",
            postgresql_where=text("state IN ('sending', 'answered', 'unknown')"),
            sqlite_where=text("state IN ('sending', 'answered', 'unknown')"),
        ),
        Index("ix_message_keyword_id_at", "keyword_id", "at", postgresql_where=OF_KEYWORD, sqlite_where=OF_KEYWORD),
        Index("ix_message_for_person", "id", postgresql_where=text("for_person"), sqlite_where=text("for_person")),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    direction: Mapped[str]  # in | out
    kind: Mapped[str]  # text, or compliance | reply | opt_in | service | marketing | staff
    state: Mapped[str]
    cause: Mapped[str | None] = mapped_column(unique=True)  # why it exists: the database refuses a second one
    ours: Mapped[str]  # our number
    theirs: Mapped[str]  # the other side as the carrier reports it
    body: Mapped[str]
    media: Mapped[list[str]] = mapped_column(Json, default=list)
    topic: Mapped[str | None]
    account: Mapped[str]
    sid: Mapped[str | None]  # the carrier's id
    conversation_id: Mapped[int | None]
    staff_id: Mapped[int | None]  # who wrote it, where a person did
    keyword_id: Mapped[int | None]  # theirs: the keyword that it was taken for
    campaign_id: Mapped[int | None]
    batch_id: Mapped[int | None]  # as long as it is sent with the others of its batch
    parts: Mapped[int | None]  # ours: how many it is billed as
    at: Mapped[datetime]  # business time
    # Machine time: it never jumps, so calls, leases and back-off stay right when business time does.
    made_at: Mapped[datetime]
    not_before: Mapped[datetime | None]  # ready: earliest call; unknown: when the carrier is asked next
    marked_at: Mapped[datetime | None]  # when the last call (or answer) began
    lease_until: Mapped[datetime | None]  # sending, answered: until then somebody is at it
    attempts: Mapped[int] = mapped_column(default=0)
    rank: Mapped[int] = mapped_column(default=0)  # the carrier's status only climbs
    status: Mapped[str | None]  # the carrier's own word
    error_code: Mapped[str | None]
    consent_event_id: Mapped[int | None]  # the event that allowed it
    for_person: Mapped[bool] = mapped_column(default=False)  # nobody but a person can answer this
    why: Mapped[str | None]  # ours: the judge that held or refused it, or the carrier's reason; theirs: what staff should know
    verdicts: Mapped[list[Any]] = mapped_column(
        Json, default=list
    )  # every verdict of the gate: at, outcome, why, facts


# What confirms a STOP, START or HELP belongs to no conversation; of the same kind is the question of a double opt-in, which does.
CONFIRMS = and_(Message.__table__.c.kind == "compliance", Message.__table__.c.conversation_id.is_(None))


def in_state(*states: str) -> ColumnElement[bool]:
    """A message is in one of these states, written into the statement: SQLite finds a partial index in no other way."""
    column = Message.__table__.c.state
    values: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in states]
    return column == values[0] if len(values) == 1 else column.in_(values)


class Callback(Base):
    """A delivery status exactly as the carrier posted it. Appended in the webhook, folded into its message soon after."""

    __tablename__ = "callback"
    __table_args__ = (
        UniqueConstraint("account", "sid", "status"),
        Index("ix_callback_unfolded", "look_at", postgresql_where=text("NOT folded"), sqlite_where=text("NOT folded")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str]
    sid: Mapped[str]
    status: Mapped[str]
    rank: Mapped[int]
    error_code: Mapped[str | None]
    message_id: Mapped[int | None]  # ours, as it stood in the address
    made_at: Mapped[datetime]
    look_at: Mapped[datetime]  # machine time; a status of no message of ours is looked at again, later
    folded: Mapped[bool] = mapped_column(default=False)
