"""Reads numbers and postcodes out of what people write."""

import re

NUMBER_WORDS = {
    word: number
    for words in (
        "zero un deux trois quatre cinq six sept huit neuf dix",
        "zero one two three four five six seven eight nine ten",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez",
    )
    for number, word in enumerate(words.split())
} | {"une": 1, "una": 1}

_NUMBER = re.compile(r"\s*([+-]?\d{1,12})(?:[.,](\d{1,6}))?[\s.!]*")
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
_BETWEEN = {"US": "-", "CA": " ", "GB": " "}


def number(text: str, plain: str, language: str) -> int | float | None:
    """The number written as digits (`4`, `4,5`, `4.5`) in `text`, or as a word from zero to ten in `plain`.

    `1,500` is one and a half in French, but fifteen hundred in English (`language`: two letters).
    """
    if language == "en":
        text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    if found := _NUMBER.fullmatch(text):
        whole, decimals = found.groups()
        return float(f"{whole}.{decimals}") if decimals else int(whole)
    if plain.isdecimal() and len(plain) <= 12:
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
