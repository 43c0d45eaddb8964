"""Delivery statuses: appended as they come, folded into their messages soon after.

The webhook does one INSERT, whatever the storm. Folding takes the highest rank, so order, copies and losses do not matter,
and a status that comes before our own commit waits for it.
"""

import logging
from collections import defaultdict
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, or_, select, update

from bot.carriers import Status
from bot.carriers.codes import lookup
from bot.consent.ledger import Ledger, Proof
from bot.contacts import lock
from bot.runtime import Runtime
from models import Callback, Contact, Message, Suppression, insert

log = logging.getLogger(__name__)

STRANGER_FOR = timedelta(minutes=10)  # a status of no message of ours is looked at again for so long
BIGGEST_ID = 2**63 - 1

_new = insert(Callback.__table__).values(
    account=bindparam("account"), sid=bindparam("sid"), status=bindparam("status"), rank=bindparam("rank"),
    error_code=bindparam("error_code"), message_id=bindparam("message_id"), made_at=bindparam("made_at"), folded=False,
)  # fmt: skip
APPEND = _new.on_conflict_do_nothing(index_elements=["account", "sid", "status"])

UNFOLDED = select(Callback.__table__).where(~Callback.folded).order_by(Callback.id).limit(1000)
CLIMB = (
    update(Message)
    .where(
        Message.id == bindparam("message_id"),
        Message.direction == "out",
        or_(Message.sid.is_(None), Message.sid == bindparam("known_sid")),
        or_(Message.sid.is_(None), Message.rank < bindparam("new_rank")),
    )
    .values(
        sid=bindparam("known_sid"),
        rank=bindparam("new_rank"),
        status=bindparam("new_status"),
        error_code=bindparam("new_code"),
        state=case((bindparam("gone"), "failed"), else_="sent"),
    )
)
OPT_OUT_SAID_BY_CARRIER = "stop_contact"


def append(runtime: Runtime, status: Status, message_id: int | None) -> None:
    """Keep one status, durably, as the carrier posted it; a copy of it changes nothing."""
    if message_id is not None and message_id > BIGGEST_ID:
        message_id = None
    row = {
        "account": runtime.settings.twilio_account_sid, "sid": status.sid, "status": status.status, "rank": status.rank,
        "error_code": status.error_code, "message_id": message_id, "made_at": runtime.machine_now(),
    }  # fmt: skip
    with runtime.begin() as connection:
        connection.execute(APPEND, row)


def fold(runtime: Runtime) -> int:
    """Bring the statuses that came in to their messages. Returns how many were folded. Safe to run twice at once.

    1. Each status finds its message by our id in its address, else by the carrier's id.
    2. The highest rank of each message wins; messages are updated in ascending id.
    3. A code that says "this person opted out" or "no such number" is acted on, contact by contact.
    """
    with runtime.begin() as connection:
        rows = connection.execute(UNFOLDED).all()
        owners = _owners(connection, rows)
        news: dict[int, Any] = {}
        done, codes = [], defaultdict(set)
        for row in rows:
            owner = owners.get(row.sid) or row.message_id
            if owner is not None:
                done.append(row.id)
                if owner not in news or news[owner].rank < row.rank:
                    news[owner] = row
                if row.error_code:
                    codes[owner].add(row.error_code)
            elif row.made_at < runtime.machine_now() - STRANGER_FOR:
                done.append(row.id)
        if news:
            connection.execute(CLIMB, [_climb(owner, news[owner]) for owner in sorted(news)])
        if done:
            connection.execute(update(Callback).where(Callback.id.in_(done)).values(folded=True))
    for message_id, found in codes.items():
        for code in found:
            _act(runtime, message_id, lookup(code).action)
    return len(done)


def reopen(connection: Connection, sid: str) -> None:
    """A message of ours has just got this carrier's id: statuses that came before it are looked at again."""
    connection.execute(update(Callback).where(Callback.sid == sid, Callback.folded).values(folded=False))


def apply_action(runtime: Runtime, connection: Connection, contact: Any, action: str) -> None:
    """What a carrier's error number means for the contact, whose row the caller has locked."""
    now = runtime.now(connection)
    if action == OPT_OUT_SAID_BY_CARRIER:
        ledger = Ledger(connection, contact, runtime.suppression_key)
        known = select(Suppression.digest).where(Suppression.digest == ledger.digest)
        if connection.execute(known).first() is None:
            ledger.stop(Proof(wording="", text="", sid=None, source="carrier"), now)
    elif action == "invalid_number":
        connection.execute(update(Contact).where(Contact.id == contact.id).values(unreachable_at=now))


def _owners(connection: Connection, rows: Any) -> dict[str, int]:
    sids = {row.sid for row in rows}
    found = connection.execute(select(Message.sid, Message.id).where(Message.sid.in_(sids), Message.direction == "out"))
    return {row.sid: row.id for row in found}


def _climb(message_id: int, row: Any) -> dict[str, Any]:
    return {
        "message_id": message_id, "known_sid": row.sid, "new_rank": row.rank, "new_status": row.status,
        "new_code": row.error_code, "gone": row.status in ("failed", "canceled"),
    }  # fmt: skip


def _act(runtime: Runtime, message_id: int, action: str) -> None:
    with runtime.begin() as connection:
        contact_id = connection.scalar(select(Message.contact_id).where(Message.id == message_id))
        contact = lock(connection, contact_id) if contact_id else None
        if contact is not None:
            apply_action(runtime, connection, contact, action)
