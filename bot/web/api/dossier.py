"""All that is held about one contact: what happened, page by page, and everything at once."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from bot import contacts
from bot.web.api import consent, messages
from bot.web.api.bodies import Body, Whole
from bot.web.api.contacts import found_contact
from bot.web.api.operations import Call, operation
from bot.web.api.paging import LARGEST
from bot.web.api.problems import wrong


class TimelineQuery(Body):
    """Which page."""

    cursor: str | None = Field(None, description="`next` of the page before; without it, the first page.")
    limit: Whole = Field(50, ge=1, le=LARGEST, description="How many at most.")


class MessageThen(messages.MessageOut):
    """A text, theirs or ours; one of a campaign names it."""

    what: Literal["message"] = "message"


class ConsentThen(consent.EventOut):
    """They agreed to something, or refused it."""

    what: Literal["consent"] = "consent"


class ConversationThen(BaseModel):
    """A conversation, where it began."""

    what: Literal["conversation"] = "conversation"
    at: datetime
    dialog: str
    version: int
    status: Literal["listening", "waiting", "calling", "ended"]
    state: str = Field(description="Of the dialog: where it is, or was last.")
    outcome: str | None = Field(description="How it ended.")
    answers: dict[str, Any]


class StaffThen(BaseModel):
    """What somebody of the shop did, or noted for the others."""

    what: Literal["staff"] = "staff"
    at: datetime
    who: str
    did: str
    words: str


Then = Annotated[MessageThen | ConsentThen | ConversationThen | StaffThen, Field(discriminator="what")]


class TimelineOut(BaseModel):
    """Some of what happened, the newest first."""

    items: list[Then]
    next: str | None = Field(description="The cursor of the next page; null: this was the last.")


class ExportOut(BaseModel):
    """Everything that is held, row by row as it is kept."""

    contact: dict[str, Any]
    tags: list[str]
    opted_out: bool
    lists: list[dict[str, Any]] = Field(description="On which they were put by hand.")
    subscriptions: list[dict[str, Any]]
    consent: list[dict[str, Any]] = Field(description="The ledger, with the proofs.")
    conversations: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    pictures: list[dict[str, Any]] = Field(description="That came with their texts: what they are, not what one sees.")
    statuses: list[dict[str, Any]] = Field(description="What the carrier told of our messages.")
    staff: list[dict[str, Any]] = Field(description="What people of the shop did and noted.")
    thread: list[dict[str, Any]] = Field(description="How they stand in the inbox, if they ever needed a person.")
    campaigns: list[dict[str, Any]] = Field(description="That were meant for them, and what became of it.")


@operation("GET", "/contacts/<phone>/timeline", scope="contacts:export", query=TimelineQuery, answer=TimelineOut)
def get_timeline(call: Call, phone: str) -> TimelineOut:
    """What happened with a contact, the newest first, page by page: texts both ways, consent, conversations, what staff did."""
    try:
        after = contacts.Place.read(call.query.cursor) if call.query.cursor is not None else None
    except ValueError:
        raise wrong(("cursor", "no page begins there")) from None
    found = contacts.timeline(call.connection, found_contact(call, phone), after, call.query.limit + 1)
    some = found[: call.query.limit]
    return TimelineOut(items=[_then(one) for one in some], next=str(some[-1].place) if len(found) > len(some) else None)


@operation("GET", "/contacts/<phone>/export", scope="contacts:export", answer=ExportOut, transaction="its own")
def export_contact(call: Call, phone: str) -> Iterator[bytes]:
    """Everything that is held about a contact as one document, for when they ask for it."""
    with call.runtime.read() as call.connection:
        row = found_contact(call, phone)
    return contacts.export(call.runtime, row)


def _then(one: contacts.Happening) -> Then:
    if one.what == "message":
        return MessageThen(**messages.shown(one.row).model_dump())
    if one.what == "consent":
        return ConsentThen(**consent.shown(one.row).model_dump())
    if one.what == "staff":
        return StaffThen(**{name: getattr(one.row, name) for name in ("at", "who", "did", "words")})
    told = contacts.talk(one.row)
    return ConversationThen(at=told.pop("begun_at"), **told)
