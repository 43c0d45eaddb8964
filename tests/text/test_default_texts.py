"""The words that a new shop begins with."""

import pytest

from bot.simulator.parts import measure
from bot.text.merge import render
from models.shop import TEXTS

CONTEXT = {"brand": "Maison Lune", "contact_line": "bonjour@maison-lune.example", "keyword": "JOIN"}


@pytest.mark.parametrize(("name", "language"), [(name, lang) for name, words in TEXTS.items() for lang in words])
def test_a_default_text_costs_one_part(name: str, language: str) -> None:
    """GSM-7, so that an accent does not double the price."""
    size = measure(render(TEXTS[name][language], CONTEXT))
    assert (size.encoding, size.parts) == ("GSM-7", 1)
