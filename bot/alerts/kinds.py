"""What an alert may be about: whether it is so now, whom it concerns, and who is told unless they choose otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select

from bot import staff
from bot.awake import OUTAGE
from bot.campaigns.control import ERRORS
from bot.campaigns.launch import AUDIENCE
from bot.processes import QUEUES, alive, worker
from bot.runtime import Runtime
from models import Campaign, Thread
from models.thread import WAITS

WAITED_FOR = timedelta(minutes=2)  # business time: who sits in the inbox has seen it by then
MOST_COUNTED = 1_000  # who wait
AGAIN_AFTER = timedelta(hours=12)
GONE_FOR = timedelta(minutes=1)  # a deploy starts workers anew, and is no alert
BY_ITSELF = (ERRORS, AUDIENCE, OUTAGE)  # why a campaign is paused that nobody has paused

Subjects = Mapping[str, dict[str, Any]]
"""What it is about, and the facts of each; "" where there is one alert for all."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of alert."""

    role: str  # who can see to it, and so is concerned
    told_first: tuple[str, ...]  # roles that get an e-mail unless they choose otherwise
    holds: Callable[[Runtime, Connection, bool], Subjects]  # True: there is one already
    patience: timedelta = timedelta(0)  # it may pass by itself
    again: timedelta | None = None  # after so long it is told again: else one that is never mended silences all others


def _waiting(runtime: Runtime, connection: Connection, already: bool) -> Subjects:
    """People wait for an answer: from when one has waited too long until nobody waits any more."""
    now = runtime.now(connection)
    bothers = or_(Thread.snoozed_until.is_(None), Thread.snoozed_until <= now)
    some = select(Thread.waits_since).where(WAITS, bothers).order_by(Thread.waits_since).limit(MOST_COUNTED).subquery()
    count, since = connection.execute(select(func.count(), func.min(some.c.waits_since)).select_from(some)).one()
    long = since is not None and since <= now - WAITED_FOR
    return {"": {"count": count}} if count and (already or long) else {}


def _campaign(_: Runtime, connection: Connection, __: bool) -> Subjects:
    """Campaigns have paused themselves: each is something else."""
    paused = select(Campaign.id, Campaign.name, Campaign.why).where(Campaign.state == "paused", Campaign.why.in_(BY_ITSELF))
    return {str(row.id): {"name": row.name, "why": row.why} for row in connection.execute(paused)}


def _worker(runtime: Runtime, connection: Connection, _: bool) -> Subjects:
    """Queues that nobody works on. Where there is no Redis no worker is needed: the clock does it all."""
    if runtime.redis is None:
        return {}
    living = alive(connection, runtime.machine_now())
    absent = [kind for kind in map(worker, QUEUES) if kind not in living]
    return {"": {"absent": absent}} if absent else {}


KINDS: Mapping[str, Kind] = {
    "waiting": Kind("agent", ("agent",), _waiting, again=AGAIN_AFTER),
    "campaign": Kind("marketer", ("marketer", "launcher", "admin"), _campaign),
    "worker": Kind("admin", ("admin",), _worker, GONE_FOR, AGAIN_AFTER),
}


def concerns(role: str) -> list[str]:
    """The kinds of alert that somebody of that role can see to."""
    return [name for name, kind in KINDS.items() if staff.may(role, kind.role)]
