"""Every delay of the house: set here, rung when business time has come, each exactly once however many clocks run."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select, update

from bot.runtime import Runtime
from models import Alarm, insert

log = logging.getLogger(__name__)

Ring = Callable[[Runtime, Connection, Any], None]
PATIENCE = 5  # an alarm that cannot be rung so often is left for a person to look at

_set = insert(Alarm.__table__).values(
    kind=bindparam("kind"),
    subject=bindparam("subject"),
    version=bindparam("version"),
    due_at=bindparam("due_at"),
    attempts=0,
    held=False,
)
SET = _set.on_conflict_do_update(
    index_elements=["kind", "subject"],
    set_={"version": _set.excluded.version, "due_at": _set.excluded.due_at, "attempts": 0, "held": False},
)
RINGS = and_(Alarm.due_at <= bindparam("now"), Alarm.attempts < PATIENCE, ~Alarm.held)
DUE = select(Alarm.id, Alarm.kind).where(RINGS).order_by(Alarm.due_at)


def set_alarm(connection: Connection, kind: str, subject: int, version: int, due_at: datetime) -> None:
    """Ring at `due_at` (business time). A subject has one alarm of a kind: a new one replaces it."""
    connection.execute(SET, {"kind": kind, "subject": subject, "version": version, "due_at": due_at})


def ring_due(runtime: Runtime, ring: Mapping[str, Ring], limit: int = 100) -> int:
    """Ring what is due, each alarm in a transaction of its own. Returns how many rang.

    1. `ring[kind](runtime, connection, alarm)` locks its contact, then calls `take`: whoever deletes the row rings it.
    2. If ringing raises, nothing of it has happened; the alarm tries again, later each time, PATIENCE times.
    """
    with runtime.read() as connection:
        rows = connection.execute(DUE.limit(limit), {"now": runtime.now(connection)}).all()
    for row in rows:
        alarm = None
        try:
            with runtime.begin() as connection:
                alarm = connection.execute(select(Alarm.__table__).where(Alarm.id == row.id)).one_or_none()
                if alarm is not None:
                    ring[row.kind](runtime, connection, alarm)
        except Exception:
            log.exception("alarm %s of kind %s could not be rung", row.id, row.kind)
            with runtime.begin() as connection:
                _postpone(connection, alarm, runtime.now(connection))
    return len(rows)


def take(connection: Connection, alarm: Any, now: datetime) -> bool:
    """Whether it is ours to ring: the row is deleted in this transaction. The caller holds the contact's lock."""
    taken = delete(Alarm).where(Alarm.id == alarm.id, Alarm.version == alarm.version, Alarm.due_at <= now)
    return connection.execute(taken).rowcount == 1


def _postpone(connection: Connection, alarm: Any, now: datetime) -> None:
    """Later, unless somebody has set it anew meanwhile."""
    if alarm is not None:
        same = update(Alarm).where(Alarm.id == alarm.id, Alarm.version == alarm.version, Alarm.due_at == alarm.due_at)
        later = now + timedelta(minutes=2**alarm.attempts)
        connection.execute(same.values(due_at=later, attempts=alarm.attempts + 1))
