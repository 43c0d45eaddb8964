"""Why somebody gets a text, gets it later, or never: every judge of the gate asked, with the facts that it sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from bot import campaigns, segments
from bot.campaigns.words import Said, Unsaid, Words
from bot.catalogue import catalogue
from bot.consent import facts, gate
from bot.outbox import late
from bot.runtime import Runtime
from models import Message

STILL_JUDGED = ("ready", "held")  # states of a message
OVER = ("finished", "cancelled")  # states of a campaign


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one judge says. `outcome`: go, hold or refuse."""

    judge: str
    outcome: str
    why: str | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What would happen now, and why. `at`: when it would go; None: never, or it is over.

    `facts`: those that say something; `verdicts`: what the gate has said of this message so far, in order.
    """

    outcome: str
    why: str | None
    at: datetime | None
    facts: Mapping[str, Any]
    judges: Sequence[Opinion]
    text: str | None
    in_audience: bool | None = None
    state: str | None = None
    verdicts: Sequence[Mapping[str, Any]] = ()


def of_campaign(runtime: Runtime, connection: Connection, contact: Any, campaign: Any, now: datetime) -> Explanation:
    """What a contact would get of a campaign, were they in its audience, and whether they are. Of one that is over: nothing."""
    shop = catalogue(connection)
    over = campaign.ends_at is not None and campaign.ends_at <= now
    about, zone = (campaign.kind, campaign.topic), shop.shop.zone
    known, _ = facts.of_one(runtime, connection, contact, *about, now, zone, expired=over)
    whom = segments.audience(connection, campaign.within, campaign.without, campaign.launched_at or now)
    said = Words(campaign, shop).say(contact)
    text = said.body if isinstance(said, Said) else None
    meant = segments.contains(connection, whom, contact.id)
    found = _explained(known, now, text, in_audience=meant, state=campaign.state)
    if campaign.state in OVER:
        found |= {"outcome": "refuse", "why": campaign.state, "at": None}
    elif isinstance(said, Unsaid) and found["outcome"] != "refuse":
        found |= {"outcome": "refuse", "why": said.why, "at": None}
    return Explanation(**{**found, "at": found["at"] if meant else None})


def of_message(runtime: Runtime, connection: Connection, contact: Any, message: Any) -> Explanation:
    """What became of a message, or what would now."""
    now = runtime.now(connection)
    over = late(message.kind, message.made_at, runtime.machine_now())
    if message.campaign_id is not None:
        ends_at = campaigns.find(connection, message.campaign_id).ends_at
        over = over or (ends_at is not None and ends_at <= now)
    about, zone, sent = (message.kind, message.topic), catalogue(connection).shop.zone, message.sid is not None
    known, _ = facts.of_one(runtime, connection, contact, *about, now, zone, sent_before=sent, expired=over)
    told = {"state": message.state, "verdicts": message.verdicts}
    found = _explained(known, now, message.body, **told)
    if message.state in STILL_JUDGED:
        return Explanation(**found)
    outcome = "refuse" if message.state in ("refused", "failed") else "go"
    return Explanation(**{**found, "outcome": outcome, "why": message.why, "at": None})


def find_message(connection: Connection, contact_id: int, message_id: int) -> Row[Any] | None:
    """A message of ours to this contact."""
    mine = (Message.id == message_id) & (Message.contact_id == contact_id) & (Message.direction == "out")
    return connection.execute(select(Message.__table__).where(mine)).one_or_none()


def _explained(known: gate.Facts, now: datetime, text: str | None, **more: Any) -> dict[str, Any]:
    verdict = gate.judge(known)
    written = gate.record(verdict, known)
    at = now if isinstance(verdict, gate.Go) else verdict.until if isinstance(verdict, gate.Hold) else None
    judges = [_opinion(name, said) for name, said in gate.hear_all(known)]
    said = {"outcome": written["outcome"], "why": getattr(verdict, "why", None), "facts": written["facts"]}
    return {**said, "at": at, "judges": judges, "text": text, **more}


def _opinion(name: str, said: gate.Verdict | None) -> Opinion:
    if isinstance(said, gate.Hold):
        return Opinion(name, "hold", said.why, said.until)
    return Opinion(name, "refuse", said.why, None) if isinstance(said, gate.Refuse) else Opinion(name, "go", None, None)
