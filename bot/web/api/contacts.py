"""Contacts, one by one and many at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError

from bot import contacts
from bot.segments.words import FieldName, LanguageName, Zone
from bot.web.api.bodies import Body, Value, Word
from bot.web.api.operations import Call, operation
from bot.web.api.paging import Page, PageQuery, page
from bot.web.api.problems import FieldError, Problem, not_found, wrong
from models.phone import e164

AT_ONCE = 500  # lines saved in one transaction
TOLD = 100  # lines of which it is told why they were refused


class ContactIn(Body):
    """What a program says of a contact; what it does not name stays as it is."""

    language: LanguageName | None = Field(None, description="Two letters, such as fr.")
    zone: Zone | None = Field(None, description="Such as Europe/Paris.")
    fields: dict[FieldName, Value | None] = Field(
        {}, max_length=100, description="Those named change; null: forgotten. Each as its type asks for."
    )
    tags: list[Word] = Field([], max_length=100, fail_fast=True, description="These and no others.")


class ContactLine(ContactIn):
    """A contact among many."""

    phone: str = Field(max_length=20, description="E.164, such as +33612345678.")


class RefusedLine(BaseModel):
    """A line that was not taken, and why."""

    line: int = Field(description="Its place among the lines that are not empty, from 1.")
    title: str
    detail: str
    errors: list[FieldError]


class SavedOut(BaseModel):
    """What became of many contacts."""

    lines: int
    made: int
    changed: int
    refused: int
    first_refused: list[RefusedLine] = Field(description=f"The first {TOLD} of those refused.")


class ContactOut(BaseModel):
    """A contact."""

    phone: str
    country: str | None
    language: str | None
    zone: str | None
    fields: dict[str, str | int | float]
    tags: list[str]
    source: str = Field(description="How we first met: text, api, …")
    sample: bool
    made_at: datetime
    heard_at: datetime | None = Field(description="Their last text to us.")
    paused_until: datetime | None = Field(description="They asked for a break from marketing.")
    one_in_days: int | None = Field(description="They asked for fewer texts: one that sells in so many days.")
    stopped_at: datetime | None = Field(description="They said STOP.")
    unreachable_at: datetime | None = Field(description="The carrier called the number dead.")


class ContactsQuery(PageQuery):
    """Which contacts."""

    tag: str | None = Field(None, description="Only those with this tag.")


@operation("PUT", "/contacts/<phone>", scope="contacts:write", body=ContactIn, answer=ContactOut, also=(201,),
           example={"language": "fr", "fields": {"city": "Lyon"}, "tags": ["vip"]})  # fmt: skip
def put_contact(call: Call, phone: str) -> ContactOut:
    """Make or change a contact.

    201 when it is new. Being a contact is no consent: nobody is texted because of this.
    """
    said = call.body.model_dump(exclude_unset=True)
    row, is_new = contacts.save(call.connection, phone_number(phone), said, "api", call.now())
    call.status = 201 if is_new else 200
    return _shown(row, contacts.tags(call.connection, [row.id])[row.id])


@operation("POST", "/contacts", scope="contacts:write", body=ContactLine, lines=True, answer=SavedOut, transaction="its own",
           example={"phone": "+33612345678", "language": "fr", "tags": ["vip"]})  # fmt: skip
def post_contacts(call: Call) -> SavedOut:
    """Make or change many contacts, a line of JSON for each, as many as there are.

    They are taken some hundreds at a time, as they come; a line that is wrong is refused by itself and told. When the request
    breaks off, all but the last hundreds that came are kept: send it again, nothing is doubled.
    """
    found, some = SavedOut(lines=0, made=0, changed=0, refused=0, first_refused=[]), dict[str, dict[str, Any]]()
    with call.runtime.read() as connection:
        known = contacts.fields(connection)
    for line in call.body:
        found.lines += 1
        try:
            phone, said = _line(line, known)
        except Problem as why:
            found.refused += 1
            if len(found.first_refused) < TOLD:
                told = RefusedLine(line=found.lines, title=why.title, detail=why.detail, errors=why.errors)
                found.first_refused.append(told)
            continue
        some[phone] = _both(some.get(phone, {}), said)
        if found.lines - found.refused - found.made - found.changed == AT_ONCE:
            _keep(call, some, found)
    _keep(call, some, found)
    return found


@operation("GET", "/contacts", scope="contacts:read", query=ContactsQuery, answer=Page[ContactOut])
def list_contacts(call: Call) -> Page[ContactOut]:
    """All contacts, page by page."""
    rows = contacts.page(call.connection, call.query.cursor, call.query.limit + 1, call.query.tag)
    tags = contacts.tags(call.connection, [row.id for row in rows])
    return page(rows, call.query, lambda row: _shown(row, tags[row.id]))


@operation("GET", "/contacts/<phone>", scope="contacts:read", answer=ContactOut)
def get_contact(call: Call, phone: str) -> ContactOut:
    """One contact."""
    row = found_contact(call, phone)
    return _shown(row, contacts.tags(call.connection, [row.id])[row.id])


@operation("DELETE", "/contacts/<phone>", scope="contacts:write")
def erase_contact(call: Call, phone: str) -> None:
    """Erase a contact.

    Texts, conversations, values and the proofs of their consent go. If they said STOP they are still never texted again: what
    stays of them is a keyed hash of the number.
    """
    if not contacts.erase(call.connection, phone_number(phone), call.runtime.suppression_key):
        raise not_found("such contact")


def _line(said: ContactLine | Problem, known: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The number of a line and what it says. Raises Problem."""
    if isinstance(said, Problem):
        raise said
    kept = said.model_dump(exclude_unset=True, exclude={"phone"})
    try:
        return phone_number(said.phone), contacts.check(kept, known)
    except contacts.ContactError as error:
        raise wrong(*error.problems) from None


def _both(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """What two lines say of one contact: where they differ, the later one counts."""
    fields = {**earlier.get("fields", {}), **later.get("fields", {})}
    return {**earlier, **later, **({"fields": fields} if fields else {})}


def _keep(call: Call, some: dict[str, dict[str, Any]], found: SavedOut) -> None:
    """Save some contacts and count their lines. What the database has broken off, such as a deadlock, is tried once more."""
    try:
        found.made += _saved(call, some)
    except OperationalError:
        found.made += _saved(call, some)
    found.changed = found.lines - found.refused - found.made
    some.clear()


def _saved(call: Call, some: dict[str, dict[str, Any]]) -> int:
    """Save some contacts, in one transaction; how many are new."""
    if not some:
        return 0
    with call.runtime.begin() as connection:
        return len(contacts.save_many(connection, some, "api", call.runtime.now(connection)))


def phone_number(phone: str, field: str = "phone") -> str:
    """A number as we keep it. Raises Problem."""
    number = e164(phone)
    if number is None:
        raise wrong((field, "write it like +33612345678"))
    return number


def found_contact(call: Call, phone: str, *, locked: bool = False) -> Any:
    """The row of the contact with this number. Raises Problem."""
    row = contacts.find(call.connection, phone_number(phone), locked=locked)
    if row is None:
        raise not_found("such contact")
    return row


def _shown(row: Any, tags: list[str]) -> ContactOut:
    kept = {name: getattr(row, name) for name in ContactOut.model_fields if name not in ("fields", "tags")}
    return ContactOut(**kept, fields=row.values, tags=tags)
