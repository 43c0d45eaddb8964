"""What a person says to a contact: looked at as it is typed, sent once, and looked back at: what did not leave waits again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from bot import contacts, staff
from bot.alarms import set_alarm, take
from bot.catalogue import Catalogue
from bot.consent import facts, gate
from bot.consent.ledger import Ledger
from bot.inbox.work import THREAD, InboxError, change, served, silence
from bot.runtime import Runtime
from bot.text.clean import MAX_UNITS, clean, units
from bot.text.merge import BadTemplate, MissingTag, render
from bot.text.parts import MOST_PARTS, Measure, measure
from models import Message, insert

LOOK_BACK = "answer"  # the kind of the alarm
LOOK_BACK_FOR = timedelta(minutes=2)  # twice as long each time
MOST_LOOKS = 11  # almost three days: then whatever became of it is shown in the thread, and nowhere else
NOT_SAID = ("refused", "failed", "held")
UNDER_WAY = ("ready", "sending", "unknown")

MESSAGE = Message.__table__
LAST = (
    select(MESSAGE.c.ours).where(MESSAGE.c.direction == "in").order_by(MESSAGE.c.at.desc(), MESSAGE.c.id.desc()).limit(1)
)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody of the shop has typed, and what they had before their eyes."""

    words: str  # Liquid
    key: str  # of the page: one answer for each
    seen: int = 0  # the contact's newest text
    answer: int | None = None  # the last answer of staff


@dataclass(frozen=True, slots=True)
class Draft:
    """Words as they would arrive, from which number of ours, what they are billed as, and what is wrong with them."""

    body: str
    ours: str
    size: Measure
    problem: str | None = None


def stopped_by(runtime: Runtime, connection: Connection, contact: Any, now: datetime, zone: str) -> str | None:
    """Why nobody can answer a contact now: what a judge of the gate says, or "never wrote"; None: they can be answered."""
    if contact.heard_at is None:
        return "never wrote"
    at = facts.moment(runtime, connection, now, zone, [contact])
    verdict = gate.judge(facts.facts(at, contact, "reply", None))
    return None if isinstance(verdict, gate.Go) else verdict.why


def draft(connection: Connection, shop: Catalogue, contact: Any, words: str) -> Draft:
    """Words of staff, Liquid, filled in for a contact, from the number that they texted last."""
    ours = str(connection.scalar(LAST.where(MESSAGE.c.contact_id == contact.id)) or next(iter(shop.senders), ""))
    spoken = contacts.language(contact, shop.shop.languages)
    try:
        body = render(words, shop.context(spoken, None, ours, contact.values)).strip()
    except MissingTag as missing:
        return Draft("", ours, measure(""), f"{{{{ {missing.name} }}}} is not known of this contact")
    except BadTemplate as error:
        return Draft("", ours, measure(""), str(error))
    size, problem = measure(body), None
    if not body:
        problem = "write something first"
    elif size.parts > MOST_PARTS or units(body) > MAX_UNITS:
        problem = f"too long for one text: at most {MOST_PARTS} parts and {MAX_UNITS} characters"
    return Draft(body, ours, size, problem)


def answer(
    runtime: Runtime, connection: Connection, shop: Catalogue, contact: Any, who: staff.Staff, typed: Typed, now: datetime
) -> None:
    """Say something to a contact, whose row is locked; the same form, sent twice, says it once.

    1. It must be possible, the words must be a text, and nobody else may have answered meanwhile. Raises InboxError.
    2. The message, ready to leave; the gate is asked once more when it does.
    3. The thread is theirs if it was nobody's, and waits no more, unless for a text that they had not seen; dialogs are silent.
    """
    why = stopped_by(runtime, connection, contact, now, shop.shop.zone)
    said = draft(connection, shop, contact, clean(typed.words))
    if why is not None or said.problem is not None:
        raise InboxError(("text", said.problem or f"they cannot be answered: {why}"))
    machine_now = runtime.machine_now()
    row = {
        "contact_id": contact.id, "direction": "out", "kind": "reply", "state": "ready", "cause": f"s:{contact.id}:{typed.key}",
        "ours": said.ours, "theirs": contact.phone, "body": said.body, "parts": said.size.parts, "media": [],
        "account": runtime.settings.twilio_account_sid, "staff_id": who.id, "at": now, "made_at": machine_now,
        "not_before": machine_now, "verdicts": [],
    }  # fmt: skip
    earlier = connection.scalar(select(MESSAGE.c.body).where(MESSAGE.c.cause == row["cause"]))
    if not typed.key or (earlier is not None and earlier != said.body):
        raise InboxError(("text", "this was not sent, for the page had sent another answer: send it once more"))
    if earlier is not None:
        return
    _nobody_else(connection, contact, who, typed.answer)
    message_id = int(connection.execute(insert(MESSAGE).values(**row).returning(MESSAGE.c.id)).scalar_one())
    mine = func.coalesce(THREAD.c.staff_id, who.id)
    served(connection, contact.id, now, typed.seen, staff_id=mine, answer_id=message_id)
    silence(connection, contact.id, now)
    set_alarm(connection, LOOK_BACK, message_id, 0, now + LOOK_BACK_FOR)


def _nobody_else(connection: Connection, contact: Any, who: staff.Staff, known: int | None) -> None:
    """Two who look at a thread do not both answer without knowing of each other. Raises InboxError."""
    last = select(MESSAGE.c.id, MESSAGE.c.staff_id).join(THREAD, THREAD.c.answer_id == MESSAGE.c.id)
    found = connection.execute(last.where(THREAD.c.contact_id == contact.id)).one_or_none()
    if found is not None and found.id != known and found.staff_id != who.id:
        raise InboxError(("text", "somebody has answered meanwhile: look at it, then send this if it is still right"))


def look_back(runtime: Runtime, connection: Connection, alarm: Any) -> None:
    """What became of an answer: if it did not leave, or was not delivered, the contact waits for one again."""
    found = connection.execute(select(MESSAGE).where(MESSAGE.c.id == alarm.subject)).one_or_none()
    contact = contacts.lock(connection, found.contact_id) if found is not None else None
    now = runtime.now(connection)
    if not take(connection, alarm, now) or found is None or contact is None:
        return
    if found.state in NOT_SAID or found.status in ("undelivered", "failed"):
        if not Ledger(connection, contact, runtime.suppression_key).suppressed():  # a STOP wants no answer
            since = func.coalesce(THREAD.c.waits_since, now)
            change(connection, contact.id, now, closed=False, waits_since=since, snoozed_until=None)
    elif (found.state in UNDER_WAY or found.status not in ("delivered", "read")) and alarm.version < MOST_LOOKS:
        set_alarm(connection, LOOK_BACK, found.id, alarm.version + 1, now + LOOK_BACK_FOR * 2**alarm.version)
