"""Texts that mean the same to a reader fold to the same words."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keywords.text import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("OUI", "oui"),
        (" stop ", "stop"),
        ("stop\n", "stop"),
        ("ＳＴＯＰ", "stop"),
        ("Arrêt", "arret"),
        (unicodedata.normalize("NFD", "Désabonnement"), "desabonnement"),
        ("STOP\u200b", "stop"),
        ("\ufeffSTOP", "stop"),
        ("S\u00adTOP", "stop"),
        ("ST\u200dOP", "stop"),
        ("\u202dSTOP\u202c", "stop"),
        ("S\ufe0fTOP", "stop"),
        ("STOP\u3164", "stop"),
        ("STOP™", "stop"),
        ("ℹ️ info", "info"),
        ("1️⃣", "1"),
        ("①", "1"),
        ("01 230", "01 230"),
        ("stop🛑sms", "stop sms"),
        ("👨‍👩‍👧‍👦", ""),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", ""),
        ("!?…", ""),
        ("", ""),
        ("opt-out", "opt out"),
        ("don’t", "don t"),
        ("s'il  vous\tplaît", "s il vous plait"),
        ("Cœur Æon Straße Łódź", "coeur aeon strasse lodz"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("ЅТОР", "ѕтор"),
        ("a\x00b\ud800c", "a b c"),
    ],
)
def test_a_text_folds_to_plain_words(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_folding_any_single_character_twice_changes_nothing() -> None:
    once = {fold(chr(code)) for code in [*range(0x20000), *range(0xE0000, 0xE0200)]}
    assert all(fold(folded) == folded for folded in once)


@settings(deadline=None)
@given(st.text(alphabet=st.characters()))
def test_folding_any_text_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(st.text(alphabet=st.characters()))
def test_what_is_folded_is_words_with_single_spaces(text: str) -> None:
    words = fold(text).split(" ")
    assert words == [""] or all(word.isalnum() for word in words)
