"""How people go through dialogs: who is where now, and how those came out who began lately."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.catalogue import Catalogue
from bot.text.merge import BadTemplate, MissingTag, render, tag_uses
from bot.text.parts import Measure, measure
from dialogs.topics import menu
from models import Conversation
from models.conversation import LIVE
from models.field import SAMPLES

ENDED = "ended"


@dataclass(slots=True)
class Traffic:
    """`inside`, `ended`: people by state, all who are in it now, and who began since and ended there; `outcomes`: of these."""

    begun: int = 0
    inside: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)


def traffic(connection: Connection, names: Sequence[str], since: datetime) -> dict[str, Traffic]:
    """Through each of these dialogs, in whatever version. Two statements."""
    found = {name: Traffic() for name in names}
    state = Conversation.memory["state"].as_string()
    where = Conversation.dialog.in_(names)
    live = select(Conversation.dialog, state, func.count()).where(where, LIVE).group_by(Conversation.dialog, state)
    for name, at, count in connection.execute(live):
        found[name].inside[at or ""] += count
    columns = (Conversation.dialog, Conversation.status, state, Conversation.outcome)
    lately = select(*columns, func.count()).where(where, Conversation.begun_at >= since).group_by(*columns)
    for name, status, at, outcome, count in connection.execute(lately):
        found[name].begun += count
        if status == ENDED:
            found[name].ended[at or ""] += count
            found[name].outcomes[outcome or ""] += count
    return found


def measured(shop: Catalogue, topic: str | None, language: str, template: str) -> Measure | None:
    """What words of a dialog are billed as, with a value of each type where people have theirs. None: they cannot be said."""
    try:
        answers = {use.path[1]: "X" * 5 for use in tag_uses(template) if use.path[0] == "answers" and len(use.path) > 1}
        values = {name: SAMPLES[type_] for name, type_ in shop.fields.items()}
        known = shop.context(language, topic, next(iter(shop.senders), ""), values)
        topics = menu(shop.topic_names, language, lambda _: True)
        return measure(render(template, known | {"answers": answers, "topics": topics}).strip())
    except (BadTemplate, MissingTag):
        return None
