"""A campaign before it is sent to anybody else: what its words are to real contacts, and a text of it to whoever writes it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from bot import contacts, segments
from bot.campaigns.words import Unsaid, Words
from bot.catalogue import Catalogue, catalogue
from bot.consent import facts, gate
from bot.runtime import Runtime
from bot.text.plainer import substitutes
from models import Contact, Message, Staff, insert
from models.field import SAMPLES

KIND = "staff"  # what goes to the shop's own people, who have proved whose phone it is
MOST_PEOPLE = 200  # whose values the words are tried with


@dataclass(slots=True)
class Measured:
    """The words of one language as real contacts would get them."""

    people: int = 0  # nobody: tried with a value of each type
    parts: Counter[int] = field(default_factory=Counter)  # parts of a text -> of how many
    encodings: Counter[str] = field(default_factory=Counter)
    unsaid: Counter[str] = field(default_factory=Counter)  # why it cannot be said -> to how many
    longest: int = 0  # units
    example: str = ""
    dearer: dict[str, str | None] = field(default_factory=dict)  # sign that makes it dearer -> see `substitutes`


def measured(
    connection: Connection, shop: Catalogue, draft: Any, within: Iterable[int], without: Iterable[int], now: datetime
) -> dict[str, Measured]:
    """What a draft's texts are to some of its audience, by language. `draft`: its texts, topic, kind and ours."""
    whom = segments.audience(connection, [*within], [*without], now)
    known = select(Contact.id, Contact.country, Contact.language, Contact.values)
    reached = known.where(whom, segments.reachable(draft.topic)).order_by(Contact.id.desc()).limit(MOST_PEOPLE)
    words, found = Words(draft, shop), {language: Measured() for language in draft.texts}
    for row in connection.execute(reached):
        spoken = contacts.language(row, shop.shop.languages)
        if spoken in found:
            found[spoken].people += 1
            _count(found[spoken], words.say(row))
    samples = _samples(shop)
    for language, one in found.items():
        if not one.people:
            _count(one, words.fill(language, draft.ours or shop.sender_for(None) or "", samples))
        one.dearer = substitutes(draft.texts[language])
    return found


def _samples(shop: Catalogue) -> dict[str, Any]:
    """A value of its type for each field."""
    return {name: SAMPLES[type_] for name, type_ in shop.fields.items()}


def _count(found: Measured, said: Any) -> None:
    if isinstance(said, Unsaid):
        found.unsaid[said.why] += 1
        return
    found.parts[said.size.parts] += 1
    found.encodings[said.size.encoding] += 1
    found.longest = max(found.longest, said.size.units)
    found.example = found.example or said.body


def try_out(runtime: Runtime, connection: Connection, campaign: Any, staff_id: int, spoken: str, key: str) -> str | None:
    """Send it to the phone of somebody of the staff, as it would leave: once for each key. Returns why it is not sent.

    What is not known of them is filled in with a value of its type.
    """
    shop, now, machine_now = catalogue(connection), runtime.now(connection), runtime.machine_now()
    person = connection.execute(select(Staff.__table__).where(Staff.id == staff_id)).one()
    contact = contacts.find(connection, person.phone, locked=True) if person.phone and person.phone_proved_at else None
    if contact is None:
        return "not confirmed"
    values = _samples(shop) | {name: value for name, value in contact.values.items() if value is not None}
    ours = campaign.ours or shop.sender_for(contact.country)
    said = Words(campaign, shop).fill(spoken, ours or "", values)
    if isinstance(said, Unsaid):
        return said.why
    known, _ = facts.of_one(runtime, connection, contact, KIND, None, now, shop.shop.zone)
    verdict = gate.judge(known)
    if isinstance(verdict, gate.Refuse):
        return verdict.why
    row = {
        "contact_id": contact.id, "direction": "out", "kind": KIND, "state": "ready",
        "cause": f"try:{campaign.id}:{staff_id}:{key}", "ours": ours, "theirs": contact.phone, "body": said.body,
        "parts": said.size.parts, "media": campaign.media, "account": runtime.settings.twilio_account_sid, "at": now,
        "made_at": machine_now, "not_before": machine_now, "verdicts": [{"at": now.isoformat(), **gate.record(verdict, known)}],
    }  # fmt: skip
    new = insert(Message).values(**row).on_conflict_do_nothing(index_elements=["cause"])
    return "sent before" if connection.scalar(new.returning(Message.id)) is None else None
