"""A keyword is refused when it could never work, with a sentence that says why."""

import pytest

from keywords.match import match
from keywords.reserved import reserved_words
from keywords.table import Entry, KeywordReply, Mode, Phrase, build, problems


def entry(number: int, *phrases: str, mode: Mode = "whole", dialog: str = "join") -> Entry:
    return Entry(number, tuple(map(Phrase, phrases)), mode, dialog)


def test_good_keywords_have_no_problems() -> None:
    assert problems([entry(1, "JOIN", "je m'inscris"), entry(2, "Soldes d'été", mode="anywhere")]) == ()


@pytest.mark.parametrize(
    ("phrase", "reason"),
    [
        ("", "An empty phrase"),
        ("  ", "An empty phrase"),
        ("🎁", "no letter or digit"),
        ("!!!", "no letter or digit"),
        ("a" * 61, "has 61 characters; the limit is 60"),
        ("Arrêt", "carriers take it for STOP"),
        ("STOP 36180", "carriers take it for STOP"),
        ("info", "carriers take it for HELP"),
        ("unstop", "carriers take it for START"),
        ("Yes!", "a START after a STOP"),
        ("Stop pub", "begins with STOP"),
    ],
)
@pytest.mark.parametrize("mode", ["whole", "first", "anywhere"])
def test_a_phrase_that_cannot_be_a_keyword_is_refused_in_every_mode(phrase: str, reason: str, mode: Mode) -> None:
    (problem,) = problems([entry(7, phrase, mode=mode)])
    assert (problem.entry, problem.phrase) == (7, phrase)
    assert reason in problem.message


@pytest.mark.parametrize("word", reserved_words())
def test_no_reserved_word_can_become_a_keyword(word: str) -> None:
    table, found = build([entry(1, word.upper())])
    assert found
    assert match(table, word) is None


@pytest.mark.parametrize("phrase", ["a" * 60, "info soldes", "end of season", "non-stop", "yes please", "contact lens"])
def test_a_phrase_near_the_limits_is_fine(phrase: str) -> None:
    assert problems([entry(1, phrase)]) == ()


def test_a_keyword_without_phrases_is_refused() -> None:
    (problem,) = problems([entry(1)])
    assert "at least one" in problem.message


@pytest.mark.parametrize("mode", ["whole", "first", "anywhere"])
def test_one_phrase_cannot_open_two_dialogs_whatever_the_modes(mode: Mode) -> None:
    old, new = entry(1, "Été", dialog="summer"), entry(2, "join", "ETE !", mode=mode)
    (problem,) = problems([old, new])
    assert (problem.entry, problem.other, problem.phrase) == (2, 1, "ETE !")
    assert problem.message == "“ETE !” already belongs to keyword 1 (summer), there typed “Été”."


def test_one_entry_may_repeat_its_own_phrase_and_then_it_tells_no_language() -> None:
    twice = Entry(1, (Phrase("Menu", "fr"), Phrase("menu", "en"), Phrase("Carte", "fr")), "whole", "menu")
    table, found = build([twice])
    assert found == ()
    assert table.whole["menu"].language is None
    assert table.whole["carte"].language == "fr"


def test_a_table_with_problems_still_serves_the_good_phrases() -> None:
    table, found = build([entry(1, "join", "stop"), entry(2, "join", "soldes")])
    assert len(found) == 2
    assert [table.whole[word].entry.id for word in ("join", "soldes")] == [1, 2]
    assert "stop" not in table.whole


def test_a_phrase_of_a_keyword_that_replies_is_taken_too() -> None:
    old = Entry(4, (Phrase("hours"),), "whole", None, reply=KeywordReply({"": "10 to 7"}))
    (problem,) = problems([old, entry(5, "HOURS")])
    assert problem.message == "“HOURS” already belongs to keyword 4, there typed “hours”."
