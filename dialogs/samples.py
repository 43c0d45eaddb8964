"""What a customer may text where a dialog listens: one text for every way on, and one that nothing hears."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import ceil, floor
from typing import NamedTuple

from dialogs import parts, spec
from dialogs.effects import Value
from dialogs.events import Heard
from dialogs.ground import Ground
from dialogs.hear import Answer, Fold, heard_words, listener
from dialogs.transcript import pick
from dialogs.when import fits

SOMETHING = "blah"  # what people write where anything will do
UNHEARD = (SOMETHING, "blah blah", "")  # the empty text is what even `anything` does not hear
PICTURE = "https://example.org/" + "m" * 140  # as long as carriers' addresses are
PLAUSIBLE = {
    "until": ("3 mois", "3 months"),
    "phone": ("+33612345678",),
    "postcode": ("75011", "1000", "K1A 0B1", "SW1A 1AA"),
    "name": (SOMETHING,),
    "picture": ("",),
    "anything": UNHEARD,
}
LISTED = ("words", "choice", "yes", "no", "topic")  # they say word by word what they hear
MOST_OPTIONS = 20  # of a menu, whose numbers are answers too
DAYS = (0, -1, 1)  # from today: listeners may want the past or the future

Tests = Mapping[str, tuple[parts.Value, ...]]
"""The name of an answer → what conditions want to know of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Something that the customer texts, as a listener gets it and as one types it: language → text, "" for every one."""

    heard: Heard
    typed: Mapping[str, str]


class Offer(NamedTuple):
    """A word that a branch says it hears: which branch, the word as typed, and the value that it stands for."""

    branch: int
    word: str
    value: str


class Ears:
    """A listening state: what it hears, and which of its branches that is."""

    def __init__(self, state: spec.State, fold: Fold, ground: Ground, topic: str | None = None) -> None:
        self.branches, self.topic = list(state.on or ()), topic  # the dialog's own
        self.fold, self.ground = fold, ground
        self._hears = [listener(branch.hear, fold) for branch in self.branches]

    def text(self, language: str, typed: Mapping[str, str], *media: str) -> Text:
        """A text in a language, ready to be heard."""
        words = pick(typed, language)
        return Text(Heard(words, self.fold(words), media), typed)

    def winner(self, heard: Heard) -> tuple[int, Answer] | None:
        """The first branch that understands, as the engine takes it, and what it understands."""
        for i, hears in enumerate(self._hears):
            if answer := hears(heard, self.ground):
                return i, answer
        return None

    def is_listed(self, branch: int) -> bool:
        """Whether a branch says word by word what it hears."""
        return self.branches[branch].hear.kind in LISTED

    def is_offered(self, branch: int, word: str) -> bool:
        """Whether a branch offers this folded word as an answer, in so many letters."""
        return any(one.branch == branch and self.fold(one.word) == word for one in self.offers())

    def is_choice(self, branch: int) -> bool:
        """Whether a branch offers several answers."""
        return self.branches[branch].hear.kind in ("choice", "topic")

    def takes_all(self, branch: int) -> bool:
        """Whether a branch hears words of the customer's own, nearly any."""
        return self.branches[branch].hear.kind in ("anything", "name")

    def offers(self) -> Iterator[Offer]:
        """Every word that is offered as an answer."""
        for i, branch in enumerate(self.branches):
            for folded, _, value in heard_words(branch.hear, self.fold):
                yield Offer(i, value if branch.hear.words else folded, value)
            if branch.hear.topic:
                for number, (slug, names) in enumerate(self.ground.topics.items(), 1):
                    yield from (Offer(i, word, slug) for word in (str(number), *names.values()))

    def texts(self, language: str, tests: Tests) -> list[Text]:
        """One text for every branch, and for every outcome that a condition can see in its answer."""
        found = []
        for i, branch in enumerate(self.branches):
            asked = tests.get(branch.as_ or "", ())
            alike: dict[tuple[object, ...], dict[str, str]] = {}
            for lang, typed in self._may_say(i, asked):
                won = self.winner(self.text("", {"": typed}, *self._media(i)).heard)
                if won and won[0] == i:
                    which = won[1].value if branch.hear.topic else None  # what comes next is said of that topic
                    alike.setdefault((which, *outcomes(won[1].value, asked)), {}).setdefault(lang, typed)
            found += [self.text(language, typed, *self._media(i)) for typed in alike.values()]
        return found

    def unheard(self, language: str) -> Text | None:
        """A text that no branch hears; None where there is none."""
        texts = (self.text(language, {"": typed}) for typed in UNHEARD)
        return next((text for text in texts if self.winner(text.heard) is None), None)

    def lost(self) -> Iterator[tuple[int, Text | None]]:
        """Branches without listed words that never win, with a text that one above takes; None: nothing is ever heard."""
        for i in range(len(self.branches)):
            if self.is_listed(i):
                continue
            texts = (self.text("", {"": typed}, *self._media(i)) for _, typed in self._may_say(i, ()))
            mine = [text for text in texts if self._hears[i](text.heard, self.ground)]
            if not any(won[0] == i for text in mine if (won := self.winner(text.heard))):
                yield i, next(iter(mine), None)

    def _may_say(self, branch: int, tests: tuple[parts.Value, ...]) -> Iterator[tuple[str, str]]:
        """Texts worth trying at a branch, likely ones first, each with its language; not all of them are heard."""
        hear = self.branches[branch].hear
        match hear.kind:
            case "words":
                yield from ((lang, value) for _, lang, value in heard_words(hear, self.fold))
            case "yes" | "no":
                yield from ((lang, folded) for folded, lang, _ in heard_words(hear, self.fold))
            case "choice":
                yield from (("", folded) for folded, _, _ in heard_words(hear, self.fold))
            case "topic":
                yield from self._topics(tests)
            case "number":
                yield from (("", typed) for typed in self._numbers(branch, tests))
            case "date":
                yield from (("", (self.ground.today + timedelta(days=days)).isoformat()) for days in DAYS)
            case _:
                yield from (("", typed) for typed in PLAUSIBLE[hear.kind])
        for test in tests:
            yield from (("", typed) for typed in (test.is_, *(test.in_ or ())) if typed is not None)

    def _topics(self, tests: tuple[parts.Value, ...]) -> Iterator[tuple[str, str]]:
        """The dialog's own topic, those that conditions name, and another one: all others go the same way as that."""
        topics = self.ground.topics
        named = {self.topic, *(one for test in tests for one in (test.is_, *(test.in_ or ())))}
        other = next((slug for slug in topics if slug not in named), None)
        for number, (slug, names) in enumerate(topics.items(), 1):
            if slug in named or slug == other:
                yield from names.items()
                yield "", str(number)

    def _numbers(self, branch: int, tests: tuple[parts.Value, ...]) -> Iterator[str]:
        """The numbers at which something changes, and some that are on no menu.

        They are 0, by which no text may divide, the limits of all branches, its own first, and those of conditions, what
        lies around them and between two of them.
        """
        wants = [want for one in (self.branches[branch], *self.branches) if (want := one.hear.number)]
        pairs = [*((want.min, want.max) for want in wants), *((test.above, test.below) for test in tests)]
        limits = [limit for pair in pairs for limit in pair if limit is not None]
        middles = [(low + high) / 2 for low, high in pairwise(sorted(set(limits)))]
        yield "0"
        yield from dict.fromkeys(typed for limit in (*limits, *middles) for typed in _around(limit))
        yield from (_written(next(iter(limits), 1) + by) for by in range(MOST_OPTIONS + 2))

    def _media(self, branch: int) -> tuple[str, ...]:
        return (PICTURE,) if self.branches[branch].hear.kind == "picture" else ()


def outcomes(value: Value, tests: tuple[parts.Value, ...]) -> tuple[bool, ...]:
    """What conditions see of an answer: two answers with the same outcomes are the same to them."""
    return tuple(fits(value, test) for test in tests)


def _around(limit: float) -> Iterator[str]:
    return map(_written, (limit, floor(limit), ceil(limit), limit + 1, limit - 1, limit + 0.5, limit - 0.5))


def _written(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:.6f}".rstrip("0")
