"""A worker's part of a campaign: it leases a batch, judges and renders its recipients, and sees that their texts leave."""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from bot import outbox
from bot.campaigns.control import watch
from bot.campaigns.words import Unsaid, Words
from bot.catalogue import catalogue
from bot.consent import facts, gate
from bot.runtime import Runtime
from models import IS_HALTED, Batch, Campaign, Contact, Message, Recipient, Subscription, insert_each, one_of
from models.campaign import IS_OPEN
from models.message import in_state

log = logging.getLogger(__name__)

LEASE_FOR = timedelta(seconds=15)  # renewed in time; who dies leaves the batch to others after that
RENEW_FOR = timedelta(seconds=8)
WATCH_EVERY = 1.0  # seconds between two looks at how many texts fail
AHEAD = 200  # texts ready before they are needed
SOME = 200  # recipients judged and rendered at a time

# Core tables: see outbox.claim.
BATCH, CAMPAIGN, CONTACT, MESSAGE, RECIPIENT, SUBSCRIPTION = (
    one.__table__ for one in (Batch, Campaign, Contact, Message, Recipient, Subscription)
)
OPEN = and_(IS_OPEN, BATCH.c.due_at <= bindparam("now"), BATCH.c.lease_until < bindparam("machine_now"), ~IS_HALTED)
# The campaign that waited longest gets the next worker, so that a slow sender holds up nobody else's campaign.
FREE = (
    select(func.min(BATCH.c.id).label("id"))
    .join(CAMPAIGN, CAMPAIGN.c.id == BATCH.c.campaign_id)
    .where(OPEN, CAMPAIGN.c.state == "sending")
    .group_by(BATCH.c.campaign_id)
    .order_by(func.max(CAMPAIGN.c.worked_at), BATCH.c.campaign_id)
)
_recipients = and_(
    RECIPIENT.c.campaign_id == bindparam("campaign"),
    RECIPIENT.c.contact_id.between(bindparam("first"), bindparam("last")),
    RECIPIENT.c.state == "waiting",
)
_in = and_(SUBSCRIPTION.c.topic == bindparam("topic"), SUBSCRIPTION.c.state == "in")
# What the gate and the text want to know of a contact, and no more: every value of every row costs.
_known = ("id", "phone", "country", "zone", "language", "values", "sample", "paused_until", "one_in_days",
          "unreachable_at")
NEXT = (
    select(
        RECIPIENT.c.contact_id.label("recipient_id"), *(CONTACT.c[name] for name in _known),
        SUBSCRIPTION.c.event_id.label("agreed"),
    )
    .outerjoin(CONTACT, CONTACT.c.id == RECIPIENT.c.contact_id)
    .outerjoin(SUBSCRIPTION, and_(SUBSCRIPTION.c.contact_id == CONTACT.c.id, _in))
    .where(_recipients, or_(RECIPIENT.c.due_at.is_(None), RECIPIENT.c.due_at <= bindparam("now")))
    .order_by(RECIPIENT.c.contact_id)
    .limit(SOME)
    .with_for_update(of=RECIPIENT, skip_locked=True)
)  # fmt: skip
WAITS_UNTIL = select(func.min(func.coalesce(RECIPIENT.c.due_at, bindparam("now")))).where(_recipients)
_ready = in_state("ready") & MESSAGE.c.batch_id.is_not(None)
_some = select(MESSAGE.c.id).where(_ready, one_of(MESSAGE.c.batch_id, "batches")).limit(AHEAD)
READY = select(func.count()).select_from(_some.subquery())  # as far as we need to know
OUTCOME = (
    update(RECIPIENT)
    .where(RECIPIENT.c.campaign_id == bindparam("campaign"), RECIPIENT.c.state == "waiting")
    .where(one_of(RECIPIENT.c.contact_id, "ids"))
    .values(state=bindparam("new_state"), why=bindparam("new_why"), due_at=bindparam("until"))
)
INSERT = insert_each(
    MESSAGE, "messages",
    each=("contact_id", "cause", "ours", "theirs", "body", "parts", "consent_event_id", "verdicts"),
    same=("direction", "kind", "state", "media", "topic", "account", "campaign_id", "batch_id", "at", "made_at", "not_before",
          "attempts", "rank", "for_person"),
)  # fmt: skip
ADD = INSERT.on_conflict_do_nothing(index_elements=["cause"])

