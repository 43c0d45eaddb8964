"""What people agreed to or refused elsewhere: in a form, at the till, on paper. Written down with its proof, or refused.

Nobody but the person lifts a STOP: an opt-in recorded for a number that has said STOP is refused, and that is recorded.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from bot.catalogue import catalogue
from bot.consent.ledger import EVERYTHING, Ledger, Proof
from bot.runtime import Runtime
from models import ConsentEvent, Topic

OUR_OWN = frozenset({"text", "dialog", "carrier", "sample"})
"""Sources of what we have heard ourselves: nobody else can say it was so."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One yes or no that we have not heard ourselves. `wording`: what was asked or shown; `answer`: what they did or wrote."""

    topic: str
    change: Literal["opt_in", "opt_out"]
    source: str
    wording: str
    answer: str
    strength: Literal["single", "double"]
    at: datetime


class ConsentError(ValueError):
    """It is not written down as said; `field` is what is wrong, if anything of it is."""

    def __init__(self, why: str, field: str = "") -> None:
        self.why, self.field = why, field
        super().__init__(why)


def write_down(
    runtime: Runtime, connection: Connection, contact: Any, said: Statement, now: datetime
) -> int | None:
    """Append it to the contact's ledger, whose row is locked. The event's id, or None: recorded as refused. Raises ConsentError.

    Who writes down a no says so only when it is committed and no call is under way any more (`outbox.wait_for_calls`).
    `*` as the topic of an opt-out is a STOP that did not come as a text (47 CFR 64.1200(a)(10): any reasonable means).

    1. The topic is ours, the source is not, the instant is past, and an opt-in says what was shown; where two yeses are needed,
       there were two.
    2. An opt-in of a number that has said STOP: recorded as refused.
    3. Whoever has said something later about the topic has had the last word.
    """
    shop = catalogue(connection)
    # Whoever lets the topic go waits for us, or we find it gone.
    kept = select(Topic.id).where(Topic.slug == said.topic).with_for_update(read=True, key_share=True)
    topic = shop.topics.get(said.topic) if connection.execute(kept).first() else None
    if topic is None and not (said.topic == EVERYTHING and said.change == "opt_out"):
        raise ConsentError(f"there is no topic {said.topic!r}, only {', '.join(shop.topics)}", "topic")
    if said.source.strip() in OUR_OWN:
        raise ConsentError(f"{said.source!r} is what we have heard ourselves: say where they said it to you", "source")
    if said.at > now:
        raise ConsentError("lies in the future", "at")
    if said.change == "opt_in" and not said.wording.strip():
        raise ConsentError("an opt-in needs the words that the person was shown", "wording")
    if said.change == "opt_in" and topic is not None and topic.proof == "double" and said.strength != "double":
        raise ConsentError(f"{said.topic!r} needs a second yes: record an opt-in that was confirmed, or let them text", "proof")
    ledger = Ledger(connection, contact, runtime.suppression_key)
    proof = Proof(said.wording, said.answer, None, said.source)
    if said.change == "opt_in" and ledger.suppressed():
        ledger.append(said.topic, "refused", proof, said.at)
        return None
    if _later_word(connection, contact, said):
        raise ConsentError("the person has said something later about it")
    if said.topic == EVERYTHING:
        return ledger.stop(proof, said.at)
    if said.change == "opt_in":
        return ledger.opt_in(said.topic, proof, said.at, said.strength)
    return ledger.opt_out(said.topic, proof, said.at)


def _later_word(connection: Connection, contact: Any, said: Statement) -> bool:
    """Any later word beats a yes; a no is beaten by a later yes to the same alone: a START says nothing of one topic's no."""
    topics = (said.topic, EVERYTHING) if said.change == "opt_in" else (said.topic,)
    mine = (ConsentEvent.person == contact.person) & ConsentEvent.topic.in_(topics)
    beaten_by = ("in", "out", "lifted") if said.change == "opt_in" else ("in", "lifted")
    later = select(ConsentEvent.id).where(mine, ConsentEvent.at > said.at, ConsentEvent.change.in_(beaten_by)).limit(1)
    return connection.execute(later).first() is not None
