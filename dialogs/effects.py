"""What a dialog asks the house to do: frozen values. The engine returns them and never does them itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Value = str | int | float
Proof = Literal["single", "double"]


@dataclass(frozen=True, slots=True)
class Say:
    """Send words: language → Liquid template. The key "" holds words that serve every language."""

    words: Mapping[str, str]
    media: tuple[str, ...] = ()
    state: str = ""


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep a value in a field of the contact; "language" and "zone" are the contact's own columns."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Tag:
    """Put a tag on the contact."""

    name: str


@dataclass(frozen=True, slots=True)
class Untag:
    """Take a tag off the contact."""

    name: str


@dataclass(frozen=True, slots=True)
class OptIn:
    """The contact consents to a topic: asked once, or asked and confirmed."""

    topic: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class OptOut:
    """The contact no longer wants a topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class Pause:
    """No marketing to the contact for so long, or until that day."""

    until: timedelta | date


@dataclass(frozen=True, slots=True)
class SlowDown:
    """Marketing to the contact at most once in so long."""

    every: timedelta


@dataclass(frozen=True, slots=True)
class AsUsual:
    """Marketing as often as to others: no break, nothing slowed down."""


@dataclass(frozen=True, slots=True)
class Wake:
    """Wake this conversation later, with Woke."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Expire:
    """If the contact is silent for this long, end the listening, with Expired."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Open:
    """Open another dialog on top of this one, which goes on with Returned when the other has ended."""

    dialog: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """A person of the staff should look at this conversation."""

    note: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The conversation is over, with an outcome that reports can count."""

    outcome: str = ""


Effect = Say | Remember | Tag | Untag | OptIn | OptOut | Pause | SlowDown | AsUsual | Wake | Expire | Open | HandOver | Finish
