"""What waits for a person's word: it fell due while nobody was awake, or nobody knows whether it was sent."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from bot.awake import OUTAGE
from bot.campaigns.control import BY_HAND
from bot.outbox.claim import ERROR
from bot.outbox.settling import UNKNOWN_OUTCOME
from models import Alarm, Campaign, Conversation, Message
from models.message import in_state

MESSAGES = in_state("held") & Message.why.in_((OUTAGE, UNKNOWN_OUTCOME, ERROR))
OF_CONVERSATIONS = ("wake", "expire")


class Held(NamedTuple):
    """How many, by what they are."""

    messages: dict[str, int]  # why -> how many
    alarms: dict[str, int]  # kind -> how many
    campaigns: list[str]  # names; `parley campaign resume` lets each go on

    @property
    def total(self) -> int:
        """Of messages and alarms."""
        return sum(self.messages.values()) + sum(self.alarms.values())


def held(connection: Connection) -> Held:
    """What waits now."""
    messages = connection.execute(select(Message.why, func.count()).where(MESSAGES).group_by(Message.why))
    alarms = connection.execute(select(Alarm.kind, func.count()).where(Alarm.held).group_by(Alarm.kind))
    paused = select(Campaign.name).where(Campaign.state == "paused", Campaign.why == OUTAGE).order_by(Campaign.name)
    return Held(
        {str(why): count for why, count in messages},
        {str(kind): count for kind, count in alarms},
        list(connection.scalars(paused)),
    )


def release(connection: Connection, machine_now: datetime) -> int:
    """Let it all happen now, late as it is; the gate is asked as ever. Returns how many messages and alarms."""
    ready: dict[str, Any] = {
        "state": "ready", "why": None, "not_before": machine_now, "made_at": machine_now, "attempts": 0, "for_person": False,
        "batch_id": None,
    }  # fmt: skip
    messages = connection.execute(update(Message).where(MESSAGES).values(**ready)).rowcount
    alarms = connection.execute(update(Alarm).where(Alarm.held).values(held=False, attempts=0)).rowcount
    return messages + alarms


def refuse(connection: Connection) -> int:
    """Let none of it happen: messages are refused, the conversations that waited end. Returns how many."""
    never = {"state": "refused", "why": BY_HAND, "for_person": False}
    messages = connection.execute(update(Message).where(MESSAGES).values(**never)).rowcount
    late = select(Alarm.subject).where(Alarm.held, Alarm.kind == "release")
    messages += connection.execute(update(Message).where(in_state("held"), Message.id.in_(late)).values(**never)).rowcount
    theirs = select(Alarm.subject).where(Alarm.held, Alarm.kind.in_(OF_CONVERSATIONS))
    live = (Conversation.status != "ended") & Conversation.id.in_(theirs)
    connection.execute(update(Conversation).where(live).values(status="ended"))
    alarms = connection.execute(delete(Alarm).where(Alarm.held, Alarm.kind != "release")).rowcount
    connection.execute(delete(Alarm).where(Alarm.held))
    return messages + alarms
