"""Recorded conversations through another version of their dialog: exactly those that a change touches are named."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.shop import load_shop
from bot.shop.scripts import LIBRARY
from tests.crowd import join, number
from tests.crowd import run as run_campaign
from tests.house import BOSTON, SHOP, House, sid
from tests.transcript import PICTURE

Replay = Callable[..., Any]


@pytest.fixture
def replay(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """What the command says of a version of a dialog, `welcome` of the library, in which something was replaced."""
    monkeypatch.setattr("bot.cli.dialog.looking", lambda: house.runtime)

    def run(before: str, after: str, *options: str, dialog: str = "welcome", source: str = "") -> Any:
        source = source or (LIBRARY / f"{dialog}.yaml").read_text(encoding="utf-8")
        assert before in source
        path = tmp_path / f"{dialog}.yaml"
        path.write_text(source.replace(before, after), encoding="utf-8")
        answer = CliRunner().invoke(main, ["dialog", "replay", str(path), "--json", *options])
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.output)

    return run


def recorded(house: House) -> None:
    """Three who joined, in words of their own; one of them was asked twice, one fell silent."""
    for who, texts in {"Ana": ["JOIN", "banco", "oui", "75011"], "Bo": ["JOIN", "OUI", "passer"], "Cleo": ["JOIN"]}.items():
        for text in texts:
            house.text(who, text)
    house.jump(timedelta(days=3))


def test_an_unchanged_dialog_changes_no_conversation(house: House, replay: Replay) -> None:
    recorded(house)
    found = replay("je confirme", "je confirme")
    assert (found["conversations"], found["differ"], found["shown"]) == (3, 0, [])


def test_a_new_synonym_touches_exactly_those_who_used_it(house: House, replay: Replay) -> None:
    recorded(house)
    found = replay("[je confirme]", "[je confirme, banco]")
    assert (found["conversations"], found["differ"], found["consents_lost"]) == (3, 1, 0)
    [one] = found["shown"]
    assert "> banco" in one["before"]
    assert any(line.startswith("= consent offers in") for line in one["after"])


def test_a_synonym_that_is_gone_says_whose_consent_would_be_lost(house: House, replay: Replay) -> None:
    house.text("Bo", "JOIN")
    house.text("Bo", "je confirme")
    found = replay("fr: [je confirme], ", "")
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
    found = replay("hear: {yes: {fr: [je confirme], en: [i confirm], es: [si, claro, vale, confirmo]}}", "hear: {words: [ok]}")
    assert (found["conversations"], found["differ"]) == (2, 0)


def test_what_a_keyword_answered_meanwhile_was_not_said_to_it(house: House, replay: Replay) -> None:
    for text in ("JOIN", "combien de sms", "OUI"):
        house.text("Bo", text)
    found = replay("quel est votre code postal", "votre code postal, svp")
    [one] = found["shown"]
    assert "> combien de sms" not in one["before"] and "> OUI" in one["before"]


def test_what_is_said_to_those_who_fell_silent_is_said_when_they_had_been(house: House, replay: Replay) -> None:
    house.text("Dee", "JOIN", BOSTON)
    left = house.inbound("Dee", "no more of this", sid(1), BOSTON, OptOutType="STOP")  # the carrier knows
    assert house.post("/webhooks/twilio/inbound", left).status_code == 200
    recorded(house)
    [one] = replay("    end: lapsed", '    say: "Still there?"\n    end: lapsed')["shown"]  # Cleo alone
    assert one["after"][-2:] == ["@ +2d", "< Still there?"]


def test_a_silence_that_is_not_over_yet_changes_nothing(house: House, replay: Replay) -> None:
    house.text("Bo", "JOIN")
    house.jump(timedelta(hours=47))
    reminder = ("    end: lapsed", '    say: "Still there?"\n    end: lapsed')
    assert replay(*reminder)["differ"] == 0
    house.text("Ana", "JOIN")
    house.text("Bo", "menu")
    house.jump(timedelta(hours=47))
    assert replay(*reminder)["differ"] == 0


def test_the_answer_to_a_campaign_is_heard_as_one(house: House, replay: Replay) -> None:
    who = [number(1), number(2)]
    join(house.runtime, who)
    run_campaign(house, texts={"": "ACME : toujours là ? OUI ou le bon code. STOP pour arrêter."}, dialog="details")
    for person, texts in zip(who, (["75002", "Marie"], ["oui", "oui"]), strict=True):
        for text in texts:
            house.text(person, text)
    assert replay("postal est-il", "n'est-il pas", dialog="details")["differ"] == 0  # the campaign's words stood for these
    found = replay("        then: [{do: remember, field: postcode}]\n", "", dialog="details")
    assert (found["differ"], found["about"]) == (1, {"fields": 1})
    assert found["shown"][0]["before"][:3] == ["> 75002", "= listening details postcode", "= field postcode 75002"]


def test_what_a_conversation_has_made_true_was_not_true_before_it(house: House, replay: Replay) -> None:
    for text in ("jeu", "oui", "Marie", "oui", "oui"):
        house.text("Bo", text)
    opens = "\n        then: [{do: open, dialog: welcome}]"
    found = replay(f"hear: yes{opens}", f"hear: {{words: {{\"\": [si]}}}}{opens}", dialog="contest")
    assert (found["differ"], found["consents_lost"]) == (1, 1)
    assert "= tag contest" in found["shown"][0]["before"]


def test_what_was_true_before_it_is_heard_from_our_words(house: House, replay: Replay) -> None:
    for text in ("jeu", "oui", "Marie", "non", "jeu"):
        house.text("Bo", text)
    assert replay("vous participez déjà", "vous y êtes déjà", dialog="contest")["differ"] == 1
    assert replay("avez-vous 18 ans", "avez-vous bien 18 ans", dialog="contest")["differ"] == 1


def test_a_conversation_is_in_the_language_in_which_it_was(house: House, replay: Replay) -> None:
    house.text("Dee", "JOIN")
    house.text("Dee", "oui")
    house.text("Dee", "75011")
    assert replay("please reply YES", "please do reply YES")["differ"] == 0
    assert replay(": reply YES for {{ topic.name }}", ": say YES for {{ topic.name }}")["about"] == {"answers": 1}
    assert replay("Merci {{", "Grand merci {{")["about"] == {"answers": 1}
    assert replay("Thank you {{", "Thanks {{")["differ"] == 0


def test_numbers_are_read_in_the_way_of_their_country(house: House, replay: Replay) -> None:
    for text in ("menu", "call me", "06 12 34 56 78"):
        house.text("Bo", text)
    [one] = replay("We will call {{", "We call {{", dialog="help")["shown"]
    assert "< Thank you! We will call +33612345678 as soon as we can." in one["before"]


def with_dialog(house: House, folder: Path, name: str, source: str) -> None:
    """The shop has one dialog more, opened by its name."""
    (folder / f"{name}.yaml").write_text(source, encoding="utf-8")
    shop = SHOP.read_text(encoding="utf-8").replace("details]", f"details, {name}.yaml]")
    (folder / "shop.yaml").write_text(shop + f"  - {{phrases: [{name}], mode: whole, dialog: {name}}}\n", encoding="utf-8")
    with house.runtime.begin() as connection:
        load_shop(connection, folder / "shop.yaml")


LATER = """
name: later
start: thanks
states:
  thanks: {say: "Thanks!", after: {wait: P7D, goto: how}}
  how: {say: "How was it?", end: asked}
