"""What still needs a part of the shop: why it cannot go yet, in sentences with numbers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, TextClause, func, or_, select

from bot.shop.check import kept_script
from dialogs.check import NAMED, Known
from dialogs.check import check as check_dialog
from models import Campaign, Conversation, DialogVersion, Keyword, Message, Segment, Subscription
from models.conversation import LIVE
from models.message import OPEN_STATES, in_state

OVER = ("finished", "cancelled")  # of campaigns: they ask for nothing any more
SUBSCRIBED, ABOUT = "subscribed", "topic"  # keys of a segment's rule that name a topic


class InUse(ValueError):
    """It cannot go, or not yet; says why."""


def of_topic(connection: Connection, slug: str, before: Known, after: Known) -> Iterator[str]:
    """Why a topic cannot go. `before`, `after`: what dialogs may name, with and without it."""
    if people := _count(connection, Subscription, Subscription.topic == slug, Subscription.state == "in"):
        yield f"people who are in for it: {people}"
    if campaigns := _count(connection, Campaign, Campaign.topic == slug, Campaign.state.not_in(OVER)):
        yield f"campaigns about it: {campaigns}"
    rules = connection.execute(select(Segment.name, Segment.rule).where(Segment.rule.is_not(None)))
    yield from _told("segments that ask for it", [row.name for row in rules if _asks(row.rule, slug)])
    yield from _told("dialogs that name it", _broken(connection, before, after))


def of_sender(connection: Connection, number: str) -> Iterator[str]:
    """Why a number of ours cannot go."""
    if people := _count(connection, Conversation, Conversation.ours == number, LIVE):
        yield f"people who are in a dialog there: {people}"
    if waiting := _count(connection, Message, Message.ours == number, Message.direction == "out", in_state(*OPEN_STATES)):
        yield f"texts that wait for it: {waiting}"
    if campaigns := _count(connection, Campaign, Campaign.ours == number, Campaign.state.not_in(OVER)):
        yield f"campaigns that leave from it: {campaigns}"


def of_dialog(connection: Connection, name: str, before: Known, after: Known, now: datetime) -> Iterator[str]:
    """Why a dialog cannot go; `now`: business time. Whoever is inside can end it."""
    if keywords := _count(connection, Keyword, Keyword.dialog == name):
        yield f"keywords that open it: {keywords}"
    rows = connection.execute(select(Campaign.__table__).where(Campaign.dialog == name))
    yield from _told("campaigns whose answers open it", [row.name for row in rows if _is_answered(row, now)])
    yield from _told("dialogs that open it", [other for other in _broken(connection, before, after) if other != name])


def _count(connection: Connection, table: Any, *which: ColumnElement[bool] | TextClause) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(*which)) or 0


def _told(what: str, names: list[str]) -> Iterator[str]:
    if names:
        yield f"{what}: {len(names)} ({', '.join(sorted(names))})"


def _asks(rule: Any, slug: str) -> bool:
    """Whether a segment's rule, as plain data, names a topic."""
    if isinstance(rule, dict):
        return slug in (rule.get(ABOUT), rule.get(SUBSCRIBED)) or any(_asks(part, slug) for part in rule.values())
    return isinstance(rule, list) and any(_asks(part, slug) for part in rule)


def _is_answered(campaign: Any, now: datetime) -> bool:
    last = campaign.finished_at or campaign.launched_at
    return campaign.state not in OVER or (last is not None and last > now - timedelta(days=campaign.answers_for))


def _broken(connection: Connection, before: Known, after: Known) -> list[str]:
    """Dialogs that would name what is not there, in the version in force or in one that somebody is inside of."""
    inside = select(Conversation.version_id).where(LIVE)
    versions = select(DialogVersion.name, DialogVersion.source)
    versions = versions.where(or_(DialogVersion.state == "published", DialogVersion.id.in_(inside)))
    found = set()
    for name, source in connection.execute(versions):
        dialog = kept_script(name, source).dialog
        if set(check_dialog(dialog, known=after, rules=NAMED)) - set(check_dialog(dialog, known=before, rules=NAMED)):
            found.add(name)
    return list(found)
