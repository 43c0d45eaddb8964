"""Politeness around what a text is about: "bonjour, pas avant septembre svp" is "pas avant septembre"."""

import re

POLITE = (
    *("svp", "stp", "s il vous plait", "s il te plait", "merci", "merci beaucoup", "merci bien", "merci d avance"),
    *("bonjour", "bonsoir", "salut", "bonne journee", "bonne soiree"),
    *("please", "pls", "plz", "thanks", "thank you", "thanks a lot", "thank you so much", "thank you very much", "many thanks"),
    *("hello", "hi", "hey", "good morning"),
    *("por favor", "gracias", "muchas gracias", "hola"),
)
"""Folded words, in all languages: people mix them."""

_POLITE = "|".join(sorted(POLITE, key=len, reverse=True))  # the longer first: "merci" also begins "merci beaucoup"
_AROUND = re.compile(f"^(?:(?:{_POLITE})(?: |$))+|(?: (?:{_POLITE}))+$")


def without_politeness(folded: str) -> str:
    """Return a folded text without the polite words before and after it: "" when it has no others."""
    return _AROUND.sub("", folded)
