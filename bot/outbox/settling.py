"""What nobody knows is asked: calls that ended without a clear answer, and replies that the carrier never called back about."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import uvloop
from sqlalchemy import Select, and_, bindparam, select, update

from bot import awake
from bot.carriers import Listed, Unavailable
from bot.consent.facts import ANSWERS
from bot.contacts import lock
from bot.runtime import Runtime
from bot.status import reopen
from models import Message
from models.message import CONFIRMS, in_state

log = logging.getLogger(__name__)

ASK_AGAIN_FOR = timedelta(seconds=5)
ATTEMPTS = 3
UNKNOWN_OUTCOME = "unknown outcome"  # why a message is held after that
QUESTIONS_AT_ONCE = 10
SLACK_FOR = timedelta(minutes=10)  # the carrier's clock is not ours
BARRIER_FOR = 8.5  # seconds: a little more than a call's lease
HANDED_OVER_FOR = 1  # second: until a webhook's response, whose words are committed, has certainly been written
TURN_FOR = timedelta(seconds=10)  # a turn that has said something is committed by then

LEASED = in_state("sending", "answered", "unknown")  # as its index says
OVERDUE = select(Message.id).where(LEASED, Message.state != "unknown", Message.lease_until <= bindparam("now_"))
# In ascending id, as all who lock several messages do.
SWEEP = update(Message).where(Message.id.in_(OVERDUE.order_by(Message.id).with_for_update(skip_locked=True)))
UNKNOWN = (
    select(Message.__table__)
    .where(LEASED, Message.state == "unknown", Message.not_before <= bindparam("now"))
    .order_by(Message.marked_at, Message.id)
    .limit(200)
)
_call = and_(Message.state == "sending", Message.lease_until > bindparam("now"))
_response = and_(Message.state == "answered", Message.marked_at > bindparam("said_since"))
RESPONSES = select(Message.id).where(LEASED, ~CONFIRMS, _response).limit(1)
CALLS = select(Message.id).where(LEASED, ~CONFIRMS, _call).limit(1)
_calls = select(Message.id).where(LEASED, _call).limit(1)
TO_CONTACT = _calls.where(Message.contact_id == bindparam("subject"), Message.direction == "out")
OF_CAMPAIGN = _calls.where(Message.campaign_id == bindparam("subject"))


def sweep(runtime: Runtime) -> int:
    """Calls and answers whose time is over without news become `unknown`. Returns how many."""
    now = runtime.machine_now()
    with runtime.read() as connection:  # mostly there are none, and on SQLite nobody waits for who only reads
        if connection.execute(OVERDUE.limit(1), {"now_": now}).first() is None:
            return 0
    with runtime.begin() as connection:
        return connection.execute(SWEEP.values(state="unknown", not_before=now), {"now_": now}).rowcount


def settle(runtime: Runtime, seconds: float = 5) -> int:
    """Ask the carrier's list about unknown messages, for so long at most. Returns how many were asked about.

    1. In the list: it is sent.
    2. Not in it, and the carrier's settling time has passed since: it was never accepted; it may go (again), three times at most.
    3. The list cannot be had: it stays unknown. Never a blind resend.
    """
    with runtime.read() as connection:
        rows = connection.execute(UNKNOWN, {"now": runtime.machine_now()}).all()
    if not rows:
        return 0
    return uvloop.run(_ask_all(runtime, rows, time.monotonic() + seconds))


async def _ask_all(runtime: Runtime, rows: Sequence[Any], until: float) -> int:
    """Several questions at a time. Once the list cannot be had, nobody else is asked about: they stay unknown."""
    left, asked, fails = list(reversed(rows)), 0, False

    async def ask_some() -> None:
        nonlocal asked, fails
        while left and not fails and time.monotonic() < until:
            row, asked_at = left.pop(), runtime.machine_now()
            try:
                listed: list[Listed] | None = await runtime.carrier.list(row.theirs, row.marked_at - SLACK_FOR)
                asked += 1
            except Unavailable as reason:
                log.warning("the carrier's list cannot be had: %s", reason)
                listed, fails = None, True
            await asyncio.to_thread(_settle_one, runtime, row, asked_at, listed)

    await runtime.carrier.open()
    try:
        await asyncio.gather(*(ask_some() for _ in range(QUESTIONS_AT_ONCE)))
    finally:
        await runtime.carrier.close()
    return asked


def _settle_one(runtime: Runtime, seen: Any, asked_at: datetime, listed: Sequence[Listed] | None) -> None:
    with runtime.begin() as connection:
        lock(connection, seen.contact_id)
        row = connection.execute(select(Message.__table__).where(Message.id == seen.id)).one()
        if row.state != "unknown" or row.marked_at != seen.marked_at:
            return
        taken = set(connection.scalars(select(Message.sid).where(Message.sid.in_([one.sid for one in listed or ()]))))
        found = next((one for one in sorted(listed or (), key=lambda one: one.created_at)
                      if one.sid not in taken and _is(one, row)), None)  # fmt: skip
        mine = update(Message).where(Message.id == row.id)
        if found is not None:
            values = {"sid": found.sid, "status": found.status, "rank": found.rank, "error_code": found.error_code}
            connection.execute(mine.values(state="sent", **values))
            reopen(connection, row.account, [found.sid])
        elif listed is None or asked_at < row.marked_at + timedelta(seconds=runtime.carrier.settling_for):
            connection.execute(mine.values(not_before=asked_at + ASK_AGAIN_FOR))
        elif row.campaign_id is None and row.kind not in ANSWERS and awake.last_outage(connection) > row.marked_at:
            connection.execute(mine.values(state="held", why=awake.OUTAGE))
        elif row.attempts < ATTEMPTS:
            connection.execute(mine.values(state="ready", not_before=asked_at, batch_id=None))
        else:
            connection.execute(mine.values(state="held", why=UNKNOWN_OUTCOME, for_person=True))


def _is(listed: Listed, row: Any) -> bool:
    """Whether a message in the carrier's records can be this row: same person, words and hour of the call."""
    in_time = row.marked_at - SLACK_FOR <= listed.created_at <= row.lease_until + SLACK_FOR
    return bool(in_time and listed.to == row.theirs and listed.body.split() == row.body.split())


def wait_for_calls(runtime: Runtime, contact_id: int) -> None:
    """Before a STOP is acknowledged: wait, outside any transaction, until no call to this contact is under way.

    Ends when the calls have their results or their leases are over; a dead sender cannot make it last longer.
    """
    _wait(runtime, TO_CONTACT, contact_id)


def wait_for_campaign(runtime: Runtime, campaign_id: int) -> None:
    """The same before a campaign is said to be paused or cancelled."""
    _wait(runtime, OF_CAMPAIGN, campaign_id)


def wait_for_all(runtime: Runtime) -> None:
    """The same for everything that leaves, answers in webhooks' responses too, but for those that leave whatever is halted.

    A turn marks what it says before it is committed, and its response is written after: so the time counts from now.
    """
    with runtime.read() as connection:
        answers = connection.execute(RESPONSES, {"said_since": runtime.machine_now() - TURN_FOR}).first()
    if answers is not None:
        time.sleep(HANDED_OVER_FOR)
    _wait(runtime, CALLS)


def _wait(runtime: Runtime, calls: Select[Any], subject: int | None = None) -> None:
    until = time.monotonic() + BARRIER_FOR
    while time.monotonic() < until:
        now = runtime.machine_now()
        with runtime.read() as connection:
            if connection.execute(calls, {"subject": subject, "now": now}).first() is None:
                return
        time.sleep(0.02)
