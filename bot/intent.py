"""What a text would bring about, and why, from somebody who is in no dialog: asked of what `inbound` itself asks."""

from dataclasses import dataclass
from typing import Literal

from bot.catalogue import Catalogue, in_language
from bot.text.clean import clean
from bot.text.merge import BadTemplate, MissingTag, render
from keywords.match import match
from keywords.reserved import Kind, reserved
from keywords.suggest import suggest
from keywords.table import Entry, KeywordReply, Mode
from keywords.text import fold


@dataclass(frozen=True, slots=True)
class Intent:
    """`what`: a word of the law, a dialog that opens, a reply, a question whether another word was meant, or for a person."""

    what: Kind | Literal["dialog", "reply", "suggest", "person"]
    phrase: str = ""  # what was heard: the reserved word, or the phrase as the marketer typed it
    language: str | None = None  # what the phrase tells
    keyword: Entry | None = None  # whose phrase it is
    mode: Mode | None = None  # how it stands in the text
    says: str = ""  # the reply, as somebody reads it of whom nothing is known but the language


def intent(shop: Catalogue, text: str) -> Intent:
    """The law first, then keywords, then what is nearly one. A keyword that can do nothing leaves it to a person."""
    folded = fold(clean(text))
    if word := reserved(folded):
        return Intent(word.kind, folded, word.language)
    if found := match(shop.keywords, folded):
        why = (found.phrase, found.language, found.entry, found.mode)
        if found.entry.reply is not None:
            says = filled(shop, found.entry.reply, found.language)
            return Intent("reply" if says else "person", *why, says)
        return Intent("dialog" if found.entry.dialog in shop.published else "person", *why)
    if near := suggest(shop.keywords, folded):
        return Intent("suggest", near.phrase, near.language, near.entry)
    return Intent("person")


def filled(shop: Catalogue, reply: KeywordReply, told: str | None) -> str:
    """A reply with its values, in the language that is told, else the shop's first; "": it cannot be said."""
    first: str = shop.shop.languages[0]
    language = told if told and told in shop.shop.languages else first
    ours = next(iter(shop.senders), "")
    try:
        return render(in_language(reply.words, language, first), shop.context(language, reply.topic, ours, {}))
    except (MissingTag, BadTemplate):
        return ""
