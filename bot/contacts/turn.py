"""Contacts as the ways meet them: found or made, row locked, with everything that one turn must know."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, String, and_, bindparam, cast, func, select

from bot.catalogue import NoShop
from bot.consent.ledger import START_OF_CHAIN, digest
from models import (
    LETS_OUT,
    ConsentEvent,
    Contact,
    ContactTag,
    Conversation,
    Message,
    Shop,
    Subscription,
    Suppression,
    Thread,
    insert,
)
from models.conversation import LISTENING
from models.phone import country_of, language_of

# Core tables, not mapped classes: these run for every text, and the mapper's part of a statement costs as much as the rest.
CONTACT, MESSAGE, CONVERSATION = Contact.__table__, Message.__table__, Conversation.__table__
EVENT, SUPPRESSION = ConsentEvent.__table__, Suppression.__table__

_new = insert(CONTACT).values(
    phone=bindparam("phone"),
    person=bindparam("person"),
    country=bindparam("country"),
    values={},
    source=bindparam("source"),
    sample=False,
    made_at=bindparam("at"),
    heard_at=bindparam("at"),
)
MEET = _new.on_conflict_do_update(
    index_elements=["phone"], set_={"heard_at": _new.excluded.heard_at, "unreachable_at": None}
).returning(CONTACT)
LOCK = select(CONTACT).where(CONTACT.c.id == bindparam("contact_id")).with_for_update()

_replies = (
    select(func.count())
    .where(
        MESSAGE.c.contact_id == bindparam("contact_id"),
        MESSAGE.c.direction == "out",
        MESSAGE.c.at > bindparam("hour_ago"),
        MESSAGE.c.kind.in_(("reply", "compliance")),
        MESSAGE.c.staff_id.is_(None),
    )
    .scalar_subquery()
)
_head = (
    select(cast(EVENT.c.seq, String) + " " + EVENT.c.hash)
    .where(EVENT.c.person == bindparam("person"))
    .order_by(EVENT.c.seq.desc())
    .limit(1)
    .scalar_subquery()
)
_question = (
    select(MESSAGE.c.state)
    .where(
        MESSAGE.c.contact_id == CONVERSATION.c.contact_id,
        MESSAGE.c.direction == "out",
        MESSAGE.c.conversation_id == CONVERSATION.c.id,
    )
    .order_by(MESSAGE.c.at.desc(), MESSAGE.c.id.desc())
    .limit(1)
    .correlate(CONVERSATION)
    .scalar_subquery()
)
STANDING = (
    select(
        Shop.__table__.c.revision,
        _head.label("ledger_head"),
        SUPPRESSION.c.digest.label("suppressed"),
        _replies.label("replies_in_hour"),
        _question.label("question"),
        Thread.waits_since,
        LETS_OUT.label("lets_out"),  # locked: who halts all sending waits for what this turn will say
        *(c.label(f"conversation_{c.name}") for c in CONVERSATION.c),
    )
    .select_from(Shop.__table__)
    .outerjoin(CONVERSATION, and_(CONVERSATION.c.contact_id == bindparam("contact_id"), LISTENING))
    .outerjoin(SUPPRESSION, SUPPRESSION.c.digest == bindparam("digest"))
    .outerjoin(Thread.__table__, Thread.contact_id == bindparam("contact_id"))
)

_thread = insert(Thread.__table__).values(
    contact_id=bindparam("contact_id"), closed=False, waits_since=bindparam("at"), at=bindparam("at")
)
AWAIT = _thread.on_conflict_do_update(
    index_elements=["contact_id"],
    set_={
        "waits_since": func.coalesce(Thread.waits_since, _thread.excluded.waits_since),
        "at": _thread.excluded.at, "closed": False, "snoozed_until": None,
    },
)  # fmt: skip

HELD: dict[str, Callable[[int, str], Any]] = {
    "tag": lambda contact_id, name: select(ContactTag.tag).where(
        ContactTag.contact_id == contact_id, ContactTag.tag == name
    ),
    "consent": lambda contact_id, name: select(Subscription.event_id).where(
        Subscription.contact_id == contact_id, Subscription.topic == name, Subscription.state == "in"
    ),
}


def meet(connection: Connection, phone: str, at: datetime, source: str = "text") -> Row[Any]:
    """The contact of this E.164 number, made if there was none, its row locked until the transaction ends."""
    new = {"phone": phone, "person": secrets.token_hex(16), "country": country_of(phone), "source": source, "at": at}
    return connection.execute(MEET, new).one()


def lock(connection: Connection, contact_id: int) -> Row[Any] | None:
    """The contact's row, locked until the transaction ends; None when it is gone."""
    return connection.execute(LOCK, {"contact_id": contact_id}).one_or_none()


def standing(connection: Connection, contact: Any, key: bytes, now: datetime) -> Row[Any]:
    """In one query: the catalogue's revision, the suppression and the ledger's head, replies of the last hour, the
    conversation that listens, the state of the message that carried its question, and whether they wait for a person."""
    known = {
        "contact_id": contact.id, "person": contact.person, "digest": digest(key, contact.phone),
        "hour_ago": now - timedelta(hours=1),
    }  # fmt: skip
    found = connection.execute(STANDING, known).one_or_none()
    if found is None:
        raise NoShop
    return found


def await_person(connection: Connection, contact_id: int, at: datetime) -> None:
    """The contact, whose row is locked, waits in the inbox for a person to answer."""
    connection.execute(AWAIT, {"contact_id": contact_id, "at": at})


def head_of(standing: Row[Any]) -> tuple[int, str]:
    """The last link of the contact's chain, for their `Ledger`."""
    seq, _, hash_ = (standing.ledger_head or f"0 {START_OF_CHAIN}").partition(" ")
    return int(seq), hash_


def holds(connection: Connection, contact_id: int, suppressed: bool) -> Callable[[str, str], bool]:
    """What dialogs may ask about a contact: ("tag", name) or ("consent", topic). After a STOP no consent is in force."""

    def asked(kind: str, name: str) -> bool:
        if kind == "consent" and suppressed:
            return False
        return connection.execute(HELD[kind](contact_id, name)).first() is not None

    return asked


def language(contact: Any, languages: list[str]) -> str:
    """What they write or chose, else their country's language, else the shop's first."""
    wanted = contact.language or (language_of(contact.country) if contact.country else None)
    return wanted if wanted in languages else languages[0]
