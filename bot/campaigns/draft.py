"""A campaign before anybody gets it: what it says to whom, and all that is wrong with it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection, delete, select, update

from bot import segments
from bot.campaigns.wording import Problem, can_be_fetched, wrong_words
from bot.catalogue import Catalogue, catalogue
from bot.text.dates import Instant
from models import Campaign, Segment, insert
from models.phone import sender_kind

ERROR_LIMIT = 15  # percent
ANSWERS_FOR = 7  # days
MOST_MEDIA = 10  # Twilio docs, Message resource: MediaUrl


class CampaignError(ValueError):
    """It cannot be done; `problems` says why."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{field}: {message}" if field else message for field, message in problems))


class Draft(BaseModel):
    """A campaign as a marketer writes it. Segments are named; a text of the language "" serves all."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=100)
    topic: str = Field(description="Only who is in for it gets the text.")
    texts: dict[str, str] = Field(min_length=1, max_length=20, description="By language, with merge tags.")
    media: list[str] = Field([], max_length=MOST_MEDIA, description="Addresses of pictures that go along.")
    within: list[str] = Field(min_length=1, max_length=100, description="Segments and lists, any of which reaches a contact.")
    without: list[str] = Field([], max_length=100, description="Segments and lists whose contacts are left out.")
    kind: Literal["marketing", "service"] = "marketing"
    ours: str | None = Field(None, description="The number that it leaves from; null: the one of the contact's country.")
    dialog: str | None = Field(None, description="Opened by an answer.")
    answers_for: int = Field(ANSWERS_FOR, ge=1, le=90, description="Days for which an answer opens it.")
    error_limit: int = Field(ERROR_LIMIT, ge=1, le=100, description="Percent of errors at which it pauses itself.")
    ends_at: Instant | None = Field(None, description="Who was not texted by then never is.")


def read(data: dict[str, Any]) -> Draft:
    """A draft from plain data. Raises CampaignError."""
    try:
        return Draft.model_validate(data)
    except ValidationError as error:
        told = (Problem(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors(include_url=False))
        raise CampaignError(*told) from None


def create(connection: Connection, draft: Draft, now: datetime) -> int:
    """Keep a draft, instead of an earlier one of its name. Returns its id; raises CampaignError with all that is wrong."""
    segments.lock(connection)
    taken = Problem("name", f"there is a campaign {draft.name!r} already, and it is no draft any more")
    earlier = connection.execute(select(Campaign.id, Campaign.state).where(Campaign.name == draft.name)).one_or_none()
    row = _row(connection, draft, now, *([taken] if earlier is not None and earlier.state != "draft" else []))
    put = insert(Campaign).values(**row).on_conflict_do_update(index_elements=["name"], set_=row, where=Campaign.state == "draft")
    return _kept(connection, put, taken)


def make(connection: Connection, draft: Draft, now: datetime) -> int:
    """Keep a draft that replaces none. Returns its id; raises CampaignError."""
    segments.lock(connection)
    row = _row(connection, draft, now)
    new = insert(Campaign).values(**row).on_conflict_do_nothing(index_elements=["name"])
    return _kept(connection, new, _taken(draft))


def rewrite(connection: Connection, campaign_id: int, draft: Draft, now: datetime) -> int:
    """Say a draft anew, perhaps under another name. Returns its id; raises CampaignError."""
    segments.lock(connection)
    others = select(Campaign.id).where(Campaign.name == draft.name, Campaign.id != campaign_id)
    before = _name(connection, campaign_id)
    wrong = [_taken(draft)] if connection.scalar(others) is not None else []
    wrong += _asked_about(connection, before, "name") if before != draft.name else []
    row = _row(connection, draft, now, *wrong)
    mine = update(Campaign).where(Campaign.id == campaign_id, Campaign.state == "draft")
    return _kept(connection, mine.values(**row), Problem("", "it is no draft any more"))


def _taken(draft: Draft) -> Problem:
    return Problem("name", f"there is a campaign {draft.name!r} already")


def _name(connection: Connection, campaign_id: int) -> str:
    return connection.scalar(select(Campaign.name).where(Campaign.id == campaign_id)) or ""


def _asked_about(connection: Connection, name: str, field: str = "") -> list[Problem]:
    """Segments that ask about it by its name keep it, and its name."""
    return [Problem(field, f"the segment {one!r} asks about it") for one in segments.asking(connection, name)]


def _row(connection: Connection, draft: Draft, now: datetime, *more: Problem) -> dict[str, Any]:
    problems = [*more, *_problems(connection, catalogue(connection), draft)]
    if draft.ends_at is not None and draft.ends_at <= now:
        problems.append(Problem("ends_at", "is over already"))
    if problems:
        raise CampaignError(*problems)
    ids = _segments(connection, draft)
    return draft.model_dump(exclude={"within", "without"}) | {
        "state": "draft", "version": 0, "taken_to": 0, "made_at": now,
        "within": [ids[name] for name in draft.within], "without": [ids[name] for name in draft.without],
    }  # fmt: skip


def _kept(connection: Connection, put: Any, otherwise: Problem) -> int:
    id_ = connection.execute(put.returning(Campaign.id)).scalar_one_or_none()
    if id_ is None:
        raise CampaignError(otherwise)
    return int(id_)


def throw_away(connection: Connection, campaign_id: int) -> None:
    """A draft goes, and nothing of it stays. Raises CampaignError."""
    segments.lock(connection)
    if problems := _asked_about(connection, _name(connection, campaign_id)):
        raise CampaignError(*problems)
    mine = delete(Campaign).where(Campaign.id == campaign_id, Campaign.state == "draft")
    if not connection.execute(mine).rowcount:
        raise CampaignError(Problem("", "only a draft can be thrown away: cancel it"))


def check(connection: Connection, campaign: Any) -> None:
    """Raise CampaignError when a campaign that was fine once no longer is: the shop may have changed meanwhile."""
    names = segments.names_by_id(connection)
    kept = {name: getattr(campaign, name) for name in Draft.model_fields if name not in ("within", "without")}
    gone = [Problem("within", "a segment is gone") for id_ in (*campaign.within, *campaign.without) if id_ not in names]
    draft = read({**kept, "within": [names.get(i, "") for i in campaign.within],
                  "without": [names.get(i, "") for i in campaign.without]})  # fmt: skip
    problems = gone or list(_problems(connection, catalogue(connection), draft))
    if problems:
        raise CampaignError(*problems)


def _segments(connection: Connection, draft: Draft) -> dict[str, int]:
    wanted = select(Segment.name, Segment.id).where(Segment.name.in_([*draft.within, *draft.without]))
    return {row.name: row.id for row in connection.execute(wanted)}


def _problems(connection: Connection, shop: Catalogue, draft: Draft) -> Iterator[Problem]:
    yield from wrong_words(connection, shop, draft)
    for address in draft.media:
        if not can_be_fetched(address):
            yield Problem("media", f"no carrier can fetch {address[:100]!r}: write the address of a picture, with https://")
    known = _segments(connection, draft)
    for part in ("within", "without"):
        for name in getattr(draft, part):
            if name not in known:
                yield Problem(part, f"there is no segment {name!r}")
    if draft.dialog is not None and draft.dialog not in shop.published:
        yield Problem("dialog", f"there is no published dialog {draft.dialog!r}")
    if draft.dialog is not None and draft.ours and sender_kind(draft.ours) == "alphanumeric":
        yield Problem("dialog", f"nobody can answer the name {draft.ours}: choose a number")
