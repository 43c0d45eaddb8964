"""Yes and no, as people text them: the words that every dialog hears, whatever it asks."""

import re
from collections.abc import Callable, Container, Mapping

WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "yes": {
        "fr": ("oui", "o", "ouais", "d'accord", "bien sûr", "avec plaisir", "volontiers", "je veux bien", "évidemment"),
        "en": ("yes", "y", "yeah", "yep", "yup", "sure", "of course", "absolutely", "with pleasure"),
        "": ("ok", "okay"),
    },
    "no": {
        "fr": ("non", "nan", "pas du tout", "pas vraiment", "pas maintenant"),
        "en": ("no", "nope", "nah", "not really", "not now"),
        "": ("n",),
    },
}
"""What is asked → language → words. A dialog may add words of its own."""

_CLEAR = {"yes": ("oui", "ouais", "yes", "yeah", "yep"), "no": ("non", "nan", "nope")}
"""Whoever begins so means it: "oui j'ai 45 ans". Not so "ok" ("ok on verra"), nor "no" ("no problem")."""
_UNSURE = "mais si sauf seulement peut verra tard stop arret arrete arreter arretez but if unless except only maybe later wait"
_DOUBT = {
    "yes": frozenset(f"{_UNSURE} pas plus rien jamais aucun aucune non ni not don dont never none no more".split()),
    "no": frozenset(f"{_UNSURE} oui yes plus more".split()),
}
"""With one of these one had better ask again: "oui mais pas de pub", "non si"."""
_MOST_WORDS = 8
_STRETCHED = re.compile(r"([a-z])\1{2,}|([a-z])\2+\b")  # "ouiii", "yess"; not the "noon" that is a time


def begins_with(table: Container[str], kind: str, text: str, folded: str, plain: Callable[[str], str]) -> str | None:
    """Return the word of the table that a text is, or clearly begins with; None when it is no such answer, or in doubt.

    `plain` takes the politeness off a folded text.
    """
    polite = plain(folded)
    for said in (folded, polite, _STRETCHED.sub(r"\1\2", polite)):
        if said in table:
            return said
    first = next((word for word in _CLEAR[kind] if said.startswith(word + " ")), None)
    rest = plain(said.removeprefix(f"{first} "))
    clear = "?" not in text and rest.count(" ") < _MOST_WORDS and _DOUBT[kind].isdisjoint(rest.split())
    return first if rest in table or clear else None
