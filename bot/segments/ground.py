"""What a rule stands on: the time, the shop's zone, and what the names in it mean now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from bot.catalogue import catalogue
from bot.segments.parse import MAX_DEPTH, MAX_RULES, BadRule, Problem, bad, children, parse
from bot.segments.rules import Consents, InSegment, OnList, Received, Replied, Rule, Subscribed
from models import Campaign, Segment


@dataclass(frozen=True, slots=True)
class Held:
    """A segment as it is stored: its id, and its rule as plain data; None: a list."""

    id: int
    rule: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Ground:
    """`now` is business time, aware; segments and campaigns by name; topics by slug."""

    now: datetime
    zone: ZoneInfo
    segments: Mapping[str, Held]
    campaigns: Mapping[str, int]
    topics: frozenset[str]

    def unknown(self, rule: Rule) -> str | None:
        """What this rule names that does not exist; None when it stands."""
        match rule:
            case Consents(topic=topic) | Subscribed(subscribed=topic) if topic not in self.topics:
                return f"there is no topic {topic!r}"
            case Received(received=name) if name not in self.campaigns:
                return f"there is no campaign {name!r}"
            case Replied(replied=answer) if answer.to is not None and answer.to not in self.campaigns:
                return f"there is no campaign {answer.to!r}"
            case OnList(in_list=name):
                return self._unknown_segment(name, is_list=True)
            case InSegment(in_segment=name):
                return self._unknown_segment(name, is_list=False)
        return None

    def _unknown_segment(self, name: str, is_list: bool) -> str | None:
        if name not in self.segments:
            return f"there is no {'list' if is_list else 'segment'} {name!r}"
        if (self.segments[name].rule is None) != is_list:
            return f"{name!r} is a segment with a rule: in_segment" if is_list else f"{name!r} is a list: in_list"
        return None


def ground(connection: Connection, now: datetime) -> Ground:
    """The ground as it is at this business time. Raises NoShop."""
    shop = catalogue(connection)
    campaigns = connection.execute(select(Campaign.name, Campaign.id))
    return Ground(
        now=now,
        zone=ZoneInfo(shop.shop.zone),
        segments=segments(connection),
        campaigns={row.name: row.id for row in campaigns},
        topics=frozenset(shop.topics),
    )


def segments(connection: Connection) -> dict[str, Held]:
    """All segments and lists by name, in order."""
    rows = connection.execute(select(Segment.name, Segment.id, Segment.rule).order_by(Segment.name))
    return {row.name: Held(row.id, row.rule) for row in rows}


def check(rule: Rule, ground: Ground, name: str | None = None) -> None:
    """Refuse a rule that names what is not there, itself, or more than fits. `name`: of its segment. Raises BadRule."""
    problems: list[Problem] = []
    left: list[tuple[Rule, tuple[str, ...], tuple[str, ...], int]] = [(rule, (name,) if name else (), (), 1)]
    rules = 0
    while left:
        part, above, path, depth = left.pop()
        rules += 1
        if rules > MAX_RULES or depth > MAX_DEPTH:
            raise bad(
                f"with the segments in it, this is more than {MAX_RULES} rules or {MAX_DEPTH} deep", ".".join(path)
            )
        if unknown := ground.unknown(part):
            problems.append(Problem(".".join(path), unknown))
        elif isinstance(part, InSegment):
            inner = part.in_segment
            if inner in above:
                raise bad(
                    " -> ".join((*above[above.index(inner) :], inner)) + " goes round in a circle", ".".join(path)
                )
            left.append((parse(ground.segments[inner].rule), (*above, inner), (*path, "in_segment"), depth))
        else:
            left += [(child, above, (*path, step), depth + 1) for step, child in children(part)]
    if problems:
        raise BadRule(problems)
