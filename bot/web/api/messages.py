"""Messages: sent to one contact at a time, and looked at."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from bot import jobs, messages
from bot.runtime import Runtime
from bot.text.parts import measure
from bot.text.template import MAX_TEMPLATE
from bot.web.api.bodies import Body
from bot.web.api.contacts import found_contact
from bot.web.api.operations import Call, operation
from bot.web.api.paging import Page, PageQuery, page
from bot.web.api.problems import not_found, not_now, wrong

Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2})?$")]
Liquid = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEMPLATE)]


def _every_language(value: Any) -> Any:
    return {"": value} if isinstance(value, str) else value


class MessageIn(Body):
    """A text to one contact, about a topic that they have agreed to."""

    phone: str = Field(max_length=20, description="E.164, such as +33612345678; of a contact.")
    topic: str = Field(max_length=100)
    texts: Annotated[
        dict[Language, Liquid], Field(min_length=1, max_length=20),
        BeforeValidator(_every_language, json_schema_input_type=dict[Language, Liquid] | Liquid),
    ] = Field(description="By language, with merge tags, as those of a campaign; or one text for all.")  # fmt: skip
    ours: str | None = Field(None, max_length=20, description="The number of ours that it comes from.")


class MessageOut(BaseModel):
    """A message, theirs or ours."""

    id: int
    direction: Literal["in", "out"]
    kind: Literal["text", "compliance", "reply", "opt_in", "service", "marketing", "staff"]
    state: Literal["received", "ready", "sending", "answered", "unknown", "sent", "failed", "refused", "held"]
    why: str | None = Field(description="Ours: why it is refused, held or failed. Theirs: a note for staff.")
    phone: str = Field(description="The other side.")
    ours: str
    topic: str | None
    campaign: int | None
    body: str
    media: list[str]
    parts: int | None = Field(description="Ours: how many it is billed as.")
    encoding: Literal["GSM-7", "UCS-2"]
    sid: str | None = Field(description="The carrier's id.")
    status: str | None = Field(description="The carrier's own word.")
    error_code: str | None
    at: datetime
    verdicts: list[dict[str, Any]] = Field(description="Ours: all that the gate has said of it so far.")


class MessagesQuery(PageQuery):
    """Which messages."""

    phone: str | None = Field(None, max_length=20, description="Only those from and to this contact.")


def _wake(runtime: Runtime) -> None:
    jobs.wake(runtime, "replies")


@operation("POST", "/messages", scope="messages:write", body=MessageIn, answer=MessageOut, status=201, after=_wake,
           example={"phone": "+33612345678", "topic": "orders",
                    "texts": "{{ brand }} : bonjour {{ contact.first_name }}, votre commande 1017 est partie."})  # fmt: skip
def post_message(call: Call) -> MessageOut:
    """Send a text to one contact, as soon as it may leave.

    Being asked at the gate is part of it: without consent to the topic, after a STOP, or to a number that is dead, the message is
    recorded with the state `refused`, and `why`. What is `ready` is judged once more when it leaves. 404 when there is no such
    contact: nobody has agreed to anything before they are one.
    """
    contact = found_contact(call, call.body.phone, locked=True)
    wanted = messages.Wanted(**call.body.model_dump(exclude={"phone"}))
    try:
        row = messages.send(call.runtime, call.connection, contact, wanted, call.cause, call.now())
    except messages.MessageError as error:
        raise wrong(*error.problems) from None
    if row is None:
        raise not_now("a message was sent with this Idempotency-Key some days ago")
    return shown(row)


@operation("GET", "/messages", scope="messages:read", query=MessagesQuery, answer=Page[MessageOut])
def list_messages(call: Call) -> Page[MessageOut]:
    """All messages, theirs and ours, or those of one contact, page by page."""
    of = found_contact(call, call.query.phone).id if call.query.phone is not None else None
    return page(messages.page(call.connection, call.query.cursor, call.query.limit + 1, of), call.query, shown)


@operation("GET", "/messages/<id:message_id>", scope="messages:read", answer=MessageOut)
def get_message(call: Call, message_id: int) -> MessageOut:
    """One message: what became of it, and what the gate has said."""
    row = messages.find(call.connection, message_id)
    if row is None:
        raise not_found("such message")
    return shown(row)


def shown(row: Any) -> MessageOut:
    """A message's row as programs see it."""
    own = {"phone": row.theirs, "campaign": row.campaign_id, "encoding": measure(row.body).encoding}
    return MessageOut(**own, **{name: getattr(row, name) for name in MessageOut.model_fields if name not in own})
