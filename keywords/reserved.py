"""The words that belong to the law and the carriers, not to marketers: STOP, START and HELP.

They live in code so that no setting can weaken them. A text is one of them only as a whole, as
carriers read it: "Can I stop by at 5?" is an ordinary text. Opting out in other words ("please stop
texting me") is another, weaker signal and is not decided here.

Sources: Twilio docs, Advanced Opt-Out and default keywords for long codes (STOP, UNSUBSCRIBE, END, QUIT,
STOPALL, REVOKE, OPTOUT, CANCEL; START, UNSTOP; HELP, INFO), Twilio Proxy (ARRET, ARRETE, ARRETT),
short codes of Canada (ARRET, AIDE) and of France (STOP, CONTACT).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["stop", "start", "help"]
Name = Literal["STOP", "START", "HELP"]

# Language → folded words. None: said in every language, so the word does not tell which.
Words = Mapping[str | None, tuple[str, ...]]

STOP: Words = MappingProxyType(
    {
        None: ("stop", "s t o p", "stop sms", "sms stop", "stopsms", "stop all", "stopall"),
        "en": ("unsubscribe", "end", "quit", "revoke", "optout", "opt out", "cancel"),
        "fr": (
            "arret", "arrett", "arrete", "arreter", "arret sms",
            "desabonner", "desabonnement", "desinscrire",
        ),
        "es": ("baja", "alto", "parar", "cancelar", "detener"),
    }
)  # fmt: skip
START: Words = MappingProxyType({None: ("start", "unstop")})
HELP: Words = MappingProxyType({None: ("info", "contact"), "en": ("help",), "fr": ("aide",), "es": ("ayuda",)})

_NAMES: Mapping[Kind, Name] = {"stop": "STOP", "start": "START", "help": "HELP"}

# French advertisements end in "STOP au 36180": people copy the number too.
_STOP_TO_NUMBER = re.compile(r"stop (?:au )?\d{4,6}")


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a reserved text asks for, and the language that its word tells (None: it tells none)."""

    kind: Kind
    language: str | None


_TABLES: Mapping[Kind, Words] = {"stop": STOP, "start": START, "help": HELP}
_ALL: Mapping[str, Reserved] = {
    word: Reserved(kind, language)
    for kind, table in _TABLES.items()
    for language, words in table.items()
    for word in words
}
_STOP = _ALL["stop"]


def reserved(folded: str) -> Reserved | None:
    """Tell whether a folded text is, as a whole, a STOP, a START or a HELP; None for any other text.

    YES is none of them here: see `is_yes`.
    """
    found = _ALL.get(folded)
    if found is None and folded.startswith("stop ") and _STOP_TO_NUMBER.fullmatch(folded):
        return _STOP
    return found


def is_yes(folded: str) -> bool:
    """Tell whether a folded text is the exact word YES, which some carriers take for a START after a STOP.

    Source: Twilio docs, default opt-in keywords of long codes (toll-free numbers do not take it).
    """
    return folded == "yes"


def meaning(folded: str) -> Name | None:
    """Return what a folded text is always taken for, as people write it; None for any text that is not reserved."""
    found = reserved(folded)
    return _NAMES[found.kind] if found else None


def reserved_words() -> Mapping[str, Name]:
    """Return every reserved word or phrase, folded, with what it is. There are more texts than that: see `meaning`."""
    return MappingProxyType({word: _NAMES[found.kind] for word, found in _ALL.items()})
