"""Fields with a type: what is kept in them, from wherever it comes, and what is made of it."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bot.campaigns.words import Said, Words
from bot.catalogue import catalogue, touch
from bot.shop import ShopError, load_shop
from models import Contact, Field
from tests.api.conftest import Program
from tests.house import PEOPLE, SHOP, House

ANA = f"/contacts/{PEOPLE['Ana']}"
TYPED = [
    {"name": "shoe", "type": "number", "purpose": "To sell shoes that fit"},
    {"name": "birthday", "type": "date", "purpose": "To wish a happy one"},
    {"name": "vegan", "type": "yes_no", "purpose": "To leave out the cheese"},
]
DIALOG = """\
name: sizes
start: ask
expires: P2D
states:
  ask:
    say: "Your size?"
    on:
      - hear: {number: {}}
        then: [{do: remember, field: shoe}]
        goto: when
    otherwise: {goto: bye}
  when:
    say: "Born on?"
    on:
      - hear: {date: {past: true}}
        then: [{do: remember, field: birthday}]
        goto: cheese
    otherwise: {goto: bye}
  cheese:
    say: "Vegan?"
    on:
      - hear: "yes"
        then: [{do: remember, field: vegan}]
        goto: bye
      - hear: "no"
        then: [{do: remember, field: vegan}]
        goto: bye
    otherwise: {goto: bye}
  bye:
    say: "{% if contact.shoe > 40 %}Large{% else %}Small{% endif %} {{ contact.shoe | default: '-' }}, {{ contact.birthday | default: '-' }}{% if contact.vegan %}, vegan{% endif %}"
    end: done
