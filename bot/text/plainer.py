"""What a text costs less as: characters that a phone's keyboard sneaks in, written as they are on the plain alphabet.

Source of the table: Twilio docs, "Smart Encoding", whose list `smart_encoding.json` is (read on 2026-11-22),
but for spaces, of which each becomes one.
"""

import json
import unicodedata
from functools import cache
from pathlib import Path

from bot.text.parts import measure

TABLE = Path(__file__).with_name("smart_encoding.json")


def plainer(text: str) -> str | None:
    """The text with look-alikes of the plain alphabet, if it is billed as fewer parts then; else None."""
    suggestion = text.translate(_table())
    return suggestion if measure(suggestion).parts < measure(text).parts else None


def substitutes(text: str) -> dict[str, str]:
    """What could stand for each character that makes a text dearer: a look-alike, its letter without accents; "": nothing."""
    return {sign: _substitute(sign) for sign in measure(text).offending}


def _substitute(sign: str) -> str:
    bare = "".join(one for one in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(one))
    options = (sign.translate(_table()), bare, "")
    return next(one for one in options if not measure(one).offending)


@cache
def _table() -> dict[int, str]:
    return str.maketrans(json.loads(TABLE.read_text(encoding="utf-8")))
