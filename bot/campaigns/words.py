"""What a campaign says to one contact: in their language, from the right number, with their values, or why it says nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.catalogue import Catalogue, in_language
from bot.contacts import language
from bot.text.clean import MAX_UNITS, units
from bot.text.merge import BadTemplate, MissingTag, render, tag_uses
from bot.text.parts import MOST_PARTS, Measure, measure

# "STOP", or "Stop SMS", "Stop au 36111"; not "Stop by our shop" nor "NON-STOP".
MENTIONS_STOP = re.compile(r"(?<![\w/.-])(?:STOP\b|[Ss]top (?:SMS|sms|au \d|to \d|\d))")

KEPT = 1_000  # rendered texts that are kept, for the next contact with the same values


@dataclass(frozen=True, slots=True)
class Said:
    """A text as it would leave."""

    body: str
    ours: str
    size: Measure


@dataclass(frozen=True, slots=True)
class Unsaid:
    """Nothing can be said to this contact. `what`: the merge tag without a value, where that is why."""

    why: str
    what: str | None = None


@dataclass(frozen=True)
class Words:
    """The texts of one campaign, ready for many contacts."""

    campaign: Any  # a row, or a Draft
    catalogue: Catalogue
    _known: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _wanted: dict[str, tuple[str, ...] | None] = field(default_factory=dict)  # template -> see _values_in
    _said: dict[tuple[Any, ...], Said | Unsaid] = field(default_factory=dict)

    def say(self, contact: Any) -> Said | Unsaid:
        """The text for a contact, a row of theirs. A missing value, a text that is too long or hides its STOP: nothing."""
        ours = self.campaign.ours or self.catalogue.sender_for(contact.country) or ""
        spoken = language(contact, self.catalogue.shop.languages)
        return self.fill(spoken, ours, contact.values)

    def fill(self, spoken: str, ours: str, values: Mapping[str, Any]) -> Said | Unsaid:
        """The text in a language, from a number of ours, with these values of a contact."""
        template = in_language(self.campaign.texts, spoken, self.catalogue.shop.languages[0])
        if template not in self._wanted:
            self._wanted[template] = _values_in(template)
        names = self._wanted[template]
        given = [values.get(name) for name in names or ()]
        if names is None or not all(value is None or isinstance(value, str) for value in given):
            return self._fill(template, spoken, ours, values)
        key = (template, spoken, ours, *given)
        if key not in self._said:
            if len(self._said) >= KEPT:
                self._said.clear()
            self._said[key] = self._fill(template, spoken, ours, values)
        return self._said[key]

    def _fill(self, template: str, spoken: str, ours: str, values: Mapping[str, Any]) -> Said | Unsaid:
        shared = self._known.get((spoken, ours))
        if shared is None:
            shared = self._known[spoken, ours] = self.catalogue.context(spoken, self.campaign.topic, ours, {})
        try:
            body = render(template, {**shared, "contact": self.catalogue.meant(values)}).strip()
        except MissingTag as missing:
            return Unsaid("missing value", missing.name)
        except BadTemplate:
            return Unsaid("bad value")
        if not body:
            return Unsaid("nothing to say")
        if self.campaign.kind == "marketing" and not MENTIONS_STOP.search(body):
            return Unsaid("no STOP mention")
        if self.catalogue.shop.brand.casefold() not in body.casefold():
            return Unsaid("no brand")
        size = measure(body)
        if size.parts > MOST_PARTS or units(body) > MAX_UNITS:
            return Unsaid("too long")
        return Said(body, ours, size)


def _values_in(template: str) -> tuple[str, ...] | None:
    """The names of all values of a contact that a text depends on. None: they cannot be told beforehand."""
    try:
        paths = [use.path for use in tag_uses(template) if use.path[0] == "contact"]
    except BadTemplate:
        return None
    return tuple(path[1] for path in paths) if all(len(path) == 2 and path[1] != "*" for path in paths) else None
