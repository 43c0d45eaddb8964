"""What wakes up and looks: the entry points of the queue, and what each kind of alarm means.

A job carries no message and no promise: it looks at the tables, so losing one, or running one twice at once, changes nothing.
"""

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, exists, or_, select

from bot import alarms, outbox, status, talk
from bot.runtime import Runtime
from models import Alarm, Callback, Message

RING: Mapping[str, alarms.Ring] = {
    "wake": talk.ring_wake,
    "expire": talk.ring_expire,
    "release": outbox.release,
}

WORK_FOR = 5.0  # seconds: a job is short, so that a worker stops within a deploy

DUE = select(
    or_(
        exists().where(Message.state == "ready", Message.not_before <= bindparam("machine_now")),
        exists().where(Message.state.in_(("sending", "answered")), Message.lease_until <= bindparam("machine_now")),
        exists().where(Message.state == "unknown", Message.not_before <= bindparam("machine_now")),
        exists().where(Callback.folded.is_(False), Callback.look_at <= bindparam("machine_now")),
        exists().where(Alarm.due_at <= bindparam("now"), Alarm.attempts < alarms.PATIENCE),
    )
)

_hands: list[Runtime] = []


def lend(runtime: Runtime) -> None:
    """The worker process lends its runtime to the jobs that it will run."""
    _hands[:] = [runtime]


def replies() -> None:
    """The job of the queue `replies`."""
    work(_hands[0])


def work(runtime: Runtime, seconds: float = WORK_FOR) -> None:
    """Do what is due, for so long at most: statuses, alarms, overdue calls, unknown outcomes, messages."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and due(runtime):
        done = status.fold(runtime) + alarms.ring_due(runtime, RING) + outbox.sweep(runtime)
        done += outbox.deliver(runtime, until - time.monotonic()) + outbox.settle(runtime, until - time.monotonic())
        if not done:
            return


def due(runtime: Runtime) -> bool:
    """Is there anything to do? One query on partial indexes."""
    with runtime.read() as connection:
        instants: dict[str, Any] = {"machine_now": runtime.machine_now(), "now": runtime.now(connection)}
        return bool(connection.scalar(DUE, instants))
