"""Recorded conversations through another version of their dialog: exactly those that a change touches are named."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.shop.scripts import LIBRARY
from tests.house import House
from tests.transcript import PICTURE

Replay = Callable[..., Any]


@pytest.fixture
def replay(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """What the command says of a version of `welcome` in which something was replaced."""
    monkeypatch.setattr("bot.cli.dialog.looking", lambda: house.runtime)

    def run(before: str, after: str, *options: str) -> Any:
        source = (LIBRARY / "welcome.yaml").read_text(encoding="utf-8")
        assert before in source
        path = tmp_path / "welcome.yaml"
        path.write_text(source.replace(before, after), encoding="utf-8")
        answer = CliRunner().invoke(main, ["dialog", "replay", str(path), "--json", *options])
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.output)

    return run


def recorded(house: House) -> None:
    """Three who joined, in words of their own; one of them was asked twice, one fell silent."""
    for who, texts in {"Ana": ["JOIN", "ouais", "oui", "75011"], "Bo": ["JOIN", "OUI", "passer"], "Cleo": ["JOIN"]}.items():
        for text in texts:
            house.text(who, text)
    house.jump(timedelta(days=3))


def test_an_unchanged_dialog_changes_no_conversation(house: House, replay: Replay) -> None:
    recorded(house)
    found = replay("d'accord", "d'accord")
    assert (found["conversations"], found["differ"], found["shown"]) == (3, 0, [])


def test_a_new_synonym_touches_exactly_those_who_used_it(house: House, replay: Replay) -> None:
    recorded(house)
    found = replay("[oui, o,", "[oui, ouais, o,")
    assert (found["conversations"], found["differ"], found["consents_lost"]) == (3, 1, 0)
    [one] = found["shown"]
    assert "> ouais" in one["before"]
    assert any(line.startswith("= consent offers in") for line in one["after"])


def test_a_synonym_that_is_gone_says_whose_consent_would_be_lost(house: House, replay: Replay) -> None:
    house.text("Bo", "JOIN")
    house.text("Bo", "d'accord")
    found = replay("d'accord, ", "")
    assert (found["differ"], found["consents_lost"]) == (1, 1)
    assert "consents" in found["shown"][0]["differs"]


def test_other_words_are_other_answers_and_nothing_else(house: House, replay: Replay) -> None:
    recorded(house)
    found = replay("quel est votre code postal", "votre code postal, svp")
    assert found["about"] == {"answers": 2}


def test_silence_takes_the_time_that_it_took(house: House, replay: Replay) -> None:
    house.text("Bo", "JOIN")
    house.jump(timedelta(minutes=30))
    house.text("Bo", "OUI")
    assert replay("expires: PT48H", "expires: PT1H")["differ"] == 0
    assert replay("expires: PT48H", "expires: PT10M")["consents_lost"] == 1


def test_what_came_after_a_stop_or_a_keyword_that_interrupts_is_not_of_it(house: House, replay: Replay) -> None:
    for text in ("JOIN", "menu", "1"):
        house.text("Ana", text)
    for text in ("JOIN", "STOP", "oui"):
        house.text("Bo", text)
    found = replay("[oui, o,", "[o,")
    assert (found["conversations"], found["differ"]) == (2, 0)


def test_what_was_sent_is_sent_again_as_it_was(house: House, replay: Replay) -> None:
    house.text("Bo", "JOIN")
    house.text("Bo", "@ +3d")  # no jump of the clock, but words
    house.text("Bo", "", media=[PICTURE])
    [one] = replay("répondez OUI", "répondez, svp, OUI")["shown"]
    assert [line for line in one["before"] if line.startswith(">")] == ["> JOIN", "> @ +3d", "> [picture]"]


def test_only_so_many_days_are_looked_at(house: House, replay: Replay) -> None:
    recorded(house)
    assert replay("d'accord", "d'accord", "--days", "2")["conversations"] == 0
