"""Which texts are answers, and what is remembered of them."""

import pytest

from dialogs.events import Heard
from dialogs.hear import LISTENERS, listener
from dialogs.parts import Hear
from keywords.text import fold
from tests.dialogs.shop import ground

YES = {"words": {"fr": ["oui", "d'accord"], "en": ["yes"], "": ["ok"]}}
PAY = {"choice": {"pay": {"say": {"fr": "Payer", "en": "Pay"}}, "wait": {"words": ["plus tard", "later"]}}}
STARS = {"number": {"min": "1", "max": "5"}}
PICTURE = "https://example.org/cat.jpg"

# listener, text, what is remembered (None: not an answer)
TABLE = [
    (YES, "Oui", "oui"),
    (YES, "  OUI !! 👍", "oui"),
    (YES, "oui s'il vous plaît", "oui"),
    (YES, "Yes please, thanks", "yes"),
    (YES, "D’ACCORD", "d'accord"),
    (YES, "ok merci", "ok"),
    (YES, "oui mais demain", None),
    (YES, "merci", None),
    (YES, "", None),
    (PAY, "1", "pay"),
    (PAY, "2.", "wait"),
    (PAY, "b)", "wait"),
    (PAY, "A", "pay"),
    (PAY, "payer svp", "pay"),
    (PAY, "Plus tard", "wait"),
    (PAY, "3", None),
    (PAY, "pay wait", None),
    (PAY, "option 1", "pay"),
    (PAY, "numéro 1", "pay"),
    (PAY, "le 2 svp", "wait"),
    (PAY, "1 2", None),
    ("yes", "Oui", "yes"),
    ("yes", "OUIII", "yes"),
    ("yes", "oui avec plaisir", "yes"),
    ("yes", "D'accord merci", "yes"),
    ("yes", "sure", "yes"),
    ("yes", "Yes please, thank you so much", "yes"),
    ("yes", "oui j'ai 45 ans", "yes"),
    ("yes", "oui mais pas de pub", None),
    ("yes", "oui stop", None),
    ("yes", "oui c'est quoi ?", None),
    ("yes", "oui " + "et puis " * 10, None),
    ("yes", "ok on verra", None),
    ("yes", "ouistiti", None),
    ("yes", "merci", None),
    ({"yes": {"fr": ["arrêtez"]}}, "oui stp arrêtez", "yes"),
    ({"yes": {"fr": ["arrêtez"]}}, "Arrêtez !", "yes"),
    ("no", "non merci", "no"),
    ("no", "nooon", "no"),
    ("no", "non j'ai 15 ans", "no"),
    ("no", "No thanks", "no"),
    ("no", "no problem", None),
    ("no", "non mais oui", None),
    ("no", "noon", None),
    (STARS, "4", 4),
    (STARS, " 4,5 ", 4.5),
    (STARS, "4.5", 4.5),
    (STARS, "5 !!", 5),
    (STARS, "4 svp", 4),
    (STARS, "cinq", 5),
    (STARS, "three", 3),
    (STARS, "0", None),
    (STARS, "6", None),
    (STARS, "1e3", None),
    (STARS, "-2", None),
    (STARS, "nan", None),
    (STARS, "4 5", None),
    (STARS, "9" * 400, None),
    ({"number": {"whole": "true"}}, "4.5", None),
    ({"number": {"whole": "true"}}, "4.0", 4),
    ({"number": {}}, "-2", -2),
    ({"number": {}}, "zéro", 0),
    ({"number": {}}, "diez", 10),
    ({"number": {}}, "dix-sept", 17),
    ({"number": {}}, "once", None),
    ({"number": {}}, "douze chats", None),
    ({"date": {}}, "24/12/2026", "2026-12-24"),
    ({"date": {}}, "demain", "2026-11-23"),
    ({"date": {"past": "true"}}, "demain", None),
    ({"date": {"past": "true"}}, "hier", "2026-11-21"),
    ({"date": {"past": "true"}}, "12/05", "2026-05-12"),
    ({"date": {"past": "true"}}, "12/05/2027", None),
    ({"date": {"past": "true"}}, "29/02", "2024-02-29"),
    ({"date": {"future": "true"}}, "12/05", "2027-05-12"),
    ({"date": {"future": "true"}}, "hier", None),
    ({"date": {}}, "31/02/2026", None),
    ({"date": {}}, "un jour", None),
    ({"until": {}}, "pas avant septembre svp", "2027-09-01"),
    ({"until": {}}, "for 3 weeks", "2026-12-13"),
    ({"until": {}}, "hier", None),
    ("topic", "2", "order_news"),
    ("topic", "Nos offres svp", "offers"),
    ("topic", "news of your orders", "order_news"),
    ("topic", "commandes !", "order_news"),
    ("topic", "option 2", "order_news"),
    ("topic", "3", None),
    ("topic", "your", None),
    ("topic", "nos", None),
    ("topic", "offres et commandes", None),
    ("phone", "06 39 98 00 01", "+33639980001"),
    ("phone", "+1 415 555 2671", "+14155552671"),
    ("phone", "12", None),
    ("postcode", "01230", "01230"),
    ("postcode", "75 011", "75011"),
    ("postcode", "7501", None),
    ("postcode", "Paris", None),
    ({"postcode": {"country": "US"}}, "94105", "94105"),
    ({"postcode": {"country": "US"}}, "94105-1234", "94105-1234"),
    ({"postcode": {"country": "CA"}}, "k1a0b1", "K1A 0B1"),
    ({"postcode": {"country": "GB"}}, "sw1a 1aa", "SW1A 1AA"),
    ({"postcode": {"country": "BE"}}, "B-1000", "1000"),
    ({"postcode": {"country": "CH"}}, "CH-8001", "8001"),
    ({"postcode": {"country": "DE"}}, "10115", "10115"),
    ({"postcode": {"country": "PT"}}, "1000-001", "1000001"),
    ({"postcode": {"country": "PT"}}, "Lisboa", None),
    ("name", "Marie", "Marie"),
    ("name", "Marie-Claire Dupont", "Marie-Claire Dupont"),
    ("name", "Bonjour, je m'appelle Éloïse, merci !", "Éloïse"),
    ("name", "moi c'est Ana 😊", "Ana"),
    ("name", "my name is Bob", "Bob"),
    ("name", "Non, c'est Claire", "Claire"),
    ("name", "Oui c'est ça", None),
    ("name", "non", None),
    ("name", "d'accord", None),
    ("name", "merci", None),
    ("name", "pourquoi ?", None),
    ("name", "je ne vais pas le dire ici", None),
    ("name", "75011", None),
    ("name", "A" * 41, None),
    ("name", "", None),
    ("picture", "look", None),
    ("anything", "  What a shop!  ", "What a shop!"),
    ("anything", "x" * 5000, "x" * 1600),
    ("anything", " \n ", None),
]