Outcome = tuple[str, str | None, datetime | None]  # of a recipient: state, why, due_at


@dataclass(slots=True)
class Leased:
    """A batch that is ours for a while. `done`: all its recipients have been judged."""

    row: Any
    until: datetime  # machine time
    done: bool = False


@dataclass(slots=True)
class Batches:
    """Where the queue `bulk` finds messages: the batches that this worker has leased. See outbox.Source."""

    leased: dict[int, Leased] = field(default_factory=dict)
    left: int = 0  # texts that are ready, as far as we know without counting
    found: list[Any] = field(default_factory=list)  # some of them, looked for and not yet given out
    watched_at: float = field(default_factory=time.monotonic)

    def look(self, runtime: Runtime, room: int, busy: Sequence[str]) -> Sequence[Any]:
        """Up to `room` messages of these batches that may leave."""
        free = [row for row in self.found if row.ours not in busy]
        if not free and self.leased:
            free = [*outbox.look(runtime, outbox.OF_BATCHES, AHEAD, busy, batches=list(self.leased))]
            self.found += free  # those of busy senders stay for later
            if len(free) < AHEAD:
                self.left = len(free)
        given = {row.id: row for row in free[:room]}
        self.found = [row for row in self.found if row.id not in given]
        self.left -= len(given)
        return list(given.values())

    def prepare(self, runtime: Runtime) -> bool:
        """Judge and render some more recipients, unless enough texts are ready. False: not needed, or none left."""
        self._renew(runtime)
        if time.monotonic() > self.watched_at + WATCH_EVERY:
            watch(runtime)
            self.watched_at = time.monotonic()
        if self.left < AHEAD and self.leased:  # not all that were found have left: count
            with runtime.read() as connection:
                self.left = connection.scalar(READY, {"batches": list(self.leased)}) or 0
        if self.left >= AHEAD:
            return False
        mine = next((one for one in self.leased.values() if not one.done), None) or self._lease(runtime)
        if mine is None:
            return False
        made, mine.done = prepare(runtime, mine.row)
        self.left += made
        return True

    def close(self, runtime: Runtime) -> None:
        """Let go of the batches: those that are over are said to be, the others are free for whoever comes next."""
        for one in self.leased.values():
            with runtime.begin() as connection:
                _let_go(runtime, connection, one.row)
        self.leased.clear()

    def _lease(self, runtime: Runtime) -> Leased | None:
        with runtime.begin() as connection:
            machine_now = runtime.machine_now()
            known = {"now": runtime.now(connection), "machine_now": machine_now}
            for batch_id in connection.scalars(FREE, known).all():
                free = update(Batch).where(Batch.id == batch_id, Batch.lease_until < machine_now, IS_OPEN)
                taken = free.values(lease_until=machine_now + LEASE_FOR).returning(Batch.__table__)
                row = connection.execute(taken).one_or_none()
                if row is not None:
                    worked = update(Campaign).where(Campaign.id == row.campaign_id)
                    connection.execute(worked.values(worked_at=machine_now))
                    self.leased[row.id] = Leased(row, machine_now + LEASE_FOR)
                    return self.leased[row.id]
        return None

    def _renew(self, runtime: Runtime) -> None:
        now = runtime.machine_now()
        if any(one.until < now + RENEW_FOR for one in self.leased.values()):
            mine = update(Batch).where(Batch.id.in_(list(self.leased)), Batch.lease_until > now)
            with runtime.begin() as connection:
                kept = connection.scalars(mine.values(lease_until=now + LEASE_FOR).returning(Batch.id)).all()
            self.leased = {id_: self.leased[id_] for id_ in kept}  # a lease that ran out may be another worker's
            for one in self.leased.values():
                one.until = now + LEASE_FOR


