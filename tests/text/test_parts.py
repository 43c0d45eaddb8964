"""Parts of a text: what we estimate is what a carrier counts. The simulated carrier counts by code of its own."""

from itertools import groupby

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.simulator.parts import measure as carrier_measure
from bot.text.clean import clean
from bot.text.parts import measure

FAMILY = "👨‍👩‍👧‍👦"  # one visible character of 11 units
ALPHABET = [
    "a", "é", "ê", "€", "|", "ç", "\r\n", "\n", "’", "😀", FAMILY, "🇫🇷", "n\u0303", "\u0301", "中", " ", "{", "Ω", "🏳️‍🌈", "👍🏽",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "encoding", "parts", "units"),
    [
        ("", "GSM-7", 1, 0),
        ("a" * 160, "GSM-7", 1, 160),
        ("a" * 161, "GSM-7", 2, 161),
        ("a" * 306, "GSM-7", 2, 306),
        ("a" * 307, "GSM-7", 3, 307),
        ("a" * 460, "GSM-7", 4, 460),
        ("a" * 1600, "GSM-7", 11, 1600),
        ("€" * 80, "GSM-7", 1, 160),
        ("€" * 81, "GSM-7", 2, 162),
        ("a" * 152 + "€" + "b" * 151, "GSM-7", 2, 305),
        ("a" * 152 + "€" + "b" * 152, "GSM-7", 3, 306),
        ("a" * 158 + "€", "GSM-7", 1, 160),
        ("a" * 159 + "€", "GSM-7", 2, 161),
        ("ê" * 70, "UCS-2", 1, 70),
        ("ê" * 71, "UCS-2", 2, 71),
        ("ê" * 134, "UCS-2", 2, 134),
        ("ê" * 135, "UCS-2", 3, 135),
        ("😀" * 35, "UCS-2", 1, 70),
        ("😀" * 36, "UCS-2", 2, 72),
        ("ê" * 66 + "😀" + "ê" * 10, "UCS-2", 2, 78),
        ("ê" * 62 + FAMILY + "ê" * 10, "UCS-2", 2, 83),
        ("ê" * 66 + FAMILY + "ê" * 57, "UCS-2", 3, 134),
        ("Soldes : -20% dès 50€ ! Répondez STOP au 36111", "GSM-7", 1, 47),
    ],
)
def test_texts_at_the_limits(text: str, encoding: str, parts: int, units: int) -> None:
    """The vectors of Twilio's own segment calculator."""
    found = measure(text)
    assert (found.encoding, found.parts, found.units) == (encoding, parts, units)


def test_the_characters_that_make_a_text_dear_are_named_once() -> None:
    assert measure("Fête de l’été : l’offre").offending == "ê’"
    assert measure("Soldes d'été").offending == ""


def test_an_accent_typed_as_two_characters_costs_nothing_once_cleaned() -> None:
    assert measure(clean("ete\u0301 " * 40)) == measure("eté " * 40)


@settings(max_examples=600)
@given(st.lists(st.tuples(st.sampled_from(ALPHABET), st.integers(1, 80)), max_size=12))
@example([("a", 152), ("€", 1), ("b", 152)])
@example([("ê", 66), (FAMILY, 1), ("ê", 57)])
def test_any_text_is_counted_as_the_carrier_counts_it(pieces: list[tuple[str, int]]) -> None:
    text = "".join(piece * times for piece, times in pieces)
    ours, theirs = measure(text), carrier_measure(text)
    assert (ours.encoding, ours.parts, ours.units) == (theirs.encoding, theirs.parts, sum(theirs.sizes))
    assert len(ours.offending) == len([_ for _, _ in groupby(sorted(ours.offending))])