"""  # noqa: E501


@pytest.fixture
def typed(house: House, program: Program) -> Program:
    """The shop asks for a number, a day, and yes or no."""
    shop = program.get("/shop")
    program.put("/shop", shop | {"fields": [*shop["fields"], *TYPED]})
    return program


def asked(house: House, program: Program, source: str = DIALOG) -> None:
    """A dialog that fills them is opened by SIZES."""
    program.put("/dialogs/sizes/draft", {"source": source})
    program.post("/dialogs/sizes/publish")
    program.post("/keywords", {"phrases": ["sizes"], "dialog": "sizes"})


# From programs


def test_a_program_says_values_as_their_types_ask_for(typed: Program) -> None:
    told = typed.put(ANA, {"fields": {"shoe": "42.5", "birthday": "1990-05-31", "vegan": True}})
    assert told["fields"] == {"shoe": 42.5, "birthday": "1990-05-31", "vegan": "yes"}
    wrong = {"shoe": "large", "birthday": "31 May", "vegan": "perhaps", "postcode": 75011, "hat": "7"}
    answer = typed.ask("PUT", ANA, {"fields": wrong})
    assert answer.status_code == 422
    assert {one["field"]: one["message"] for one in answer.get_json()["errors"]} == {
        "fields.shoe": "write a number such as 100 or 12.5",
        "fields.birthday": "write a day such as 2026-05-31",
        "fields.vegan": "write yes or no",
        "fields.postcode": "write a text",
        "fields.hat": "the shop has no such field",
    }
    assert typed.get(ANA)["fields"]["shoe"] == 42.5
    assert typed.put(ANA, {"fields": {"vegan": None}})["fields"] == {"shoe": 42.5, "birthday": "1990-05-31"}


def test_segments_ask_for_what_is_kept(house: House, typed: Program) -> None:
    typed.put(ANA, {"fields": {"shoe": 42.5, "birthday": "1990-05-31", "vegan": "yes"}})
    typed.put(f"/contacts/{PEOPLE['Bo']}", {"fields": {"shoe": 39, "vegan": False}})
    found = {
        name: typed.post("/segments/preview", {"rule": {"field": name, **rule}})["count"]
        for name, rule in {
            "shoe": {"more_than": 40}, "birthday": {"before": "2000-01-01"}, "vegan": {"is": "yes"},
        }.items()
    }  # fmt: skip
    assert found == {"shoe": 1, "birthday": 1, "vegan": 1}


# From dialogs


def test_a_dialog_fills_fields_and_says_them_in_the_language_of_the_person(house: House, typed: Program) -> None:
    asked(house, typed)
    for text in ("sizes", "41,5", "31/05/1990"):
        house.text("Bo", text)
    assert house.text("Bo", "oui") == ["Large 41,5, 31 mai 1990, vegan"]
    assert {"field shoe 41.5", "field birthday 1990-05-31", "field vegan yes"} <= house.truths("Bo")
    for text in ("sizes", "7", "05/31/1990"):
        house.text("Dee", text, to="+16175550100")
    assert house.text("Dee", "no", to="+16175550100") == ["Small 7, 31 May 1990"]


@pytest.mark.parametrize("text", ["99999999999.9999", "-0,0001", "+7", "vingt"])
def test_every_number_that_is_heard_can_be_kept(house: House, typed: Program, text: str) -> None:
    asked(house, typed)
    house.text("Bo", "sizes")
    assert house.text("Bo", text) == ["Born on?"]
    house.text("Bo", "31/12/0999")
    assert house.contact("Bo").values.keys() == {"shoe", "birthday"}


def test_what_does_not_fit_any_more_is_not_kept_and_the_conversation_goes_on(house: House, typed: Program) -> None:
    """A file has given the field another type while somebody is in the dialog."""
    asked(house, typed)
    house.text("Bo", "sizes")
    with house.runtime.begin() as connection:
        connection.execute(update(Field).where(Field.name == "shoe").values(type="yes_no"))
        touch(connection)
    assert house.text("Bo", "42") == ["Born on?"]
    assert "shoe" not in house.contact("Bo").values


def test_a_type_stays_while_somebody_is_in_a_dialog_that_fills_it_otherwise(house: House, typed: Program) -> None:
    asked(house, typed)
    house.text("Bo", "sizes")
    quiet = "name: sizes\nstart: a\nstates:\n  a: {say: Hello, end: done}\n"
    typed.put("/dialogs/sizes/draft", {"source": quiet})
    typed.post("/dialogs/sizes/publish")
    shop = typed.get("/shop")
    other = shop | {"fields": [one | ({"type": "date"} if one["name"] == "shoe" else {}) for one in shop["fields"]]}
    answer = typed.ask("PUT", "/shop", other)
    assert (answer.status_code, answer.get_json()["detail"]) == (409, "dialogs that fill a field otherwise: 1 (sizes)")
    house.text("Bo", "STOP")
    assert typed.ask("PUT", "/shop", other).status_code == 200


def test_what_a_dialog_cannot_remember_there_is_told_before_it_is_published(house: House, typed: Program) -> None:
    for old, new, said in (
        ("hear: {number: {}}", "hear: name", "`shoe` keeps a number, which `name` is not"),
        ("hear: {number: {}}", "hear: {words: ['38', wide]}", "`shoe` keeps a number, which `wide` is not"),
        ("field: birthday}", "field: birthday, value: soon}", "`birthday` keeps a day, which `soon` is not"),
        ("field: vegan}]\n        goto: bye\n      - hear: \"no\"", "field: vegan, value: today}]\n        goto: bye\n"
         "      - hear: \"no\"", "`vegan` keeps yes or no, which a day is not"),
    ):  # fmt: skip
        assert old in DIALOG
        told = typed.post("/dialogs/sizes/check", {"source": DIALOG.replace(old, new)})
        assert [one["message"] for one in told["problems"]] == [said]
    assert typed.post("/dialogs/sizes/check", {"source": DIALOG})["holds"]


def test_a_dialog_that_is_tried_out_keeps_and_says_the_same(house: House, typed: Program) -> None:
    lines = ["sizes", "41,5", "31/05/1990", "non"]
    told = typed.post("/dialogs/sizes/simulate", {"source": DIALOG, "language": "fr", "lines": lines})
    assert "< Large 41,5, 31 mai 1990" in told["lines"]


# In texts of campaigns


def test_merge_tags_print_days_numbers_and_yes_or_no_as_people_write_them(house: House, typed: Program) -> None:
    values = {"shoe": 41.5, "birthday": "1990-05-01", "vegan": "no", "first_name": "Ana"}
    template = (
        "ACME {{ contact.first_name }} {{ contact.shoe }} {{ contact.birthday }} {{ contact.birthday | written: 'en' }} "
        "{{ contact.vegan }}{% if contact.vegan %}!{% endif %} STOP"
    )
    with house.runtime.read() as connection:
        shop = catalogue(connection)
    campaign: Any = type("Campaign", (), {"texts": {"": template}, "topic": "offers", "kind": "marketing", "ours": None})
    said = [Words(campaign, shop).fill(language, "+33937000001", values) for language in ("fr", "en", "es")]
    assert [one.body for one in said if isinstance(one, Said)] == [
        "ACME Ana 41,5 1er mai 1990 1 May 1990 non STOP",
        "ACME Ana 41.5 1 May 1990 1 May 1990 no STOP",
        "ACME Ana 41,5 1 de mayo de 1990 1 May 1990 no STOP",
    ]


def test_a_draft_is_tried_with_values_of_their_types(house: House, typed: Program) -> None:
    typed.post("/segments", {"name": "All", "rule": {"all": []}})
    texts = {"": "ACME {% if contact.shoe > 40 %}big{% endif %} STOP"}
    draft = {"name": "A", "topic": "offers", "within": ["All"], "texts": texts}
    assert typed.ask("POST", "/campaigns", draft).status_code == 201


# A type that changes


def test_a_field_gets_a_type_that_all_its_values_fit_and_no_other(house: House, program: Program) -> None:
    shop = program.get("/shop")
    as_text = [*shop["fields"], {"name": "shoe", "purpose": "To sell shoes that fit"}]
    program.put("/shop", shop | {"fields": as_text})
    assert program.get("/shop")["fields"][-1]["type"] == "text"
    for who, shoe in (("Ana", "42"), ("Bo", "large"), ("Cleo", "small")):
        program.put(f"/contacts/{PEOPLE[who]}", {"fields": {"shoe": shoe}})
    as_number = shop | {"fields": [*shop["fields"], TYPED[0]]}
    answer = program.ask("PUT", "/shop", as_number)
    assert (answer.status_code, answer.get_json()["detail"]) == (
        409, "contacts whose `shoe` is not written so (write a number such as 100 or 12.5): 2"
    )  # fmt: skip
    program.put("/shop", shop)
    assert program.ask("PUT", "/shop", as_number).status_code == 409, "what was kept there before the field went counts too"
    program.put("/shop", shop | {"fields": as_text})
    for who in ("Bo", "Cleo"):
        program.put(f"/contacts/{PEOPLE[who]}", {"fields": {"shoe": None}})
    assert program.put("/shop", as_number)["fields"][-1]["type"] == "number"
    assert program.post("/segments/preview", {"rule": {"field": "shoe", "more_than": 40}})["count"] == 1


def test_a_file_cannot_give_a_field_such_a_type_either(house: House, program: Program, tmp_path: Path) -> None:
    shop = program.get("/shop")
    program.put("/shop", shop | {"fields": [*shop["fields"], {"name": "since", "purpose": "To thank them"}]})
    program.put(ANA, {"fields": {"since": "long ago"}})
    file = tmp_path / "shop.yaml"
    typed = "fields:\n  - {name: since, type: date, purpose: To thank them}\n"
    file.write_text(SHOP.read_text(encoding="utf-8").replace("fields:\n", typed), encoding="utf-8")
    with house.runtime.begin() as to, pytest.raises(ShopError, match=r"shop\.yaml:24: .*contacts whose `since` is not .*: 1"):
        load_shop(to, file)


def test_a_dialog_in_force_keeps_a_field_from_a_type_that_it_would_not_fill(house: House, program: Program) -> None:
    shop = program.get("/shop")
    fields = [one | ({"type": "number"} if one["name"] == "first_name" else {}) for one in shop["fields"]]
    answer = program.ask("PUT", "/shop", shop | {"fields": fields})
    assert answer.status_code == 422
    assert "`first_name` keeps a number, which `name` is not" in str(answer.get_json()["errors"])


def test_a_value_that_slipped_in_is_as_none_where_it_is_said(house: House, typed: Program) -> None:
    """Written by a turn that was under way when the type changed."""
    asked(house, typed)
    house.text("Bo", "bonjour")
    with house.runtime.begin() as connection:
        connection.execute(update(Contact).where(Contact.phone == PEOPLE["Bo"]).values(values={"shoe": "large"}))
    assert house.text("Bo", "sizes") == ["Your size?"]
    said = [text for _ in range(3) for text in house.text("Bo", "rien")]
    assert "Small -, -" in said
