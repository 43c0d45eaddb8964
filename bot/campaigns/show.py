"""A campaign as it is told to people and programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from bot import segments
from models import Batch, Campaign, Contact, Message, Recipient
from models.campaign import IS_OPEN

KEPT = ("name", "state", "why", "kind", "topic", "texts", "media", "ours", "dialog", "answers_for", "error_limit", "starts_at",
        "ends_at", "launched_at", "finished_at")  # fmt: skip


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


def under_way(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """The newest campaigns that have begun and are not over, each with its recipients and how many of them are handed over."""
    theirs = select(func.count()).where(Recipient.campaign_id == Campaign.id)
    handed_over = theirs.where(Recipient.state == "handed over")
    query: Any = (
        select(
            Campaign.id, Campaign.name, Campaign.state, Campaign.why, Campaign.launched_at,
            theirs.scalar_subquery().label("recipients"), handed_over.scalar_subquery().label("handed_over"),
        )
        .where(Campaign.state.in_(("sending", "paused")))
        .order_by(Campaign.id.desc())
        .limit(limit)
    )  # fmt: skip
    found: Sequence[Row[Any]] = connection.execute(query).all()
    return found


def recipients(connection: Connection, campaign_id: int, after: int, limit: int) -> Sequence[Row[Any]]:
    """Whom a campaign was meant for, in ascending `id` (of the contact), from the one after it, each with what became of them.

    `phone` is None for who was erased; `said`: the state of their message, None when there is none.
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
    found: Sequence[Row[Any]] = connection.execute(rows).all()
    return found
