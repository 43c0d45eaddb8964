"""What may leave now: messages looked for, judged once more under their contacts' locks, and marked before any call."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, not_, or_, select, update

from bot.alarms import set_alarm
from bot.carriers import Outgoing
from bot.catalogue import Catalogue
from bot.consent import facts, gate
from bot.contacts import await_person
from bot.runtime import Runtime
from models import IS_HALTED, LETS_OUT, Campaign, Contact, Message, Subscription, one_of
from models.base import UtcDateTime
from models.message import CONFIRMS, in_state

log = logging.getLogger(__name__)

ERROR = "error"  # why something is held that cannot be judged
LEASE_FOR = timedelta(seconds=8)  # of a call, which itself takes at most 5 s
CALL_FOR = timedelta(seconds=6)  # a call that could outlive its lease is not begun
GROUP = 50  # messages claimed at a time, at most
# An answer that comes later than this answers nothing any more, an alert is no news. A confirmation of a STOP must come within
# 5 minutes (47 CFR 64.1200(a)(12)).
GOOD_FOR = {"reply": timedelta(minutes=15), "compliance": timedelta(minutes=5), "staff": timedelta(hours=1)}

TOO_LATE = gate.Refuse("expired")

# Core tables, not mapped classes: these run for every group of texts, and the mapper's part of a statement costs more.
MESSAGE, CONTACT, CAMPAIGN, SUBSCRIPTION = (one.__table__ for one in (Message, Contact, Campaign, Subscription))

MACHINE_NOW = bindparam("machine_now", type_=UtcDateTime())
READY = and_(
    in_state("ready"),
    MESSAGE.c.not_before <= MACHINE_NOW,
    or_(MESSAGE.c.campaign_id.is_(None), CAMPAIGN.c.state == "sending"),
    or_(~IS_HALTED, CONFIRMS),
)
"""What may be claimed; `FROM` must be WAITING."""
WAITING = MESSAGE.outerjoin(CAMPAIGN, CAMPAIGN.c.id == MESSAGE.c.campaign_id)

_shown = (
    *(MESSAGE.c[name] for name in ("id", "contact_id", "campaign_id", "ours", "kind")),
    func.coalesce(MESSAGE.c.parts, 1).label("parts"), CONFIRMS.label("confirms"),
)
_ready = (
    select(*_shown).select_from(WAITING)
    .where(READY, not_(one_of(MESSAGE.c.ours, "busy")))
    .limit(bindparam("room"))
)  # fmt: skip
LOOSE = _ready.where(MESSAGE.c.batch_id.is_(None)).order_by(
    MESSAGE.c.kind.not_in(facts.ANSWERS), MESSAGE.c.not_before, MESSAGE.c.id
)
_of_batches = MESSAGE.c.batch_id.is_not(None) & one_of(MESSAGE.c.batch_id, "batches")
OF_BATCHES = _ready.where(_of_batches).order_by(MESSAGE.c.batch_id, MESSAGE.c.id)

# The lock of a reader: whoever pauses a campaign need not wait for it before he says so, only before he says that it is done.
SENDING = (
    select(CAMPAIGN.c.id, CAMPAIGN.c.ends_at).where(one_of(CAMPAIGN.c.id, "ids"), CAMPAIGN.c.state == "sending")
    .with_for_update(read=True, key_share=True)
)  # fmt: skip
# Whoever is talking to somebody else is passed over, not waited for. While all sending is halted only those are found whom
# something is to be confirmed; else who halts it waits for us.
_known = ("id", "phone", "zone", "sample", "paused_until", "one_in_days", "unreachable_at")
LOCK = (
    select(*(CONTACT.c[name] for name in _known), LETS_OUT.label("lets_out"))
    .where(one_of(CONTACT.c.id, "ids"), or_(LETS_OUT, one_of(CONTACT.c.id, "anyway")))
    .order_by(CONTACT.c.id).with_for_update(skip_locked=True)
)  # fmt: skip
_agreed = and_(
    SUBSCRIPTION.c.contact_id == MESSAGE.c.contact_id, SUBSCRIPTION.c.topic == MESSAGE.c.topic,
    SUBSCRIPTION.c.state == "in",
)
_needed = (
    "id", "contact_id", "campaign_id", "batch_id", "kind", "ours", "body", "media", "parts", "made_at", "sid", "why",
    "consent_event_id",
)  # fmt: skip
_mine = (
    select(*(MESSAGE.c[name] for name in _needed), SUBSCRIPTION.c.event_id.label("agreed"))
    .select_from(MESSAGE.outerjoin(SUBSCRIPTION, _agreed))
    .where(one_of(MESSAGE.c.id, "ids"), MESSAGE.c.state == "ready", or_(~IS_HALTED, CONFIRMS))
    .order_by(MESSAGE.c.id)
)
MINE = _mine.with_for_update(of=MESSAGE)  # a late callback may settle one of them at this very moment

VERDICTS = select(MESSAGE.c.verdicts).where(MESSAGE.c.id == bindparam("message_id"))
JUDGED = update(MESSAGE).where(MESSAGE.c.id == bindparam("message_id")).values(
    state=bindparam("new_state"), why=bindparam("new_why"), verdicts=bindparam("new_verdicts"),
    consent_event_id=bindparam("event_id"),
)  # fmt: skip
MARK = update(MESSAGE).where(one_of(MESSAGE.c.id, "ids")).values(
    state="sending", at=bindparam("now"), marked_at=bindparam("marked"), lease_until=bindparam("lease"),
    attempts=MESSAGE.c.attempts + 1,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message marked `sending`: ours to call the carrier for, until the lease is over."""

    contact_id: int
    outgoing: Outgoing
    ours: str
    parts: int
    marked_at: datetime