"""


def test_a_dialog_that_waits_goes_on_whatever_they_write_meanwhile(house: House, tmp_path: Path, replay: Replay) -> None:
    with_dialog(house, tmp_path, "later", LATER)
    for who in ("Ana", "Bo"):
        house.text(who, "later")
    house.text("Ana", "merci")
    house.text("Bo", "menu")
    house.jump(timedelta(days=8))
    found = replay("How was it?", "How did you like it?", source=LATER, dialog="later")
    assert found["about"] == {"answers": 2}
    assert found["shown"][0]["before"][-4:] == ["> merci", "= for a person", "@ +7d", "< How was it?"]


HUB = """
name: hub
start: which
expires: P1D
states:
  which:
    say: "1 or 2?"
    on:
      - {hear: {words: {"": ["1"]}}, goto: bye}
      - {hear: {words: {"": ["2"]}}, then: [{do: open, dialog: prefs}], goto: bye}
    otherwise: {tries: 1, goto: bye}
  bye: {say: "Bye.", end: over}
"""


def test_a_dialog_that_another_one_opened_has_not_heard_what_that_one_heard(house: House, replay: Replay, tmp_path: Path) -> None:
    with_dialog(house, tmp_path, "hub", HUB)
    for text in ("hub", "2", "1"):
        house.text("Bo", text)
    [one] = replay("then: [{do: slow_down, every: P30D}]", "then: [{do: slow_down, every: P7D}]", dialog="prefs")["shown"]
    assert one["differs"] == ["preferences"]
    assert [line for line in one["before"] if line.startswith(">")] == ["> 1"]
    assert "= one in 30 days" in one["before"]


def test_after_a_hand_over_a_person_reads_what_they_write(house: House, replay: Replay) -> None:
    for text in ("menu", "2", "ici", "oui"):
        house.text("Bo", text)
    listening = ("    then: [{do: hand_over, note: \"Asked to talk to someone.\"}]\n    end: person",
                 "    then: [{do: hand_over}]\n    on: [{hear: anything, then: [{do: tag, tag: vip}], goto: hours}]")
    [one] = replay(*listening, dialog="help")["shown"]
    assert one["differs"] == ["people"]
    assert one["after"][-2:] == ["> oui", "= for a person"]


def test_what_they_receive_and_in_which_language_is_told_by_its_name(house: House, replay: Replay) -> None:
    for text in ("prefs", "reprendre", "prefs", "langue", "english"):
        house.text("Bo", text)
    assert replay("then: [{do: as_usual}]", "then: [{do: pause, for: P7D}]", dialog="prefs")["about"] == {"preferences": 1}
    found = replay("[english, in english, anglais, en anglais, en]", "[anglais, en]", dialog="prefs")
    assert found["about"] == {"answers": 1, "language": 1}


def test_what_was_sent_is_sent_again_as_it_was(house: House, replay: Replay) -> None:
    house.text("Bo", "JOIN")
    house.text("Bo", "@ +3d")  # no jump of the clock, but words
    house.text("Bo", "", media=[PICTURE])
    [one] = replay("répondez OUI", "répondez, svp, OUI")["shown"]
    assert [line for line in one["before"] if line.startswith(">")] == ["> JOIN", "> @ +3d", "> [picture]"]


def test_only_so_many_days_are_looked_at(house: House, replay: Replay) -> None:
    recorded(house)
    assert replay("je confirme", "je confirme", "--days", "2")["conversations"] == 0


@pytest.mark.parametrize(("name", "status", "told"), [
    ("welcome", 0, "No conversation of `welcome` that began in the last 30 days is recorded.\n"),
    ("welcom", 1, "The shop has no dialog `welcom`, and no conversation of that name is recorded.\n"),
])  # fmt: skip
def test_a_name_of_which_nothing_is_recorded_is_told(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, status: int, told: str
) -> None:
    monkeypatch.setattr("bot.cli.dialog.looking", lambda: house.runtime)
    source = (LIBRARY / "welcome.yaml").read_text(encoding="utf-8")
    (tmp_path / "new.yaml").write_text(source.replace("name: welcome", f"name: {name}"), encoding="utf-8")
    answer = CliRunner().invoke(main, ["dialog", "replay", str(tmp_path / "new.yaml")])
    assert (answer.exit_code, answer.output) == (status, told)
