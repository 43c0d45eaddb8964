"""What the house lends to a dialog for one turn: answers about the contact, and readers of phone numbers and dates."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from dialogs.topics import Topics


class Holds(Protocol):
    """Is it true of this contact? Asked as ("tag", "vip") or ("consent", "offers")."""

    def __call__(self, kind: str, name: str, /) -> bool: ...


class Parsers(Protocol):
    """Readers that need knowledge of the world; but for `plain`, each answers None for what it cannot read."""

    def plain(self, folded: str, /) -> str:
        """A folded text without the politeness around it: "oui" for "oui svp merci", "" for "merci"."""

    def phone(self, text: str, country: str, /) -> str | None:
        """The E.164 number written in the way of a country (two letters)."""

    def until(self, text: str, language: str, country: str, today: date, /) -> date | None:
        """The day on which something that lasts until then is over: "until September", "three weeks"."""

    def date(self, text: str, language: str, country: str, today: date, /) -> date | None:
        """The day written in words or digits, in the order of a country (two letters)."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The contact as a dialog may see them, in this turn."""

    holds: Holds
    parsers: Parsers
    language: str
    country: str
    today: date
    topics: Topics