def look(runtime: Runtime, query: Select[Any], room: int, busy: Collection[str], **more: Any) -> Sequence[Any]:
    """Up to `room` messages that may leave, of senders that are not busy. Nothing is locked."""
    with runtime.read() as connection:
        known = {"machine_now": runtime.machine_now(), "busy": list(busy), "room": room, **more}
        return connection.execute(query, known).all()


def claim(runtime: Runtime, shop: Catalogue, rows: Sequence[Any]) -> list[Claimed]:
    """Mark those of these messages as `sending` that the gate lets go, in one transaction.

    1. Their campaigns, locked: still sending? Their contacts, locked in ascending id; all sending is halted: for confirmations.
    2. The gate, once more, on what is true now.
    3. What it refuses or holds is written down; the others get their mark and a lease. COMMIT comes before any call.
    """
    with runtime.begin() as connection:
        campaigns = _campaigns(connection, rows)
        whom = {"ids": [row.contact_id for row in rows], "anyway": [row.contact_id for row in rows if row.confirms]}
        contacts = {one.id: one for one in connection.execute(LOCK, whom)}
        found = [row for row in rows if row.contact_id in contacts]
        leaving = [row.id for row in found if row.confirms or contacts[row.contact_id].lets_out]
        mine = connection.execute(MINE, {"ids": leaving}).all()
        mine = [row for row in mine if _goes_on(row, campaigns)]
        if not mine:
            return []
        machine_now = runtime.machine_now()
        theirs = [contacts[row.contact_id] for row in mine]
        at = facts.moment(runtime, connection, runtime.now(connection), shop.shop.zone, theirs)
        going = [row for row in mine if _may_go(connection, row, at, contacts[row.contact_id], campaigns, machine_now)]
        if going:
            marked = {"now": at.now, "marked": machine_now, "lease": machine_now + LEASE_FOR}
            connection.execute(MARK, {"ids": [row.id for row in going], **marked})
        return [_claimed(runtime, shop, contacts[row.contact_id].phone, row, machine_now) for row in going]


