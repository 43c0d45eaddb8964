"""Which of our processes live."""

import os
import secrets
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from bot.runtime import Runtime
from models import Process, insert

TOKEN = secrets.token_hex(4)  # hosts that share a name, as containers may, are told apart
QUEUES = ("replies", "default", "bulk")
DEAD_AFTER = timedelta(seconds=15)
FORGOTTEN_AFTER = timedelta(days=1)


def me() -> str:
    """This process, as it signs leases."""
    return f"{socket.gethostname()} {TOKEN}:{os.getpid()}"


def beat(runtime: Runtime, kind: str) -> None:
    """Say that this process lives."""
    now = runtime.machine_now()
    row = insert(Process).values(kind=kind, host=socket.gethostname(), pid=os.getpid(), beat_at=now)
    with runtime.begin() as connection:
        connection.execute(row.on_conflict_do_update(index_elements=["kind", "host", "pid"], set_={"beat_at": now}))
        connection.execute(delete(Process).where(Process.beat_at < now - FORGOTTEN_AFTER))


def worker(queue: str) -> str:
    """The kind of the processes that work on a queue."""
    return f"worker {queue}"


def alive(connection: Connection, now: datetime) -> Sequence[str]:
    """The kinds of process of which at least one lives."""
    return connection.scalars(select(Process.kind).where(Process.beat_at > now - DEAD_AFTER).distinct()).all()
