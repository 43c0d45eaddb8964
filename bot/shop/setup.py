"""The first run: a shop is set up in steps, each of which is kept as it was typed, and made of them all at the end.

  who     brand, place, languages        number  what people text to        texts  what is said by itself, and what they join

What is made goes through the same checks and the same tables as a shop's file.
"""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from bot.shop.check import check
from bot.shop.current import of_data
from bot.shop.scripts import LIBRARY, Script, find
from bot.shop.spec import SenderPart, ShopPart, WhoPart
from bot.shop.store import store
from models import SetupAnswer, Shop, insert
from models.shop import TEXTS

STEPS = ("who", "number", "texts")
LANGUAGES = ("fr", "en", "es")  # in which the library's `welcome` and the usual texts speak
OWN = ("stop", "start", "help")  # of the shop's texts: those that law and carriers ask for
TOPIC, DIALOGS = "offers", ("welcome", "prefs")
# What a first topic is called, how often it is promised, what a text costs, what people text to join, and to change their mind.
NAMES = {"fr": "nos offres", "en": "our offers", "es": "nuestras ofertas"}
FREQUENCIES = {"fr": "2 SMS par mois au plus", "en": "at most 2 texts a month", "es": "2 SMS al mes como mucho"}
FEES = {"fr": "prix d'un SMS", "en": "Msg & data rates may apply", "es": "precio de un SMS"}
JOIN = {"fr": "rejoindre", "en": "join", "es": "unirme"}
PREFS = {"fr": ["préférences", "moins souvent"], "en": ["preferences", "less often"], "es": ["preferencias"]}
FIELDS = {
    "first_name": {
        "fr": "Pour saluer les gens par leur prénom", "en": "To greet people by their name", "es": "Para saludar por el nombre",
    },
    "postcode": {
        "fr": "Pour ne parler que des magasins proches", "en": "To tell people about shops near them only",
        "es": "Para hablar solo de tiendas cercanas",
    },
}  # fmt: skip
TAG = re.compile(r"\{\{\s*(brand|contact_line)\s*\}\}")
Checked = tuple[ShopPart, Mapping[str, Script]]


class Made(Exception):
    """The shop is there: somebody else was faster."""


def answered(connection: Connection) -> dict[str, Row[Any]]:
    """What has been answered so far, by step: rows with `said` and `done`."""
    return {row.step: row for row in connection.execute(select(SetupAnswer.__table__))}


def keep(connection: Connection, step: str, said: Mapping[str, str], *, done: bool) -> None:
    """Keep a step as it was typed; `done`: it was found right."""
    values = {"said": dict(said), "done": done}
    row = insert(SetupAnswer).values(step=step, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["step"], set_=values))


def tried(who: WhoPart, sender: SenderPart, texts: Any, names: Any, frequencies: Any, phrases: Any) -> Checked:
    """The whole shop that these answers make, checked as a file is: texts of its own, a topic in words, what is texted to join.

    Raises ShopError. Proving the dialogs takes its time: nothing is held meanwhile.
    """
    spoken, own = who.languages, who.languages[0]
    dialogs = [name for name in DIALOGS if set(spoken) <= set(find(name, LIBRARY).dialog.title or ())]
    prefs = {"phrases": {"": ["prefs"], **_in(spoken, PREFS)}, "dialog": "prefs", "interrupts": True}
    topic = {"names": names, "frequencies": frequencies, "fees": _in(spoken, FEES), "contacts": who.contact_line}
    said = {
        **who.model_dump(), "texts": texts, "topics": {TOPIC: topic}, "senders": [sender.model_dump()], "dialogs": dialogs,
        "fields": [{"name": name, "purpose": words.get(own, words["en"])} for name, words in FIELDS.items()],
        "keywords": [*([prefs] if "prefs" in dialogs else ()), {"phrases": phrases, "dialog": "welcome"}],
    }  # fmt: skip
    made, scripts = check(of_data(said))  # of two with the same word the later one is wrong: what was typed
    return made.model_copy(update={"keywords": made.keywords[::-1]}), scripts


def make(connection: Connection, shop: ShopPart, scripts: Mapping[str, Script]) -> None:
    """Make the shop. Raises Made, when there is one: its row is taken first, so that of two who make it one does."""
    first = {"id": 1, **shop.model_dump(include=set(WhoPart.model_fields)), "texts": shop.all_texts}
    if connection.execute(insert(Shop).values(**first).on_conflict_do_nothing().returning(Shop.id)).first() is None:
        raise Made
    store(connection, shop, scripts)
    connection.execute(delete(SetupAnswer))


def usual_texts(languages: list[str]) -> dict[str, dict[str, str]]:
    """What every shop says to STOP, START and HELP, as templates, by text and language."""
    return {name: {language: TEXTS[name].get(language, "") for language in languages} for name in OWN}


def filled(template: str, who: WhoPart) -> str:
    """A text as it is said: with the brand and how to reach a person in place of their tags."""
    said = {"brand": who.brand, "contact_line": who.contact_line}
    return TAG.sub(lambda tag: said[tag[1]], template)


def bare(text: str, who: WhoPart) -> str:
    """The other way round: what was typed, as a template that goes along with another brand, or another telephone number."""
    tags = {who.contact_line: "{{ contact_line }}", who.brand: "{{ brand }}"}
    said = "|".join(re.escape(one) for one in sorted(tags, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{said})(?!\w)", lambda found: tags[found[0]], text)


def usual_topic(languages: list[str]) -> dict[str, dict[str, str]]:
    """What people join before anybody says it better: names, frequencies, and what is texted, JOIN among it, by language."""
    phrases = _in(languages, JOIN)
    if "join" not in phrases.values():
        phrases[languages[0]] += ", join"
    return {"names": _in(languages, NAMES), "frequencies": _in(languages, FREQUENCIES), "phrases": phrases}


def _in(languages: list[str], words: Mapping[str, Any]) -> dict[str, Any]:
    return {language: words.get(language, words["en"]) for language in languages}
