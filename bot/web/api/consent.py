"""What contacts agreed to and refused: the ledger, and what is recorded in it from outside."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from bot import contacts, outbox
from bot.consent import ledger, outside
from bot.runtime import Runtime
from bot.text.clean import clean
from bot.text.dates import Instant
from bot.web.api.bodies import Body
from bot.web.api.contacts import found_contact, phone_number
from bot.web.api.operations import Call, operation
from bot.web.api.problems import Problem, not_found

Source = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9 _-]{0,30}$")]
Long = Annotated[str, StringConstraints(max_length=1600), AfterValidator(clean)]


class ConsentIn(Body):
    """What a contact agreed to or refused elsewhere."""

    topic: str = Field(max_length=100)
    change: Literal["opt_in", "opt_out"]
    source: Source = Field(description="Where: till, form, paper, … No name of a person: this cannot be erased. "
                           "Not what we hear ourselves: text, dialog, carrier, sample.")
    wording: Long = Field("", description="What the person was shown; an opt-in needs it.")
    answer: Long = Field("", description="What the person did or wrote.")
    proof: Literal["single", "double"] = Field("single", description="double: asked, and confirmed by the person.")
    at: Instant | None = Field(None, description="When; without it, now.")


    def statement(self, now: datetime) -> outside.Statement:
        """What is to be written down."""
        said = self.model_dump(exclude={"proof", "at"})
        return outside.Statement(**said, strength=self.proof, at=self.at or now)


class EventOut(BaseModel):
    """One event of the ledger."""

    seq: int
    at: datetime
    topic: str
    change: Literal["in", "out", "lifted", "refused"]
    source: str
    wording: str | None = Field(description="What was shown; null: erased.")
    answer: str | None = Field(description="What they answered; null: erased.")
    hash: str


class LedgerOut(BaseModel):
    """The story of a contact's consent."""

    opted_out: bool = Field(description="They said STOP and have not taken it back.")
    topics: dict[str, Literal["in", "out"]] = Field(description="The state now, but for a STOP.")
    events: list[EventOut]
    broken_link: int | None = Field(description="The first event that is not what it was when written; null: all hold.")


@operation("GET", "/contacts/<phone>/consent", scope="contacts:read", answer=LedgerOut)
def get_consent(call: Call, phone: str) -> LedgerOut:
    """What a contact agreed to and refused, in order, each with its proof."""
    row = found_contact(call, phone)
    mine = ledger.Ledger(call.connection, row, call.runtime.suppression_key)
    return LedgerOut(
        opted_out=mine.suppressed(), broken_link=ledger.broken_link(call.connection, row.person), topics=mine.subscriptions(),
        events=[shown(event) for event in ledger.story(call.connection, row)],
    )  # fmt: skip


def _calls_have_ended(runtime: Runtime, phone: str) -> None:
    """Whoever says that somebody has opted out may rely on the answer: nothing is on its way to them any more."""
    with runtime.read() as connection:
        row = contacts.find(connection, phone_number(phone))
    if row is not None:
        outbox.wait_for_calls(runtime, row.id)


@operation("POST", "/contacts/<phone>/consent", scope="consent:write", body=ConsentIn, answer=EventOut, status=201,
           after=_calls_have_ended,
           example={"topic": "offers", "change": "opt_in", "source": "till", "proof": "double",
                    "wording": "SMS offers of ACME, 2 a month at most. STOP to leave.", "answer": "signed"})  # fmt: skip
def post_consent(call: Call, phone: str) -> EventOut | Problem:
    """Record what a contact agreed to or refused elsewhere.

    The topic `*` opts out of everything: a STOP that did not come as a text. Who opts out without being a contact is made one:
    a no counts, whoever says it.
    409 when the number has said STOP: only the person can take that back, by texting START. The attempt is recorded.
    """
    number, now = phone_number(phone), call.now()
    row = contacts.find(call.connection, number, locked=True)
    if row is None and call.body.change == "opt_in":
        raise not_found("such contact")
    if row is None:
        row, _ = contacts.save(call.connection, number, {}, "api", now)
    event_id = outside.write_down(call.runtime, call.connection, row, call.body.statement(now), now)
    if event_id is None:
        return Problem(409, "suppressed", detail="the number has said STOP: only the person can take that back")
    return next(shown(event) for event in ledger.story(call.connection, row) if event.id == event_id)


def shown(event: Any) -> EventOut:
    """An event of the ledger, with its proof, as programs see it."""
    kept = {name: getattr(event, name) for name in EventOut.model_fields if name != "answer"}
    return EventOut(**kept, answer=event.text)
