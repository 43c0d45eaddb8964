"""Which clock is awake, and what happens after a time in which none was: overdue work waits for a person.

Nobody wants the offers of this morning tonight, nor those of a backup that was put back. A jump of business time is no outage.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, exists, func, or_, select, update

from bot.processes import me
from bot.runtime import Runtime
from models import Alarm, Campaign, Lease, Message, Outage, insert
from models.campaign import LONG_AGO
from models.message import in_state

log = logging.getLogger(__name__)

CLOCK = "clock"
AWAKE_FOR = timedelta(seconds=4)  # so long nobody is awake when the awake clock dies
GRACE_FOR = timedelta(minutes=15)  # after a longer outage, what fell due meanwhile is held …
CAMPAIGN_GRACE_FOR = timedelta(hours=1)  # … and after one that was longer than this, campaigns too
OUTAGE = "outage"  # why something is held


def stay_awake(runtime: Runtime) -> bool:
    """Be, or go on being, the clock that is awake. False while another one is.

    Whoever wakes up after too long a time without any clock holds what fell due in it, before anything else is done.
    """
    with runtime.begin() as connection:
        now = runtime.machine_now()
        mine = {"holder": me(), "until": now + AWAKE_FOR}
        connection.execute(insert(Lease).values(name=CLOCK, **mine).on_conflict_do_nothing())
        last = connection.execute(select(Lease.__table__).where(Lease.name == CLOCK).with_for_update()).one()
        if last.holder != me() and last.until > now:
            return False
        if overslept(last.until, now):
            _hold_overdue(connection, last.until, now, runtime.now(connection))
        connection.execute(update(Lease).where(Lease.name == CLOCK).values(**mine))
        return True


def overslept(until: datetime | None, now: datetime) -> bool:
    """Whether too much time has passed since the lease of the last clock ended."""
    return until is not None and now - until > GRACE_FOR


def still_asleep(connection: Connection, now: datetime) -> bool:
    """No clock has been awake for long, and none has yet seen to what fell due meanwhile: nobody works before it has."""
    return overslept(connection.scalar(select(Lease.until).where(Lease.name == CLOCK)), now)


def last_outage(connection: Connection) -> datetime:
    """When the last outage ended (machine time)."""
    return connection.scalar(select(func.max(Outage.ended_at))) or LONG_AGO


def _hold_overdue(connection: Connection, began_at: datetime, now: datetime, business_now: datetime) -> None:
    connection.execute(insert(Outage).values(began_at=began_at, ended_at=now))
    due = Alarm.due_at <= business_now
    if now - began_at > CAMPAIGN_GRACE_FOR:
        started = Campaign.state == "sending"
        missed = (Campaign.state == "scheduled") & (Campaign.starts_at <= business_now)
        connection.execute(update(Campaign).where(started | missed).values(state="paused", why=OUTAGE))
        connection.execute(delete(Alarm).where(due, Alarm.kind == "launch"))  # whoever resumes it sets another one
    of_campaign = exists().where(Message.id == Alarm.subject, Message.campaign_id.is_not(None))
    others = and_(due, Alarm.kind != "launch", or_(Alarm.kind != "release", ~of_campaign))
    alarms = connection.execute(update(Alarm).where(others).values(held=True)).rowcount
    waiting = update(Message).where(in_state("ready"), Message.not_before <= now, Message.campaign_id.is_(None))
    messages = connection.execute(waiting.values(state="held", why=OUTAGE)).rowcount
    log.warning("no clock was awake since %s: %s alarms and %s messages are held", began_at, alarms, messages)
