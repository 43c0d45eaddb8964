"""Texts that programs send to one person at a time, and all messages, both ways, as they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, select

from bot.campaigns.wording import Problem, wrong_words
from bot.campaigns.words import Unsaid, Words
from bot.catalogue import catalogue
from bot.consent import facts, gate
from bot.runtime import Runtime
from models import Message, insert

MESSAGE = Message.__table__


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be said, about a topic that the contact must have agreed to; see campaigns.words."""

    topic: str
    texts: Mapping[str, str]  # language, or "" for any -> Liquid
    ours: str | None = None
    kind: Literal["service"] = "service"


class MessageError(ValueError):
    """It cannot be said; `problems` says why."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{field}: {message}" for field, message in problems))


def send(
    runtime: Runtime, connection: Connection, contact: Any, wanted: Wanted, cause: str, now: datetime
) -> Row[Any] | None:
    """Write down a text to a contact, whose row is locked. Its row; None: there is one of this cause. Raises MessageError.

    1. Its words are looked at like those of a campaign, and filled in for this contact.
    2. The gate: refused, the row is kept and says why. Else it is `ready`; the outbox asks the gate once more before the call.
    """
    shop = catalogue(connection)
    problems = list(wrong_words(connection, shop, wanted))
    if problems:
        raise MessageError(*problems)
    said = Words(wanted, shop).say(contact)
    if isinstance(said, Unsaid):
        why = f"{said.why}: {said.what}" if said.what else said.why
        raise MessageError(Problem("texts", f"it cannot be said to this contact: {why}"))
    known, agreed = facts.of_one(runtime, connection, contact, wanted.kind, wanted.topic, now, shop.shop.zone)
    verdict, machine_now = gate.judge(known), runtime.machine_now()
    row = {
        "contact_id": contact.id, "direction": "out", "kind": wanted.kind, "state": "ready", "cause": cause, "ours": said.ours,
        "theirs": contact.phone, "body": said.body, "parts": said.size.parts, "topic": wanted.topic, "media": [],
        "account": runtime.settings.twilio_account_sid, "consent_event_id": agreed, "at": now, "made_at": machine_now,
        "not_before": machine_now, "verdicts": [{"at": now.isoformat(), **gate.record(verdict, known)}],
    }  # fmt: skip
    if isinstance(verdict, gate.Refuse):
        row |= {"state": "refused", "why": verdict.why}
    new = insert(MESSAGE).values(**row).on_conflict_do_nothing(index_elements=["cause"]).returning(MESSAGE)
    return connection.execute(new).one_or_none()


def find(connection: Connection, message_id: int) -> Row[Any] | None:
    """A message, theirs or ours."""
    return connection.execute(select(MESSAGE).where(MESSAGE.c.id == message_id)).one_or_none()


def page(connection: Connection, after: int, limit: int, contact_id: int | None = None) -> Sequence[Row[Any]]:
    """Messages in the order in which they were made, from the one after this id; of one contact, or of all."""
    rows = select(MESSAGE).where(MESSAGE.c.id > after).order_by(MESSAGE.c.id).limit(limit)
    return connection.execute(rows if contact_id is None else rows.where(MESSAGE.c.contact_id == contact_id)).all()
