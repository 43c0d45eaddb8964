"""A mistyped keyword gets a suggestion; a mistyped STOP never does."""

import pytest

from keywords.reserved import reserved_words
from keywords.suggest import distance, suggest
from keywords.table import Entry, Phrase, Table, build
from keywords.text import fold


def table(*phrases: str) -> Table:
    return build([Entry(number, (Phrase(text),), "whole", text) for number, text in enumerate(phrases)])[0]


SHOP = table("SOLDES", "SHOP", "step", "top", "Atelier couture", "concours", "menu", "stade", "shopping", "starter")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Sodles", "SOLDES"),
        ("SOLDE", "SOLDES"),
        ("soldess!", "SOLDES"),
        ("shpo", "SHOP"),
        ("mneu", "menu"),
        ("conours", "concours"),
        ("concuors", "concours"),
        ("cnocuors", "concours"),
        ("atelier couttre", "Atelier couture"),
        ("bonjour", None),
        ("men", None),
        ("tpo", None),
        ("sldoe", None),
        ("je veux les soldes", None),
        ("🎁", None),
        ("", None),
    ],
)
def test_a_near_miss_is_answered_with_the_keyword_that_was_meant(text: str, meant: str | None) -> None:
    found = suggest(SHOP, fold(text))
    assert (found and found.phrase) == meant


@pytest.mark.parametrize(
    "text",
    ["STPO", "SOTP", "stopp", "stap", "sstop", "sttop", "stop it", "stpo sms", "cancle", "unsubscrib", "dsabonement"]
    + ["desabonement", "arrtet", "aret", "STO P", "quiit", "canceler", "stpo merci", "merci cancle"],
)
def test_what_may_be_a_mistyped_opt_out_gets_no_suggestion_and_goes_to_a_person(text: str) -> None:
    tempting = table(
        "step", "stade", "soap", "stamp", "stoop", "cancale", "unscrub", "quilt", "arete", fold(text) + "s"
    )
    assert suggest(tempting, fold(text)) is None


@pytest.mark.parametrize("word", reserved_words())
def test_a_reserved_word_gets_no_suggestion(word: str) -> None:
    assert suggest(table(word + "s"), word) is None


def test_a_little_word_near_a_short_opt_out_word_is_no_obstacle() -> None:
    found = suggest(table("fish and chips"), "fish and chps")
    assert found is not None
    assert found.phrase == "fish and chips"


def test_a_sentence_of_more_than_three_words_gets_no_suggestion() -> None:
    assert suggest(table("je veux les soldes"), "je veux les sodles") is None


def test_two_keywords_equally_near_give_no_suggestion() -> None:
    assert suggest(table("chocolats", "chocolate"), "chocolatt") is None


def test_the_nearer_of_two_keywords_wins() -> None:
    found = suggest(table("contour", "concours"), "concourt")
    assert found is not None
    assert found.phrase == "concours"


def test_of_a_keyword_with_several_phrases_the_one_nearly_typed_is_suggested() -> None:
    club = build([Entry(1, (Phrase("rejoindre", "fr"), Phrase("sign up", "en")), "whole", "welcome")])[0]
    assert [found and found.phrase for found in (suggest(club, "sing up"), suggest(club, "rejoinder"))] == [
        "sign up", "rejoindre",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("", "", 0), ("a", "", 1), ("stop", "stpo", 1), ("stop", "sotp", 1), ("shop", "stop", 1), ("abc", "abc", 0)]
    + [("kitten", "sitting", 3), ("ca", "abc", 3), ("soldes", "sodle", 2)],
)
def test_slips_are_counted_both_ways_alike(one: str, other: str, slips: int) -> None:
    assert distance(one, other) == distance(other, one) == slips
