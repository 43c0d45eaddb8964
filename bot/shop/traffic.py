"""How people go through dialogs: who is where now, and how those came out who began lately."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from models import Conversation
from models.conversation import LIVE

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
