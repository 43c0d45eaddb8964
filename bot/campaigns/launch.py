"""From a draft to its audience: scheduled by an alarm, launched once, and its recipients written down in slices."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select, update
from sqlalchemy.exc import OperationalError

from bot import segments
from bot.alarms import set_alarm, take
from bot.campaigns.draft import CampaignError, check
from bot.campaigns.wording import Problem
from bot.runtime import Runtime
from models import Batch, Campaign, Contact, Recipient, insert
from models.base import UtcDateTime
from models.campaign import LONG_AGO

log = logging.getLogger(__name__)

AUDIENCE = "audience"  # why a campaign is paused whose recipients cannot be written down
FIRST_SLICE, SLICE = 2_000, 20_000  # ids of contacts: the first texts leave while the rest is still being written down
BATCH = 500  # recipients

UNTAKEN = select(Campaign.id).where(Campaign.state == "sending", Campaign.taken_to < Campaign.last_id).order_by(Campaign.id)


def find(connection: Connection, campaign: int | str) -> Any:
    """A campaign's row by its id or name. Raises CampaignError."""
    which = Campaign.id == campaign if isinstance(campaign, int) else Campaign.name == campaign
    row = connection.execute(select(Campaign.__table__).where(which)).one_or_none()
    if row is None:
        raise CampaignError(Problem("", f"there is no campaign {campaign!r}"))
    return row


def schedule(connection: Connection, campaign_id: int, at: datetime | None, now: datetime) -> None:
    """Launch it at that instant of business time; None: now, which is an alarm that is due. Raises CampaignError."""
    row = find(connection, campaign_id)
    if at is not None and at < now:
        raise CampaignError(Problem("at", "lies in the past"))
    if row.ends_at is not None and row.ends_at <= (at or now):
        raise CampaignError(Problem("at", "the campaign would be over before it begins"))
    check(connection, row)
    _set(connection, row, ("draft", "scheduled"), at or now, "scheduled")


def set_again(connection: Connection, row: Any, now: datetime) -> None:
    """Let a campaign that was paused before its launch wait for it again; what is overdue is due now."""
    _set(connection, row, ("paused",), max(row.starts_at or now, now), "scheduled")


def _set(connection: Connection, row: Any, states: Sequence[str], at: datetime, state: str) -> None:
    mine = update(Campaign).where(Campaign.id == row.id, Campaign.state.in_(states), Campaign.launched_at.is_(None))
    values = {"state": state, "starts_at": at, "version": Campaign.version + 1, "why": None}
    version = connection.scalar(mine.values(**values).returning(Campaign.version))
    if version is None:
        raise CampaignError(Problem("", f"the campaign is {row.state}"))
    set_alarm(connection, "launch", row.id, version, at)


def ring(runtime: Runtime, connection: Connection, alarm: Any) -> None:
    """It begins, once: whoever moves the row from `scheduled` to `sending` has launched it. Its audience is frozen now."""
    now = runtime.now(connection)
    if take(connection, alarm, now):
        launch(connection, alarm.subject, alarm.version, now)


def launch(connection: Connection, campaign_id: int, version: int, now: datetime) -> bool:
    """Whether it was ours to launch."""
    mine = update(Campaign).where(Campaign.id == campaign_id, Campaign.state == "scheduled", Campaign.version == version)
    last_id = connection.scalar(select(func.max(Contact.id))) or 0
    return connection.execute(mine.values(state="sending", launched_at=now, last_id=last_id)).rowcount == 1


def take_slice(runtime: Runtime) -> bool:
    """Write down the next recipients of a campaign that has begun. False when all of them are."""
    with runtime.read() as connection:
        campaign_id = connection.scalar(UNTAKEN)
    if campaign_id is None:
        return False
    try:
        _take_slice(runtime, campaign_id)
    except OperationalError:  # the database, not the campaign
        raise
    except Exception:
        log.exception("the audience of campaign %s cannot be taken: it is paused", campaign_id)
        with runtime.begin() as connection:
            mine = update(Campaign).where(Campaign.id == campaign_id, Campaign.state == "sending")
            connection.execute(mine.values(state="paused", why=AUDIENCE))
    return True


def _take_slice(runtime: Runtime, campaign_id: int) -> None:
    """One slice, in one transaction: who is in the segments, the batches, and how far we are. A crash undoes it whole."""
    with runtime.begin() as connection:
        mine = select(Campaign.__table__).where(Campaign.id == campaign_id, Campaign.state == "sending")
        row = connection.execute(mine.with_for_update(key_share=True)).one_or_none()
        if row is None or row.taken_to >= row.last_id:
            return
        last = min(row.taken_to + (SLICE if row.taken_to else FIRST_SLICE), row.last_id)
        whom = segments.audience(connection, row.within, row.without, row.launched_at)
        contacts = select(literal(row.id), Contact.id, literal("waiting")).where(
            Contact.id > row.taken_to, Contact.id <= last, whom
        )
        recipients = insert(Recipient).from_select(["campaign_id", "contact_id", "state"], contacts.order_by(Contact.id))
        connection.execute(recipients.on_conflict_do_nothing())
        known = {"campaign": row.id, "after": row.taken_to, "upto": last, "due": row.launched_at, "free": LONG_AGO}
        connection.execute(CUT, known)
        connection.execute(update(Campaign).where(Campaign.id == row.id).values(taken_to=last))


_number = (func.row_number().over(order_by=Recipient.contact_id) - 1) // BATCH
_numbered = (
    select(Recipient.contact_id, _number.label("n"))
    .where(
        Recipient.campaign_id == bindparam("campaign"),
        Recipient.contact_id > bindparam("after"),
        Recipient.contact_id <= bindparam("upto"),
    )
    .subquery()
)
_ranges = (
    select(
        bindparam("campaign", type_=Batch.__table__.c.campaign_id.type),
        func.min(_numbered.c.contact_id),
        func.max(_numbered.c.contact_id),
        bindparam("due", type_=UtcDateTime()),
        bindparam("free", type_=UtcDateTime()),
        literal(False),
    )
    .group_by(_numbered.c.n)
    .order_by(_numbered.c.n)
)
CUT = insert(Batch).from_select(["campaign_id", "first_id", "last_id", "due_at", "lease_until", "over"], _ranges)
