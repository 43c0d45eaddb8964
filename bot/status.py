"""Delivery statuses: appended as they come, folded into their messages soon after.

The webhook does one INSERT, whatever the storm. Folding takes the highest rank, so order, copies and losses do not matter,
and a status that comes before our own commit waits for it.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, text, update

from bot.carriers import Status
from bot.carriers.codes import lookup
from bot.consent.ledger import CARRIER, Ledger, Proof
from bot.contacts import lock
from bot.runtime import Runtime
from models import Callback, Contact, Message, given_each, insert, one_of
from models.base import UtcDateTime

log = logging.getLogger(__name__)

SLICE = 1_000  # statuses folded at a time: each commit of another process costs those who write more than a longer one does
ACTED_ON = ("stop_contact", "invalid_number")  # what an error number asks us to do about its contact
MOST_ACTS = 50  # statuses of one fold that ask for it
LOOK_AGAIN_FOR = timedelta(seconds=5)
STRANGER_FOR = timedelta(minutes=10)  # a status of no message of ours is looked at again for so long
BIGGEST_ID = 2**63 - 1

_new = insert(Callback.__table__).values(
    account=bindparam("account"), sid=bindparam("sid"), status=bindparam("status"), rank=bindparam("rank"),
    error_code=bindparam("error_code"), message_id=bindparam("message_id"), made_at=bindparam("at"), look_at=bindparam("at"),
    folded=False,
)  # fmt: skip
APPEND = _new.on_conflict_do_nothing(index_elements=["account", "sid", "status"])

# As its index says it: SQLite finds a partial index in no other way.
WAITS = text("NOT folded") & (Callback.look_at <= bindparam("machine_now", type_=UtcDateTime()))
UNFOLDED = (
    select(Callback.__table__)
    .where(WAITS)
    .order_by(Callback.look_at, Callback.id)
    .limit(SLICE)
)
_message = Message.__table__
OWNERS = select(_message.c.id, _message.c.sid, _message.c.marked_at).where(
    or_(one_of(_message.c.account, "accounts") & one_of(_message.c.sid, "sids"), one_of(_message.c.id, "ids")),
    _message.c.direction == "out",
)
_news = given_each(_message, "news", ("id", "sid", "status", "rank", "error_code", "state"))
# Whoever changes several messages locks them in ascending id first: an UPDATE takes them in an order of its own.
_in_order = select(_message.c.id).where(one_of(_message.c.id, "ids")).order_by(_message.c.id).with_for_update()
IN_ORDER = select(func.count()).select_from(_in_order.subquery())  # the rows themselves tell nothing new
CLIMB = (
    update(_message)
    .where(
        _message.c.id == _news.pop("id"),
        _message.c.direction == "out",
        or_(_message.c.sid.is_(None), and_(_message.c.sid == _news["sid"], _message.c.rank < _news["rank"])),
    )
    .values(_news)
)

_callback = Callback.__table__
REOPEN = (
    update(_callback)
    .where(_callback.c.account == bindparam("its_account"), one_of(_callback.c.sid, "sids"), _callback.c.message_id.is_(None))
    .values(folded=False, look_at=_callback.c.made_at)
)
LOOK_LATER = update(_callback).where(one_of(_callback.c.id, "ids")).values(look_at=bindparam("later"))
FOLDED = update(_callback).where(one_of(_callback.c.id, "ids")).values(folded=True)


def append(runtime: Runtime, status: Status, message_id: int | None) -> None:
    """Keep one status, durably, as the carrier posted it; a copy of it changes nothing."""
    if message_id is not None and message_id > BIGGEST_ID:
        message_id = None
    row = {
        "account": runtime.settings.twilio_account_sid, "sid": status.sid, "status": status.status, "rank": status.rank,
        "error_code": status.error_code, "message_id": message_id, "at": runtime.machine_now(),
    }  # fmt: skip
    with runtime.begin() as connection:
        connection.execute(APPEND, row)


def fold(runtime: Runtime) -> int:
    """Bring the statuses that came in to their messages. Returns how many were looked at. Safe to run twice at once.

    1. Each status finds its message by the carrier's id, else by our id in its address. Nothing is locked yet: in a storm,
       those who write statuses down wait for nobody who looks for messages.
    2. A code that says "this person opted out" or "no such number" is acted on, contact by contact; MOST_ACTS of them at a
       time, since each is a transaction and replies wait meanwhile.
    3. The highest rank of each message wins; messages are updated in ascending id, and the statuses are marked with them:
       whoever dies before has them done again, which changes nothing.
    """
    now = runtime.machine_now()
    with runtime.read() as connection:
        rows = connection.execute(UNFOLDED, {"machine_now": now}).all()
        owners, strangers, unnamed = _owners(connection, rows) if rows else ({}, set(), set())
    rows, found = _few_to_act_on(rows, owners), len(rows)
    for message_id, action in sorted({(owners[row.id], action) for row in rows if (action := _action(row, owners))}):
        _act(runtime, message_id, action)
    news: dict[int, Any] = {}
    for row in rows:
        owner = owners.get(row.id)
        if owner is not None and (owner not in news or news[owner].rank < row.rank):
            news[owner] = row
    later = {row.id for row in rows if row.id in strangers and row.made_at > now - STRANGER_FOR}
    if rows:
        with runtime.begin() as connection:
            if news:
                connection.execute(IN_ORDER, {"ids": sorted(news)})
                connection.execute(CLIMB, {"news": [_climb(owner, news[owner]) for owner in sorted(news)]})
            connection.execute(LOOK_LATER, {"ids": sorted(later), "later": now + LOOK_AGAIN_FOR})
            connection.execute(FOLDED, {"ids": [row.id for row in rows if row.id not in later]})
            if named := unnamed & news.keys():
                reopen(connection, runtime.settings.twilio_account_sid, [news[owner].sid for owner in named])
    return found


def _action(row: Any, owners: Mapping[int, int]) -> str | None:
    """What a status asks us to do about its contact."""
    action = lookup(row.error_code).action if row.error_code and row.id in owners else None
    return action if action in ACTED_ON else None


def _few_to_act_on(rows: Sequence[Any], owners: Mapping[int, int]) -> Sequence[Any]:
    """All before the one that would ask for an act too many; the others are found again."""
    asking = [number for number, row in enumerate(rows) if _action(row, owners)]
    return rows[: asking[MOST_ACTS]] if len(asking) > MOST_ACTS else rows


def reopen(connection: Connection, account: str, sids: Sequence[str]) -> None:
    """Messages of ours have just got these ids of the carrier's: statuses that came before are looked at again."""
    connection.execute(REOPEN, {"its_account": account, "sids": sids})


