"""Dialogs under way, and the one table of all delays."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_AGAIN, Base

LISTENING = text("status = 'listening'")
LIVE = text("status <> 'ended'")


class Conversation(Base):
    """A contact in the middle of a dialog. It keeps the version of the dialog that it started on."""

    __tablename__ = "conversation"
    __table_args__ = (
        Index("ix_conversation_contact_id", "contact_id"),
        # At most one listens per contact: the database refuses a second one.
        Index(
            "ix_conversation_listening", "contact_id", unique=True, postgresql_where=LISTENING, sqlite_where=LISTENING
        ),
        Index(
            "ix_conversation_live", "contact_id", "dialog", "key", unique=True, postgresql_where=LIVE, sqlite_where=LIVE
        ),
        Index("ix_conversation_version_id", "version_id", postgresql_where=LIVE, sqlite_where=LIVE),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    dialog: Mapped[str]
    key: Mapped[str] = mapped_column(default="")  # what it is about, when there can be several: a cart, an order
    version_id: Mapped[int] = mapped_column(ForeignKey("dialog_version.id"))
    parent_id: Mapped[int | None]  # the conversation that opened this one and waits for it
    status: Mapped[str]  # listening | waiting | calling | ended
    step: Mapped[int]  # grows with every turn
    memory: Mapped[dict[str, Any]]
    ours: Mapped[str]  # the number of ours that they talk to
    asked: Mapped[str] = mapped_column(default="")  # our last words in it: what an answer answers
    outcome: Mapped[str | None]  # how it ended, for reports
    begun_at: Mapped[datetime]


class Alarm(Base):
    """Something that is due at an instant of business time. Every delay in the system is a row here."""

    __tablename__ = "alarm"
    __table_args__ = (UniqueConstraint("kind", "subject"), Index("ix_alarm_due_at", "due_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[int]
    version: Mapped[int]  # an alarm whose version is no longer the subject's rings for nobody
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    held: Mapped[bool] = mapped_column(default=False)  # it fell due while nobody was awake: a person decides


class DialogVersion(Base):
    """A dialog as it was written at one time. Published versions never change."""

    __tablename__ = "dialog_version"
    __table_args__ = (UniqueConstraint("name", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    number: Mapped[int]
    state: Mapped[str]  # draft | published | retired
    source: Mapped[str]  # YAML
    made_at: Mapped[datetime]


class Keyword(Base):
    """Words or phrases that open a dialog, or are answered by a reply: one of the two is there."""

    __tablename__ = "keyword"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    phrases: Mapped[dict[str, Any]]  # language, or "" for any -> list of phrases
    mode: Mapped[str]  # whole | first | anywhere
    dialog: Mapped[str | None]
    interrupts: Mapped[bool] = mapped_column(default=False)
    reply: Mapped[dict[str, Any] | None]  # language, or "" for any -> words
    picture: Mapped[str | None]  # that goes with the reply: an https address, or a path of this server
    topic: Mapped[str | None]  # that the reply is about: its slug
