"""What leaves `clean` fits into XML and PostgreSQL; what leaves `cut` fits into one text."""

import sys
import unicodedata
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.clean import MAX_UNITS, clean, cut, units

ANYTHING = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("a\x00b\x0bc\x1bd\x7fe\x9ff", "abcdef"),
        ("tab\t line\n return\r", "tab\t line\n return\r"),
        ("lone \ud800 and \udfff", "lone  and "),
        ("\ufffe\uffff\ufdd0\U0001fffe\U0010ffff", ""),
        ("\ufffd stays", "\ufffd stays"),
        ("e\u0301te\u0301", "été"),
        ("e\x00\u0301", "é"),
        ("👨‍👩‍👧‍👦 🇫🇷 1️⃣", "👨‍👩‍👧‍👦 🇫🇷 1️⃣"),
        ("", ""),
    ],
)
def test_unfit_characters_go_and_all_others_stay(dirty: str, cleaned: str) -> None:
    assert clean(dirty) == cleaned


def test_of_all_characters_exactly_the_unfit_ones_are_removed() -> None:
    removed = {code for code in range(sys.maxunicode + 1) if not clean(chr(code))}
    controls = {code for code in range(0xA0) if unicodedata.category(chr(code)) == "Cc"} - {9, 10, 13}
    nowhere = {code for code in range(sys.maxunicode + 1) if code & 0xFFFE == 0xFFFE} | set(range(0xFDD0, 0xFDF0))
    assert removed == controls | nowhere | set(range(0xD800, 0xE000))


@settings(deadline=None)
@given(ANYTHING)
def test_any_cleaned_text_is_valid_xml_and_can_be_stored(text: str) -> None:
    cleaned = clean(text)
    parsed = ElementTree.fromstring(f"<Body>{escape(cleaned)}</Body>").text or ""
    assert parsed == cleaned.replace("\r\n", "\n").replace("\r", "\n")  # XML reads every line end as \n
    assert "\x00" not in cleaned.encode("utf-8").decode("utf-8")


@settings(deadline=None)
@given(ANYTHING)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("é", 1), ("😀", 2), ("🇫🇷", 4), ("\ud800", 1)])
def test_length_is_counted_in_utf16_units(text: str, count: int) -> None:
    assert units(text) == count


FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("é" * MAX_UNITS, "é" * MAX_UNITS),
        ("é" * (MAX_UNITS + 1), "é" * MAX_UNITS),
        ("😀" * 801, "😀" * 800),
        ("a" + "😀" * 800, "a" + "😀" * 799),
        ("a" * 1590 + FAMILY, "a" * 1590),
        ("a" * 1589 + FAMILY + "b", "a" * 1589 + FAMILY),
        ("a" * 1599 + "e\u0301", "a" * 1599),
        ("a" * 1599 + "\r\n", "a" * 1599),
        ("a" + "\u0301" * 2000, "a" + "\u0301" * 1599),
    ],
)
def test_a_long_text_is_cut_between_two_visible_characters(text: str, kept: str) -> None:
    assert cut(text) == kept


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["a", "é", "😀", FAMILY, "🇫🇷", "e\u0301", "\r\n"]), min_size=1, max_size=12))
def test_a_cut_text_is_as_long_as_whole_characters_allow(pieces: list[str]) -> None:
    text = "".join(pieces) * (2 * MAX_UNITS // len(pieces))
    kept = cut(text)
    assert units(kept) <= MAX_UNITS
    characters = regex.findall(r"\X", text)
    count = len(regex.findall(r"\X", kept))
    assert kept == "".join(characters[:count])
    assert kept == text or units(kept + characters[count]) > MAX_UNITS
