"""All that is known of one person: for staff who answer them, and for the person who asks."""

from typing import Any

from sqlalchemy import Connection, select

from bot.consent import ledger
from bot.contacts.records import tags
from models import Conversation, DialogVersion, Message, Subscription
from models.phone import display

LAST_TEXTS = 20


def dossier(connection: Connection, contact: Any, key: bytes, full: bool) -> dict[str, Any]:
    """What is known of a contact, as plain data; the number masked unless `full`. `key`: of the suppression list."""
    mine = connection.execute
    conversations = (
        select(Conversation.dialog, DialogVersion.number.label("version"), Conversation.status, Conversation.memory,
               Conversation.outcome, Conversation.begun_at)
        .join(DialogVersion, DialogVersion.id == Conversation.version_id)
        .where(Conversation.contact_id == contact.id).order_by(Conversation.id)
    )  # fmt: skip
    texts = select(Message.__table__).where(Message.contact_id == contact.id).order_by(Message.id.desc())
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
        "conversations": [
            {**row._mapping, "memory": None, "state": row.memory["state"], "answers": row.memory["values"]}
            for row in mine(conversations)
        ],
        "texts": [
            _fields(row, "at", "direction", "kind", "body", "state", "status", "error_code", "why", "verdicts")
            for row in reversed(mine(texts.limit(LAST_TEXTS)).all())
        ],
    }  # fmt: skip


def _fields(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