@pytest.mark.parametrize(("hear", "text", "value"), TABLE)
def test_a_listener_understands_exactly_its_kind_of_answer(hear, text, value):
    answer = listener(Hear.model_validate(hear), fold)(Heard(text, fold(text)), ground())
    assert (answer.value if answer else None) == value
    if answer:
        assert type(answer.value) is type(value)


@pytest.mark.parametrize(
    ("country", "text", "day"),
    [("US", "05/11", "2026-05-11"), ("FR", "05/11", "2026-11-05"), ("GB", "05/11", "2026-11-05")]
    + [("US", "15/05", "2026-05-15"), ("US", "11/05", "2026-11-05")],
)
def test_a_date_begins_with_the_month_in_the_united_states_only(country, text, day):
    hears = listener(Hear.model_validate({"date": {"past": "true"}}), fold)
    assert hears(Heard(text, fold(text)), ground(country=country, language="en")).value == day


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [("en", "1,500", 1500), ("en", "1,234,567.5", 1234567.5), ("en", "1,5", 1.5), ("en", "0,500", 0.5)]
    + [("en", "1,50", 1.5), ("en", "12,3456", 12.3456), ("fr", "1,500", 1.5)],
)
def test_a_comma_before_three_digits_separates_thousands_in_english_only(language, text, number):
    answer = listener(Hear.model_validate({"number": {}}), fold)(Heard(text, fold(text)), ground(language=language))
    assert answer.value == number


def test_every_listener_has_its_rows_in_the_table():
    assert {Hear.model_validate(hear).kind for hear, _, _ in TABLE} == set(LISTENERS) == set(Hear.model_fields)


@pytest.mark.parametrize("kind", ["picture", "anything"])
def test_a_picture_without_words_is_remembered_by_its_address(kind):
    answer = listener(Hear.model_validate(kind), fold)(Heard("", "", (PICTURE, "https://example.org/2")), ground())
    assert answer and answer.value == PICTURE


def test_a_picture_is_no_name():
    hears = listener(Hear.model_validate("name"), fold)
    assert hears(Heard("", "", (PICTURE,)), ground()) is None
    assert hears(Heard("Ana", "ana", (PICTURE,)), ground()).value == "Ana"


@pytest.mark.parametrize(("kind", "text", "language"),
                         [("yes", "oui bien sûr", "fr"), ("yes", "yesss", "en"), ("yes", "ok", ""), ("no", "non non", "fr")])
def test_a_yes_and_a_no_tell_the_language(kind, text, language):
    assert listener(Hear.model_validate(kind), fold)(Heard(text, fold(text)), ground()).language == language


def test_a_word_of_one_language_tells_the_language_and_a_shared_word_does_not():
    hears = listener(Hear.model_validate({"words": {"fr": ["oui", "non"], "es": ["si", "non"], "": ["ok"]}}), fold)
    told = {text: hears(Heard(text, text), ground()).language for text in ("oui", "si", "non", "ok")}
    assert told == {"oui": "fr", "si": "es", "non": "", "ok": ""}


def test_the_line_of_a_menu_tells_the_language_but_its_number_does_not():
    hears = listener(Hear.model_validate(PAY), fold)
    assert [hears(Heard(t, t), ground()).language for t in ("payer", "pay", "1", "a")] == ["fr", "en", "", ""]
