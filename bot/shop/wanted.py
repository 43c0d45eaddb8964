"""What law and carriers want in the texts that a shop answers STOP, START and HELP with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.text.clean import clean
from bot.text.merge import BadTemplate, MissingTag, render
from bot.text.parts import Measure, measure

Missing = Literal["brand", "contact", "stop", "help", "rates", "link"]
NEEDED: frozenset[Missing] = frozenset({"brand", "contact"})
"""Without these a text is not taken; the others are advice."""
RATES = ("US", "CA")


@dataclass(frozen=True, slots=True)
class Looked:
    """A text as it will be sent, how many parts it is billed as, and what it lacks."""

    text: str
    measure: Measure
    lacks: tuple[Missing, ...]


def look(name: str, template: str, brand: str, contact_line: str, country: str) -> Looked:
    """Look at the text `stop`, `start` or `help`. What cannot be filled in is measured as it is: the shop's check tells why."""
    values: Mapping[str, object] = {"brand": brand, "contact_line": contact_line, "sender": ""}
    try:
        text = clean(render(template, values))
    except (BadTemplate, MissingTag):
        text = clean(template)
    return Looked(text, measure(text), tuple(_lacks(name, text.casefold(), brand, contact_line, country)))


def _lacks(name: str, text: str, brand: str, contact_line: str, country: str) -> Iterator[Missing]:
    """Sources: CTIA, Messaging Principles and Best Practices, 5.1 (HELP: who, and how to reach them; STOP: one last text);
    47 CFR 64.1200(a)(12) (the last text sells nothing); CNIL on texts that sell (who writes is named)."""
    if clean(brand).casefold() not in text:
        yield "brand"
    if name == "help" and clean(contact_line).casefold() not in text:
        yield "contact"
    if name in ("help", "start") and "stop" not in text:
        yield "stop"
    if name == "start" and not any(word in text for word in ("help", "aide", "ayuda")):
        yield "help"
    if name == "help" and country in RATES and "rates" not in text:
        yield "rates"
    if name == "stop" and ("http" in text or "www." in text):
        yield "link"
