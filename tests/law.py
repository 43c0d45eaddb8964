"""The law of the throttle, checked in the carrier's journal: nobody may send faster than the sender is allowed to.

In every interval of T ≥ 1 s, the parts whose call began in it are no more than rate · T and the parts of one message.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple

SECOND = 1_000_000
MICROSECOND = timedelta(microseconds=1)


class Breach(NamedTuple):
    """An interval in which too much began: its first and last call, their parts, and how many were allowed."""

    first: str
    last: str
    parts: int
    allowed: float


class Call(NamedTuple):
    """A create call: the instants (µs) between which it reached the carrier, and its parts."""

    earliest: int
    latest: int
    parts: int
    began_at: str


def broken(calls: Iterable[Mapping[str, Any]], rate: float, on_the_way: float = 0) -> list[Breach]:
    """Where calls of one sender (lines of the journal with `began_at`) break the law of so many parts a second.

    One breach at most for each call that ends one, the worst. The carrier's own lateness is the only tolerance, and how long
    (s) a call may have been on its way to it: an interval begins as early as its first call can have come. Exact: integers
    only, and one walk over the calls.
    """
    found = _in_order(calls, round(on_the_way * SECOND))
    before = [0, *accumulate(call.parts for call in found)]
    per_second, scale = Fraction(rate).as_integer_ratio()
    one = max((call.parts for call in found), default=0)

    def over(first: int, last: int) -> int:
        """By how much the parts from one call to another exceed what their interval allows, in parts · scale · µs."""
        length = max(found[last].latest - found[first].earliest, SECOND)
        return (before[last + 1] - before[first] - one) * scale * SECOND - per_second * length

    breaches = []
    for firsts, last in _pairs(found, before, per_second, scale):
        worst = max(firsts, key=lambda first: over(first, last))
        if over(worst, last) > 0:
            parts, length = before[last + 1] - before[worst], max(found[last].latest - found[worst].earliest, SECOND)
            allowed = rate * length / SECOND + one
            breaches.append(Breach(found[worst].began_at, found[last].began_at, parts, allowed))
    return breaches


def _pairs(found: list[Call], before: list[int], per_second: int, scale: int) -> Iterator[tuple[list[int], int]]:
    """For each call as the last of an interval, the two first calls that can break the law with it.

    Of the intervals longer than a second it is always the one with the greatest rate · begin - parts before it, whatever
    the end: kept while walking on. Of the shorter ones, all of which are allowed as much, it is the longest.
    """
    best, heaviest, first = None, 0, 0
    for last, call in enumerate(found):
        while first <= last and found[first].earliest <= call.latest - SECOND:
            weight = per_second * found[first].earliest - before[first] * scale * SECOND
            if best is None or weight > heaviest:
                best, heaviest = first, weight
            first += 1
        yield ([] if best is None else [best]) + ([first] if first <= last else []), last


def _in_order(calls: Iterable[Mapping[str, Any]], on_the_way: int) -> list[Call]:
    """The calls by their beginning; none came earlier than one before it, so a late carrier is late for both."""
    found, earliest = list[Call](), None
    ordered = sorted(calls, key=lambda line: line["began_at"])
    for line in ordered[::-1]:
        latest = (datetime.fromisoformat(line["began_at"]) - datetime.fromisoformat("1970-01-01T00:00Z")) // MICROSECOND
        begin = latest - round(line.get("lag_ms", 0) * 1000) - on_the_way
        earliest = begin if earliest is None else min(earliest, begin)
        found.append(Call(earliest, latest, line["parts"], line["began_at"]))
    return found[::-1]
