"""STOP, START and HELP are recognised as whole texts, in three languages, and as nothing less."""

from pathlib import Path

import pytest

from keywords.reserved import Reserved, is_yes, meaning, reserved, reserved_words
from keywords.text import fold

CORPUS = (Path(__file__).parent / "stop_corpus.txt").read_text(encoding="utf-8").splitlines()
STOPS = [line[2:] for line in CORPUS if line.startswith("+ ")]
ORDINARY = [line[2:] for line in CORPUS if line.startswith("- ")]


def kind(text: str) -> str | None:
    found = reserved(fold(text))
    return found and found.kind


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(set(STOPS)) >= 100
    assert len(set(ORDINARY)) >= 100


@pytest.mark.parametrize("text", STOPS)
def test_a_stop_in_any_dress_is_a_stop(text: str) -> None:
    assert kind(text) == "stop"


@pytest.mark.parametrize("text", ORDINARY)
def test_a_text_that_only_looks_like_a_stop_is_none(text: str) -> None:
    assert kind(text) != "stop"


@pytest.mark.parametrize(
    "text",
    [
        "Please stop texting me",
        "stop svp",
        "please opt me out",
        "je ne veux plus recevoir vos sms",
        "Désinscrivez-moi",
        "arretez de m'envoyer des sms",
    ],
)
def test_an_opt_out_in_other_words_is_not_decided_here(text: str) -> None:
    assert kind(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("START", Reserved("start", None)),
        ("unstop!", Reserved("start", None)),
        ("Help", Reserved("help", "en")),
        ("aide ?", Reserved("help", "fr")),
        ("¡Ayuda!", Reserved("help", "es")),
        ("INFO", Reserved("help", None)),
        ("Contact", Reserved("help", None)),
        ("stop", Reserved("stop", None)),
        ("STOP 36180", Reserved("stop", None)),
        ("Arrêt", Reserved("stop", "fr")),
        ("cancel", Reserved("stop", "en")),
        ("baja", Reserved("stop", "es")),
        ("YES", None),
        ("oui", None),
        ("restart", None),
        ("help me choose", None),
        ("", None),
    ],
)
def test_a_reserved_word_tells_its_kind_and_language(text: str, found: Reserved | None) -> None:
    assert reserved(fold(text)) == found


def test_yes_is_flagged_alone_and_exact() -> None:
    assert is_yes(fold("Yes!"))
    assert not any(is_yes(fold(text)) for text in ("yes please", "oui", "y", "yess", ""))


def test_every_listed_word_is_folded_and_is_reserved_as_what_the_list_says() -> None:
    listed = reserved_words()
    assert {listed["desinscrire"], listed["unstop"], listed["ayuda"]} == {"STOP", "START", "HELP"}
    assert "yes" not in listed
    for word, name in listed.items():
        assert fold(word) == word
        assert kind(word.upper()) == name.lower()


def test_a_stop_with_a_copied_number_means_stop_and_yes_means_nothing() -> None:
    assert [meaning(fold(text)) for text in ("STOP au 36180", "start", "Aide", "YES")] == ["STOP", "START", "HELP", None]


def test_no_setting_can_take_a_word_away() -> None:
    with pytest.raises(TypeError):
        del reserved_words()["stop"]  # type: ignore[attr-defined]
    assert kind("stop") == "stop"
