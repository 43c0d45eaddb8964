"""Keeps segments and lists: saves them, fills lists by hand, and lets none go that something still needs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Row, literal, select, update
from sqlalchemy import delete as delete_rows

from bot.segments.ground import Ground, Held, check, ground, segments
from bot.segments.parse import MAX_DEPTH, MAX_RULES, BadRule, NotNow, Problem, bad, children, parse, plain
from bot.segments.rules import InSegment, OnList, Received, Replied, Rule
from bot.segments.words import Text
from models import Campaign, Contact, ListMember, Segment, Shop, insert
from models.base import UtcDateTime

UNDER_WAY = ("draft", "scheduled", "sending", "paused")
"""States of a campaign that may still ask who is in its segments."""

AT_ONCE = 1000  # contacts that one statement names
_NAME: TypeAdapter[str] = TypeAdapter(Text)


def names(connection: Connection) -> list[str]:
    """The names of all segments and lists, in order."""
    return list(connection.scalars(select(Segment.name).order_by(Segment.name)))


def names_by_id(connection: Connection) -> dict[int, str]:
    """What the segments and lists are called, by id."""
    return {row.id: row.name for row in connection.execute(select(Segment.id, Segment.name))}


def find(connection: Connection, segment: int | str) -> Row[Any] | None:
    """The row of a segment or list by its id or name (id, name, rule: None for a list, made_at); None when there is none."""
    which = Segment.id == segment if isinstance(segment, int) else Segment.name == segment
    return connection.execute(select(Segment.__table__).where(which)).one_or_none()


def page(connection: Connection, after: int, limit: int) -> Sequence[Row[Any]]:
    """Rows as those of `find`, in the order in which they were made, from the one after this id."""
    return connection.execute(select(Segment.__table__).where(Segment.id > after).order_by(Segment.id).limit(limit)).all()


def lock(connection: Connection) -> None:
    """From here to the end of the transaction segments stay as they are: two halves of a circle cannot be saved side by side."""
    connection.execute(select(Shop.id).with_for_update())


def save(connection: Connection, name: str, rule: Any | None, now: datetime, *, new: bool = False) -> int:
    """Make or replace a segment by its rule as plain data; None: a list. Returns its id. Raises BadRule.

    `new`: it is to be made, and replaces none.

    1. one at a time
    2. a list with people on it, or a segment that others name, stays what it is
    3. the rule must stand, and so must still every rule that names this segment
    """
    name = _named(name)
    lock(connection)
    before = ground(connection, now)
    held = before.segments.get(name)
    if new and held is not None:
        raise _not_now(f"there is a segment {name!r} already", "name")
    parsed = None if rule is None else parse(rule)
    data = None if parsed is None else plain(parsed)
    if held is not None and (held.rule is None) != (data is None):
        _refuse_change(connection, name, held, before.segments)
    after = replace(before, segments={**before.segments, name: Held(held.id if held else 0, data)})
    if parsed is not None:
        check(parsed, after, name)
        _refuse_breach(name, before, after)
    if held is not None:
        connection.execute(update(Segment).where(Segment.id == held.id).values(rule=data))
        return held.id
    row = insert(Segment).values(name=name, rule=data, made_at=now).returning(Segment.id)
    return int(connection.execute(row).scalar_one())


def delete(connection: Connection, name: str) -> None:
    """Let a segment or a list go, unless a rule, or a campaign that is not over, still needs it. Raises BadRule."""
    lock(connection)
    held = segments(connection)
    if name not in held:
        raise bad(f"there is no segment {name!r}")
    needed = [f"{name!r} is needed by the {what} {user!r}" for what, user in users(connection, held[name].id, name)]
    if needed:
        raise NotNow([Problem("", message) for message in needed])
    connection.execute(delete_rows(Segment).where(Segment.id == held[name].id))


def users(connection: Connection, segment_id: int, name: str) -> list[tuple[str, str]]:
    """What needs a segment or a list: "segment" or "campaign" (that is not over), each with its name."""
    found = [("segment", user) for user in _users(name, segments(connection))]
    campaigns = select(Campaign.name, Campaign.within, Campaign.without).where(Campaign.state.in_(UNDER_WAY))
    for campaign in connection.execute(campaigns.order_by(Campaign.name)):
        if segment_id in (*campaign.within, *campaign.without):
            found.append(("campaign", campaign.name))
    return found


def awaited(connection: Connection, segment_id: int) -> list[str]:
    """The campaigns that somebody has sent off and that still ask who is in this segment, or in one that names it."""
    held, sent_off = segments(connection), ("scheduled", "sending", "paused")
    theirs = {name for name, one in held.items() if one.id == segment_id}
    while more := {user for name in theirs for user in _users(name, held)} - theirs:
        theirs |= more
    ids = {held[name].id for name in theirs}
    campaigns = select(Campaign.name, Campaign.within, Campaign.without).where(Campaign.state.in_(sent_off))
    return [row.name for row in connection.execute(campaigns.order_by(Campaign.name)) if ids & {*row.within, *row.without}]


def asking(connection: Connection, campaign: str) -> list[str]:
    """The segments whose rules ask about a campaign of this name."""
    held = segments(connection).items()
    return [name for name, its in held if its.rule is not None and _asks(parse(its.rule), campaign)]


def add(connection: Connection, name: str, contact_ids: Iterable[int], now: datetime) -> int:
    """Put contacts on a list; returns how many were not on it before. Raises BadRule when there is no such list."""
    list_id, added = _list(connection, name), 0
    for some in _slices(sorted(contact_ids)):  # in the order in which all lock contacts
        who = select(literal(list_id), Contact.id, literal(now, UtcDateTime)).where(Contact.id.in_(some))
        who = who.order_by(Contact.id).with_for_update(read=True, key_share=True)  # nobody is erased in between
        new = insert(ListMember).from_select(["segment_id", "contact_id", "at"], who).on_conflict_do_nothing()
        added += len(connection.execute(new.returning(ListMember.contact_id)).all())
    return added


def remove(connection: Connection, name: str, contact_ids: Iterable[int]) -> int:
    """Take contacts off a list; returns how many were on it. Raises BadRule when there is no such list."""
    list_id, removed = _list(connection, name), 0
    for some in _slices(contact_ids):
        gone = delete_rows(ListMember).where(ListMember.segment_id == list_id, ListMember.contact_id.in_(some))
        removed += len(connection.execute(gone.returning(ListMember.contact_id)).all())
    return removed


class BadName(BadRule):
    """A segment cannot be called so."""


def _not_now(message: str, field: str = "") -> NotNow:
    return NotNow([Problem(field, message)])


def _named(name: str) -> str:
    try:
        return _NAME.validate_python(name)
    except ValidationError:
        raise BadName([Problem("name", "a segment needs a name of 1 to 200 letters")]) from None


def _list(connection: Connection, name: str) -> int:
    found = find(connection, name)
    if found is None or found.rule is not None:
        raise bad(f"there is no list {name!r}")
    return int(found.id)


def _slices(ids: Iterable[int]) -> Iterator[list[int]]:
    left = iter(ids)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _users(name: str, held: Mapping[str, Held]) -> list[str]:
    """Which segments name this one in their rules."""
    return [user for user, its in held.items() if its.rule is not None and _names(parse(its.rule), name)]


def _names(rule: Rule, name: str) -> bool:
    match rule:
        case InSegment(in_segment=named) | OnList(in_list=named):
            return named == name
    return any(_names(part, name) for _, part in children(rule))


def _asks(rule: Rule, campaign: str) -> bool:
    match rule:
        case Received(received=named):
            return named == campaign
        case Replied(replied=answer):
            return answer.to == campaign
    return any(_asks(part, campaign) for _, part in children(rule))


def _refuse_change(connection: Connection, name: str, held: Held, all_held: Mapping[str, Held]) -> None:
    """A list that would become a rule, or a rule that would become a list."""
    on_it = select(ListMember.contact_id).where(ListMember.segment_id == held.id).limit(1)
    if connection.execute(on_it).first() is not None:
        raise _not_now(f"{name!r} is a list with people on it: take them off first, or choose another name")
    if users := _users(name, all_held):
        raise _not_now(f"{name!r} is named by {', '.join(map(repr, users))}: a list stays a list, and a rule a rule")


def _refuse_breach(name: str, before: Ground, after: Ground) -> None:
    """Rules that name this segment grow with it, and may have stood only just."""
    for user, its in before.segments.items():
        if user == name or its.rule is None:
            continue
        rule = parse(its.rule)
        if _stands(rule, before, user) and not _stands(rule, after, user):
            raise bad(f"with this, {user!r}, which names it, would be more than {MAX_RULES} rules or {MAX_DEPTH} deep")


def _stands(rule: Rule, here: Ground, name: str) -> bool:
    try:
        check(rule, here, name)
    except BadRule:
        return False
    return True
