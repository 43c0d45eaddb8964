"""Segments by a rule, and lists picked by hand."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from bot import contacts, segments
from bot.web.api.bodies import Body, NamesContacts
from bot.web.api.contacts import found_contact, phone_number
from bot.web.api.operations import Call, operation
from bot.web.api.paging import Page, PageQuery, page
from bot.web.api.problems import not_found, not_now, wrong

Rule = dict[str, Any]
RULE = "A rule such as {\"tag\": \"vip\"}; all, any and not join rules. docs/reference.md lists them."
EXAMPLE = {"all": [{"topic": "offers"}, {"not": {"tag": "vip"}}]}


class SegmentIn(Body):
    """A segment; without a rule, a list."""

    name: str = Field(min_length=1, max_length=200)
    rule: Rule | None = Field(None, description=RULE)


class RuleIn(Body):
    """A rule for a segment that is there."""

    rule: Rule = Field(description=RULE)


class PreviewIn(Body):
    """A rule, and for which topic people should be reachable."""

    rule: Rule = Field(description=RULE)
    topic: str | None = Field(None, max_length=100)


class MembersIn(NamesContacts):
    """Whom to put on a list, or to take off, by their numbers."""
    add: list[str] = Field([], max_length=1000, fail_fast=True)
    remove: list[str] = Field([], max_length=1000, fail_fast=True)


class SegmentOut(BaseModel):
    """A segment or a list."""

    id: int
    name: str
    rule: Rule | None = Field(description="null: a list.")
    made_at: datetime


class CountOut(BaseModel):
    """How many contacts a rule holds for."""

    count: int = Field(description="How many match.")
    reachable: int = Field(description="How many of them could be texted now.")
    sample: list[str] = Field(description="Numbers of some of them.")


class PieceOut(BaseModel):
    """One piece of a rule, asked of one contact."""

    path: str
    rule: Any
    holds: bool
    pieces: list["PieceOut"]


class ExplainQuery(Body):
    """Who is asked about."""

    phone: str = Field(max_length=20)


class ChangedOut(BaseModel):
    """How many were put on a list, and taken off."""

    added: int
    removed: int


SAMPLE = 5


@operation("GET", "/segments", scope="segments:read", query=PageQuery, answer=Page[SegmentOut])
def list_segments(call: Call) -> Page[SegmentOut]:
    """All segments and lists, page by page."""
    return page(segments.page(call.connection, call.query.cursor, call.query.limit + 1), call.query, _shown)


@operation("POST", "/segments", scope="segments:write", body=SegmentIn, answer=SegmentOut, status=201, within="rule",
           example={"name": "Fans", "rule": EXAMPLE})  # fmt: skip
def post_segment(call: Call) -> SegmentOut:
    """Make a segment by its rule, or a list."""
    return _shown(_found(call, segments.save(call.connection, call.body.name, call.body.rule, call.now(), new=True)))


@operation("GET", "/segments/<id:segment_id>", scope="segments:read", answer=SegmentOut)
def get_segment(call: Call, segment_id: int) -> SegmentOut:
    """One segment or list."""
    return _shown(_found(call, segment_id))


@operation("PUT", "/segments/<id:segment_id>", scope="segments:write", body=RuleIn, answer=SegmentOut, within="rule",
           example={"rule": EXAMPLE})  # fmt: skip
def put_segment(call: Call, segment_id: int) -> SegmentOut:
    """Give a segment another rule."""
    row = _found(call, segment_id)
    return _shown(_found(call, segments.save(call.connection, row.name, call.body.rule, call.now())))


@operation("DELETE", "/segments/<id:segment_id>", scope="segments:write")
def delete_segment(call: Call, segment_id: int) -> None:
    """Let a segment or a list go, unless another one or a campaign needs it. Its contacts stay."""
    segments.delete(call.connection, _found(call, segment_id).name)


@operation("POST", "/segments/<id:segment_id>/contacts", scope="segments:write", body=MembersIn, answer=ChangedOut,
           example={"add": ["+33612345678"]})  # fmt: skip
def post_members(call: Call, segment_id: int) -> ChangedOut:
    """Put contacts on a list, or take them off."""
    row = _found(call, segment_id)
    if row.rule is not None:
        raise not_now(f"{row.name!r} is filled by its rule: only a list is filled by hand")
    added = segments.add(call.connection, row.name, _ids(call, "add"), call.now())
    return ChangedOut(added=added, removed=segments.remove(call.connection, row.name, _ids(call, "remove")))


@operation("POST", "/segments/preview", scope="segments:read", body=PreviewIn, answer=CountOut, transaction="read", within="rule",
           example={"rule": EXAMPLE, "topic": "offers"})  # fmt: skip
def preview_segment(call: Call) -> CountOut:
    """Count whom a rule holds for, without keeping it."""
    rule, now = segments.parse(call.body.rule), call.now()
    found = segments.count(call.connection, rule, now, call.body.topic)
    numbers = segments.sample(call.connection, rule, now, SAMPLE)
    return CountOut(count=found.matching, reachable=found.reachable, sample=numbers)


@operation("GET", "/segments/<id:segment_id>/explain", scope="segments:read", query=ExplainQuery, answer=PieceOut)
def explain_segment(call: Call, segment_id: int) -> PieceOut:
    """Why a contact is in a segment or is not: each piece of its rule, and whether it holds for them."""
    row, contact = _found(call, segment_id), found_contact(call, call.query.phone)
    rule = segments.parse({"in_list": row.name} if row.rule is None else row.rule)
    return PieceOut.model_validate(segments.explain(call.connection, rule, contact.id, call.now()), from_attributes=True)


def _found(call: Call, segment_id: int) -> Any:
    row = segments.find(call.connection, segment_id)
    if row is None:
        raise not_found("such segment")
    return row


def _shown(row: Any) -> SegmentOut:
    return SegmentOut(id=row.id, name=row.name, rule=row.rule, made_at=row.made_at)


def _ids(call: Call, field: str) -> list[int]:
    numbers = [phone_number(phone, f"{field}.{place}") for place, phone in enumerate(getattr(call.body, field))]
    known = contacts.ids(call.connection, numbers)
    for place, number in enumerate(numbers):
        if number not in known:
            raise wrong((f"{field}.{place}", "no contact has this number"))
    return list(known.values())
