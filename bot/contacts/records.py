"""Contacts as programs and staff keep them: made or changed, listed, erased."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from models import ConsentEvent, ConsentProof, Contact, ContactTag, Field, insert
from models.phone import country_of

CONTACT = Contact.__table__
OWN = ("language", "zone")  # what can be said of a contact beside fields and tags


class ContactError(ValueError):
    """It cannot be kept; `problems` says which field is wrong, and why."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{field}: {message}" for field, message in problems))


def find(connection: Connection, phone: str, *, locked: bool = False) -> Row[Any] | None:
    """The contact with this E.164 number, its row locked if asked for."""
    mine = select(CONTACT).where(CONTACT.c.phone == phone)
    return connection.execute(mine.with_for_update() if locked else mine).one_or_none()


def save(connection: Connection, phone: str, said: Mapping[str, Any], source: str, now: datetime) -> tuple[Row[Any], bool]:
    """Make or change a contact. Returns its row, locked, and whether it is new. Raises ContactError.

    `said` may hold `language`, `zone`, `fields` (those named change; None: forgotten) and `tags` (these and no others). Nothing
    of it is consent.
    """
    _check(connection, said)
    new: dict[str, Any] = {
        "phone": phone, "person": secrets.token_hex(16), "country": country_of(phone), "values": {}, "source": source,
        "sample": False, "made_at": now,
    }  # fmt: skip
    made = connection.execute(insert(CONTACT).values(**new).on_conflict_do_nothing().returning(CONTACT.c.id)).scalar()
    row = find(connection, phone, locked=True)
    assert row is not None
    changed: dict[str, Any] = {name: said[name] for name in OWN if name in said}
    if "fields" in said:
        merged = {**row.values, **said["fields"]}
        changed["values"] = {name: value for name, value in merged.items() if value is not None}
    if changed:
        row = connection.execute(update(CONTACT).where(CONTACT.c.id == row.id).values(changed).returning(CONTACT)).one()
    if "tags" in said:
        _tag(connection, row.id, said["tags"])
    return row, made is not None


def ids(connection: Connection, phones: Sequence[str]) -> Mapping[str, int]:
    """The ids of the contacts with these numbers, by number."""
    rows = connection.execute(select(CONTACT.c.phone, CONTACT.c.id).where(CONTACT.c.phone.in_(phones)))
    return {row.phone: row.id for row in rows}


def page(connection: Connection, after: int, limit: int, tag: str | None = None) -> Sequence[Row[Any]]:
    """Contacts in the order in which they were made, from the one after this id."""
    rows = select(CONTACT).where(CONTACT.c.id > after).order_by(CONTACT.c.id).limit(limit)
    if tag is not None:
        rows = rows.where(CONTACT.c.id.in_(select(ContactTag.contact_id).where(ContactTag.tag == tag)))
    return connection.execute(rows).all()


def tags(connection: Connection, contact_ids: Sequence[int]) -> Mapping[int, list[str]]:
    """The tags of each of these contacts, in order."""
    found: dict[int, list[str]] = {id_: [] for id_ in contact_ids}
    rows = select(ContactTag.contact_id, ContactTag.tag).where(ContactTag.contact_id.in_(contact_ids))
    for contact_id, tag in connection.execute(rows.order_by(ContactTag.tag)):
        found[contact_id].append(tag)
    return found


def erase(connection: Connection, phone: str) -> bool:
    """Forget a person: row, texts, conversations, tags, lists, and the words and number of every proof. Whether there was one.

    What stays tells nobody who it was: the chain of their consent under a random key, the keyed hash of their number if they said
    STOP (so that they are never texted again), and the numbers in reports.
    """
    row = find(connection, phone, locked=True)
    if row is None:
        return False
    theirs = select(ConsentEvent.id).where(ConsentEvent.person == row.person)
    connection.execute(delete(ConsentProof).where(ConsentProof.event_id.in_(theirs)))
    connection.execute(delete(CONTACT).where(CONTACT.c.id == row.id))
    return True


def _check(connection: Connection, said: Mapping[str, Any]) -> None:
    unknown = said.get("fields", {}).keys() - set(connection.scalars(select(Field.name)))
    if unknown:
        raise ContactError(*((f"fields.{name}", "the shop has no such field") for name in sorted(unknown)))


def _tag(connection: Connection, contact_id: int, wanted: Sequence[str]) -> None:
    mine = ContactTag.contact_id == contact_id
    connection.execute(delete(ContactTag).where(mine, ContactTag.tag.not_in(wanted)))
    if wanted:
        rows = [{"contact_id": contact_id, "tag": tag} for tag in dict.fromkeys(wanted)]
        connection.execute(insert(ContactTag).on_conflict_do_nothing(), rows)
