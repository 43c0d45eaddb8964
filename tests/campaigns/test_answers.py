"""An answer to a campaign opens the dialog that it names: its text has asked the question."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.crowd import draft, join, number, run, schedule
from tests.house import House

TEXT = {"": "ACME : quelle note, de 1 à 5 ? STOP pour arrêter."}
DIALOG = """
name: note
topic: offers
start: ask
expires: PT48H
states:
  ask:
    say: "De 1 à 5 ?"
    on:
      - hear: {number: {min: 1, max: 5, whole: true}}
        as: note
        then: [{do: remember, field: first_name, value: noted}]
        goto: thanks
    otherwise: {say: "Un chiffre de 1 à 5, s'il vous plaît.", tries: 1, goto: thanks}
  thanks: {say: "Merci !"}
"""


@pytest.fixture
def house(house: House, tmp_path: Path) -> House:
    from bot.shop import load_shop
    from tests.house import SHOP

    (tmp_path / "note.yaml").write_text(DIALOG, encoding="utf-8")
    shop = SHOP.read_text(encoding="utf-8").replace("contest, details]", "contest, details, note.yaml]")
    (tmp_path / "shop.yaml").write_text(shop, encoding="utf-8")
    with house.runtime.begin() as connection:
        load_shop(connection, tmp_path / "shop.yaml")
    join(house.runtime, [number(1), number(2)])
    return house


def test_the_answer_is_heard_by_the_dialog_whose_question_the_campaign_asked(house: House) -> None:
    run(house, texts=TEXT, dialog="note")
    assert house.text(number(1), "4") == ["Merci !"]


def test_an_answer_that_is_not_understood_is_asked_again(house: House) -> None:
    run(house, texts=TEXT, dialog="note")
    assert house.text(number(1), "super") == ["Un chiffre de 1 à 5, s'il vous plaît."]
    assert house.text(number(1), "5") == ["Merci !"]


def test_a_keyword_that_is_the_whole_text_comes_first(house: House) -> None:
    run(house, texts=TEXT, dialog="note")
    assert "Horaires" in house.text(number(1), "MENU")[0]


def test_it_is_opened_once(house: House) -> None:
    run(house, texts=TEXT, dialog="note")
    house.text(number(1), "4")
    assert "une personne" in house.text(number(1), "4")[0]


def test_after_its_days_an_answer_is_an_ordinary_text(house: House) -> None:
    run(house, texts=TEXT, dialog="note", answers_for=2)
    house.jump(timedelta(days=2, hours=1))
    assert "une personne" in house.text(number(1), "4")[0]


def test_who_did_not_get_the_campaign_answers_nothing(house: House) -> None:
    schedule(house, draft(house, texts=TEXT, dialog="note"))
    assert "une personne" in house.text("Bo", "4")[0]


def test_stop_is_a_stop(house: House) -> None:
    run(house, texts=TEXT, dialog="note")
    house.text(number(1), "STOP")
    assert house.text(number(1), "4") == []
