"""Who is in: conditions on contacts for campaigns and dialogs, and how many they hold for."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, false, func, not_, or_, select

from bot.segments.compile import CONTACT, compile, in_for
from bot.segments.ground import Ground, ground
from bot.segments.parse import BadRule, NotNow, Problem, parse
from bot.segments.rules import OnList, Rule
from bot.segments.values import Condition


class Count(NamedTuple):
    """How many contacts: matching a rule, and of these reachable (no STOP, a number that works, consent) now."""

    matching: int
    reachable: int


def condition(connection: Connection, segment_id: int, now: datetime) -> Condition:
    """Being in this segment or on this list, as a condition on `Contact.__table__`; `now`: business time.

    Raises BadRule when something that its rule names is gone, or the segment itself.
    """
    return _member(segment_id, ground(connection, now))


def holding(connection: Connection, rule: Rule, now: datetime) -> Condition:
    """What a rule says, as a condition on `Contact.__table__`. Raises BadRule when it names what is not there."""
    return compile(rule, ground(connection, now))


def audience(connection: Connection, within: Sequence[int], without: Sequence[int], now: datetime) -> Condition:
    """Being in one of the segments `within` (of none: nobody) and in none of `without`. Raises as `condition`."""
    here = ground(connection, now)
    chosen = or_(false(), *(_member(segment_id, here) for segment_id in within))
    return and_(chosen, not_(or_(false(), *(_member(segment_id, here) for segment_id in without))))


def reachable(topic: str | None = None) -> Condition:
    """They could be texted now about a topic (of none: about any that they are in for)."""
    return and_(CONTACT.c.stopped_at.is_(None), CONTACT.c.unreachable_at.is_(None), in_for(topic))


def count(connection: Connection, who: Rule | Condition, now: datetime, topic: str | None = None) -> Count:
    """How many contacts a rule or a condition holds for, and how many of them are reachable. One query."""
    where = who if isinstance(who, ColumnElement) else compile(who, ground(connection, now))
    query = select(func.count(), func.count().filter(reachable(topic))).select_from(CONTACT).where(where)
    return Count(*connection.execute(query).one())


def counts(connection: Connection, segment_ids: Sequence[int], now: datetime) -> dict[int, Count | None]:
    """The same for several segments and lists, in one query; None: its rule names what is gone."""
    here, found = ground(connection, now), dict[int, Condition | None]()
    for segment_id in segment_ids:
        try:
            found[segment_id] = _member(segment_id, here)
        except BadRule:
            found[segment_id] = None
    standing = {id_: where for id_, where in found.items() if where is not None}
    if not standing:
        return dict.fromkeys(found)
    asked = [func.count().filter(one) for where in standing.values() for one in (where, and_(where, reachable()))]
    row = connection.execute(select(*asked).select_from(CONTACT)).one()
    told = {id_: Count(row[2 * place], row[2 * place + 1]) for place, id_ in enumerate(standing)}
    return {id_: told.get(id_) for id_ in found}


def sample(connection: Connection, who: Rule, now: datetime, limit: int) -> list[str]:
    """The numbers of some contacts whom a rule holds for."""
    query = select(CONTACT.c.phone).where(compile(who, ground(connection, now))).order_by(CONTACT.c.id).limit(limit)
    return list(connection.scalars(query))


def contains(connection: Connection, condition: Condition, contact_id: int) -> bool:
    """Whether a condition holds for this contact: the very same one that counts and takes the audience."""
    query = select(CONTACT.c.id).where(CONTACT.c.id == contact_id, condition)
    return connection.execute(query).first() is not None


def _member(segment_id: int, here: Ground) -> Condition:
    for name, held in here.segments.items():
        if held.id == segment_id:
            return compile(OnList(in_list=name) if held.rule is None else parse(held.rule), here)
    raise NotNow([Problem("", f"there is no segment {segment_id} any more")])
