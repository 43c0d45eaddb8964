"""The people: one row per phone number, with what they told us and how far they may be texted."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_AGAIN, Base


class Contact(Base):
    """A person behind a phone number."""

    __tablename__ = "contact"
    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(unique=True)  # E.164
    person: Mapped[str] = mapped_column(unique=True)  # a random key: all that the ledger knows of them
    country: Mapped[str | None]
    zone: Mapped[str | None]
    language: Mapped[str | None]  # what they write or chose; until then the country's
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)  # field -> value
    source: Mapped[str]  # how we first met: text, sample, …
    sample: Mapped[bool] = mapped_column(default=False)  # made up for the demo: never texted through a real carrier
    made_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]  # their last text to us
    fallback_at: Mapped[datetime | None]  # when we last said that a person will read it
    paused_until: Mapped[datetime | None]  # they asked for a break from marketing
    one_in_days: Mapped[int | None]  # they asked for fewer texts: one that sells in so many days
    with_staff_until: Mapped[datetime | None]  # a person has taken over: dialogs stay silent until then
    stopped_at: Mapped[datetime | None]  # they said STOP: the database copies it from the ledger, for counting many at once
    unreachable_at: Mapped[datetime | None]  # the carrier said that this number is no mobile or no longer in service


class ContactTag(Base):
    """A tag on a contact."""

    __tablename__ = "contact_tag"
    __table_args__ = (Index("ix_contact_tag_tag", "tag"),)

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


class Tagging(Base):
    """A tag on its way onto many contacts, or off them, slice by slice: to those up to last_id who are wanted. Gone when done."""

    __tablename__ = "tagging"

    id: Mapped[int] = mapped_column(primary_key=True)
    tag: Mapped[str]
    adds: Mapped[bool]
    wanted: Mapped[dict[str, Any]]  # a bot.contacts.Wanted
    at: Mapped[datetime]  # business time: who is wanted then
    last_id: Mapped[int]
    taken_to: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)  # that have failed since the last slice
    why: Mapped[str] = mapped_column(default="")  # what it stopped at, where the house can say so
