"""The dialogs that every shop begins with."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

import dialogs
from bot.text.merge import tag_uses
from dialogs.check import check
from dialogs.diagram import diagram
from dialogs.effects import Expire, Finish, HandOver, Open, OptIn, Remember, Tag
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
        plain = re.sub(r"{{.*?}}", "", text)
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
                assert "STOP" in text and ("AIDE" if lang == "fr" else "HELP") in text


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
