"""What happened with a person, page by page, and everything that is held about them."""

import json
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.contacts.export import PARTS
from bot.web.api.dossier import ExportOut
from models import Base, Message
from tests.api.conftest import Program
from tests.api.test_contacts import YES, problem
from tests.crowd import draft, schedule
from tests.house import PEOPLE, House

ANA = f"/contacts/{PEOPLE['Ana']}"


@pytest.fixture
def ana(house: House, program: Program) -> None:
    """Ana has joined, is on a list, got a campaign and a text, and has taken the survey."""
    program.put(ANA, {"fields": {"first_name": "Ana"}, "tags": ["vip"]})
    for said in ("JOIN", "OUI", "69001", "avis"):
        house.text("Ana", said)
    program.post(f"{ANA}/consent", YES | {"topic": "orders"})
    list_ = program.post("/segments", {"name": "Picked"})["id"]
    program.post(f"/segments/{list_}/contacts", {"add": [PEOPLE["Ana"]]})
    schedule(house, draft(house))
    program.post("/messages", {"phone": PEOPLE["Ana"], "topic": "orders", "texts": "ACME : votre commande est partie."})
    house.work()
    for said in ("JOIN", "STOP"):  # somebody else
        house.text("Bo", said)


def whole(program: Program, limit: int) -> list[dict[str, Any]]:
    """The timeline, read page by page."""
    found, cursor = [], ""
    while True:
        page = program.get(f"{ANA}/timeline?limit={limit}{cursor}")
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


@pytest.mark.usefixtures("ana")
def test_everything_that_happened_is_told_once_the_newest_first(house: House, program: Program) -> None:
    found = whole(program, 200)
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)
    texts = [one for one in found if one["what"] == "message"]
    assert sorted(one["id"] for one in texts) == [row.id for row in house.messages("Ana")]
    assert [one["body"] for one in texts if one["direction"] == "in"] == ["avis", "69001", "OUI", "JOIN"]
    assert [one["campaign"] for one in texts if one["kind"] == "marketing" and one["campaign"]] == [1]
    assert [(one["topic"], one["change"]) for one in found if one["what"] == "consent"] == [("orders", "in"), ("offers", "in")]
    talks = [one for one in found if one["what"] == "conversation"]
    assert [(one["dialog"], one["status"]) for one in talks] == [("survey", "listening"), ("welcome", "ended")]


@pytest.mark.usefixtures("ana")
def test_pages_of_any_size_tell_the_same(house: House, program: Program) -> None:
    """Also where many things happened at the very same instant: nothing is skipped, nothing told twice."""
    with house.runtime.begin() as connection:
        first = dict(connection.execute(select(Message.__table__).order_by(Message.id).limit(1)).mappings().one())
        del first["id"]
        connection.execute(insert(Message), [{**first, "sid": f"SM{n}"} for n in range(5)])
    everything = whole(program, 200)
    assert len([one for one in everything if one["at"] == everything[-1]["at"]]) > 5
    for limit in (1, 2, 3, 7):
        assert whole(program, limit) == everything


def test_a_longer_story_costs_no_more_statements(house: House, program: Program) -> None:
    program.put(ANA, {})
    counts = []
    for _ in range(2):
        program.post(f"{ANA}/consent", YES)
        program.get(f"{ANA}/timeline")
        with house.statements() as seen:
            program.get(f"{ANA}/timeline")
        counts.append(len(seen))
    assert counts == [6, 6]  # the token, the contact, and one for each source


@pytest.mark.parametrize("cursor", ["", "1", "1-1-", "999999999999999999-0-1", "1-0-9999999999999999999", "%C2%B2-0-1", "-1-0-1"])
def test_a_place_that_is_none_is_refused(house: House, program: Program, cursor: str) -> None:
    program.put(ANA, {})
    assert [*problem(program.ask("GET", f"{ANA}/timeline?cursor={cursor}"), 422)] == ["cursor"]


@pytest.mark.parametrize("cursor", ["0-0-0", "315537897599999999-9-999999999999999999"])
def test_a_place_at_the_end_of_all_times_is_one(house: House, program: Program, cursor: str) -> None:
    program.put(ANA, {})
    assert program.get(f"{ANA}/timeline?cursor={cursor}") == {"items": [], "next": None}


@pytest.mark.usefixtures("ana")
def test_the_export_holds_everything_and_nothing_of_others(house: House, program: Program) -> None:
    answer = program.ask("GET", f"{ANA}/export")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    found = json.loads(answer.get_data())
    ExportOut.model_validate(found)
    assert found.keys() == ExportOut.model_fields.keys()
    assert (found["contact"]["phone"], found["tags"], found["opted_out"]) == (PEOPLE["Ana"], ["vip"], False)
    assert [one["name"] for one in found["lists"]] == ["Picked"]
    assert [one["topic"] for one in found["subscriptions"]] == ["offers", "orders"]
    assert [one["wording"] for one in found["consent"]][1:] == [YES["wording"]]
    assert [one["id"] for one in found["messages"]] == [row.id for row in house.messages("Ana")]
    assert {one["dialog"] for one in found["conversations"]} == {"welcome", "survey"}
    assert [(one["name"], one["state"]) for one in found["campaigns"]] == [("week-end", "handed over")]
    assert {one["sid"] for one in found["statuses"]} <= {one["sid"] for one in found["messages"]}
    assert PEOPLE["Bo"] not in answer.get_data(as_text=True)


@pytest.mark.usefixtures("ana")
def test_every_table_that_knows_a_contact_is_in_the_export(house: House, program: Program) -> None:
    """A table that is added later, and names a contact, must not be forgotten."""
    knows = {table.name for table in Base.metadata.tables.values() if "contact_id" in table.c}
    in_export = {str(column.table) for rows, _ in PARTS.values() for column in rows.selected_columns}
    assert knows - in_export == {"contact_tag"}  # its tags stand at the head


@pytest.mark.usefixtures("ana")
def test_a_long_story_is_exported_a_few_rows_at_a_time(
    house: House, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = json.loads(program.ask("GET", f"{ANA}/export").get_data())
    monkeypatch.setattr(import_module("bot.contacts.export"), "AT_ONCE", 2)
    in_pieces = json.loads(program.ask("GET", f"{ANA}/export").get_data())
    assert len(at_once["messages"]) > 4
    for name in at_once.keys() - {"statuses"}:  # of these the carrier may have told some more meanwhile
        assert in_pieces[name] == at_once[name]


def test_of_nobody_there_is_nothing(house: House, program: Program) -> None:
    for path in ("timeline", "export"):
        assert program.ask("GET", f"{ANA}/{path}").status_code == 404
        assert problem(program.ask("GET", f"/contacts/ana/{path}"), 422).keys() == {"phone"}
