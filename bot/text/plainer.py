"""What a text costs less as: characters that a phone's keyboard sneaks in, written as they are on the plain alphabet.

Source of the table: Twilio docs, "Smart Encoding", whose list `smart_encoding.json` is (read on 2026-11-22),
but for spaces, of which each becomes one.
"""

import json
import unicodedata
from functools import cache
from pathlib import Path

import regex

from bot.text.parts import measure

TABLE = Path(__file__).with_name("smart_encoding.json")
LETTERS = str.maketrans({"œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L", "ı": "i", "đ": "d", "Đ": "D", "ħ": "h", "ŋ": "n", "þ": "th"})
"""Letters that no accent makes: nothing is left of them without one."""


def plainer(text: str) -> str | None:
    """The text with look-alikes of the plain alphabet, if it is billed as fewer parts then; else None."""
    suggestion = text.translate(_table())
    return suggestion if measure(suggestion).parts < measure(text).parts else None


def substitutes(text: str) -> dict[str, str | None]:
    """What could stand for each sign, as the eye sees it, that makes a text dearer; "": nothing; None: a letter, which stays."""
    dear = [sign for sign in dict.fromkeys(regex.findall(r"\X", text)) if measure(sign).offending]
    return {sign: _substitute(sign) for sign in dear}


def _substitute(sign: str) -> str | None:
    """The sign put together, a look-alike, its letters without accents, or nothing for what is no letter."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(one))
    options = (unicodedata.normalize("NFC", sign), sign.translate(_table()), sign.translate(LETTERS), bare)
    found = next((one for one in options if one and not measure(one).offending), None)
    return "" if found is None and not any(map(str.isalpha, sign)) else found


@cache
def _table() -> dict[int, str]:
    return str.maketrans(json.loads(TABLE.read_text(encoding="utf-8")))