def _campaigns(connection: Connection, rows: Sequence[Any]) -> dict[int, Any]:
    ids = {row.campaign_id for row in rows if row.campaign_id is not None}
    if not ids:
        return {}
    return {one.id: one for one in connection.execute(SENDING, {"ids": sorted(ids)})}


def _goes_on(row: Any, campaigns: dict[int, Any]) -> bool:
    return row.campaign_id is None or row.campaign_id in campaigns


def _facts(row: Any, at: facts.Moment, contact: Any, campaigns: dict[int, Any], machine_now: datetime) -> gate.Facts:
    campaign = campaigns.get(row.campaign_id)
    over = campaign is not None and campaign.ends_at is not None and campaign.ends_at <= at.now
    expired = over or late(row.kind, row.made_at, machine_now)
    return facts.facts(at, contact, row.kind, row.agreed, sent_before=row.sid is not None, expired=expired)


def late(kind: str, made_at: datetime, machine_now: datetime) -> bool:
    """Whether an answer comes too late to be one, or an alert to be news."""
    return kind in GOOD_FOR and machine_now - made_at > GOOD_FOR[kind]


def _is_known(row: Any, verdict: gate.Verdict) -> bool:
    """Whether a campaign's text was let go when it was made, a moment ago and on the same consent: nothing is new then."""
    same = row.batch_id is not None and row.why is None and row.consent_event_id == row.agreed
    return same and isinstance(verdict, gate.Go)


def _may_go(
    connection: Connection, row: Any, at: facts.Moment, contact: Any, campaigns: dict[int, Any], machine_now: datetime
) -> bool:
    """Ask the gate; write its verdict down where that is news. What cannot be judged is held for a person."""
    try:
        known = _facts(row, at, contact, campaigns, machine_now)
        verdict = gate.judge(known)
    except Exception:
        log.exception("message %s cannot be judged", row.id)
        connection.execute(update(MESSAGE).where(MESSAGE.c.id == row.id).values(state="held", why=ERROR, for_person=True))
        return False
    if not _is_known(row, verdict):
        state = {gate.Go: "ready", gate.Hold: "held", gate.Refuse: "refused"}[type(verdict)]
        earlier = connection.scalar(VERDICTS, {"message_id": row.id}) or []
        kept = [*earlier, {"at": at.now.isoformat(), **gate.record(verdict, known)}]
        news = {"new_state": state, "new_why": getattr(verdict, "why", None), "new_verdicts": kept}
        connection.execute(JUDGED, {"message_id": row.id, "event_id": row.agreed, **news})
    if isinstance(verdict, gate.Go) and row.kind == "marketing":
        at.marketed(contact)
    if isinstance(verdict, gate.Hold):
        set_alarm(connection, "release", row.id, 0, verdict.until)
    if verdict == TOO_LATE and row.kind == "reply":
        _keep_for_person(connection, row, at.now)
    return isinstance(verdict, gate.Go)


def _keep_for_person(connection: Connection, row: Any, now: datetime) -> None:
    """The text that this was to answer waits for a person: nothing else will answer it."""
    what, _, answered = (connection.scalar(select(MESSAGE.c.cause).where(MESSAGE.c.id == row.id)) or "").partition(":")
    if what == "r":
        text = update(MESSAGE).where(MESSAGE.c.id == int(answered.partition(":")[0])).values(for_person=True)
        connection.execute(text)
        await_person(connection, row.contact_id, now)


def _claimed(runtime: Runtime, shop: Catalogue, phone: str, row: Any, marked_at: datetime) -> Claimed:
    sender = shop.senders.get(row.ours)
    service = sender.service_sid if sender else runtime.settings.twilio_messaging_service_sid
    outgoing = Outgoing(row.id, phone, row.ours, service, row.body, tuple(row.media))
    return Claimed(row.contact_id, outgoing, row.ours, row.parts or 1, marked_at)
