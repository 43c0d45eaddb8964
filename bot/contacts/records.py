"""Contacts as programs and staff keep them: made or changed, listed, erased."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, select, update

from bot.consent.ledger import digest
from models import (
    Alarm,
    ConsentEvent,
    ConsentProof,
    Contact,
    ContactTag,
    Conversation,
    Field,
    IdempotencyKey,
    Message,
    given_each,
    insert,
    insert_each,
    one_of,
)  # fmt: skip
from models.field import kept
from models.phone import country_of

CONTACT = Contact.__table__
OWN = ("language", "zone")  # what can be said of a contact beside fields and tags

_make = insert_each(CONTACT, "new", each=("phone", "person", "country"), same=("values", "source", "sample", "made_at"))
# Whoever has come at this very instant is locked, so that nobody is erased in between; their key tells them from the new ones.
_meet = _make.on_conflict_do_update(index_elements=["phone"], set_={"phone": _make.excluded.phone})
MAKE = _meet.returning(*CONTACT.c)
THESE = select(CONTACT).where(one_of(CONTACT.c.phone, "phones")).order_by(CONTACT.c.id).with_for_update()
_given = given_each(CONTACT, "changed", ("id", *OWN, "values"))
CHANGE = update(CONTACT).where(CONTACT.c.id == _given.pop("id")).values(**_given)
UNTAG = delete(ContactTag).where(ContactTag.contact_id == bindparam("of"), ContactTag.tag == bindparam("named"))


class ContactError(ValueError):
    """It cannot be kept; `problems` says which field is wrong, and why."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{field}: {message}" for field, message in problems))


def find(connection: Connection, contact: str | int, *, locked: bool = False) -> Row[Any] | None:
    """The contact with this E.164 number or id, its row locked if asked for."""
    mine = select(CONTACT).where((CONTACT.c.id if isinstance(contact, int) else CONTACT.c.phone) == contact)
    return connection.execute(mine.with_for_update() if locked else mine).one_or_none()


def save(connection: Connection, phone: str, said: Mapping[str, Any], source: str, now: datetime) -> tuple[Row[Any], bool]:
    """Make or change a contact: see save_many. Returns its row, locked, and whether it is new. Raises ContactError."""
    new = save_many(connection, {phone: check(said, fields(connection))}, source, now)
    row = find(connection, phone)
    assert row is not None
    return row, phone in new


def add(connection: Connection, phone: str, said: Mapping[str, Any], source: str, now: datetime) -> Row[Any]:
    """Make a contact that is not there yet. Raises ContactError, too when it is there."""
    row, is_new = save(connection, phone, said, source, now)
    if not is_new:
        raise ContactError(("phone", "there is a contact with this number already"))
    return row


def save_many(connection: Connection, said: Mapping[str, Mapping[str, Any]], source: str, now: datetime) -> set[str]:
    """Make or change contacts, by their numbers, and return the numbers that are new. What is said has been checked.

    Of each may be said: `language`, `zone`, `fields` (those named change; None: forgotten) and `tags` (these and no others).
    Nothing of it is consent. Their rows are locked until the transaction ends: first those that are there, by their ids as all do
    who lock several, then the new ones by their numbers.
    """
    rows = list(connection.execute(THESE, {"phones": list(said)}))
    keys = {phone: secrets.token_hex(16) for phone in sorted(said.keys() - {row.phone for row in rows})}
    made = set()
    if keys:
        new = [{"phone": phone, "person": person, "country": country_of(phone)} for phone, person in keys.items()]
        same = {"values": {}, "source": source, "sample": False, "made_at": now}
        came = connection.execute(MAKE, {"new": new, **same}).all()
        made = {row.phone for row in came if row.person == keys[row.phone]}
        rows += came
    changed = [_change(row, said[row.phone]) for row in rows if said[row.phone].keys() & {*OWN, "fields"}]
    if changed:
        connection.execute(CHANGE, {"changed": changed})
    _tag(connection, {row.id: said[row.phone]["tags"] for row in rows if "tags" in said[row.phone]})
    return made


def fields(connection: Connection) -> Mapping[str, Row[Any]]:
    """All that the shop remembers of its contacts, by name: each with its type, and what for."""
    return {row.name: row for row in connection.execute(select(Field.__table__).order_by(Field.id))}


