"""What programs change of the shop is written down, as what people change on the pages is."""

from typing import Any

from sqlalchemy import select

from models import AuditEntry
from tests.api.conftest import Program
from tests.house import House

HOURS = {"phrases": {"fr": ["ouverture"]}, "mode": "whole", "reply": {"": "De 9 h à 19 h."}}


def entries(house: House) -> list[Any]:
    with house.runtime.read() as connection:
        return list(connection.execute(select(AuditEntry.__table__).order_by(AuditEntry.id)))


def test_a_program_that_changes_the_shop_is_named_with_what_it_asked_for(house: House, program: Program) -> None:
    made = program.post("/keywords", HOURS)
    program.ask("DELETE", f"/keywords/{made['id']}")
    said = [(one.who, one.did, one.about, one.after) for one in entries(house)]
    assert said == [
        ("program 0", "program.asked", "POST /keywords", HOURS),
        ("program 0", "program.asked", f"DELETE /keywords/{made['id']}", None),
    ]


def test_what_is_refused_only_looked_at_or_about_a_contact_is_not(house: House, program: Program) -> None:
    assert program.ask("POST", "/keywords", {**HOURS, "reply": {}}).status_code == 422
    program.get("/keywords")
    program.post("/texts/measure", {"text": "x"})
    program.put("/contacts/+33612340001", {"fields": {"first_name": "Ana"}})
    assert entries(house) == []


def test_a_request_that_comes_twice_is_written_down_once(house: House, program: Program) -> None:
    for _ in range(2):
        program.post("/keywords", HOURS, **{"Idempotency-Key": "once"})
    assert len(entries(house)) == 1


def test_no_number_of_a_contact_and_nothing_long_gets_into_the_log(house: House, program: Program) -> None:
    program.put("/contacts/+33612340001", {})
    friends = program.post("/segments", {"name": "Friends"})["id"]
    program.post(f"/segments/{friends}/contacts", {"add": ["+33612340001"]})
    program.put("/dialogs/long/draft", {"source": "# " + "x" * 3_000})
    assert [one.after for one in entries(house)] == [{"name": "Friends"}, None, None]
