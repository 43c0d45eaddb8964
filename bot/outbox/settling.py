"""What nobody knows is asked: calls that ended without a clear answer, and replies that the carrier never called back about."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from bot.carriers import Listed, Unavailable
from bot.contacts import lock
from bot.runtime import Runtime
from bot.status import reopen
from models import Message

log = logging.getLogger(__name__)

ASK_AGAIN_FOR = timedelta(seconds=5)
ATTEMPTS = 3
SLACK_FOR = timedelta(minutes=10)  # the carrier's clock is not ours
BARRIER_FOR = 8.5  # seconds: a little more than a call's lease

_overdue = (
    select(Message.id)
    .where(Message.state.in_(("sending", "answered")), Message.lease_until <= bindparam("now_"))
    .order_by(Message.id)  # as all who lock several messages do
    .with_for_update(skip_locked=True)
)
OVERDUE = update(Message).where(Message.id.in_(_overdue))
UNKNOWN = (
    select(Message.__table__)
    .where(Message.state == "unknown", Message.not_before <= bindparam("now"))
    .order_by(Message.marked_at, Message.id)
    .limit(50)
)
UNDER_WAY = select(Message.id).where(
    Message.contact_id == bindparam("contact_id"),
    Message.direction == "out",
    Message.state == "sending",
    Message.lease_until > bindparam("now"),
)


def sweep(runtime: Runtime) -> int:
    """Calls and answers whose time is over without news become `unknown`. Returns how many."""
    now = runtime.machine_now()
    with runtime.begin() as connection:
        return connection.execute(OVERDUE.values(state="unknown", not_before=now), {"now_": now}).rowcount


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
    until, asked = time.monotonic() + seconds, 0
    with asyncio.Runner() as loop:
        loop.run(runtime.carrier.open())
        try:
            for row in rows:
                if time.monotonic() > until:
                    break
                asked_at = runtime.machine_now()
                try:
                    listed = loop.run(runtime.carrier.list(row.theirs, row.marked_at - SLACK_FOR))
                except Unavailable as reason:
                    log.warning("the carrier's list cannot be had: %s", reason)
                    _settle_one(runtime, row, asked_at, None)
                    break  # nor will it for the others; they stay unknown
                _settle_one(runtime, row, asked_at, listed)
                asked += 1
        finally:
            loop.run(runtime.carrier.close())
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
            reopen(connection, found.sid)
        elif listed is None or asked_at < row.marked_at + timedelta(seconds=runtime.carrier.settling_for):
            connection.execute(mine.values(not_before=asked_at + ASK_AGAIN_FOR))
        elif row.attempts < ATTEMPTS:
            connection.execute(mine.values(state="ready", not_before=asked_at))
        else:
            connection.execute(mine.values(state="held", why="unknown outcome", for_person=True))


def _is(listed: Listed, row: Any) -> bool:
    """Whether a message in the carrier's records can be this row: same person, words and hour of the call."""
    in_time = row.marked_at - SLACK_FOR <= listed.created_at <= row.lease_until + SLACK_FOR
    return bool(in_time and listed.to == row.theirs and listed.body.split() == row.body.split())


def wait_for_calls(runtime: Runtime, contact_id: int) -> None:
    """Before a STOP is acknowledged: wait, outside any transaction, until no call to this contact is under way.

    Ends when the calls have their results or their leases are over; a dead sender cannot make it last longer.
    """
    until = time.monotonic() + BARRIER_FOR
    while time.monotonic() < until:
        with runtime.read() as connection:
            known = {"contact_id": contact_id, "now": runtime.machine_now()}
            if connection.execute(UNDER_WAY, known).first() is None:
                return
        time.sleep(0.02)
