"""What the clock looks at: alerts begin, are told and end. Any number of clocks may look; one at a time writes."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Executable, delete, func, or_, select, update

from bot import staff
from bot.alerts import text
from bot.alerts.choice import BELL, TEXT, way
from bot.alerts.kinds import KINDS
from bot.runtime import Runtime
from models import Alert, Notice, Staff, insert
from models.alert import OPEN

log = logging.getLogger(__name__)

QUIET_FOR = timedelta(minutes=15)  # nobody is told of the same kind more often
ALERT = Alert.__table__
TOLD = (
    select(
        Notice.staff_id,
        Alert.kind,
        func.max(Notice.alert_id).label("alert_id"),
        func.max(Notice.made_at).label("made_at"),
    )
    .join(Alert, Alert.id == Notice.alert_id)
    .group_by(Notice.staff_id, Alert.kind)
)
OPEN_ONES = select(ALERT).where(OPEN).order_by(ALERT.c.id)


def watch(runtime: Runtime) -> None:
    """Begin and end alerts, if there is any news; then let everybody be told who is to be, each in a transaction of their own:
    whoever is told by text is locked, and nobody locks two contacts but in the order of their ids."""
    with runtime.read() as connection:
        changes, to_tell = list(_changes(runtime, connection)), _to_tell(runtime, connection)
    if changes:
        with runtime.begin() as connection:
            staff.alone(connection, "alerts")
            for change in list(_changes(runtime, connection)):
                connection.execute(change)
            to_tell = _to_tell(runtime, connection)
    for alert, person, _ in to_tell:
        with runtime.begin() as connection:
            staff.alone(connection, "alerts")
            for found, who, by in _to_tell(runtime, connection):  # asked again: another clock may have told them
                if (found.id, who.id) == (alert.id, person.id):
                    _tell(runtime, connection, found, who, by)


def _changes(runtime: Runtime, connection: Connection) -> Iterator[Executable]:
    """What is to be written so that the open alerts are what holds now."""
    rows, now = connection.execute(OPEN_ONES).all(), runtime.machine_now()
    for name, kind in KINDS.items():
        mine = {row.subject: row for row in rows if row.kind == name}
        holds = kind.holds(runtime, connection, bool(mine))
        for subject, facts in holds.items():
            row = mine.get(subject)
            if row is None:
                new = {"kind": name, "subject": subject, "began_at": now, "told_at": None if kind.patience else now}
                yield insert(Alert).values(**new, facts=facts).on_conflict_do_nothing()
            elif row.told_at is None and row.began_at <= now - kind.patience:
                yield update(Alert).where(Alert.id == row.id).values(told_at=now, facts=facts)
            elif row.told_at is not None and kind.again and row.told_at <= now - kind.again:
                yield update(Alert).where(Alert.id == row.id).values(ended_at=now)  # and the next look begins a new one
            elif row.facts != facts:
                yield update(Alert).where(Alert.id == row.id).values(facts=facts)
        for row in (row for subject, row in mine.items() if subject not in holds):
            if row.told_at is None:
                yield delete(Alert).where(Alert.id == row.id)
            else:
                yield update(Alert).where(Alert.id == row.id).values(ended_at=now)


def _to_tell(runtime: Runtime, connection: Connection) -> list[tuple[Any, Any, str]]:
    """Whom to tell of which alert, and how: of each kind its newest one, if they have not been told of it, nor of any lately."""
    newest = {row.kind: row for row in connection.execute(OPEN_ONES) if row.told_at is not None}
    if not newest:
        return []
    since, first = runtime.machine_now() - QUIET_FOR, min(row.id for row in newest.values())
    told = TOLD.where(or_(Notice.made_at > since, Notice.alert_id >= first))
    last = {(row.staff_id, row.kind): row for row in connection.execute(told)}
    people = select(Staff.__table__).where(Staff.closed_at.is_(None), Staff.password.is_not(None)).order_by(Staff.id)
    found = []
    for person in connection.execute(people):
        for kind, alert in newest.items():
            before, by = last.get((person.id, kind)), way(person, kind, runtime.settings)
            if by != BELL and (before is None or (before.alert_id < alert.id and before.made_at <= since)):
                found.append((alert, person, by))
    return found


def _tell(runtime: Runtime, connection: Connection, alert: Any, person: Any, by: str) -> None:
    """Write down that they are to be told: an e-mail waits for a worker, a text for the outbox."""
    now = runtime.machine_now()
    new = {"alert_id": alert.id, "staff_id": person.id, "way": by, "state": "waiting", "made_at": now, "not_before": now}
    if by == TEXT:
        state, why = text.say(runtime, connection, alert, person)
        new |= {"state": state, "why": why}
    connection.execute(insert(Notice).values(**new))
    log.info("alert %s (%s): staff %s is told by %s", alert.id, alert.kind, person.id, by)
