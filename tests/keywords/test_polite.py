"""Polite words around a text are no part of it."""

import pytest

from keywords.polite import POLITE, without_politeness
from keywords.text import fold


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("moins souvent svp", "moins souvent"),
        ("Bonjour, pas avant septembre, s'il vous plaît", "pas avant septembre"),
        ("svp oui merci thank you", "oui"),
        ("yes please thank you so much!", "yes"),
        ("merci de m'oublier", "de m oublier"),
        ("histoire", "histoire"),
        ("oui", "oui"),
        ("", ""),
    ],
)
def test_politeness_before_and_after_is_taken_off(text: str, plain: str) -> None:
    assert without_politeness(fold(text)) == plain


@pytest.mark.parametrize("text", POLITE)
def test_a_text_of_nothing_but_politeness_is_empty(text: str) -> None:
    assert without_politeness(text) == without_politeness(f"{text} merci {text}") == ""


def test_polite_words_are_folded() -> None:
    assert [fold(word) for word in POLITE] == list(POLITE)
