"""Threads looked at: who waits for a person and since when, whose they are, what was last said."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, or_, select, text, tuple_, update

from bot import contacts
from bot.contacts import Place
from models import Contact, Conversation, Message, Staff, Thread, one_of
from models.base import UtcDateTime
from models.conversation import LISTENING

TABS = ("waiting", "mine", "all", "closed")
MOST_COUNTED = 1_000
WATCHED = 30  # of the last happenings of a thread, so many are watched for news

THREAD, CONTACT, CONVERSATION, MESSAGE, STAFF = (
    one.__table__ for one in (Thread, Contact, Conversation, Message, Staff)
)

_now = bindparam("now", type_=UtcDateTime())
IS_WAITING = and_(
    text("waits_since IS NOT NULL"),  # as its index says it
    or_(THREAD.c.snoozed_until.is_(None), THREAD.c.snoozed_until <= _now),
)
_open = text("NOT closed")
_in: Mapping[str, ColumnElement[bool]] = {
    "waiting": IS_WAITING,
    "mine": and_(_open, THREAD.c.staff_id == bindparam("staff_id")),
    "all": THREAD.c.closed == False,  # noqa: E712
    "closed": THREAD.c.closed == True,  # noqa: E712
}
_heard = (
    select(MESSAGE.c.id).where(MESSAGE.c.contact_id == THREAD.c.contact_id, MESSAGE.c.direction == "in")
    .order_by(MESSAGE.c.at.desc(), MESSAGE.c.id.desc()).limit(1).correlate(THREAD).scalar_subquery()
)  # fmt: skip
_theirs = THREAD.join(CONTACT, CONTACT.c.id == THREAD.c.contact_id).outerjoin(STAFF, STAFF.c.id == THREAD.c.staff_id)
ROWS = select(
    *THREAD.c, CONTACT.c.phone, CONTACT.c["values"], CONTACT.c.stopped_at,
    STAFF.c.name.label("staff_name"), _heard.label("heard_id"),
).select_from(_theirs)  # fmt: skip
_listens = (CONVERSATION.c.contact_id == bindparam("contact_id")) & LISTENING
_listening = select(CONVERSATION.c.dialog).where(_listens).scalar_subquery()
_newest = (
    select(MESSAGE.c.id).where(MESSAGE.c.contact_id == bindparam("contact_id"), MESSAGE.c.direction == "in")
    .order_by(MESSAGE.c.at.desc(), MESSAGE.c.id.desc()).limit(1).scalar_subquery()
)  # fmt: skip
ONE = select(
    *THREAD.c, STAFF.c.name.label("staff_name"), _listening.label("listening"), _newest.label("heard_id")
).select_from(
    CONTACT.outerjoin(THREAD, THREAD.c.contact_id == CONTACT.c.id).outerjoin(STAFF, STAFF.c.id == THREAD.c.staff_id)
).where(CONTACT.c.id == bindparam("contact_id"))  # fmt: skip
WORDS = select(MESSAGE.c.id, MESSAGE.c.body, MESSAGE.c.media).where(one_of(MESSAGE.c.id, "ids"))

_strangers = (
    select(*(MESSAGE.c[name] for name in ("id", "at", "ours", "theirs", "body", "media")))
    .where(text("message.for_person"), MESSAGE.c.direction == "in", MESSAGE.c.contact_id.is_(None))
)  # fmt: skip
_some = [select(THREAD.c.contact_id).where(_in[tab]).limit(MOST_COUNTED + 1).subquery() for tab in ("waiting", "mine")]
_some.append(_strangers.with_only_columns(MESSAGE.c.id).limit(MOST_COUNTED + 1).subquery())
COUNTS = select(*(select(func.count()).select_from(one).scalar_subquery() for one in _some))


@dataclass(frozen=True, slots=True)
class Tab:
    """Some threads, those of a tab or those who are looked for; the place where the next page begins, if there is one."""

    rows: Sequence[Any]
    words: Mapping[int, Any]  # by id: the last text of each contact
    next: Place | None


def page(
    connection: Connection, tab: str, staff_id: int, now: datetime, after: Place | None, limit: int,
    where: ColumnElement[bool] | None = None,
) -> Tab:  # fmt: skip
    """Threads of a tab: in `waiting` those who have waited longest come first, else those where something happened last.

    `where`: a condition on contacts, for a search; it looks at all tabs.
    """
    oldest_first = tab == "waiting" and where is None
    by = THREAD.c.waits_since if oldest_first else THREAD.c.at
    rows = ROWS.where(_in[tab] if where is None else where)
    if after is not None:
        here = tuple_(by, THREAD.c.contact_id)
        there = (after.at, after.id)
        rows = rows.where(here > there if oldest_first else here < there)
    order = (by, THREAD.c.contact_id) if oldest_first else (by.desc(), THREAD.c.contact_id.desc())
    found = connection.execute(rows.order_by(*order).limit(limit + 1), {"now": now, "staff_id": staff_id}).all()
    some = found[:limit]
    words = connection.execute(WORDS, {"ids": [row.heard_id for row in some if row.heard_id is not None]})
    end = some[-1] if len(found) > limit else None
    after = Place(end.waits_since if oldest_first else end.at, 0, end.contact_id) if end else None
    return Tab(some, {row.id: row for row in words}, after)


def find(connection: Connection, contact_id: int) -> Any:
    """How it stands with a contact; all is None where nobody has ever had to do with them. `listening`: the dialog that waits for
    their answer; `heard_id`: their newest text."""
    return connection.execute(ONE, {"contact_id": contact_id}).one()


def waiting(connection: Connection, staff_id: int, now: datetime) -> tuple[int, int, int]:
    """How many wait, how many threads are somebody's own, and how many texts came from senders that cannot be answered.

    Nobody counts further than MOST_COUNTED.
    """
    waits, mine, others = connection.execute(COUNTS, {"now": now, "staff_id": staff_id}).one()
    return waits, mine, others


def strangers(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """Texts from short codes and names that nobody can answer and nobody has looked at yet, the oldest first."""
    return connection.execute(_strangers.order_by(MESSAGE.c.id).limit(limit)).all()


def seen(connection: Connection, message_ids: Sequence[int]) -> int:
    """Somebody has looked at these texts from nobody who could be answered. Returns how many it were."""
    mine = update(MESSAGE).where(MESSAGE.c.id.in_(message_ids), MESSAGE.c.contact_id.is_(None), MESSAGE.c.for_person)
    return connection.execute(mine.values(for_person=False)).rowcount


def pulse(connection: Connection, staff_id: int, contact_id: int | None, now: datetime) -> str:
    """A few letters that change whenever what the inbox shows does: the lists, and the end of one thread."""
    ends = [select(func.max(THREAD.c.at)).where(THREAD.c.closed == closed).scalar_subquery() for closed in (False, True)]
    known: list[Any] = [waiting(connection, staff_id, now), *connection.execute(select(*ends)).one()]
    row = contacts.find(connection, contact_id) if contact_id else None
    if row is not None:
        known.append([row.stopped_at, row.with_staff_until is not None and row.with_staff_until > now])
        for one in contacts.timeline(connection, row, None, WATCHED):
            it = one.row._mapping
            known.append([str(one.place), *(it.get(name) for name in ("state", "status", "error_code", "outcome", "step"))])
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16]
