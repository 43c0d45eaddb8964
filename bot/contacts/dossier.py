"""What is known of one person, for staff who answer them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from bot.consent import ledger
from bot.contacts.records import tags
from models import Conversation, DialogVersion, Message, Subscription
from models.phone import display

LAST_TEXTS = 20

TALKS = (
    select(Conversation.__table__, DialogVersion.number.label("version"))
    .join(DialogVersion, DialogVersion.id == Conversation.version_id)
    .where(Conversation.contact_id == bindparam("contact_id"))
)


def dossier(connection: Connection, contact: Any, key: bytes, full: bool) -> dict[str, Any]:
    """What is known of a contact and their last texts, as plain data; the number masked unless `full`.

    `key`: of the suppression list.
    """
    mine = connection.execute
    subscribed = select(Subscription.topic, Subscription.state, Subscription.proof, Subscription.at)
    return {
        "phone": display(contact.phone, mask=not full),
        **_fields(contact, "country", "language", "zone", "source", "sample", "made_at", "values"),
        "tags": tags(connection, [contact.id])[contact.id],
        "opted_out": ledger.Ledger(connection, contact, key).suppressed(),
        "subscriptions": [dict(row._mapping) for row in mine(subscribed.where(Subscription.contact_id == contact.id))],
        "consent": [
            _fields(row, "seq", "at", "topic", "change", "source", "wording", "text")
            for row in ledger.story(connection, contact)
        ],
        "broken_link": ledger.broken_link(connection, contact.person),
        "conversations": [talk(row) for row in mine(TALKS.order_by(Conversation.id), {"contact_id": contact.id})],
        "texts": [
            _fields(row, "at", "direction", "kind", "body", "state", "status", "error_code", "why", "verdicts")
            for row in reversed(texts(connection, contact.id, None, LAST_TEXTS))
        ],
    }  # fmt: skip


def texts(connection: Connection, contact_id: int, before: int | None, limit: int) -> Sequence[Row[Any]]:
    """The last texts of a contact, both ways, the newest first, or those before this one."""
    rows = select(Message.__table__).where(Message.contact_id == contact_id).order_by(Message.id.desc()).limit(limit)
    return connection.execute(rows if before is None else rows.where(Message.id < before)).all()


def talk(row: Any) -> dict[str, Any]:
    """A conversation, a row of TALKS, as it is told."""
    told = _fields(row, "dialog", "version", "status", "outcome", "begun_at")
    return {**told, "state": row.memory["state"], "answers": row.memory["values"]}


def _fields(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
