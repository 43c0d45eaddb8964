"""What came to the carrier's door, and what became of it: texts, statuses, and what was turned away."""

import logging
import threading
import time
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import DBAPIError

from bot.runtime import Runtime
from models import Callback, Message, Refusal, insert

log = logging.getLogger(__name__)

WRITE_EVERY = 10.0  # seconds between two notes of one reason in one process: whoever knocks for ever writes no more
KEPT, MOST_REASONS = 500, 50

_lock = threading.Lock()
# database, path and why -> how many since the last note, and when that was
_seen: dict[tuple[str, str, str], tuple[int, float]] = {}


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
    """Note that a request was not taken. At most one note every WRITE_EVERY seconds for each reason; it counts the others."""
    key, now = (str(runtime.engine.url), path[:100], why[:200]), time.monotonic()
    with _lock:
        if len(_seen) > MOST_REASONS:
            _seen.clear()
        count, last = _seen.get(key, (0, 0.0))
        if last and now < last + WRITE_EVERY:
            _seen[key] = (count + 1, last)
            return
        _seen[key] = (0, now)
    row = {"at": runtime.machine_now(), "path": key[1], "why": key[2], "address": address[:64], "times": count + 1}
    oldest = select(func.max(Refusal.id) - KEPT).scalar_subquery()
    try:
        with runtime.begin() as connection:
            connection.execute(insert(Refusal).values(**row))
            connection.execute(delete(Refusal).where(Refusal.id <= oldest))
    except DBAPIError:  # it was not taken all the same
        log.warning("a refusal could not be noted")


def latest(connection: Connection, limit: int) -> list[Entry]:
    """The last of each kind, the newest first. Three statements."""
    texts = select(Message.made_at, Message.body, Message.theirs, Message.sid, Message.contact_id)
    heard = connection.execute(texts.where(Message.direction == "in").order_by(Message.id.desc()).limit(limit))
    columns = (Callback.made_at, Callback.status, Callback.error_code, Callback.sid)
    told = connection.execute(select(*columns).order_by(Callback.id.desc()).limit(limit))
    refused = connection.execute(select(Refusal.__table__).order_by(Refusal.id.desc()).limit(limit))
    found = [Entry(row.made_at, "text", "inbound", row.body, row.theirs, row.sid, 1, row.contact_id) for row in heard]
    found += [Entry(row.made_at, "status", "status", _status(row), "", row.sid, 1, None) for row in told]
    found += [Entry(row.at, "refusal", row.path, row.why, row.address, None, row.times, None) for row in refused]
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:limit]


def _status(row: Any) -> str:
    return f"{row.status} ({row.error_code})" if row.error_code else str(row.status)
