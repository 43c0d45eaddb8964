"""Campaigns: drafted, previewed, scheduled, stopped, and accounted for."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from bot import campaigns, segments
from bot.text.dates import Instant
from bot.web.api.bodies import Body
from bot.web.api.operations import Call, operation
from bot.web.api.paging import Page, PageQuery, page
from bot.web.api.problems import not_found

EXAMPLE = {
    "name": "Summer", "topic": "offers", "within": ["Fans"],
    "texts": {"fr": "{{ brand }} : -20 % ce week-end ! STOP SMS 36111", "en": "{{ brand }}: 20% off. STOP to leave."},
}  # fmt: skip


class CampaignIn(campaigns.Draft):
    """A campaign as a marketer writes it. Segments are named; a text of the language "" serves all."""


class ScheduleIn(Body):
    """When it begins."""

    at: Instant | None = Field(None, description="Without it, now.")


class BalanceOut(BaseModel):
    """What became of everybody: intended = sent + refused + failed + unknown + waiting."""

    intended: int
    sent: int
    refused: dict[str, int] = Field(description="By reason.")
    failed: dict[str, int] = Field(description="By error number.")
    unknown: int
    waiting: int
    held: dict[str, int] = Field(description="Of those who wait: why.")
    parts: int = Field(description="Billed, of what was sent.")
    statuses: dict[str, int] = Field(description="Of what was sent: the carrier's own word.")
    exact: bool = Field(description="Whether everybody is counted once.")


class CampaignOut(BaseModel):
    """A campaign, and how far it has come."""

    id: int
    name: str
    state: Literal["draft", "scheduled", "sending", "paused", "finished", "cancelled"]
    why: str | None = Field(description="Why it was paused or cancelled.")
    kind: Literal["marketing", "service"]
    topic: str
    texts: dict[str, str]
    media: list[str] = Field(description="Addresses of pictures that go along.")
    within: list[str]
    without: list[str]
    ours: str | None
    dialog: str | None
    answers_for: int
    error_limit: int
    starts_at: datetime | None
    ends_at: datetime | None
    launched_at: datetime | None
    finished_at: datetime | None
    held_until: datetime | None = Field(description="Its next texts wait for this instant.")


class CampaignWithBalanceOut(CampaignOut):
    """A campaign with its balance."""

    balance: BalanceOut


class PreviewOut(BaseModel):
    """What would happen if it left now."""

    matching: int
    reachable: int = Field(description="Who would get it, now or later.")
    goes: int = Field(description="Who would get it now.")
    held: dict[str, int]
    held_until: datetime | None
    refused: dict[str, int]
    parts: dict[int, int] = Field(description="Parts of a text, and of how many texts.")
    all_parts: int
    encodings: dict[str, int]
    offending: dict[str, int] = Field(description="Characters that make texts UCS-2, and how many texts.")
    senders: dict[str, int] = Field(description="Numbers of ours, and how many parts leave from them.")
    seconds: float = Field(description="That it takes at the senders' rates.")
    samples: list[str]
    media: list[str] = Field(description="Addresses of the pictures that go along with each.")


class RecipientOut(BaseModel):
    """Somebody a campaign was meant for."""

    phone: str | None = Field(description="null: erased since.")
    state: Literal["waiting", "refused", "handed over"]
    why: str | None = Field(description="The judge that refused or holds them.")
    due_at: datetime | None = Field(description="Held until then.")
    message: str | None = Field(description="The state of their message.")
    status: str | None = Field(description="The carrier's own word.")
    error_code: str | None
    parts: int | None


@operation("GET", "/campaigns", scope="campaigns:read", query=PageQuery, answer=Page[CampaignOut])
def list_campaigns(call: Call) -> Page[CampaignOut]:
    """All campaigns, page by page."""
    rows = campaigns.page(call.connection, call.query.cursor, call.query.limit + 1)
    names = segments.names_by_id(call.connection)
    return page(rows, call.query, lambda row: CampaignOut(id=row.id, **campaigns.shown(call.connection, row, names)))


@operation("POST", "/campaigns", scope="campaigns:write", body=CampaignIn, answer=CampaignOut, status=201, example=EXAMPLE)
def post_campaign(call: Call) -> CampaignOut:
    """Make a draft; nobody gets anything before it is scheduled."""
    return _shown(call, campaigns.find(call.connection, campaigns.make(call.connection, call.body, call.now())))


@operation("GET", "/campaigns/<id:campaign_id>", scope="campaigns:read", answer=CampaignWithBalanceOut)
def get_campaign(call: Call, campaign_id: int) -> CampaignWithBalanceOut:
    """One campaign, with its balance."""
    row = _found(call, campaign_id)
    balance = BalanceOut(**campaigns.balance(call.connection, row.id).as_json())
    return CampaignWithBalanceOut(**_shown(call, row).model_dump(), balance=balance)


@operation("PUT", "/campaigns/<id:campaign_id>", scope="campaigns:write", body=CampaignIn, answer=CampaignOut, example=EXAMPLE)
def put_campaign(call: Call, campaign_id: int) -> CampaignOut:
    """Say a draft anew, perhaps under another name."""
    id_ = campaigns.rewrite(call.connection, _found(call, campaign_id).id, call.body, call.now())
    return _shown(call, campaigns.find(call.connection, id_))


@operation("DELETE", "/campaigns/<id:campaign_id>", scope="campaigns:write")
def delete_campaign(call: Call, campaign_id: int) -> None:
    """Throw a draft away. What has been scheduled can only be cancelled."""
    campaigns.throw_away(call.connection, _found(call, campaign_id).id)


@operation("POST", "/campaigns/<id:campaign_id>/preview", scope="campaigns:read", answer=PreviewOut, transaction="its own")
def preview_campaign(call: Call, campaign_id: int) -> PreviewOut:
    """Ask the gate for everybody in the audience and render every text: what would happen if it left now."""
    try:
        return PreviewOut.model_validate(campaigns.preview(call.runtime, campaign_id), from_attributes=True)
    except campaigns.CampaignError:
        raise not_found("such campaign") from None


@operation("POST", "/campaigns/<id:campaign_id>/schedule", scope="campaigns:send", body=ScheduleIn, answer=CampaignOut,
           example={"at": "2030-07-01T10:00:00+02:00"})  # fmt: skip
def schedule_campaign(call: Call, campaign_id: int) -> CampaignOut:
    """Let it begin at an instant, or now."""
    campaigns.schedule(call.connection, _found(call, campaign_id).id, call.body.at, call.now())
    return _shown(call, _found(call, campaign_id))


@operation("POST", "/campaigns/<id:campaign_id>/pause", scope="campaigns:send", answer=CampaignOut, after=campaigns.wait)
def pause_campaign(call: Call, campaign_id: int) -> CampaignOut:
    """Send nobody else this campaign. When this is answered, no text of it is on its way any more."""
    campaigns.stop(call.connection, _found(call, campaign_id).id, "paused")
    return _shown(call, _found(call, campaign_id))


@operation("POST", "/campaigns/<id:campaign_id>/resume", scope="campaigns:send", answer=CampaignOut)
def resume_campaign(call: Call, campaign_id: int) -> CampaignOut:
    """Go on with a campaign that was paused."""
    campaigns.go_on(call.runtime, call.connection, _found(call, campaign_id).id)
    return _shown(call, _found(call, campaign_id))


@operation("POST", "/campaigns/<id:campaign_id>/cancel", scope="campaigns:send", answer=CampaignOut, after=campaigns.wait)
def cancel_campaign(call: Call, campaign_id: int) -> CampaignOut:
    """End a campaign for good: whoever has not got it never will. Its balance is cleared up within the next seconds."""
    campaigns.stop(call.connection, _found(call, campaign_id).id, "cancelled")
    return _shown(call, _found(call, campaign_id))


@operation("GET", "/campaigns/<id:campaign_id>/recipients", scope="campaigns:read", query=PageQuery, answer=Page[RecipientOut])
def list_recipients(call: Call, campaign_id: int) -> Page[RecipientOut]:
    """Everybody it was meant for, page by page, each with what became of them."""
    rows = campaigns.recipients(call.connection, _found(call, campaign_id).id, call.query.cursor, call.query.limit + 1)
    return page(rows, call.query, _recipient)


@operation("GET", "/campaigns/<id:campaign_id>/report", scope="campaigns:read", answer=BalanceOut)
def report_campaign(call: Call, campaign_id: int) -> BalanceOut:
    """What became of everybody: nobody missing, nobody counted twice."""
    return BalanceOut(**campaigns.balance(call.connection, _found(call, campaign_id).id).as_json())


def _found(call: Call, campaign_id: int) -> Any:
    try:
        return campaigns.find(call.connection, campaign_id)
    except campaigns.CampaignError:
        raise not_found("such campaign") from None


def _shown(call: Call, row: Any) -> CampaignOut:
    return CampaignOut(id=row.id, **campaigns.shown(call.connection, row))


def _recipient(row: Any) -> RecipientOut:
    kept = {name: getattr(row, name) for name in RecipientOut.model_fields if name != "message"}
    return RecipientOut(**kept, message=row.said)
