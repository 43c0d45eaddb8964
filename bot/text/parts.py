"""How many parts a text is billed as, and in which alphabet it travels.

Source: 3GPP TS 23.038 (the GSM alphabet, its extension table, the limits of 160/153 septets and 70/67 units). A long text is
cut where Twilio's segment calculator cuts it: never inside an extension pair or a visible character.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import regex

from bot.text.clean import units

MOST_PARTS = 10
"""Longest text that we send on purpose, in parts. Source: Twilio docs, error 21617 and "best practices for long texts"."""

_BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
_BASIC += "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
_EXTENSION = "\f^{}\\[~]|€"
_BASIC_ONLY = re.compile(f"[{re.escape(_BASIC)}]*")
_GSM = re.compile(f"[{re.escape(_BASIC + _EXTENSION)}]*")
_DOUBLE = frozenset(_EXTENSION)
_PLAIN = re.compile("[\n -\u024f\u2010-\u2027\u20ac]*")  # one unit each, none joins another: no need to look closer


@dataclass(frozen=True, slots=True)
class Measure:
    """`units` are septets of GSM-7, 16-bit units of UCS-2; `offending`: the characters that make it UCS-2, each once."""

    encoding: Literal["GSM-7", "UCS-2"]
    parts: int
    units: int
    offending: str = ""


def measure(text: str) -> Measure:
    """Measure a cleaned text (NFC). An empty one is one part."""
    if _BASIC_ONLY.fullmatch(text):  # most texts
        return Measure("GSM-7", 1 if len(text) <= 160 else -(-len(text) // 153), len(text))
    if _GSM.fullmatch(text):
        septets = [2 if character in _DOUBLE else 1 for character in text]
        return Measure("GSM-7", _parts(septets, 160, 153), sum(septets))
    offending = "".join(dict.fromkeys(_GSM.sub("", text)))
    total = units(text)
    if _PLAIN.fullmatch(text):
        return Measure("UCS-2", 1 if total <= 70 else -(-total // 67), total, offending)
    return Measure("UCS-2", 1 if total <= 70 else _parts(_visible(text), 70, 67), total, offending)


def _visible(text: str) -> Iterable[int]:
    """The units of each character as the eye sees it; a line's end of two characters may be cut."""
    return (units(piece) for seen in regex.findall(r"\X", text) for piece in (seen if seen == "\r\n" else (seen,)))


def _parts(pieces: Iterable[int], alone: int, chained: int) -> int:
    """One part of `alone` units if all fits, else as many of `chained` as it takes when no piece is cut."""
    parts, filled, total = 1, 0, 0
    for size in pieces:
        total += size
        filled += size
        if filled > chained and filled > size:
            parts, filled = parts + 1, size
    return 1 if total <= alone else parts
