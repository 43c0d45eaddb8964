"""What the carrier said, written down: many results at once, each exactly where its call was marked."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import DataError, IntegrityError

from bot.alarms import take
from bot.carriers import Busy, Refused, SendResult, Sent
from bot.contacts import lock
from bot.outbox.claim import Claimed
from bot.runtime import Runtime
from bot.status import IN_ORDER, apply_action, reopen
from models import Message, given_each
from models.message import in_state

log = logging.getLogger(__name__)

MESSAGE = Message.__table__
_open = in_state("sending", "unknown")
_given = given_each(MESSAGE, "sent", ("id", "sid", "status", "rank"))
SENT = update(MESSAGE).where(MESSAGE.c.id == _given.pop("id"), _open).values(**_given, state="sent", batch_id=None)
_still_mine = update(MESSAGE).where(
    MESSAGE.c.id == bindparam("message_id"), _open, MESSAGE.c.marked_at == bindparam("marked")
)
BACK = _still_mine.values(state="ready", not_before=bindparam("later"), attempts=MESSAGE.c.attempts - 1)
FAILED = _still_mine.values(state="failed", error_code=bindparam("code"), why=bindparam("action"), batch_id=None)


def record(runtime: Runtime, results: Sequence[tuple[Claimed, SendResult]]) -> None:
    """Write down what the carrier said. Unknown: nothing is written, the lease runs out and the carrier is asked.

    Messages in ascending id and no contact's lock; only a refusal that says something about its contact takes that.
    """
    in_order = sorted(results, key=lambda pair: pair[0].outgoing.message_id)
    sent = [_sent(claimed, result) for claimed, result in in_order if isinstance(result, Sent)]
    back = [_back(runtime, claimed, result) for claimed, result in in_order if isinstance(result, Busy)]
    try:
        _write(runtime, sent, back)
    except (IntegrityError, DataError):  # the carrier's id is another message's already, or nothing that can be kept
        for one in sent:  # that one alone stays as it is
            with suppress(IntegrityError, DataError):
                _write(runtime, [one], [])
        _write(runtime, [], back)
    for claimed, result in in_order:
        if isinstance(result, Refused):
            _refused(runtime, claimed, result)
        elif not isinstance(result, (Sent, Busy)):
            log.warning("message %s: the carrier's answer is not known: %s", claimed.outgoing.message_id, result.reason)


def _write(runtime: Runtime, sent: list[dict[str, Any]], back: list[dict[str, Any]]) -> None:
    if not (sent or back):
        return
    with runtime.begin() as connection:
        if sent:
            connection.execute(IN_ORDER, {"ids": [row["id"] for row in sent]})
            connection.execute(SENT, {"sent": sent})
            reopen(connection, runtime.settings.twilio_account_sid, [row["sid"] for row in sent])
        if back:
            connection.execute(BACK, back)


def release(runtime: Runtime, connection: Connection, alarm: Any) -> None:
    """A held message may be judged again."""
    found = connection.execute(select(MESSAGE).where(MESSAGE.c.id == alarm.subject)).one_or_none()
    if found is not None:
        lock(connection, found.contact_id)
    if take(connection, alarm, runtime.now(connection)) and found is not None:
        mine = update(MESSAGE).where(MESSAGE.c.id == found.id, MESSAGE.c.state == "held")
        connection.execute(mine.values(state="ready", not_before=runtime.machine_now(), batch_id=None))


def _sent(claimed: Claimed, result: Sent) -> dict[str, Any]:
    return {"id": claimed.outgoing.message_id, "sid": result.sid, "status": result.status, "rank": result.rank}


def _back(runtime: Runtime, claimed: Claimed, result: Busy) -> dict[str, Any]:
    later = runtime.machine_now() + timedelta(seconds=result.retry_after)
    return {"message_id": claimed.outgoing.message_id, "marked": claimed.marked_at, "later": later}


def _refused(runtime: Runtime, claimed: Claimed, result: Refused) -> None:
    with runtime.begin() as connection:
        contact = lock(connection, claimed.contact_id)
        mine = {"message_id": claimed.outgoing.message_id, "marked": claimed.marked_at}
        connection.execute(FAILED, {**mine, "code": result.code, "action": result.action})
        if contact is not None:
            apply_action(runtime, connection, contact, result.action, runtime.now(connection))
