"""What would happen if a campaign left now: the whole audience asked at the gate, every text rendered and measured."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, select

from bot import segments
from bot.campaigns import launch
from bot.campaigns.words import Unsaid, Words
from bot.catalogue import catalogue
from bot.consent import facts, gate
from bot.runtime import Runtime
from bot.throttle import WIDTH
from models import Contact, Subscription

PAGE = 1_000  # contacts in memory at a time
SAMPLES = 5
SPREAD, PRIME = 48_271, 2**31 - 1  # scatter ids: imports may alternate, so no plain step picks fairly

_agreed = and_(Subscription.contact_id == Contact.id, Subscription.topic == bindparam("topic"), Subscription.state == "in")


@dataclass(slots=True)
class Preview:
    """The audience by what the gate says, and the texts by what they are billed as."""

    matching: int = 0
    asked: int = 0  # of them; the others are taken to be like these
    goes: int = 0
    held: Counter[str] = field(default_factory=Counter)  # judge -> how many wait for their hour
    held_until: datetime | None = None  # the last of them
    refused: Counter[str] = field(default_factory=Counter)  # reason -> how many get nothing
    parts: Counter[int] = field(default_factory=Counter)  # parts of a text -> how many texts
    encodings: Counter[str] = field(default_factory=Counter)
    offending: Counter[str] = field(default_factory=Counter)  # character that makes texts UCS-2 -> how many texts
    senders: Counter[str] = field(default_factory=Counter)  # number of ours -> parts
    samples: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)  # addresses of the pictures that go along with each
    seconds: float = 0.0  # that it takes at the senders' rates

    @property
    def reachable(self) -> int:
        """Who would get it, now or later."""
        return self.goes + sum(self.held.values())

    @property
    def all_parts(self) -> int:
        """What it would be billed as."""
        return sum(size * count for size, count in self.parts.items())

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        plain = {name: getattr(self, name) for name in (*self.__dataclass_fields__, "reachable", "all_parts")}
        return plain | {"held_until": self.held_until.isoformat() if self.held_until else None}


def preview(
    runtime: Runtime, campaign_id: int, told: Callable[[int, int], None] = lambda done, of: None, *, most: int | None = None
) -> Preview:
    """Ask and render for everybody in the segments, page by page; `told(done, of)` after each. Changes nothing.

    `most`: ask about that many of them.
    """
    after = 0
    with runtime.read() as connection:
        campaign, shop, now = launch.find(connection, campaign_id), catalogue(connection), runtime.now(connection)
        whom = segments.audience(connection, campaign.within, campaign.without, now)
        of = connection.scalar(select(func.count()).select_from(Contact).where(whom)) or 0
        every = -(-of // most) if most else 1
        whom = whom if every <= 1 else and_(whom, Contact.id * SPREAD % PRIME % every == 0)
        page = (
            select(Contact.__table__, Subscription.event_id.label("agreed")).outerjoin(Subscription, _agreed)
            .where(whom, Contact.id > bindparam("after")).order_by(Contact.id).limit(PAGE)
        )  # fmt: skip
    found, words = Preview(media=campaign.media), Words(campaign, shop)
    while True:
        with runtime.read() as connection:  # one page, one transaction: nobody waits for a long reader
            rows = connection.execute(page, {"topic": campaign.topic, "after": after}).all()
            at = facts.moment(runtime, connection, now, shop.shop.zone, rows)
        if not rows:
            break
        for row in rows:
            _count(found, words, gate.judge(facts.facts(at, row, campaign.kind, row.agreed)), row)
        found.asked, after = found.asked + len(rows), rows[-1].id
        told(found.asked, max(of, found.asked))
    found.matching = of if every > 1 else found.asked
    rates = {number: row.parts_per_second for number, row in shop.senders.items()}
    found.seconds = max((parts * WIDTH / rates[number] for number, parts in found.senders.items()), default=0.0)
    return found


def _count(found: Preview, words: Words, verdict: gate.Verdict, contact: Any) -> None:
    if isinstance(verdict, gate.Refuse):
        found.refused[verdict.why] += 1
        return
    said = words.say(contact)
    if isinstance(said, Unsaid):
        found.refused[said.why] += 1
        return
    if isinstance(verdict, gate.Hold):
        found.held[verdict.why] += 1
        found.held_until = max(found.held_until or verdict.until, verdict.until)
    else:
        found.goes += 1
    found.parts[said.size.parts] += 1
    found.encodings[said.size.encoding] += 1
    found.offending.update(said.size.offending)
    found.senders[said.ours] += said.size.parts
    if len(found.samples) < SAMPLES and said.body not in found.samples:
        found.samples.append(said.body)
