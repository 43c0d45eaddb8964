"""What has happened with one person, the newest first: texts both ways, consent, conversations, what staff did."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, or_, select

from bot.consent.ledger import STORY
from bot.contacts.dossier import TALKS
from models import ConsentEvent, Conversation, Message, ThreadEntry

YEAR_ONE = datetime.min.replace(tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WRITTEN = re.compile(r"([0-9]{1,18})-([0-9])-([0-9]{1,18})")


class Source(NamedTuple):
    """Rows of one kind about a person, when they happened, and their id."""

    rows: Select[Any]
    at: ColumnElement[datetime]
    id: ColumnElement[int]


MESSAGE, EVENT, CONVERSATION, ENTRY = (one.__table__ for one in (Message, ConsentEvent, Conversation, ThreadEntry))
SOURCES: Mapping[str, Source] = {
    "message": Source(select(MESSAGE).where(MESSAGE.c.contact_id == bindparam("contact_id")), MESSAGE.c.at, MESSAGE.c.id),
    "consent": Source(STORY, EVENT.c.at, EVENT.c.id),
    "conversation": Source(TALKS, CONVERSATION.c.begun_at, CONVERSATION.c.id),
    "staff": Source(select(ENTRY).where(ENTRY.c.contact_id == bindparam("contact_id")), ENTRY.c.at, ENTRY.c.id),
}
"""In the order in which those of the same instant are told."""


class Place(NamedTuple):
    """Where a page ends: the instant of the last happening, the number of its source, its id."""

    at: datetime
    source: int
    id: int

    def __str__(self) -> str:
        return f"{(self.at - YEAR_ONE) // MICROSECOND}-{self.source}-{self.id}"

    @classmethod
    def read(cls, written: str) -> Self:
        """A place as `str` wrote it. Raises ValueError."""
        found = WRITTEN.fullmatch(written)
        if found is None:
            raise ValueError("not a place")
        since, source, id_ = map(int, found.groups())
        try:
            return cls(YEAR_ONE + since * MICROSECOND, source, id_)
        except OverflowError:
            raise ValueError("not a place") from None


class Happening(NamedTuple):
    """One of them. `what`: a key of SOURCES; `row`: as its source gives it."""

    what: str
    place: Place
    row: Any


def timeline(connection: Connection, contact: Any, after: Place | None, limit: int) -> Sequence[Happening]:
    """The newest happenings of a contact, or those told after a place; one query for each source.

    A conversation stands where it began: when it ended is not recorded, how is.
    """
    known, found = {"contact_id": contact.id, "person": contact.person}, list[Happening]()
    for number, (what, source) in enumerate(SOURCES.items()):
        rows = source.rows if after is None else source.rows.where(_told_after(after, number, source))
        some = connection.execute(rows.order_by(source.at.desc(), source.id.desc()).limit(limit), known)
        found += [Happening(what, Place(getattr(row, source.at.name), number, row.id), row) for row in some]
    found.sort(key=lambda one: (one.place.at, -one.place.source, one.place.id), reverse=True)
    return found[:limit]


def _told_after(place: Place, number: int, source: Source) -> ColumnElement[bool]:
    at, id_ = source.at, source.id
    if number == place.source:
        return or_(at < place.at, and_(at == place.at, id_ < place.id))
    return at <= place.at if number > place.source else at < place.at
