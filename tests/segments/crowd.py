"""People to choose from: who they are, in Python, and the same in a database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from bot.segments import condition, parse
from bot.segments.compile import compile
from bot.segments.ground import ground
from models import Campaign, ConsentEvent, Contact, ContactTag, ListMember, Message, Segment, Subscription, insert

NOW = datetime(2026, 4, 15, 10, tzinfo=UTC)  # noon in Paris, 17 days into summer time


def at(written: str) -> datetime:
    """An instant, written in UTC."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """Someone, with all that a rule can ask about."""

    name: str
    country: str | None = "FR"
    zone: str | None = None
    language: str | None = None
    source: str = "text"
    values: Mapping[str, Any] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    topics: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)  # topic -> state, since
    stopped: bool = False
    unreachable: bool = False
    texts: tuple[datetime, ...] = ()  # when they texted us
    campaigns: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)  # campaign -> state of its text, when
    lists: frozenset[str] = frozenset()


def gather(connection: Connection, people: Iterable[Person], campaigns: Iterable[str], lists: Iterable[str]) -> None:
    """Put everybody into the database."""
    event = {"person": "somebody", "seq": 1, "topic": "offers", "change": "in", "source": "text", "at": NOW}
    hashes = dict.fromkeys(("proof_hash", "prev_hash", "hash"), "0" * 64)
    event_id = connection.scalar(insert(ConsentEvent).values(**event, **hashes).returning(ConsentEvent.id))
    for name in campaigns:
        connection.execute(insert(Campaign).values(**campaign(name)))
    for name in lists:
        connection.execute(insert(Segment).values(name=name, rule=None, made_at=NOW))
    campaign_ids = {row.name: row.id for row in connection.execute(select(Campaign.name, Campaign.id))}
    list_ids = {row.name: row.id for row in connection.execute(select(Segment.name, Segment.id))}
    for number, person in enumerate(people, 1):
        _add(connection, number, person, event_id, campaign_ids, list_ids)


def campaign(name: str, **more: Any) -> dict[str, Any]:
    """The row of a campaign that is over."""
    known = {"name": name, "state": "finished", "topic": "offers", "texts": {}, "error_limit": 5, "made_at": NOW}
    return {**known, **more}


def _add(connection: Connection, number: int, person: Person, event_id: Any, campaign_ids: Any, list_ids: Any) -> None:
    contact = {
        "phone": f"+336{number:08}", "person": person.name, "country": person.country, "zone": person.zone,
        "language": person.language, "source": person.source, "values": dict(person.values), "made_at": NOW,
        "stopped_at": NOW if person.stopped else None, "unreachable_at": NOW if person.unreachable else None,
        "heard_at": max(person.texts, default=None),
    }  # fmt: skip
    mine = {"contact_id": connection.scalar(insert(Contact).values(**contact).returning(Contact.id))}
    for tag in person.tags:
        connection.execute(insert(ContactTag).values(**mine, tag=tag))
    for topic, (state, since) in person.topics.items():
        row = {"topic": topic, "state": state, "proof": "double", "event_id": event_id, "at": since}
        connection.execute(insert(Subscription).values(**mine, **row))
    for name in person.lists:
        connection.execute(insert(ListMember).values(**mine, segment_id=list_ids[name], at=NOW))
    text = {"ours": "+33937000001", "theirs": contact["phone"], "body": "x", "account": "AC", "made_at": NOW}
    for when in person.texts:
        connection.execute(
            insert(Message).values(**mine, **text, direction="in", kind="text", state="received", at=when)
        )
    for name, (state, when) in person.campaigns.items():
        of = {"campaign_id": campaign_ids[name], "cause": f"c:{campaign_ids[name]}:{mine['contact_id']}"}
        row = {**mine, **text, **of, "direction": "out", "kind": "marketing", "state": state, "at": when}
        connection.execute(insert(Message).values(**row))


def who(connection: Connection, rule: Any, now: datetime = NOW) -> set[str]:
    """The names of those for whom a rule holds."""
    return _names(connection, compile(parse(rule), ground(connection, now)))


def who_is_in(connection: Connection, segment_id: int, now: datetime = NOW) -> set[str]:
    """The names of those in a segment."""
    return _names(connection, condition(connection, segment_id, now))


def _names(connection: Connection, where: Any) -> set[str]:
    return set(connection.scalars(select(Contact.person).where(where)))
