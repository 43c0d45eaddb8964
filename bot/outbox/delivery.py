"""The one way out: claim a message, call the carrier, write down what it said. One message at a time, for now."""

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from bot.alarms import set_alarm, take
from bot.carriers import Busy, Outgoing, Refused, SendResult, Sent
from bot.catalogue import catalogue
from bot.consent import gate
from bot.contacts import lock, standing
from bot.runtime import Runtime
from bot.status import apply_action, reopen
from models import Message, Subscription

log = logging.getLogger(__name__)

LEASE_FOR = timedelta(seconds=8)  # of a call, which itself takes at most 5 s
CALL_FOR = timedelta(seconds=6)  # a call that could outlive its lease is not begun
# An answer that comes later than this answers nothing any more. A confirmation of a STOP must come within 5 minutes
# (47 CFR 64.1200(a)(12)).
GOOD_FOR = {"reply": timedelta(minutes=15), "compliance": timedelta(minutes=5)}

READY = (
    select(Message.id, Message.contact_id)
    .where(Message.state == "ready", Message.not_before <= bindparam("now"))
    .order_by(Message.not_before, Message.id)
    .limit(20)
)
MINE = select(Message.__table__).where(Message.id == bindparam("message_id"))


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message marked `sending`: ours to call the carrier for, until the lease is over."""

    contact_id: int
    outgoing: Outgoing
    marked_at: datetime


def deliver(runtime: Runtime, seconds: float = 5) -> int:
    """Send what is ready, for so long at most. Returns how many calls were made.

    1. Claim: contact locked, the gate asked once more, `sending` and a lease, COMMIT.
    2. Call, holding no transaction, within the carrier's own total limit.
    3. Write the result; an unknown one is left to `settle`.
    """
    until, calls = time.monotonic() + seconds, 0
    claimed = claim(runtime)
    if claimed is None:
        return 0
    with asyncio.Runner() as loop:
        loop.run(runtime.carrier.open())
        try:
            while claimed is not None:
                late = runtime.machine_now() > claimed.marked_at + LEASE_FOR - CALL_FOR
                record(runtime, claimed, Busy(0) if late else loop.run(runtime.carrier.send(claimed.outgoing)))
                calls += 1
                claimed = claim(runtime) if time.monotonic() < until else None
        finally:
            loop.run(runtime.carrier.close())
    return calls


def claim(runtime: Runtime) -> Claimed | None:
    """Mark the next message that may leave as `sending`; what the gate objects to is written down and passed over."""
    with runtime.read() as connection:
        rows = connection.execute(READY, {"now": runtime.machine_now()}).all()
    for row in rows:
        with runtime.begin() as connection:
            claimed = _claim_one(runtime, connection, row.id, row.contact_id)
        if claimed is not None:
            return claimed
    return None


def _claim_one(runtime: Runtime, connection: Connection, message_id: int, contact_id: int) -> Claimed | None:
    contact = lock(connection, contact_id)
    row = connection.execute(MINE, {"message_id": message_id}).one_or_none()
    if contact is None or row is None or row.state != "ready":
        return None
    facts = _facts(runtime, connection, contact, row)
    verdict, now = gate.judge(facts), runtime.machine_now()
    kept = [*row.verdicts, {"at": runtime.now(connection).isoformat(), **gate.record(verdict, facts)}]
    mine = update(Message).where(Message.id == row.id)
    if isinstance(verdict, gate.Refuse):
        connection.execute(mine.values(state="refused", why=verdict.why, verdicts=kept))
        return None
    if isinstance(verdict, gate.Hold):
        connection.execute(mine.values(state="held", why=verdict.why, verdicts=kept))
        set_alarm(connection, "release", row.id, 0, verdict.until)
        return None
    marked = {"state": "sending", "marked_at": now, "lease_until": now + LEASE_FOR, "attempts": row.attempts + 1}
    connection.execute(mine.values(**marked, consent_event_id=facts.consent_event_id, verdicts=kept))
    sender = catalogue(connection).senders.get(row.ours)
    service = sender.service_sid if sender else runtime.settings.twilio_messaging_service_sid
    outgoing = Outgoing(row.id, contact.phone, row.ours, service, row.body, tuple(row.media))
    return Claimed(contact.id, outgoing, now)


def _facts(runtime: Runtime, connection: Connection, contact: Any, row: Any) -> gate.Facts:
    now = runtime.now(connection)
    stand = standing(connection, contact, runtime.suppression_key, now)
    allowed = None
    if row.topic is not None:
        which = (
            (Subscription.contact_id == contact.id) & (Subscription.topic == row.topic) & (Subscription.state == "in")
        )
        allowed = connection.scalar(select(Subscription.event_id).where(which))
    return gate.Facts(
        kind=row.kind,
        sample=contact.sample,
        simulated=runtime.carrier.is_simulated,
        suppressed=bool(stand.suppressed),
        consent_event_id=allowed,
        sent_before=row.sid is not None,
        expired=row.kind in GOOD_FOR and runtime.machine_now() - row.made_at > GOOD_FOR[row.kind],
        paused_until=contact.paused_until if contact.paused_until and contact.paused_until > now else None,
    )


def record(runtime: Runtime, claimed: Claimed, result: SendResult) -> None:
    """Write down what the carrier said. Unknown: nothing is written, the lease runs out and the carrier is asked."""
    now, message_id = runtime.machine_now(), claimed.outgoing.message_id
    open_row = update(Message).where(Message.id == message_id, Message.state.in_(("sending", "unknown")))
    still_mine = open_row.where(Message.marked_at == claimed.marked_at)
    with runtime.begin() as connection:
        contact = lock(connection, claimed.contact_id)
        if isinstance(result, Sent):
            connection.execute(open_row.values(state="sent", sid=result.sid, status=result.status, rank=result.rank))
            reopen(connection, result.sid)
        elif isinstance(result, Refused):
            connection.execute(still_mine.values(state="failed", error_code=result.code, why=result.action))
            if contact is not None:
                apply_action(runtime, connection, contact, result.action, runtime.now(connection))
        elif isinstance(result, Busy):
            later = now + timedelta(seconds=result.retry_after)
            connection.execute(still_mine.values(state="ready", not_before=later, attempts=Message.attempts - 1))
        else:
            log.warning("message %s: the carrier's answer is not known: %s", message_id, result.reason)


def release(runtime: Runtime, connection: Connection, alarm: Any) -> None:
    """A held message may be judged again."""
    found = connection.execute(MINE, {"message_id": alarm.subject}).one_or_none()
    if found is not None:
        lock(connection, found.contact_id)
    if take(connection, alarm, runtime.now(connection)) and found is not None:
        mine = update(Message).where(Message.id == found.id, Message.state == "held")
        connection.execute(mine.values(state="ready", not_before=runtime.machine_now()))
