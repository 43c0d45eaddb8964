"""Makes texts comparable: "Arrêt !!", "ARRET" and "arrêt 🛑" become the same words.

What the eye does not see or a thumb adds by accident must not matter: case, accents, full-width
letters, punctuation, emoji, invisible characters. Letters of other scripts that only look alike
(Cyrillic "ЅТОР") are left as they are: guessing there would turn other languages into commands.
"""

import re
import unicodedata

_GAPS = re.compile(r"[^a-z0-9]+")

# Signs whose compatibility form is a letter: without this, "STOP™" would read "stoptm".
_SIGNS = str.maketrans("™℠ℹ", "   ")

# Letters that Unicode does not take apart, and letters that cannot be seen (Hangul fillers).
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "\u115f": None, "\u1160": None})

# Accents, enclosing keycaps and invisible format characters vanish; anything else parts two words.
_VANISHING = frozenset({"Mn", "Me", "Cf"})
_COMMON = re.compile("[\u0300-\u036f\ufe0f\u200b-\u200f]+")  # the usual ones of them, in one quick sweep


def fold(text: str) -> str:
    """Return the text as lower-case words with one space between them, or "" when no word is left.

    Folding twice changes nothing. Any string is accepted, lone surrogates included.
    """
    if text.isascii() and text.isalnum():
        return text.lower()
    text = text.lower() if text.isascii() else _plain(text)
    return _GAPS.sub(" ", text).strip() if text.isascii() else " ".join(text.split())


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.translate(_SIGNS)).casefold()
    text = _COMMON.sub("", unicodedata.normalize("NFKD", text).translate(_LETTERS))
    return text if text.isascii() else "".join(map(_seen, text))


def _seen(character: str) -> str:
    if character.isalnum():
        return character
    return "" if unicodedata.category(character) in _VANISHING else " "
