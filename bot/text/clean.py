"""Takes out of a text what no phone shows and no database or carrier accepts, and measures what is left."""

import re
import unicodedata
from collections.abc import Iterable

import regex

MAX_UNITS = 1600
"""Longest body that the carrier takes, in UTF-16 units. Source: Twilio docs, error 21617 (its "characters"
are not defined further; UTF-16 units are the stricter reading)."""

# What XML 1.0 cannot contain (W3C, Extensible Markup Language 1.0, §2.2), what PostgreSQL cannot store (NUL,
# lone surrogates), and the noncharacters and C1 controls that mean nothing to anybody.
_PLANE_ENDS = "".join(chr(plane | last) for plane in range(0x10000, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
_UNFIT = re.compile(
    f"[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufdd0-\\ufdef\\ufffe\\uffff{_PLANE_ENDS}]+"
)


def clean(text: str) -> str:
    """Return the text in NFC without characters that are unfit for XML 1.0 or PostgreSQL.

    For everything that comes from outside and for every body that goes out. Accents typed as two
    characters become one: they would make an SMS dearer (é is GSM-7, e + U+0301 is not).
    """
    return unicodedata.normalize("NFC", _UNFIT.sub("", text))


def units(text: str) -> int:
    """Count UTF-16 units, in which carriers measure: 1 for "é", 2 for "😀"."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str) -> str:
    """Return the longest beginning of at most MAX_UNITS that does not cut a visible character in two."""
    if units(text) <= MAX_UNITS:
        return text
    head = text[: MAX_UNITS + 1]
    kept = _fitting(regex.findall(r"\X", head))
    # One visible character can be longer than a whole text (stacked accents): then its beginning must do.
    return kept or _fitting(head)


def _fitting(pieces: Iterable[str]) -> str:
    kept: list[str] = []
    left = MAX_UNITS
    for piece in pieces:
        left -= units(piece)
        if left < 0:
            break
        kept.append(piece)
    return "".join(kept)
