"""Finds the keyword that a text knocks on: the whole text first, then its first words, then anywhere.

The cost grows with the words of the text, not with the number of keywords.
"""

from collections.abc import Collection
from dataclasses import dataclass

from keywords.polite import without_politeness
from keywords.table import Claim, Entry, Mode, Table

ALL_MODES: tuple[Mode, ...] = ("whole", "first", "anywhere")


@dataclass(frozen=True, slots=True)
class Match:
    """The keyword that was found: by which phrase (as the marketer typed it), in which language, and how."""

    entry: Entry
    phrase: str
    language: str | None
    mode: Mode


def match(table: Table, folded: str, modes: Collection[Mode] = ALL_MODES) -> Match | None:
    """Return the keyword of a folded text, or None.

    1. The whole text is a phrase, of an entry of any mode.
    2. The text begins with a phrase: the longest.
    3. A phrase stands in the text on word boundaries: the longest, then the earliest.

    Politeness before and after ("bonjour", "svp") is no part of the text, unless a phrase has it.
    `modes` says which of these steps to take; their order is fixed. A caller that asks others in between
    calls twice: first with ("whole",), then with ("first", "anywhere").
    """
    plain = without_politeness(folded)
    if "whole" in modes and (claim := table.whole.get(folded) or table.whole.get(plain)):
        return _matched(claim, "whole")
    words = folded.split(" ")
    if "first" in modes and (claim := _first(table, words) or _first(table, plain.split(" "))):
        return _matched(claim, "first")
    if "anywhere" in modes and (claim := _anywhere(table, words)):
        return _matched(claim, "anywhere")
    return None


def _first(table: Table, words: list[str]) -> Claim | None:
    for length in table.first_lengths:
        if claim := table.first.get(" ".join(words[:length])):
            return claim
    return None


def _anywhere(table: Table, words: list[str]) -> Claim | None:
    for length in table.anywhere_lengths:
        for start in range(len(words) - length + 1):
            if claim := table.anywhere.get(" ".join(words[start : start + length])):
                return claim
    return None


def _matched(claim: Claim, mode: Mode) -> Match:
    return Match(claim.entry, claim.phrase, claim.language, mode)