def apply_action(runtime: Runtime, connection: Connection, contact: Any, action: str, sent_at: datetime) -> None:
    """What a carrier's error number means for the contact, whose row the caller has locked.

    News of a message that is older than their START is no news.
    """
    now = runtime.now(connection)
    if action == "stop_contact":
        ledger = Ledger(connection, contact, runtime.suppression_key)
        if not ledger.suppressed() and not ledger.lifted_since(sent_at):
            ledger.stop(Proof(wording="", text="", sid=None, source=CARRIER), now)
    elif action == "invalid_number":
        connection.execute(update(Contact).where(Contact.id == contact.id).values(unreachable_at=now))


def _owners(connection: Connection, rows: Any) -> tuple[dict[int, int], set[int], set[int]]:
    """Which message each status is of, the statuses of which none is known yet, and the messages without the carrier's id.

    One that was never handed to the carrier has no status: its number may have been another's, before a backup was put back.
    """
    asked = {"accounts": {row.account for row in rows}, "sids": {row.sid for row in rows},
             "ids": {row.message_id for row in rows if row.message_id is not None}}  # fmt: skip
    found = connection.execute(OWNERS, asked).all()
    sids = {message.sid: message.id for message in found}
    unnamed = {message.id for message in found if message.sid is None and message.marked_at is not None}
    owners = {row.id: sids.get(row.sid, row.message_id) for row in rows if row.sid in sids or row.message_id in unnamed}
    return owners, {row.id for row in rows if row.message_id is None and row.id not in owners}, unnamed


def _climb(message_id: int, row: Any) -> dict[str, Any]:
    state = "failed" if row.status in ("failed", "canceled") else "sent"
    return {"id": message_id, "sid": row.sid, "status": row.status, "rank": row.rank, "error_code": row.error_code,
            "state": state}  # fmt: skip


def _act(runtime: Runtime, message_id: int, action: str) -> None:
    with runtime.begin() as connection:
        row = connection.execute(select(Message.contact_id, Message.at).where(Message.id == message_id)).one()
        contact = lock(connection, row.contact_id) if row.contact_id else None
        if contact is not None:
            apply_action(runtime, connection, contact, action, row.at)
