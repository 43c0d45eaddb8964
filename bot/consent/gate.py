"""The one gate that everything we send passes: a tuple of judges, asked in order, each on plain facts.

The same code sends, explains and previews, so they cannot disagree. Adding a rule is adding a judge.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from bot.consent.hours import NEVER

WISHES = ("paused", "fewer texts")  # what the judge `preferences` says: the contact may take it back
REPLIES_PER_HOUR = 10  # automatic replies to one contact: two bots that answer each other fall silent


class Facts(NamedTuple):
    """All that the judges know about one message to one contact at one instant. Alike for many: nothing in it names them."""

    kind: str  # compliance | reply | opt_in | service | marketing | staff
    sample: bool = False  # a made-up contact
    simulated: bool = False  # on the simulated carrier
    suppressed: bool = False
    consented: bool = False  # the contact is in for the topic
    sent_before: bool = False  # the carrier already has this very message
    replies_in_hour: int = 0  # automatic ones
    expired: bool = False  # too old to still be an answer, or its campaign is over
    unreachable: bool = False  # the carrier said that there is no such phone, and nothing came from it since
    paused_until: datetime | None = None  # the contact's own break from marketing, when it is not over
    rested_until: datetime | None = None  # they asked for fewer texts, and had one lately
    quiet_until: datetime | None = None  # it is too early or too late in the day, where they are


@dataclass(frozen=True, slots=True)
class Go:
    """It may leave now."""


@dataclass(frozen=True, slots=True)
class Hold:
    """It may leave later."""

    why: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Refuse:
    """It will never leave."""

    why: str


Verdict = Go | Hold | Refuse
Judge = Callable[[Facts], Verdict | None]


def sample(facts: Facts) -> Verdict | None:
    """A made-up number may belong to somebody: it is texted on the simulated carrier only."""
    return Refuse("sample") if facts.sample and not facts.simulated else None


def suppressed(facts: Facts) -> Verdict | None:
    """Opt-out beats everything but its own confirmation (47 CFR 64.1200(a)(12))."""
    return Refuse("suppressed") if facts.suppressed and facts.kind != "compliance" else None


def consented(facts: Facts) -> Verdict | None:
    """Marketing and service texts need consent to their topic; who has just written to us has asked for the answer."""
    needs = facts.kind in ("service", "marketing")
    return Refuse("no consent") if needs and not facts.consented else None


def unreachable(facts: Facts) -> Verdict | None:
    """A number without a phone costs money and good name; whoever writes to us has one."""
    asked_for = facts.kind in ("reply", "compliance")
    return Refuse("unreachable") if facts.unreachable and not asked_for else None


def already_sent(facts: Facts) -> Verdict | None:
    """What the carrier already has is not sent again."""
    return Refuse("already sent") if facts.sent_before else None


def looping(facts: Facts) -> Verdict | None:
    """Another robot answers us: enough is enough, for confirmations too."""
    automatic = facts.kind in ("reply", "compliance")
    return Refuse("loop guard") if automatic and facts.replies_in_hour >= REPLIES_PER_HOUR else None


def expired(facts: Facts) -> Verdict | None:
    """An answer that comes much too late is no answer any more; nor is an offer that has ended an offer."""
    return Refuse("expired") if facts.expired else None


def preferences(facts: Facts) -> Verdict | None:
    """Who asked for a break, or for fewer texts, gets marketing later, not never."""
    if facts.kind != "marketing":
        return None
    if facts.paused_until is not None:
        return Hold("paused", facts.paused_until)
    return Hold("fewer texts", facts.rested_until) if facts.rested_until is not None else None


def quiet(facts: Facts) -> Verdict | None:
    """What nobody asked for does not come at night: it comes in the morning, once we know where that is."""
    if facts.kind not in ("marketing", "opt_in") or facts.quiet_until is None:
        return None
    return Refuse("no hour suits") if facts.quiet_until == NEVER else Hold("quiet hours", facts.quiet_until)


JUDGES: tuple[Judge, ...] = (
    sample, suppressed, consented, unreachable, already_sent, looping, expired, preferences, quiet,
)  # fmt: skip


_OUTCOMES = {Go: "go", Hold: "hold", Refuse: "refuse"}


@lru_cache(maxsize=1_000)
def judge(facts: Facts, judges: tuple[Judge, ...] = JUDGES) -> Verdict:
    """Ask the judges in order; the first who objects decides."""
    for ask in judges:
        verdict = ask(facts)
        if verdict is not None:
            return verdict
    return Go()


def hear_all(facts: Facts, judges: tuple[Judge, ...] = JUDGES) -> list[tuple[str, Verdict | None]]:
    """What each judge says, in order, by its name; None: no objection. The first who objects is the one that counts."""
    return [(ask.__name__, ask(facts)) for ask in judges]


@lru_cache(maxsize=1_000)
def record(verdict: Verdict, facts: Facts) -> Mapping[str, Any]:
    """The verdict as it is kept: outcome, which judge, on which facts (only those that say something)."""
    known = facts._asdict().items()
    said = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in known if value}
    return {"outcome": _OUTCOMES[type(verdict)], "why": getattr(verdict, "why", "passed"), "facts": said}
