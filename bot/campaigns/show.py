"""A campaign as it is told to people and programs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, func, literal, or_, select, union_all

from bot import segments
from models import Batch, Campaign, Contact, Message, Recipient, one_of
from models.campaign import IS_OPEN, STATES
from models.message import in_state

KEPT = ("name", "state", "why", "kind", "topic", "texts", "media", "ours", "dialog", "answers_for", "error_limit", "starts_at",
        "ends_at", "launched_at", "finished_at")  # fmt: skip

LATEST = 200  # texts from which a rate is told
MINUTE = timedelta(minutes=1)
BEGUN = ("sending", "paused")
OUTCOMES = ("sent", "refused", "failed", "unknown", "waiting")
"""What became of recipients, as a balance counts them."""

RECIPIENT, MESSAGE = Recipient.__table__.c, Message.__table__.c
RECIPIENTS = (
    select(RECIPIENT.campaign_id, literal("recipients ") + RECIPIENT.state, func.count())
    .where(one_of(RECIPIENT.campaign_id, "campaigns"))
    .group_by(RECIPIENT.campaign_id, RECIPIENT.state)
)
MESSAGES = (
    select(MESSAGE.campaign_id, MESSAGE.state, func.count())
    .where(MESSAGE.campaign_id.is_not(None), one_of(MESSAGE.campaign_id, "campaigns"))
    .group_by(MESSAGE.campaign_id, MESSAGE.state)
)


class Progress(NamedTuple):
    """How many it is for as far as they are written down, and of how many it is over."""

    recipients: int = 0
    sent: int = 0
    refused: int = 0
    failed: int = 0

    @property
    def over(self) -> int:
        """Nothing more becomes of them."""
        return self.sent + self.refused + self.failed


def shown(connection: Connection, row: Any, names: Mapping[int, str] | None = None) -> dict[str, Any]:
    """What a campaign says to whom, its state, and until when its next texts are held, as plain data. `names`: of segments."""
    names = segments.names_by_id(connection) if names is None else names
    open_batches = select(func.min(Batch.due_at)).where(Batch.campaign_id == row.id, IS_OPEN)
    return {
        **{key: getattr(row, key) for key in KEPT},
        "within": [names.get(id_, str(id_)) for id_ in row.within],
        "without": [names.get(id_, str(id_)) for id_ in row.without],
        "held_until": connection.scalar(open_batches.where(Batch.due_at > row.launched_at)) if row.launched_at else None,
    }


def page(connection: Connection, after: int, limit: int) -> Sequence[Row[Any]]:
    """Rows of campaigns in the order in which they were made, from the one after this id."""
    return connection.execute(select(Campaign.__table__).where(Campaign.id > after).order_by(Campaign.id).limit(limit)).all()


def latest(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """Id, name and state of the campaigns that were made last, the newest first."""
    rows: Any = select(Campaign.id, Campaign.name, Campaign.state).order_by(Campaign.id.desc()).limit(limit)
    found: Sequence[Row[Any]] = connection.execute(rows).all()
    return found


def listed(
    connection: Connection, before: int | None, limit: int, states: Sequence[str] = STATES
) -> list[tuple[Row[Any], Progress]]:
    """The newest campaigns, or those made before this one, each with how far it has come. Three statements."""
    rows = select(Campaign.__table__).where(Campaign.state.in_(states)).order_by(Campaign.id.desc()).limit(limit)
    found = connection.execute(rows if before is None else rows.where(Campaign.id < before)).all()
    how_far = progress(connection, [row.id for row in found if row.launched_at is not None])
    return [(row, how_far.get(row.id, Progress())) for row in found]


def progress(connection: Connection, campaign_ids: Sequence[int]) -> dict[int, Progress]:
    """How far campaigns have come. Both statements read indexes only."""
    counts: dict[int, Counter[str]] = {id_: Counter() for id_ in campaign_ids}
    for query in (RECIPIENTS, MESSAGES) if campaign_ids else ():
        for campaign_id, state, count in connection.execute(query, {"campaigns": list(campaign_ids)}):
            counts[campaign_id][state] += count
    return {
        id_: Progress(
            of["recipients waiting"] + of["recipients refused"] + of["recipients handed over"],
            of["sent"], of["recipients refused"] + of["refused"], of["failed"],
        )
        for id_, of in counts.items()
    }  # fmt: skip


def rates(connection: Connection, campaign_ids: Sequence[int], machine_now: datetime) -> dict[int, int]:
    """Texts a minute that leave at present, by campaign, from its latest ones. One statement."""
    latest = [
        select(literal(id_).label("id"), Message.marked_at)
        .where(Message.campaign_id.is_not(None), Message.campaign_id == id_, in_state("sent"))
        .order_by(Message.id.desc()).limit(LATEST).subquery()
        for id_ in campaign_ids
    ]  # fmt: skip
    found: dict[int, list[datetime]] = {id_: [] for id_ in campaign_ids}
    for id_, at in connection.execute(union_all(*map(select, latest))) if latest else ():
        if at is not None and at > machine_now - MINUTE:
            found[id_].append(at)
    return {id_: _rate(times, machine_now) for id_, times in found.items()}


def _rate(times: Sequence[datetime], machine_now: datetime) -> int:
    """All of the last minute; of more than were looked at, as many as in a minute at their pace."""
    if len(times) < LATEST:
        return len(times)
    return round(LATEST * MINUTE / max(machine_now - min(times), timedelta(seconds=1)))


def recipients(
    connection: Connection, campaign_id: int, after: int, limit: int, outcome: str | None = None
) -> Sequence[Row[Any]]:
    """Whom a campaign was meant for, in ascending `id` (of the contact), from the one after it, each with what became of them.

    `phone` is None for who was erased; `said`: the state of their message, None when there is none. `outcome`: those only.
    """
    theirs = and_(Message.contact_id == Contact.id, Message.campaign_id == campaign_id, Message.direction == "out")
    rows: Any = (
        select(
            Recipient.contact_id.label("id"), Contact.phone, Recipient.state, Recipient.due_at,
            func.coalesce(Message.why, Recipient.why).label("why"), Message.state.label("said"), Message.status,
            Message.error_code, Message.parts,
        )
        .outerjoin(Contact, Contact.id == Recipient.contact_id)
        .outerjoin(Message, theirs)
        .where(Recipient.campaign_id == campaign_id, Recipient.contact_id > after)
        .order_by(Recipient.contact_id)
        .limit(limit)
    )  # fmt: skip
    found: Sequence[Row[Any]] = connection.execute(rows if outcome is None else rows.where(_became(outcome))).all()
    return found


def _became(outcome: str) -> Any:
    """As a balance counts them: who was erased since their text was handed over is refused."""
    match outcome:
        case "sent" | "failed":
            return Message.state == outcome
        case "unknown":
            return Message.state.in_(("unknown", "answered"))
        case "refused":
            erased = and_(Recipient.state == "handed over", Message.id.is_(None))
            return or_(Recipient.state == "refused", Message.state == "refused", erased)
    return or_(Recipient.state == "waiting", Message.state.in_(("ready", "sending", "held")))
