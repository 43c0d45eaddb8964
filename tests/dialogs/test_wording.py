"""The sentences of a dialog: each is found in its YAML, written anew, and nothing else changes by it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.load import load, plain
from dialogs.wording import rewrite, worded
from tests.web.hostile import HOSTILE

LIBRARY = sorted((Path(__file__).parents[2] / "dialogs/library").glob("*.yaml"))


def placed(source: str) -> dict[Any, str]:
    """All words and settings of a dialog, by their places."""
    dialog = load(source)
    found: dict[Any, str] = {}
    for state in worded(source, dialog):
        found |= {(*saying.path, language): words for saying in state.sayings for language, words in saying.words.items()}
        found |= state.settings
    return found


@pytest.mark.parametrize("path", LIBRARY, ids=[path.stem for path in LIBRARY])
def test_every_sentence_of_the_library_is_found_and_changes_alone(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    before = placed(source)
    said = sum(source.count(f"{language}: ") for language in ("fr", "en"))
    assert len(before) > 8 and len(before) <= said + source.count("tries") + source.count("wait:") + source.count("say:")
    for place, words in before.items():
        if place[-1] in ("tries", "wait", "picture"):
            continue
        after = rewrite(source, {place: words + " ’: {x} # \"q\""})
        assert placed(after) == before | {place: words + " ’: {x} # \"q\""}
        assert after.count("#") >= source.count("#")  # comments stay
    assert rewrite(source, {}) == source
    everything = {place: "x" for place in before if place[-1] not in ("tries", "wait", "picture")}
    assert placed(rewrite(source, everything)) == before | everything


BLOCKS = """\
name: hello # a comment
start: one
states:
  one:
    say: |
      Hello
      you
    on:
      - hear: {words: {fr: [oui], en: ["yes"]}}
        say: {fr: 'Bien', en: "Good"}
        goto: two
    otherwise: {tries: 1, goto: two}
  two:
    say:
      fr: >
        long
        words
      en: plain words, no quotes
    end: done
"""


def test_words_are_written_anew_however_they_are_quoted() -> None:
    said = ("states", "one", "say", ""), ("states", "one", "on", 0, "say", "en"), ("states", "two", "say", "fr")
    after = rewrite(BLOCKS, dict.fromkeys(said, "a: b\nc"))
    assert [placed(after)[place] for place in said] == ["a: b\nc"] * 3
    assert "# a comment" in after and "plain words, no quotes" in after


def test_a_language_is_added_to_the_others() -> None:
    places = {("states", "one", "on", 0, "say", "es"): "Bien", ("states", "two", "say", "es"): "palabras"}
    after = rewrite(BLOCKS, places)
    assert placed(after) == placed(BLOCKS) | places
    assert placed(rewrite(BLOCKS.rstrip("\n"), {("states", "two", "end"): "over"})) == placed(BLOCKS)
    picture = {("states", "two", "picture"): "https://shop.example/a.png"}
    assert placed(rewrite(BLOCKS, picture)) == placed(BLOCKS) | picture


EMPTIED = """\
name: hello
start: one
states:
  one:
    picture: https://shop.example/a.png  # seen
    say: &words
      fr: |
        Bon
        jour
      en: Hello
      es: Hola
    goto: two
  two:
    say: {fr: Fin, en: End, es: Fin}
    end: done
"""


@pytest.mark.parametrize("gone", [["fr"], ["en"], ["es"], ["fr", "en"], ["en", "es"], ["fr", "es"]], ids="-".join)
@pytest.mark.parametrize("state", ["one", "two"])
def test_what_says_nothing_any_more_goes(state: str, gone: list[str]) -> None:
    after, _ = plain(rewrite(EMPTIED, {("states", state, "say", language): "" for language in gone}), "x")
    before, _ = plain(EMPTIED, "x")
    before["states"][state]["say"] = {name: words for name, words in before["states"][state]["say"].items() if name not in gone}
    assert after == before


def test_the_last_language_stays_and_a_picture_goes() -> None:
    everything = {("states", "one", "say", language): "" for language in ("fr", "en", "es")}
    after, _ = plain(rewrite(EMPTIED, everything | {("states", "one", "picture"): ""}), "x")
    assert after["states"]["one"] == {"say": {"es": ""}, "goto": "two"}


@pytest.mark.parametrize("place", [("states", "three", "say", "fr"), ("states", "one", "on", 7, "say"), ("states",), ()], ids=str)
def test_what_is_not_there_is_not_made_up(place: tuple[str, ...]) -> None:
    with pytest.raises((KeyError, IndexError)):
        rewrite(BLOCKS, {place: "x"})


@pytest.mark.parametrize("first", range(0, len(HOSTILE), 50))
def test_whatever_is_typed_is_read_back_letter_by_letter(first: int) -> None:
    place = ("states", "two", "say", "en")
    for words in (one.replace("\0", "") for one in HOSTILE[first : first + 50]):
        if all(not 0xD800 <= ord(sign) < 0xE000 for sign in words):
            data, _ = plain(rewrite(BLOCKS, {place: words}), "x")
            assert data["states"]["two"]["say"]["en"] == words


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_back_letter_by_letter(words: str) -> None:
    data, _ = plain(rewrite(BLOCKS, {("states", "one", "on", 0, "say", "fr"): words}), "x")
    assert data["states"]["one"]["on"][0]["say"]["fr"] == words
