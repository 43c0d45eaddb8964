"""What still needs a part of the shop: why it cannot go yet, in sentences with numbers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, TextClause, func, not_, or_, select

from bot.shop.check import Ground, written
from bot.shop.kept import together
from bot.shop.scripts import Script
from bot.shop.spec import FieldPart
from bot.text.merge import BadTemplate, tag_uses
from models import Campaign, Contact, Conversation, DialogVersion, Field, Keyword, Message, Segment, Subscription
from models.conversation import LIVE
from models.field import PATTERNS, WRITTEN
from models.message import OPEN_STATES, in_state

OVER = ("finished", "cancelled")  # of campaigns: they ask for nothing any more
NAME_TOPICS = ("subscribed", "topic")  # keys of a segment's rule that name a topic
NAMES_FIELDS = ("field",)


class InUse(ValueError):
    """It cannot go, or not yet; says why."""


def of_topic(connection: Connection, slug: str, before: Ground, after: Ground) -> Iterator[str]:
    """Why a topic cannot go. `before`, `after`: what dialogs stand on, with it and without."""
    if people := _count(connection, Subscription, Subscription.topic == slug, Subscription.state == "in"):
        yield f"people who are in for it: {people}"
    if campaigns := _count(connection, Campaign, Campaign.topic == slug, Campaign.state.not_in(OVER)):
        yield f"campaigns about it: {campaigns}"
    if keywords := _count(connection, Keyword, Keyword.topic == slug):
        yield f"keywords whose reply is about it: {keywords}"
    yield from _told("segments that ask for it", _asking(connection, NAME_TOPICS, slug))
    yield from _told("dialogs that name it", _broken(connection, before, after))
    if people := _choosing(connection, slug):
        yield f"people who are choosing topics by text at this moment: {people}"


def _choosing(connection: Connection, slug: str) -> int:
    """How many have the menu of topics before them, whose numbers mean what they meant, or are asked about this one."""
    inside = select(Conversation.version_id, Conversation.memory).where(LIVE)
    versions = select(DialogVersion.id, DialogVersion.name, DialogVersion.source)
    dialogs = {
        row.id: Script(row.name, row.source).dialog
        for row in connection.execute(versions.where(DialogVersion.id.in_(select(Conversation.version_id).where(LIVE))))
    }
    hearing = {id_: dialog.states for id_, dialog in dialogs.items() if dialog.hears_topics}
    rows = connection.execute(inside.where(Conversation.version_id.in_(hearing))) if hearing else ()
    return sum(row.memory.get("topic") == slug or _hears_topic(hearing[row.version_id], row.memory) for row in rows)


def _hears_topic(states: Mapping[str, Any], memory: Mapping[str, Any]) -> bool:
    state = states.get(memory["state"])
    return state is not None and any(branch.hear.topic for branch in state.on or ())


def of_field(connection: Connection, name: str, before: Ground, after: Ground) -> Iterator[str]:
    """Why a field cannot go. `before`, `after`: what dialogs stand on, with it and without."""
    campaigns = connection.execute(select(Campaign.name, Campaign.texts).where(Campaign.state.not_in(OVER)))
    saying = [row.name for row in campaigns if any(_says(template, name) for template in row.texts.values())]
    yield from _told("campaigns that say it", saying)
    yield from _told("segments that ask for it", _asking(connection, NAMES_FIELDS, name))
    yield from _told("dialogs that name it", _broken(connection, before, after))


def of_types(connection: Connection, fields: Sequence[FieldPart]) -> Iterator[tuple[int, str]]:
    """The places of fields that cannot have the type that they are to have from now on, and why: what contacts have there."""
    before = {row.name: row.type for row in connection.execute(select(Field.name, Field.type))}
    for place, field in enumerate(fields):
        if field.type in ("text", before.get(field.name)):
            continue
        value = Contact.values[field.name].as_string()
        unfit = value.is_not(None) & not_(value.regexp_match(PATTERNS[field.type]))
        if people := _count(connection, Contact, unfit):
            yield place, f"contacts whose `{field.name}` is not written so ({WRITTEN[field.type]}): {people}"


def of_other_types(connection: Connection, before: Ground, after: Ground) -> Iterator[str]:
    """Why fields cannot have other types yet: dialogs that somebody is in, which fill them otherwise."""
    yield from _told("dialogs that fill a field otherwise", _broken(connection, before, after))


def of_sender(connection: Connection, number: str) -> Iterator[str]:
    """Why a number of ours cannot go."""
    if people := _count(connection, Conversation, Conversation.ours == number, LIVE):
        yield f"people who are in a dialog there: {people}"
    if waiting := _count(connection, Message, Message.ours == number, Message.direction == "out", in_state(*OPEN_STATES)):
        yield f"texts that wait for it: {waiting}"
    if campaigns := _count(connection, Campaign, Campaign.ours == number, Campaign.state.not_in(OVER)):
        yield f"campaigns that leave from it: {campaigns}"


def of_dialog(connection: Connection, name: str, before: Ground, after: Ground, now: datetime) -> Iterator[str]:
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


def _says(template: str, field: str) -> bool:
    """Whether a text merges a field."""
    try:
        return any(use.path == ("contact", field) for use in tag_uses(template))
    except BadTemplate:
        return False


def _asking(connection: Connection, keys: Collection[str], name: str) -> list[str]:
    """The segments whose rule has this name under one of these keys."""
    rules = connection.execute(select(Segment.name, Segment.rule).where(Segment.rule.is_not(None)))
    return [row.name for row in rules if _asks(row.rule, keys, name)]


def _asks(rule: Any, keys: Collection[str], name: str) -> bool:
    if isinstance(rule, dict):
        return any(rule.get(key) == name for key in keys) or any(_asks(part, keys, name) for part in rule.values())
    return isinstance(rule, list) and any(_asks(part, keys, name) for part in rule)


def _is_answered(campaign: Any, now: datetime) -> bool:
    last = campaign.finished_at or campaign.launched_at
    return campaign.state not in OVER or (last is not None and last > now - timedelta(days=campaign.answers_for))


def _broken(connection: Connection, before: Ground, after: Ground) -> list[str]:
    """Dialogs that would name what is not there, in the version in force or in one that somebody is inside of."""
    inside = select(Conversation.version_id).where(LIVE)
    versions = select(DialogVersion.name, DialogVersion.source)
    versions = versions.where(or_(DialogVersion.state == "published", DialogVersion.id.in_(inside)))
    scripts = [Script(row.name, row.source) for row in connection.execute(versions)]
    return together(lambda: list({one.file for one in scripts if set(written(one, after)) - set(written(one, before))}))
