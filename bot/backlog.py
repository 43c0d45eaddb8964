"""What is due and not yet done, how old the oldest of it is, and which processes are there to do it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, literal, select, union_all

from bot import alarms, outbox, status
from bot.campaigns.batches import OPEN
from bot.processes import DEAD_AFTER
from bot.runtime import Runtime
from models import Alarm, Batch, Callback, Campaign, Message, Process

MOST_COUNTED = 10_000
_texts = select(Message.not_before.label("at")).select_from(outbox.WAITING).where(outbox.READY, Message.batch_id.is_(None))
_ready = select(Message.not_before.label("at")).select_from(outbox.WAITING).where(outbox.READY, Message.batch_id.is_not(None))
_alarms = select(Alarm.due_at.label("at")).where(alarms.RINGS)
_statuses = select(Callback.made_at.label("at")).where(status.WAITS)
_of_it = select(Batch.due_at.label("at")).join(Campaign, Campaign.id == Batch.campaign_id)
_batches = _of_it.where(OPEN, Campaign.state == "sending")
KINDS = {"texts": _texts, "alarms": _alarms, "statuses": _statuses, "batches": _batches, "campaign texts": _ready}
"""What waits, by what it is: each is seen to by one queue."""
OF = {"texts": "replies", "alarms": "replies", "statuses": "replies", "batches": "bulk", "campaign texts": "bulk"}
BUSINESS = ("alarms", "batches")  # due by business time; the others by machine time


def _counted(kind: str) -> Any:
    some = KINDS[kind].limit(MOST_COUNTED + 1).subquery()
    return select(literal(kind).label("kind"), func.count().label("many"), func.min(some.c.at).label("oldest")).select_from(some)


COUNTS = union_all(*map(_counted, KINDS))


@dataclass(frozen=True, slots=True)
class Waiting:
    """So much of one kind is due; `oldest_for`: how long the oldest has been. One more than MOST_COUNTED: more than that."""

    kind: str
    queue: str
    count: int
    oldest_for: timedelta | None


def waiting(runtime: Runtime, connection: Connection) -> list[Waiting]:
    """All that is due now. One statement."""
    machine_now, now = runtime.machine_now(), runtime.now(connection)
    rows = connection.execute(COUNTS, {"machine_now": machine_now, "now": now})
    return [Waiting(row.kind, OF[row.kind], row.many, _age(row, now if row.kind in BUSINESS else machine_now)) for row in rows]


def _age(row: Row[Any], now: datetime) -> timedelta | None:
    return max(now - row.oldest, timedelta()) if row.oldest is not None else None


def processes(connection: Connection) -> Sequence[Row[Any]]:
    """All that have said within a day that they live, by kind."""
    return connection.execute(select(Process.__table__).order_by(Process.kind, Process.host, Process.pid)).all()


def lives(process: Row[Any], machine_now: datetime) -> bool:
    """Whether it has said so lately."""
    return bool(process.beat_at > machine_now - DEAD_AFTER)