def check(said: Mapping[str, Any], known: Mapping[str, Row[Any]]) -> dict[str, Any]:
    """What is said of a contact, its values as they are kept; `known`: the shop's fields. Raises ContactError."""
    if "fields" not in said:
        return dict(said)
    values: dict[str, Any] = {}
    problems = []
    for name, value in sorted(said["fields"].items()):
        try:
            values[name] = _kept(known.get(name), value)
        except ValueError as error:
            problems.append((f"fields.{name}", str(error)))
    if problems:
        raise ContactError(*problems)
    return {**said, "fields": values}


def _kept(field: Any, value: Any) -> Any:
    if field is None:
        raise ValueError("the shop has no such field")
    return None if value is None else kept(field.type, value)


def ids(connection: Connection, phones: Sequence[str]) -> Mapping[str, int]:
    """The ids of the contacts with these numbers, by number."""
    rows = connection.execute(select(CONTACT.c.phone, CONTACT.c.id).where(CONTACT.c.phone.in_(phones)))
    return {row.phone: row.id for row in rows}


def page(connection: Connection, after: int, limit: int, tag: str | None = None) -> Sequence[Row[Any]]:
    """Contacts in the order in which they were made, from the one after this id."""
    rows = select(CONTACT).where(CONTACT.c.id > after).order_by(CONTACT.c.id).limit(limit)
    if tag is not None:
        rows = rows.where(exists().where(ContactTag.contact_id == CONTACT.c.id, ContactTag.tag == tag))
    return connection.execute(rows).all()


def tags(connection: Connection, contact_ids: Sequence[int]) -> Mapping[int, list[str]]:
    """The tags of each of these contacts, in order."""
    found: dict[int, list[str]] = {id_: [] for id_ in contact_ids}
    rows = select(ContactTag.contact_id, ContactTag.tag).where(ContactTag.contact_id.in_(contact_ids))
    for contact_id, tag in connection.execute(rows.order_by(ContactTag.tag)):
        found[contact_id].append(tag)
    return found


def erase(connection: Connection, phone: str, key: bytes) -> bool:
    """Forget a person: row, texts, conversations, tags, lists, and the words and number of every proof. Whether there was one.

    `key`: of the suppression list.

    What stays tells nobody who it was: the chain of their consent under a random key, the keyed hash of their number if they said
    STOP (so that they are never texted again), and the numbers in reports.
    """
    row = find(connection, phone, locked=True)
    if row is None:
        return False
    # In the order that all who touch several messages keep to.
    connection.execute(select(Message.id).where(Message.contact_id == row.id).order_by(Message.id).with_for_update())
    connection.execute(delete(IdempotencyKey).where(IdempotencyKey.about == digest(key, phone)))
    talks = select(Conversation.id).where(Conversation.contact_id == row.id)
    connection.execute(delete(Alarm).where(Alarm.kind.in_(("wake", "expire")), Alarm.subject.in_(talks)))
    texts = select(Message.id).where(Message.contact_id == row.id)
    connection.execute(delete(Alarm).where(Alarm.kind.in_(("release", "answer")), Alarm.subject.in_(texts)))
    connection.execute(delete(Alarm).where(Alarm.kind == "wish", Alarm.subject == row.id))
    theirs = select(ConsentEvent.id).where(ConsentEvent.person == row.person)
    connection.execute(delete(ConsentProof).where(ConsentProof.event_id.in_(theirs)))
    connection.execute(delete(CONTACT).where(CONTACT.c.id == row.id))
    return True


def _change(row: Any, said: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**row.values, **said.get("fields", {})}
    own = {name: said.get(name, getattr(row, name)) for name in OWN}
    return {"id": row.id, **own, "values": {name: value for name, value in merged.items() if value is not None}}


def _tag(connection: Connection, wanted: Mapping[int, Sequence[str]]) -> None:
    there = tags(connection, list(wanted)) if wanted else {}
    gone = [{"of": id_, "named": tag} for id_, kept in wanted.items() for tag in there[id_] if tag not in kept]
    new = [
        {"contact_id": id_, "tag": tag} for id_, kept in wanted.items() for tag in dict.fromkeys(kept) if tag not in there[id_]
    ]
    if gone:
        connection.execute(UNTAG, gone)
    if new:
        connection.execute(insert(ContactTag).on_conflict_do_nothing(), new)
