"""What a text could say for less: each sign that makes it dearer, and what could stand for it."""

import pytest

from bot.text.parts import measure
from bot.text.plainer import substitutes


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fête ’ 🎉", {"ê": "e", "’": "'", "🎉": ""}),
        ("cœur, sœur, ŒUVRE", {"œ": "oe", "Œ": "Oe"}),
        ("Łódź, ılık", {"Ł": "L", "ó": "o", "ź": "z", "ı": "i"}),
        ("e\u0301te\u0301", {"e\u0301": "é"}),  # decomposed: put together, it costs nothing
        ("👨‍👩‍👧 👍🏽", {"👨‍👩‍👧": "", "👍🏽": ""}),  # one sign each, as the eye sees it
        ("ありがと", {"あ": None, "り": None, "が": None, "と": None}),  # letters do not go
        ("plain, 20% off", {}),
    ],
)
def test_what_could_stand_for_each_sign(text: str, found: dict[str, str | None]) -> None:
    assert substitutes(text) == found
    for sign, plain in found.items():
        text = text if plain is None else text.replace(sign, plain)
    assert measure(text).encoding == ("UCS-2" if None in found.values() else "GSM-7")
