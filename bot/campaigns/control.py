"""Who may stop a campaign, and what stops by itself: pause, resume, cancel, too many errors, the end."""

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, exists, or_, select, update

from bot import outbox
from bot.alarms import take
from bot.campaigns import launch
from bot.campaigns.draft import CampaignError
from bot.campaigns.wording import Problem
from bot.consent.gate import WISHES
from bot.runtime import Runtime
from models import Alarm, Batch, Campaign, Message, Recipient
from models.campaign import IS_OPEN
from models.message import OPEN_STATES, in_state

log = logging.getLogger(__name__)

BY_HAND, ERRORS = "by hand", "too many errors"
STOPPABLE = {"paused": ("scheduled", "sending"), "cancelled": ("draft", "scheduled", "sending", "paused")}
LATEST, FEWEST = 200, 40  # outcomes that the share of errors is reckoned from

_of_campaign = and_(Message.campaign_id.is_not(None), Message.campaign_id == Campaign.id)
_has_open_batch = exists().where(Batch.campaign_id == Campaign.id, IS_OPEN)
FINISHED = and_(
    Campaign.state == "sending",
    Campaign.taken_to >= Campaign.last_id,
    ~_has_open_batch,
    ~exists().where(_of_campaign, in_state(*OPEN_STATES)),
)
LEFT_BEHIND = and_(in_state("ready"), Message.batch_id.is_not(None), exists().where(Batch.id == Message.batch_id, Batch.over))
LEFT_OVER = and_(Campaign.state == "cancelled", or_(_has_open_batch, exists().where(_of_campaign, in_state("ready", "held"))))
SENDING = select(Campaign.id, Campaign.error_limit, Campaign.resumed_at).where(Campaign.state == "sending")

LATEST_OUTCOMES = [
    select(Message.id, Message.marked_at, (Message.status.in_(("undelivered", "failed")) | in_state("failed")).label("is_error"))
    .where(Message.campaign_id.is_not(None), Message.campaign_id == bindparam("campaign"), in_state(state))
    .order_by(Message.id.desc())
    .limit(LATEST)
    for state in ("sent", "failed")
]


def wish(runtime: Runtime, connection: Connection, alarm: Any) -> None:
    """A contact wants more, less, or something else than before: what waits because of an earlier wish is judged anew.

    No contact is locked, because whoever judges a batch holds its recipients and may want their contacts.
    """
    now, contact_id = runtime.now(connection), alarm.subject
    if not take(connection, alarm, now):
        return
    under_way = select(Campaign.id).where(Campaign.state.in_(("sending", "paused")))
    theirs = (Recipient.campaign_id.in_(under_way), Recipient.contact_id == contact_id, Recipient.state == "waiting")
    freed = update(Recipient).where(*theirs, Recipient.why.in_(WISHES)).values(due_at=now).returning(Recipient.campaign_id)
    within = (Batch.first_id <= contact_id, Batch.last_id >= contact_id, Batch.due_at > now, IS_OPEN)
    campaign_ids = connection.scalars(freed).all()
    connection.execute(update(Batch).where(Batch.campaign_id.in_(campaign_ids), *within).values(due_at=now))
    held = update(Message).where(Message.contact_id == contact_id, in_state("held"), Message.why.in_(WISHES))
    connection.execute(held.values(state="ready", not_before=runtime.machine_now(), batch_id=None))


def pause(runtime: Runtime, campaign_id: int, why: str = BY_HAND) -> None:
    """From now on nobody gets it. Returns when no call of it is under way any more. Raises CampaignError."""
    with runtime.begin() as connection:
        stop(connection, campaign_id, "paused", why)
    wait(runtime, campaign_id)


def resume(runtime: Runtime, campaign_id: int) -> None:
    """Go on where it was paused; what had not begun waits for its time, or begins when that is over. Raises CampaignError."""
    with runtime.begin() as connection:
        go_on(runtime, connection, campaign_id)


def cancel(runtime: Runtime, campaign_id: int) -> None:
    """Whoever has not got it never will. Returns when no call of it is under way any more. Raises CampaignError."""
    with runtime.begin() as connection:
        stop(connection, campaign_id, "cancelled")
    wait(runtime, campaign_id)
    clear(runtime)


def stop(connection: Connection, campaign_id: int, state: str, why: str = BY_HAND) -> None:
    """Write down that a campaign is paused or cancelled: it is, once that is committed and `wait` is over. CampaignError."""
    _move(connection, campaign_id, STOPPABLE[state], state=state, why=why)


def take_back(connection: Connection, campaign_id: int) -> None:
    """What is scheduled and has not begun is a draft again. Raises CampaignError."""
    _move(connection, campaign_id, ("scheduled",), state="draft", starts_at=None)


