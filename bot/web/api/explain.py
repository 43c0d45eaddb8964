"""Why somebody gets a text, or not."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from bot import campaigns, explain
from bot.web.api.bodies import MAX_ID, Body, Whole
from bot.web.api.contacts import found_contact
from bot.web.api.operations import Call, operation
from bot.web.api.problems import not_found, wrong

Outcome = Literal["go", "hold", "refuse"]


class WhyQuery(Body):
    """Of whom, and of which campaign or which message: one of the two."""

    phone: str = Field(max_length=20)
    campaign: Whole | None = Field(None, ge=1, le=MAX_ID)
    message: Whole | None = Field(None, ge=1, le=MAX_ID)


class OpinionOut(BaseModel):
    """What one judge of the gate says."""

    judge: str
    outcome: Outcome
    why: str | None
    until: datetime | None


class ExplanationOut(BaseModel):
    """What would happen now, and why."""

    outcome: Outcome
    why: str | None
    at: datetime | None = Field(description="When it would go; null: never, it is over, or they are not meant.")
    facts: dict[str, Any] = Field(description="What the judges see; facts that say nothing are left out.")
    judges: list[OpinionOut] = Field(description="In order: the first who objects is the one that counts.")
    text: str | None = Field(description="What it says; null: it cannot be said to them.")
    in_audience: bool | None = Field(description="Of a campaign: whether they are meant at all.")
    state: str | None = Field(description="Of the campaign or the message.")
    verdicts: list[dict[str, Any]] = Field(description="Of a message: what the gate has said so far.")


@operation("GET", "/explain", scope="campaigns:read", query=WhyQuery, answer=ExplanationOut)
def explain_text(call: Call) -> ExplanationOut:
    """The judges in order with the facts that they see, for a contact and a campaign or a message, and when it would go.

    A message is shown with its words, so it also needs the scope `messages:read`.
    """
    if (call.query.campaign is None) == (call.query.message is None):
        raise wrong(("campaign", "name a campaign or a message, one of the two"))
    contact = found_contact(call, call.query.phone)
    if call.query.campaign is not None:
        try:
            campaign = campaigns.find(call.connection, call.query.campaign)
        except campaigns.CampaignError:
            raise not_found("such campaign") from None
        found = explain.of_campaign(call.runtime, call.connection, contact, campaign, call.now())
    else:
        call.needs("messages:read")
        message = explain.find_message(call.connection, contact.id, call.query.message)
        if message is None:
            raise not_found("such message to this contact")
        found = explain.of_message(call.runtime, call.connection, contact, message)
    return ExplanationOut.model_validate(found, from_attributes=True)
