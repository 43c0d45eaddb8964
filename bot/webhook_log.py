"""What came to the carrier's door, and what became of it: texts, statuses, and what was turned away."""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import DBAPIError

from bot.runtime import Runtime
from models import Callback, Message, Refusal, insert

log = logging.getLogger(__name__)

WRITE_EVERY = 10.0  # seconds between two notes of one reason in one process: whoever knocks for ever writes no more
KEPT, MOST_REASONS = 500, 50

KINDS = ("text", "status", "refusal")


@dataclass(slots=True)
class _Knock:
    """What was turned away for one reason: its last row, when that was written, and how many have come since."""

    row: int = 0
    written: float = 0.0
    more: int = 0


_lock = threading.Lock()
_seen: dict[tuple[str, str, str], _Knock] = {}  # by database, path and why


class Entry(NamedTuple):
    """One line of the log. `what`: text, status or refusal; `words`: the text, the carrier's word, or why it was refused."""

    at: datetime  # machine time
    what: str
    path: str
    words: str
    who: str  # their number; of a refusal, the address
    sid: str | None
    times: int
    contact_id: int | None


def refuse(runtime: Runtime, path: str, why: str, address: str) -> None:
    """Note that a request was not taken. For each reason at most one write every WRITE_EVERY seconds.

    Those that come in between are counted, and told of the last row with the next write: they came soon after it. What is
    counted when a process ends is not told.
    """
    key, now = (str(runtime.engine.url), path[:100], why[:200]), time.monotonic()
    with _lock:
        if len(_seen) > MOST_REASONS:
            _seen.clear()
        knock = _seen.setdefault(key, _Knock())
        if knock.row and now < knock.written + WRITE_EVERY:
            knock.more += 1
            return
        before, more = knock.row, knock.more
        knock.written, knock.more, knock.row = now, 0, knock.row or -1
    row = {"at": runtime.machine_now(), "path": key[1], "why": key[2], "address": address[:64], "times": 1}
    oldest = select(func.max(Refusal.id) - KEPT).scalar_subquery()
    try:
        with runtime.begin() as connection:
            if more:
                connection.execute(update(Refusal).where(Refusal.id == before).values(times=Refusal.times + more))
            knock.row = int(connection.execute(insert(Refusal).values(**row).returning(Refusal.id)).scalar_one())
            connection.execute(delete(Refusal).where(Refusal.id <= oldest))
    except DBAPIError:  # it was not taken all the same
        log.warning("a refusal could not be noted")


def latest(connection: Connection, limit: int, kind: str | None = None) -> list[Entry]:
    """What came last, the newest first; `kind`: of KINDS, that alone. A statement for each kind."""
    found = [entry for one in (KINDS if kind is None else (kind,)) for entry in LATEST[one](connection, limit)]
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:limit]


def _texts(connection: Connection, limit: int) -> Iterator[Entry]:
    texts = select(Message.made_at, Message.body, Message.theirs, Message.sid, Message.contact_id)
    for row in connection.execute(texts.where(Message.direction == "in").order_by(Message.id.desc()).limit(limit)):
        yield Entry(row.made_at, "text", "inbound", row.body, row.theirs, row.sid, 1, row.contact_id)


def _statuses(connection: Connection, limit: int) -> Iterator[Entry]:
    columns = (Callback.made_at, Callback.status, Callback.error_code, Callback.sid)
    for row in connection.execute(select(*columns).order_by(Callback.id.desc()).limit(limit)):
        yield Entry(row.made_at, "status", "status", _status(row), "", row.sid, 1, None)


def _refusals(connection: Connection, limit: int) -> Iterator[Entry]:
    for row in connection.execute(select(Refusal.__table__).order_by(Refusal.id.desc()).limit(limit)):
        yield Entry(row.at, "refusal", row.path, row.why, row.address, None, row.times, None)


LATEST = {"text": _texts, "status": _statuses, "refusal": _refusals}


def _status(row: Any) -> str:
    return f"{row.status} ({row.error_code})" if row.error_code else str(row.status)
