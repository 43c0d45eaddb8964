"""Reads numbers, postcodes and first names out of what people write."""

import re
from collections.abc import Callable

# Spanish ends at ten: its eleven, "once", is an English word too.
NUMBER_WORDS = {
    word: number
    for words in (
        "zero, un, deux, trois, quatre, cinq, six, sept, huit, neuf, dix, onze, douze, treize, quatorze, quinze, seize, "
        "dix sept, dix huit, dix neuf, vingt",
        "zero, one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, "
        "sixteen, seventeen, eighteen, nineteen, twenty",
        "cero, uno, dos, tres, cuatro, cinco, seis, siete, ocho, nueve, diez",
    )
    for number, word in enumerate(words.split(", "))
} | {"une": 1, "una": 1}

_NUMBER = re.compile(r"\s*([+-]?\d{1,11})(?:[.,](\d{1,4}))?[\s.!]*")  # so far databases compare them exactly
_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?![\d,])")
_SEPARATORS = re.compile(r"[\s.,-]+")
_POSTCODES = {
    "FR": re.compile(r"(\d{5})"),
    "DE": re.compile(r"(\d{5})"),
    "BE": re.compile(r"(?:B)?(\d{4})"),
    "CH": re.compile(r"(?:CH)?(\d{4})"),
    "US": re.compile(r"(\d{5})(\d{4})?"),
    "CA": re.compile(r"([A-Z]\d[A-Z])(\d[A-Z]\d)"),
    "GB": re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})"),
}
_ELSEWHERE = re.compile(r"([A-Z\d]{3,10})")
_CALLED = re.compile(
    "(?:(?:oui|non|yes|no|ah|alors) )*"
    "(?:je m ?appelle|moi c est|moi|mon (?:pre)?nom (?:c )?est|c est|je suis|my (?:first )?name is|my name s|"
    "it s|it is|i m|i am|call me|this is|me llamo|soy) "
)
_NO_NAMES = frozenset({
    *("ca", "cela", "bon", "bien", "juste", "exact", "faux", "moi", "oui", "non", "pas"),
    *("right", "wrong", "fine", "good", "me", "ok", "yes", "no", "not"),
})  # fmt: skip
_LONGEST_NAME = 40
_BETWEEN = {"US": "-", "CA": " ", "GB": " "}


def number(text: str, plain: str, language: str) -> int | float | None:
    """The number written as digits (`4`, `4,5`, `4.5`) in `text`, or as a word from zero to twenty in `plain`.

    `1,500` is one and a half in French, but fifteen hundred in English (`language`: two letters).
    """
    if language == "en":
        text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    if found := _NUMBER.fullmatch(text):
        whole, decimals = found.groups()
        return float(f"{whole}.{decimals}") if decimals else int(whole)
    if plain.isdecimal() and len(plain) <= 11:
        return int(plain)
    return NUMBER_WORDS.get(plain)


def postcode(text: str, country: str) -> str | None:
    """The postcode in the shape of a country (two letters), written as its post office does: `01230`, `SW1A 1AA`."""
    squeezed = _SEPARATORS.sub("", text.upper())
    if not squeezed.isascii():
        return None
    found = _POSTCODES.get(country, _ELSEWHERE).fullmatch(squeezed)
    if found is None or not any(c.isdecimal() for c in squeezed):
        return None
    return _BETWEEN.get(country, "").join(filter(None, found.groups()))


def name(text: str, plain: str, fold: Callable[[str], str]) -> tuple[str, bool]:
    """The first name that a text gives, as typed, and whether it says so: "je m'appelle Marie" does, "Marie" may be anything.

    `plain` is the folded text without politeness. "" for what can be none: figures, questions, more than three words.
    """
    called = _CALLED.match(plain)
    wanted = plain[called.end() :] if called else plain
    words = re.split(r"[\s,;:!.]+", text) if len(text) <= 3 * _LONGEST_NAME else []
    tries = (" ".join(words[i : i + length]) for length in (1, 2, 3) for i in range(len(words)))
    found = next((one for one in tries if wanted and fold(one) == wanted), "")
    odd = not _NO_NAMES.isdisjoint(wanted.split()) or any(letter.isdigit() or letter in "?@/<>{}" for letter in text)
    return ("" if odd or len(found) > _LONGEST_NAME else found.strip("\"'()-")), called is not None
