"""A text finds its keyword: as the whole text, by its first words, or anywhere in it, in this order."""

import pytest

from keywords.match import match
from keywords.table import Entry, Mode, Phrase, Table, build
from keywords.text import fold


def table(*entries: tuple[str, Mode]) -> Table:
    """One entry per phrase; its dialog is the phrase."""
    made, found = build([Entry(number, (Phrase(text),), mode, text) for number, (text, mode) in enumerate(entries)])
    assert found == ()
    return made


SHOP = table(
    ("join", "whole"),
    ("je m'inscris", "whole"),
    ("win", "first"),
    ("win big", "first"),
    ("été", "anywhere"),
    ("soldes d'été", "anywhere"),
    ("bus", "anywhere"),
)


@pytest.mark.parametrize(
    ("text", "dialog", "mode"),
    [
        ("JOIN!", "join", "whole"),
        ("Je m’inscris", "je m'inscris", "whole"),
        ("join now", None, None),
        ("join the queue", None, None),
        ("Please join, thanks!", "join", "whole"),
        ("Bonjour, win a car svp", "win", "first"),
        ("Win", "win", "whole"),
        ("win a car", "win", "first"),
        ("WIN BIG today", "win big", "first"),
        ("winner", None, None),
        ("i win", None, None),
        ("vive l'été !", "été", "anywhere"),
        ("les soldes d'été de l'été", "soldes d'été", "anywhere"),
        ("win été", "win", "first"),
        ("été", "été", "whole"),
        ("busy", None, None),
        ("le bus de l'été", "bus", "anywhere"),
        ("l'été en bus", "été", "anywhere"),
        ("🎁", None, None),
        ("", None, None),
    ],
)
def test_a_text_opens_the_dialog_of_its_keyword(text: str, dialog: str | None, mode: str | None) -> None:
    found = match(SHOP, fold(text))
    assert (found and found.entry.dialog, found and found.mode) == (dialog, mode)


def test_whole_texts_and_looser_modes_can_be_asked_one_after_the_other() -> None:
    assert match(SHOP, "win a car", ("whole",)) is None
    assert match(SHOP, "win", ("first", "anywhere")) is not None
    assert match(SHOP, "join", ("first", "anywhere")) is None


def test_politeness_that_a_phrase_has_is_a_part_of_it() -> None:
    made = table(("merci", "whole"), ("hello kitty", "first"), ("kitty", "whole"))
    assert [found and found.phrase for text in ("merci", "hello kitty toys", "kitty merci")
            if (found := match(made, text))] == ["merci", "hello kitty", "kitty"]


def test_a_match_says_the_phrase_as_typed_and_its_language() -> None:
    made, _ = build([Entry(1, (Phrase("Été", "fr"), Phrase("Summer", "en")), "anywhere", "summer")])
    found = match(made, "ete")
    assert found is not None
    assert (found.phrase, found.language) == ("Été", "fr")


def test_an_empty_table_matches_nothing() -> None:
    assert match(table(), "join") is None


def test_thousands_of_keywords_cost_a_text_no_more_look_ups() -> None:
    """Counted, not timed: the table is asked once per beginning and once per run of words."""

    class Counting(dict[str, object]):
        asked = 0

        def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
            Counting.asked += 1
            return super().get(key, default)

    made = table(*[(f"mot{number}", "anywhere") for number in range(3000)], ("a b", "anywhere"))
    counted = Table(made.whole, made.first, Counting(made.anywhere), made.first_lengths, made.anywhere_lengths)  # type: ignore[arg-type]
    assert match(counted, "un texte de six mots ordinaires") is None
    assert Counting.asked == 6 + 5