def prepare(runtime: Runtime, batch: Any) -> tuple[int, bool]:
    """Judge and render the next recipients of a batch, in one transaction: how many texts, and whether that was the last.

    1. Is the campaign still sending? Who is next, with what they agreed to?
    2. The gate, for each: go, held until an instant, or refused.
    3. Texts become messages in state `ready`; the cause makes a second one impossible.
    """
    with runtime.begin() as connection:
        still = select(Campaign.__table__).where(Campaign.id == batch.campaign_id, Campaign.state == "sending")
        campaign = connection.execute(still.with_for_update(read=True, key_share=True)).one_or_none()
        if campaign is None:
            return 0, True
        now, shop = runtime.now(connection), catalogue(connection)
        whose = {"campaign": campaign.id, "first": batch.first_id, "last": batch.last_id, "topic": campaign.topic}
        rows = connection.execute(NEXT, {**whose, "now": now}).all()
        at = facts.moment(runtime, connection, now, shop.shop.zone, rows)
        words, outcomes, messages = Words(campaign, shop), defaultdict[Outcome, list[int]](list), []
        for row in rows:
            outcome, message = _judge_safely(campaign, words, at, row)
            outcomes[outcome].append(row.recipient_id)
            if message is not None:
                messages.append(message)
        if messages:
            connection.execute(ADD, {**_shared(runtime, campaign, batch, now), "messages": messages})
        for (state, why, due_at), ids in outcomes.items():
            said = {"new_state": state, "new_why": why, "until": due_at}
            connection.execute(OUTCOME, {"campaign": campaign.id, "ids": ids, **said})
    return len(messages), len(rows) < SOME


def _judge_safely(*known: Any) -> tuple[Outcome, dict[str, Any] | None]:
    """One contact of whom something is wrong must not keep the others waiting."""
    try:
        return _judge(*known)
    except Exception:
        log.exception("contact %s of a campaign cannot be judged", known[-1].id)
        return ("refused", "error", None), None


def _judge(campaign: Any, words: Words, at: facts.Moment, row: Any) -> tuple[Outcome, dict[str, Any] | None]:
    """What becomes of one recipient, and their message if there is one."""
    if row.phone is None:
        return ("refused", "erased", None), None
    over = campaign.ends_at is not None and campaign.ends_at <= at.now
    known = facts.facts(at, row, campaign.kind, row.agreed, expired=over)
    verdict = gate.judge(known)
    if isinstance(verdict, gate.Refuse):
        return ("refused", verdict.why, None), None
    said = words.say(row)
    if isinstance(said, Unsaid):
        return ("refused", said.why, None), None
    if isinstance(verdict, gate.Hold):
        return ("waiting", verdict.why, verdict.until), None
    return ("handed over", None, None), {
        "contact_id": row.id, "cause": f"c:{campaign.id}:{row.id}", "ours": said.ours, "theirs": row.phone, "body": said.body,
        "parts": said.size.parts, "consent_event_id": row.agreed,
        "verdicts": [{"at": at.now.isoformat(), **gate.record(verdict, known)}],
    }  # fmt: skip


def _shared(runtime: Runtime, campaign: Any, batch: Any, now: datetime) -> dict[str, Any]:
    """What all messages of a batch have in common."""
    machine_now = runtime.machine_now()
    return {
        "direction": "out", "kind": campaign.kind, "state": "ready", "media": campaign.media, "topic": campaign.topic,
        "account": runtime.settings.twilio_account_sid, "campaign_id": campaign.id, "batch_id": batch.id,
        "at": now, "made_at": machine_now, "not_before": machine_now, "attempts": 0, "rank": 0, "for_person": False,
    }  # fmt: skip


def _let_go(runtime: Runtime, connection: Connection, batch: Any) -> None:
    now = runtime.now(connection)
    whose = {"campaign": batch.campaign_id, "first": batch.first_id, "last": batch.last_id, "now": now}
    due_at = connection.scalar(WAITS_UNTIL, whose)
    ready = bool(connection.scalar(READY, {"batches": [batch.id]}))
    mine = update(Batch).where(Batch.id == batch.id)
    values = {"over": due_at is None and not ready, "due_at": now if ready or due_at is None else due_at}
    connection.execute(mine.values(lease_until=runtime.machine_now(), **values))
