"""What the pages show: how many alerts are new to somebody, those that are open, and the last that have ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, literal, or_, select, update

from bot.alerts.kinds import concerns
from bot.awake import CLOCK
from bot.runtime import Runtime
from bot.staff import may
from models import Alert, Lease, Notice, Staff
from models.alert import OPEN
from models.base import UtcDateTime
from models.campaign import LONG_AGO

SILENT_FOR = timedelta(minutes=1)  # without a clock that is awake: it cannot say so itself
MOST, ENDED = 100, 20  # that are shown

ALERT = Alert.__table__


@dataclass(frozen=True, slots=True)
class Bell:
    """What is new to somebody."""

    new: int  # alerts that are open, and that they have not seen
    no_clock: bool  # none is awake; since when: see clock_at
    clock_at: datetime | None  # when one was awake for the last time

    @property
    def count(self) -> int:
        """The number on the bell."""
        return self.new + self.no_clock


def bell(runtime: Runtime, connection: Connection, person: Any) -> Bell:
    """What rings for somebody of the staff. One statement: each page asks."""
    seen = select(func.coalesce(Staff.alerts_seen_at, literal(LONG_AGO, UtcDateTime()))).where(Staff.id == person.id)
    new = select(func.count()).where(OPEN, ALERT.c.told_at > seen.scalar_subquery(), ALERT.c.kind.in_(concerns(person.role)))
    awake_to = select(Lease.until).where(Lease.name == CLOCK).scalar_subquery()
    count, until = connection.execute(select(new.scalar_subquery(), awake_to)).one()
    silent = until is None or until < runtime.machine_now() - SILENT_FOR
    return Bell(count, silent and may(person.role, "admin"), until)


def latest(connection: Connection, person: Any) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]], dict[int, list[Row[Any]]]]:
    """The alerts that concern them: open ones and the last that have ended, newest first; and by alert, who was told how."""
    mine = select(ALERT).where(ALERT.c.kind.in_(concerns(person.role)), ALERT.c.told_at.is_not(None))
    open_ones = connection.execute(mine.where(OPEN).order_by(ALERT.c.told_at.desc(), ALERT.c.id.desc()).limit(MOST)).all()
    ended = connection.execute(mine.where(ALERT.c.ended_at.is_not(None)).order_by(ALERT.c.ended_at.desc()).limit(ENDED)).all()
    told: dict[int, list[Row[Any]]] = {}
    notices = select(Notice.__table__, Staff.name).join(Staff, Staff.id == Notice.staff_id).order_by(Staff.name, Staff.id)
    for row in connection.execute(notices.where(Notice.alert_id.in_([row.id for row in (*open_ones, *ended)]))):
        told.setdefault(row.alert_id, []).append(row)
    return open_ones, ended, told


def seen_at(connection: Connection, person: Any) -> datetime:
    """What was told until then they have seen."""
    return connection.scalar(select(Staff.alerts_seen_at).where(Staff.id == person.id)) or LONG_AGO


def see(connection: Connection, person: Any, alert_id: int) -> None:
    """They have seen what was told up to this alert. What came while they looked stays new."""
    until = select(ALERT.c.told_at).where(ALERT.c.id == alert_id, ALERT.c.told_at.is_not(None))
    told_at = connection.scalar(until)
    if told_at is not None:
        behind = or_(Staff.alerts_seen_at.is_(None), Staff.alerts_seen_at < told_at)
        connection.execute(update(Staff).where(Staff.id == person.id, behind).values(alerts_seen_at=told_at))
