"""Everything that is held about one person, as one JSON document for them (GDPR, articles 15 and 20)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Select, and_, bindparam, select

from bot.consent.ledger import STORY, Ledger
from bot.contacts.dossier import TALKS
from bot.contacts.records import tags
from bot.runtime import Runtime
from models import (
    Callback,
    Campaign,
    ConsentEvent,
    ConsentProof,
    Conversation,
    File,
    ListMember,
    Message,
    Recipient,
    Segment,
    Subscription,
    Thread,
    ThreadEntry,
)  # fmt: skip

AT_ONCE = 500  # rows in memory

CALLBACK, ENTRY, FILE, LISTED, MESSAGE, RECIPIENT, SUBSCRIPTION, THREAD = (
    one.__table__ for one in (Callback, ThreadEntry, File, ListMember, Message, Recipient, Subscription, Thread)
)
_mine: ColumnElement[int] = bindparam("contact_id")
_theirs = and_(MESSAGE.c.account == CALLBACK.c.account, MESSAGE.c.sid == CALLBACK.c.sid)
PARTS: Mapping[str, tuple[Select[Any], ColumnElement[Any]]] = {
    "lists": (
        select(LISTED, Segment.name).join(Segment, Segment.id == LISTED.c.segment_id).where(LISTED.c.contact_id == _mine),
        LISTED.c.segment_id,
    ),
    "subscriptions": (select(SUBSCRIPTION).where(SUBSCRIPTION.c.contact_id == _mine), SUBSCRIPTION.c.topic),
    "consent": (STORY.add_columns(ConsentProof.sid, ConsentProof.phone), ConsentEvent.__table__.c.seq),
    "conversations": (TALKS, Conversation.__table__.c.id),
    "messages": (select(MESSAGE).where(MESSAGE.c.contact_id == _mine), MESSAGE.c.id),
    "pictures": (select(FILE).join(MESSAGE, MESSAGE.c.id == FILE.c.message_id).where(MESSAGE.c.contact_id == _mine), FILE.c.id),
    "statuses": (select(CALLBACK).join(MESSAGE, _theirs).where(MESSAGE.c.contact_id == _mine), CALLBACK.c.id),
    "staff": (select(ENTRY).where(ENTRY.c.contact_id == _mine), ENTRY.c.id),
    "thread": (select(THREAD).where(THREAD.c.contact_id == _mine), THREAD.c.contact_id),
    "campaigns": (
        select(RECIPIENT, Campaign.name).join(Campaign, Campaign.id == RECIPIENT.c.campaign_id)
        .where(RECIPIENT.c.contact_id == _mine),
        RECIPIENT.c.campaign_id,
    ),
}  # fmt: skip
"""Rows about a contact, as they are kept, each in the order of a column that tells them apart."""


def export(runtime: Runtime, contact: Any) -> Iterator[bytes]:
    """The document, piece by piece: however much there is, some rows and one short transaction at a time."""
    with runtime.read() as connection:
        head = {
            "contact": dict(contact._mapping),
            "tags": tags(connection, [contact.id])[contact.id],
            "opted_out": Ledger(connection, contact, runtime.suppression_key).suppressed(),
        }
    yield to_json(head).removesuffix(b"}")
    for name, (rows, key) in PARTS.items():
        yield b',"%s":[' % name.encode()
        between = b""
        for some in _pages(runtime, rows, key, {"contact_id": contact.id, "person": contact.person}):
            yield between + b",".join(to_json(dict(row._mapping)) for row in some)
            between = b","
        yield b"]"
    yield b"}\n"


def _pages(runtime: Runtime, rows: Select[Any], key: ColumnElement[Any], whose: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    some = _read(runtime, rows.order_by(key), whose)
    while some:
        yield some
        some = _read(runtime, rows.where(key > getattr(some[-1], key.name)).order_by(key), whose)


def _read(runtime: Runtime, rows: Select[Any], whose: Mapping[str, Any]) -> Sequence[Any]:
    with runtime.read() as connection:
        return connection.execute(rows.limit(AT_ONCE), whose).all()