def _move(connection: Connection, campaign_id: int, states: Sequence[str], **values: Any) -> None:
    """From one of these states to one in which no launch is due. Raises CampaignError."""
    mine = update(Campaign).where(Campaign.id == campaign_id, Campaign.state.in_(states))
    if not connection.execute(mine.values(**values)).rowcount:
        raise CampaignError(Problem("", f"the campaign is {launch.find(connection, campaign_id).state}"))
    connection.execute(delete(Alarm).where(Alarm.kind == "launch", Alarm.subject == campaign_id))


def go_on(runtime: Runtime, connection: Connection, campaign_id: int) -> None:
    """Write down that a paused campaign goes on. Raises CampaignError."""
    row = launch.find(connection, campaign_id)
    if row.state != "paused":
        raise CampaignError(Problem("", f"the campaign is {row.state}"))
    if row.launched_at is None:
        launch.set_again(connection, row, runtime.now(connection))
    else:
        mine = update(Campaign).where(Campaign.id == row.id, Campaign.state == "paused")
        connection.execute(mine.values(state="sending", why=None, resumed_at=runtime.machine_now()))


def wait(runtime: Runtime, campaign_id: int) -> None:
    """Whoever had looked before it was stopped has marked what he claims; then the calls under way end."""
    with runtime.begin() as connection:
        connection.execute(select(Campaign.id).where(Campaign.id == campaign_id).with_for_update())
    outbox.wait_for_campaign(runtime, campaign_id)


def clear(runtime: Runtime) -> int:
    """Recipients and messages of cancelled campaigns that still wait are refused, batch by batch. Returns how many rows."""
    with runtime.read() as connection:
        cancelled = connection.scalars(select(Campaign.id).where(LEFT_OVER)).all()
    return sum(_clear(runtime, campaign_id) for campaign_id in cancelled)


def _clear(runtime: Runtime, campaign_id: int) -> int:
    done = 0
    refused: dict[str, Any] = {"state": "refused", "why": "cancelled"}
    with runtime.read() as connection:
        batches = connection.execute(select(Batch.__table__).where(Batch.campaign_id == campaign_id, IS_OPEN)).all()
    for batch in batches:
        theirs = and_(
            Recipient.campaign_id == campaign_id, Recipient.contact_id.between(batch.first_id, batch.last_id),
            Recipient.state == "waiting",
        )  # fmt: skip
        with runtime.begin() as connection:
            done += connection.execute(update(Recipient).where(theirs).values(**refused, due_at=None)).rowcount
            connection.execute(update(Batch).where(Batch.id == batch.id).values(over=True))
    waiting = and_(Message.campaign_id.is_not(None), Message.campaign_id == campaign_id, in_state("ready", "held"))
    with runtime.begin() as connection:
        done += connection.execute(update(Message).where(waiting).values(**refused, batch_id=None)).rowcount
    return done


def watch(runtime: Runtime) -> int:
    """Pause campaigns of whose latest texts too many failed; say of those that are over that they are. Returns how many."""
    changed = 0
    with runtime.read() as connection:
        sending = connection.execute(SENDING).all()
        shares = {row.id: _errors(connection, row) for row in sending}
    for row in sending:
        outcomes, errors = shares[row.id]
        if outcomes >= FEWEST and errors * 100 >= row.error_limit * outcomes:
            mine = update(Campaign).where(Campaign.id == row.id, Campaign.state == "sending")
            with runtime.begin() as connection:
                changed += connection.execute(mine.values(state="paused", why=ERRORS)).rowcount
            log.error("campaign %s pauses itself: %s of its latest %s texts failed", row.id, errors, outcomes)
    return changed + _gather(runtime) + finish(runtime)


def _gather(runtime: Runtime) -> int:
    """Messages that came back after their batch was said to be over are no batch's any more."""
    with runtime.read() as connection:
        if not connection.scalar(select(exists().where(LEFT_BEHIND))):
            return 0
    with runtime.begin() as connection:
        return connection.execute(update(Message).where(LEFT_BEHIND).values(batch_id=None)).rowcount


def _errors(connection: Connection, campaign: Any) -> tuple[int, int]:
    """How many of the latest texts since it was last resumed have an outcome, and of how many it is an error."""
    found = [row for query in LATEST_OUTCOMES for row in connection.execute(query, {"campaign": campaign.id})]
    latest = sorted(found, key=lambda row: -row.id)[:LATEST]
    recent = [row for row in latest if row.marked_at is not None and row.marked_at > campaign.resumed_at]
    return len(recent), sum(bool(row.is_error) for row in recent)


def finish(runtime: Runtime) -> int:
    """Campaigns of which nothing waits and nothing is unknown are finished. Returns how many."""
    with runtime.read() as connection:
        if connection.scalar(select(Campaign.id).where(FINISHED).limit(1)) is None:
            return 0
    with runtime.begin() as connection:
        now = runtime.now(connection)
        return connection.execute(update(Campaign).where(FINISHED).values(state="finished", finished_at=now)).rowcount
