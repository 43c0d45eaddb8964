"""What a text would bring about, and why, from somebody who is in no dialog: asked of what `inbound` itself asks."""

from dataclasses import dataclass
from typing import Literal

from bot.catalogue import Catalogue
from bot.text.clean import clean
from keywords.match import match
from keywords.reserved import Kind, reserved
from keywords.suggest import suggest
from keywords.table import Entry, Mode
from keywords.text import fold


@dataclass(frozen=True, slots=True)
class Intent:
    """`what`: a word of the law, a dialog that opens, a question whether another word was meant, or a text for a person."""

    what: Kind | Literal["dialog", "suggest", "person"]
    phrase: str = ""  # what was heard: the reserved word, or the phrase as the marketer typed it
    language: str | None = None  # what the phrase tells
    keyword: Entry | None = None  # whose phrase it is
    mode: Mode | None = None  # how it stands in the text


def intent(shop: Catalogue, text: str) -> Intent:
    """The law first, then keywords, then what is nearly one. A keyword whose dialog is not published leaves it to a person."""
    folded = fold(clean(text))
    if word := reserved(folded):
        return Intent(word.kind, folded, word.language)
    if found := match(shop.keywords, folded):
        what: Literal["dialog", "person"] = "dialog" if found.entry.dialog in shop.published else "person"
        return Intent(what, found.phrase, found.language, found.entry, found.mode)
    if near := suggest(shop.keywords, folded):
        return Intent("suggest", near.phrase, near.language, near.entry)
    return Intent("person")
