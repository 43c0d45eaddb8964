"""Turns a rule into a condition on contacts, one for both databases.

Every condition is true or false and never unknown, so that `not` means the rest. Other tables are asked by EXISTS on the
contact's own rows, which each index answers at once; what comes from outside is a bound parameter, always.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import product
from string import ascii_uppercase
from typing import Any, assert_never

from sqlalchemy import ColumnElement, FromClause, String, and_, cast, false, literal, not_, or_, select, true

from bot.segments.ground import Ground, check
from bot.segments.parse import parse
from bot.segments.rules import (
    AllOf,
    Answer,
    AnyOf,
    CameFrom,
    Consents,
    InCountry,
    InSegment,
    InZone,
    Not,
    OnList,
    Received,
    Replied,
    Rule,
    Speaks,
    Subscribed,
    Tagged,
    Value,
)
from bot.segments.values import Condition, holds
from models import Contact, ContactTag, ListMember, Message, Subscription
from models.phone import language_of

CONTACT, TAG, SUBSCRIPTION = Contact.__table__, ContactTag.__table__, Subscription.__table__
MESSAGE, MEMBER = Message.__table__, ListMember.__table__
COUNTRIES = ["".join(letters) for letters in product(ascii_uppercase, repeat=2)]


def compile(rule: Rule, ground: Ground) -> Condition:
    """The condition on `Contact.__table__` that a rule is. Raises BadRule when it names what is not there."""
    check(rule, ground)
    return _condition(rule, ground)


def _condition(rule: Rule, ground: Ground) -> Condition:
    match rule:
        case AllOf(all=rules):
            return and_(true(), *(_condition(part, ground) for part in rules))
        case AnyOf(any=rules):
            return or_(false(), *(_condition(part, ground) for part in rules))
        case Not(not_=part):
            return not_(_condition(part, ground))
        case Value():
            return holds(rule, *rule.days(ground.now, ground.zone))
        case Tagged(tag=tag):
            return _some(TAG, TAG.c.tag == tag)
        case Consents(topic=topic):
            return _in_force(topic)
        case Subscribed(subscribed=topic):
            return _in_force(topic, *_between(SUBSCRIPTION.c.at, *rule.instants(ground.now, ground.zone)))
        case InZone(zone=zone):
            return _is(CONTACT.c.zone, zone)
        case InCountry(country=countries):
            return and_(CONTACT.c.country.is_not(None), CONTACT.c.country.in_(countries))
        case Speaks(language=language):
            return _speaks(language)
        case CameFrom(source=source):
            return CONTACT.c.source == source
        case Replied(replied=answer):
            return _replied(answer, ground)
        case Received(received=name):
            return _got(ground.campaigns[name])
        case OnList(in_list=name):
            return _some(MEMBER, MEMBER.c.segment_id == ground.segments[name].id)
        case InSegment(in_segment=name):
            return _condition(parse(ground.segments[name].rule), ground)
        case _:
            assert_never(rule)


def in_for(topic: str | None = None, *when: Condition) -> Condition:
    """They are in for a topic; for any at all when none is named. Says nothing about STOP."""
    named = [SUBSCRIPTION.c.topic == topic] if topic is not None else []
    return _some(SUBSCRIPTION, SUBSCRIPTION.c.state == "in", *named, *when)


def _some(theirs: FromClause, *where: Condition) -> Condition:
    """The contact has such a row in another table."""
    return select(1).where(theirs.c.contact_id == CONTACT.c.id, *where).correlate_except(theirs).exists()


def _in_force(topic: str, *when: Condition) -> Condition:
    return and_(CONTACT.c.stopped_at.is_(None), in_for(topic, *when))


def _replied(answer: Answer, ground: Ground) -> Condition:
    """They texted us. Their last text tells it, unless one before some time is asked for."""
    start, end = answer.instants(ground.now, ground.zone)
    text = MESSAGE.alias("reply")
    at = CONTACT.c.heard_at if end is None else text.c.at
    tests = [at.is_not(None), *_between(at, start, end)]
    if answer.to is not None:
        tests.append(_got(ground.campaigns[answer.to], MESSAGE.c.at < at))
    return and_(*tests) if end is None else _some(text, text.c.direction == "in", *tests)


def _got(campaign_id: int, *where: Condition) -> Condition:
    """The carrier has the campaign's one text to them, which is known by its unique cause."""
    cause = literal(f"c:{campaign_id}:") + cast(CONTACT.c.id, String)
    return _some(MESSAGE, MESSAGE.c.cause == cause, MESSAGE.c.state == "sent", *where)


def _speaks(language: str) -> Condition:
    """What they write or chose, else their country's; of the language that we take when we know no better, few are not."""
    country = CONTACT.c.country
    if language == language_of(None):
        theirs = country.not_in([code for code in COUNTRIES if language_of(code) != language])
    else:
        theirs = country.in_([code for code in COUNTRIES if language_of(code) == language])
    chose = CONTACT.c.language
    return or_(_is(chose, language), and_(chose.is_(None), country.is_not(None), theirs))


def _between(at: Any, start: datetime | None, end: datetime | None) -> Iterable[Condition]:
    if start is not None:
        yield at >= start
    if end is not None:
        yield at < end


def _is(column: ColumnElement[Any], wanted: str) -> Condition:
    return and_(column.is_not(None), column == wanted)
