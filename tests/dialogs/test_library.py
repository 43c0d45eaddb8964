"""The dialogs that every shop begins with."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

import dialogs
from bot.text.merge import tag_uses
from dialogs.check import check
from dialogs.diagram import diagram
from dialogs.effects import AsUsual, Expire, Finish, HandOver, Open, OptIn, OptOut, Pause, Remember, SlowDown, Tag
from dialogs.events import Expired, Returned
from dialogs.hear import LISTENERS
from dialogs.load import load_file
from tests.dialogs.shop import KNOWN, Talk

LIBRARY = {path.stem: load_file(path) for path in (Path(dialogs.__file__).parent / "library").glob("*.yaml")}
GSM_7 = set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
            "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")  # 3GPP TS 23.038, without escapes


def all_texts(dialog):
    """Every text of a dialog, in every language."""
    for state in dialog.states.values():
        branches = state.on or ()
        options = [option for branch in branches for option in (branch.hear.choice or {}).values()]
        for part in (state, state.otherwise, *branches, *options):
            yield from (part.say or {}).values()


@pytest.mark.parametrize("name", LIBRARY)
def test_a_dialog_of_the_library_can_be_published(name):
    assert check(LIBRARY[name], known=KNOWN) == []
    assert LIBRARY[name].name == name


@pytest.mark.parametrize("name", LIBRARY)
def test_a_text_of_the_library_costs_no_expensive_letters(name):
    for text in all_texts(LIBRARY[name]):
        plain = re.sub(r"{{.*?}}|{%.*?%}", "", text)
        assert set(plain) <= GSM_7, set(plain) - GSM_7
        assert len(plain) <= 160


def test_every_listener_is_used_in_the_library():
    used = {branch.hear.kind for dialog in LIBRARY.values() for state in dialog.states.values()
            for branch in state.on or ()}
    assert used == set(LISTENERS)


def test_every_text_that_asks_for_consent_names_brand_frequency_stop_and_help():
    for state in ("confirm",):
        part = LIBRARY["welcome"].states[state]
        for words in (part.say, part.otherwise.say, part.on[0].say):
            for lang, text in words.items():
                paths = {use.path for use in tag_uses(text)}
                assert {("brand",), ("topic", "frequency")} <= paths
                assert "STOP" in text and {"fr": "AIDE", "en": "HELP", "es": "AYUDA"}[lang] in text


def test_welcome_asks_twice_and_then_one_question():
    talk = Talk(LIBRARY["welcome"])
    assert "répondez OUI" in talk.said[0]
    talk.hear("Oui !")
    assert talk.done == [Remember("language", "fr"), OptIn("offers", "double"), Expire(timedelta(days=2))]
    assert [text[:20] for text in talk.said] == ["{{ brand }} : c'est ", "Pour vous parler des"]
    talk.hear("01230")
    assert talk.done == [Remember("postcode", "01230"), Finish("joined")]


def test_welcome_does_not_ask_those_who_already_consented():
    talk = Talk(LIBRARY["welcome"], ("consent", "offers"))
    assert talk.done == [Finish("already")]


def test_welcome_takes_no_for_an_answer_and_silence_for_a_no():
    talk = Talk(LIBRARY["welcome"])
    talk.hear("no thanks")
    assert talk.done[-1] == Finish("declined")
    talk = Talk(LIBRARY["welcome"])
    talk.event(Expired())
    assert (talk.said, talk.done) == ([], [Finish("lapsed")])


def test_help_shows_a_menu_and_hands_over_with_a_number_to_call():
    talk = Talk(LIBRARY["help"])
    assert talk.said[0].endswith("\n1 Horaires\n2 Parler à quelqu'un\n3 Donner mon avis")
    talk.hear("2")
    talk.hear("06 39 98 00 01")
    assert [type(effect) for effect in talk.done] == [HandOver, Finish]
    assert talk.turn.memory["values"] == {"wish": "person", "number": "+33639980001"}


def test_help_opens_the_survey_and_returns():
    talk = Talk(LIBRARY["help"])
    talk.hear("mon avis")
    talk.hear("donner mon avis")
    assert talk.turn.calling and talk.done[-1] == Open("survey")
    talk.event(Returned())
    assert (talk.done, len(talk.said)) == ([Finish("feedback")], 1)


def test_survey_remembers_five_answers():
    talk = Talk(LIBRARY["survey"])
    for text in ("cinq", "12/05", "b", "bien sûr"):
        talk.hear(text)
    assert Tag("recommends") in talk.done
    talk.hear("", "https://example.org/shop.jpg")
    assert talk.turn.memory["values"] == {
        "rating": 5, "visit": "2026-05-12", "liked": "welcome", "photo": "https://example.org/shop.jpg",
    }
    assert talk.done == [Finish("done")]


def test_survey_tells_a_person_about_a_low_rating():
    talk = Talk(LIBRARY["survey"])
    for text in ("1", "hier", "3", "non", "Trop de monde."):
        talk.hear(text)
    assert talk.done == [HandOver("A low rating."), Finish("low")]
    assert talk.turn.memory["values"]["comment"] == "Trop de monde."


IN = ("consent", "offers")


@pytest.mark.parametrize("text", ["1", "option 1", "numéro 1", "le 1 svp", "moins souvent merci", "trop de sms", "one a month"])
def test_prefs_hears_who_wants_fewer_texts(text):
    """Fewer than the shop promises, which is often two a month."""
    talk = Talk(LIBRARY["prefs"])
    talk.hear(text)
    assert SlowDown(timedelta(days=30)) in talk.done
    assert talk.done[-1] == Finish("fewer")


@pytest.mark.parametrize("text", ["1 2", "1, 2", "1 & 2", "3-4", "mes offres", "mes sms"])
def test_prefs_asks_again_rather_than_guess(text):
    talk = Talk(LIBRARY["prefs"])
    talk.hear(text)
    assert (talk.state, talk.done[:-1]) == ("menu", [])
    assert talk.said[0].startswith("{{ brand }} : que souhaitez-vous ?")


def test_prefs_keeps_a_month_without_texts():
    talk = Talk(LIBRARY["prefs"])
    talk.hear("rien en août")
    assert talk.done == [Pause(date(2027, 9, 1)), Finish("paused")]


@pytest.mark.parametrize("text", ["oui", "o", "OUIII", "oui stop", "oui stp arrêtez", "arrêtez", "yes please"])
def test_prefs_hears_a_clear_yes_to_ending_offers(text):
    talk = Talk(LIBRARY["prefs"], IN)
    talk.hear("3")
    talk.hear("offres")
    assert "Ne plus recevoir ces messages ?" in talk.said[0]
    talk.hear(text)
    assert OptOut("offers") in talk.done
    assert talk.said == ["C'est noté : vous ne recevrez plus {{ topic.name }}. Si vous changez d'avis, écrivez PREFS."]


@pytest.mark.parametrize("text", ["arrêtez tout", "plus rien", "no more"])
def test_prefs_leaves_it_to_a_person_whether_all_or_one_topic_is_meant(text):
    talk = Talk(LIBRARY["prefs"], IN)
    for heard in ("3", "offres", text, text):
        talk.hear(heard)
    assert [type(effect) for effect in talk.done] == [HandOver, Finish]


def test_prefs_never_says_that_nothing_changed_after_a_yes():
    talk = Talk(LIBRARY["prefs"], IN)
    for text in ("3", "1", "oui mais quand ?", "oui mais bon"):
        talk.hear(text)
    assert [type(effect) for effect in talk.done] == [HandOver, Finish]
    assert talk.done[-1] == Finish("person")


@pytest.mark.parametrize("text", ["2", "le 2", "option 2", "numéro 2", "commandes", "le suivi de vos commandes", "Suivi svp"])
def test_prefs_switches_the_topic_that_is_named(text):
    talk = Talk(LIBRARY["prefs"], IN, ("consent", "order_news"))
    for heard in ("3", text, "oui"):
        talk.hear(heard)
    assert OptOut("order_news") in talk.done
    talk = Talk(LIBRARY["prefs"], IN)
    for heard in ("3", text, "oui"):
        talk.hear(heard)
    assert OptIn("order_news", "double") in talk.done


@pytest.mark.parametrize("text", ["3", "0", "de", "nos", "vos", "your", "les deux", "offres et commandes"])
def test_prefs_asks_again_which_topic_rather_than_guess(text):
    talk = Talk(LIBRARY["prefs"], IN)
    talk.hear("3")
    talk.hear(text)
    assert (talk.state, talk.done[:-1]) == ("topics", [])


@pytest.mark.parametrize("true", [(), (IN,)])
@pytest.mark.parametrize("text", ["no offers", "pas d'offres merci"])
def test_prefs_takes_the_wish_for_no_offers_from_everybody(text, true):
    talk = Talk(LIBRARY["prefs"], *true)
    talk.hear(text)
    assert OptOut("offers") in talk.done
    assert talk.done[-1] == Finish("topic_off")


def test_prefs_says_that_all_is_as_before_only_to_those_who_get_offers():
    for true, words in (((IN,), "tout redevient comme avant"), ((), "Vous ne recevez pas nos offres")):
        talk = Talk(LIBRARY["prefs"], *true)
        talk.hear("comme avant")
        assert AsUsual() in talk.done
        assert words in talk.said[0]


@pytest.mark.parametrize(
    ("text", "language"), [("en anglais", "en"), ("in english", "en"), ("en français", "fr"), ("french", "fr")]
)
def test_prefs_hears_a_language_in_both(text, language):
    for before in ((), ("4",)):
        talk = Talk(LIBRARY["prefs"])
        for one in (*before, text):
            talk.hear(one)
        assert talk.done[:1] == [Remember("language", language)]


def test_details_are_up_to_date_only_when_everything_was_answered():
    confirmed = Remember("details_confirmed", "2026-11-22")
    for texts, last in {
        ("oui", "oui c'est ça"): [confirmed, Finish("confirmed")],
        ("non", "69002", "Non, c'est Claire"): [Remember("first_name", "Claire"), confirmed, Finish("confirmed")],
        ("oui", "non", "je m'appelle Claire"): [Remember("first_name", "Claire"), confirmed, Finish("confirmed")],
        ("passer", "oui"): [Finish("noted")],
        ("oui", "passer"): [Finish("noted")],
    }.items():
        talk = Talk(LIBRARY["details"])
        for text in texts:
            talk.hear(text)
        assert [one for one in talk.done if one != Remember("language", "fr")] == last, texts


@pytest.mark.parametrize("texts", [("hein", "quoi ?"), ("non", "hein", "quoi ?"), ("oui", "[picture]", "quoi ?")])
def test_details_that_were_not_understood_go_to_a_person(texts):
    talk = Talk(LIBRARY["details"])
    for text in texts:
        talk.hear(*(("", "https://example.org/me.jpg") if text == "[picture]" else (text,)))
    assert [type(effect) for effect in talk.done] == [HandOver, Finish]
    assert "pas compris" in talk.said[0]


@pytest.mark.parametrize("text", ["oui", "oui bien sûr", "oui j'ai 45 ans", "OUIII", "d'accord", "sure"])
def test_contest_asks_for_a_name_and_takes_no_picture_for_one(text):
    talk = Talk(LIBRARY["contest"])
    talk.hear(text)
    assert talk.state == "first_name"
    talk.hear("", "https://example.org/me.jpg")
    assert talk.state == "first_name"
    talk.hear("je m'appelle Marie")
    assert {Remember("first_name", "Marie"), Tag("contest")} <= set(talk.done)


def test_contest_lets_in_whoever_gives_no_name():
    talk = Talk(LIBRARY["contest"])
    for text in ("oui", "non", "non"):
        talk.hear(text)
    assert Tag("contest") in talk.done
    assert talk.state == "offers"


@pytest.mark.parametrize("text", ["oui avec plaisir", "d'accord", "yes please thank you so much"])
def test_contest_leaves_the_second_yes_to_offers_to_welcome(text):
    """Its keyword asked for no offers, so that its own question is the first yes."""
    talk = Talk(LIBRARY["contest"])
    for heard in ("oui", "Ana", text):
        talk.hear(heard)
    assert talk.done[-1] == Open("welcome")
    talk.event(Returned())
    assert talk.done == [Finish("entered")]


def test_contest_asks_once_more_before_it_goes_on_without_offers():
    talk = Talk(LIBRARY["contest"])
    for text in ("oui", "Ana", "peut-être"):
        talk.hear(text)
    assert talk.state == "offers"
    talk.hear("hm")
    assert "ne recevrez pas d'offres" in talk.said[0]


@pytest.mark.parametrize("name", LIBRARY)
def test_a_drawing_shows_every_state_and_every_way(name):
    drawing = diagram(LIBRARY[name])
    assert drawing.startswith(f"stateDiagram-v2\n  [*] --> s_{LIBRARY[name].start}\n")
    drawn = set(re.findall(r"--> (?:s_)?(\S+?)(?::|\n)", drawing))
    assert drawn - {"[*]"} == set(LIBRARY[name].states)


def test_an_arrow_of_the_drawing_says_what_takes_one_along_it():
    drawing = diagram(LIBRARY["welcome"])
    assert "s_known --> s_already: consent offers\n" in drawing
    assert "s_known --> s_confirm: else\n" in drawing
    assert "s_confirm --> s_declined: otherwise\n" in drawing
    assert "s_confirm --> s_lapsed: silence\n" in drawing
    assert "s_postcode --> s_near_you: postcode\n" in drawing
