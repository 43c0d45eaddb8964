"""The marketer's keywords, made ready for fast look-ups; two entries may not claim the same phrase."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from keywords.reserved import is_yes, meaning
from keywords.text import fold

Mode = Literal["whole", "first", "anywhere"]

MAX_PHRASE = 60
"""Longest phrase, in characters as typed: longer ones are sentences, which nobody texts exactly."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A word or phrase as the marketer typed it, and the language it tells (None: it tells none)."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class KeywordReply:
    """What a keyword says by itself: words by language ("": in any), a picture, and the topic that they are about."""

    words: Mapping[str, str]
    picture: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A keyword: its phrases, how a text must contain one, and the dialog that it opens, or the reply that it says.

    `mode`: the phrase is the whole text, its first words, or stands anywhere in it. The looser modes
    include the stricter ones. `interrupts`: it is heard even in the middle of a dialog.
    """

    id: int
    phrases: tuple[Phrase, ...]
    mode: Mode
    dialog: str | None
    interrupts: bool = False
    reply: KeywordReply | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a phrase cannot be a keyword, in a sentence for the marketer; `other` is the entry it collides with."""

    entry: int
    phrase: str
    message: str
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One folded phrase of the table and the entry that owns it."""

    entry: Entry
    phrase: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """Folded phrase → its claim, by the mode of the entry; `whole` holds them all.

    `first_lengths` and `anywhere_lengths` are the phrase lengths in words that occur, longest first.
    """

    whole: Mapping[str, Claim]
    first: Mapping[str, Claim]
    anywhere: Mapping[str, Claim]
    first_lengths: tuple[int, ...]
    anywhere_lengths: tuple[int, ...]


def build(entries: Iterable[Entry]) -> tuple[Table, tuple[Problem, ...]]:
    """Make the table, and say which phrases it had to leave out.

    The earlier entry keeps a phrase that two claim. A table with problems still works: a mistake in one
    keyword must not silence the others.
    """
    whole: dict[str, Claim] = {}
    found = tuple(_claim_all(entries, whole))
    first = {folded: claim for folded, claim in whole.items() if claim.entry.mode == "first"}
    anywhere = {folded: claim for folded, claim in whole.items() if claim.entry.mode == "anywhere"}
    return Table(whole, first, anywhere, _lengths(first), _lengths(anywhere)), found


def problems(entries: Iterable[Entry]) -> tuple[Problem, ...]:
    """Say what is wrong with these keywords; () when nothing is.

    To check one new entry, put it last: collisions are always reported on the later of the two.
    """
    return tuple(_claim_all(entries, {}))


def _claim_all(entries: Iterable[Entry], claims: dict[str, Claim]) -> Iterator[Problem]:
    for entry in entries:
        if not entry.phrases:
            yield Problem(entry.id, "", "A keyword needs at least one word or phrase.")
        for phrase in entry.phrases:
            folded = fold(phrase.text)
            problem = _refuse(entry, phrase, folded) or _collide(entry, phrase, claims.get(folded))
            if problem:
                yield problem
            else:
                claims[folded] = Claim(entry, phrase.text, _language(phrase, claims.get(folded)))


def _refuse(entry: Entry, phrase: Phrase, folded: str) -> Problem | None:
    """Refuse a phrase for what it is, whatever the mode: reserved texts never reach the keywords.

    A phrase that only begins with the word STOP ("stop pub") is refused too: most people who text it want
    to leave, and a keyword would answer them with a dialog. Other reserved words may begin a phrase
    ("info soldes", "end of season"): the whole text alone is reserved.
    """
    taken = meaning(folded)
    if not phrase.text.strip():
        reason = "An empty phrase matches nothing: type a word."
    elif len(phrase.text) > MAX_PHRASE:
        reason = f"“{phrase.text[:MAX_PHRASE]}…” has {len(phrase.text)} characters; the limit is {MAX_PHRASE}."
    elif not folded:
        reason = f"“{phrase.text}” has no letter or digit. Emoji and punctuation are ignored in texts: add a word."
    elif taken:
        reason = f"“{phrase.text}” is reserved: carriers take it for {taken}. Choose another word."
    elif is_yes(folded):
        reason = f"“{phrase.text}” is the answer of people, and a START after a STOP. Choose another word."
    elif folded.startswith("stop "):
        reason = f"“{phrase.text}” begins with STOP: people who text it want to leave. Choose other words."
    else:
        return None
    return Problem(entry.id, phrase.text, reason)


def _collide(entry: Entry, phrase: Phrase, claim: Claim | None) -> Problem | None:
    if claim is None or claim.entry.id == entry.id:
        return None
    opens = f" ({claim.entry.dialog})" if claim.entry.dialog else ""
    as_typed = "" if claim.phrase == phrase.text else f", there typed “{claim.phrase}”"
    reason = f"“{phrase.text}” already belongs to keyword {claim.entry.id}{opens}{as_typed}."
    return Problem(entry.id, phrase.text, reason, other=claim.entry.id)


def _language(phrase: Phrase, same: Claim | None) -> str | None:
    """A phrase that one entry lists for two languages ("menu") tells neither."""
    return phrase.language if same is None or same.language == phrase.language else None


def _lengths(claims: Mapping[str, Claim]) -> tuple[int, ...]:
    return tuple(sorted({folded.count(" ") + 1 for folded in claims}, reverse=True))
