"""Many contacts at once and those who lock some of them meanwhile: nobody stands in each other's way for ever."""

from typing import Any

import pytest
from sqlalchemy import Connection, select, text, update

from models import Contact
from tests.api.conftest import Program
from tests.api.test_many_contacts import post
from tests.crowd import number
from tests.house import House
from tests.locks import meanwhile, on_postgresql

FIRST, MIDDLE, LAST = number(9), number(5), number(0)  # as they were made; their numbers go the other way round


@pytest.fixture
def list_(house: House, program: Program) -> int:
    """Three contacts, the oldest of whom lies behind in the table, and a list with nobody on it."""
    for phone in (FIRST, MIDDLE, LAST):
        program.put(f"/contacts/{phone}", {})
    with house.runtime.begin() as connection:
        for phone in (number(1), FIRST):  # another number and back: each time its row is written behind the others
            connection.execute(update(Contact).where(Contact.phone.not_in((MIDDLE, LAST))).values(phone=phone))
    return int(program.post("/segments", {"name": "Friends"})["id"])


def lock(connection: Connection, phone: str, **how: bool) -> None:
    connection.execute(select(Contact.id).where(Contact.phone == phone).with_for_update(**how)).one()


def upload(program: Program) -> Any:
    return post(program, *({"phone": phone, "tags": ["a"]} for phone in (number(7), LAST, MIDDLE, FIRST)))


@on_postgresql
@pytest.mark.parametrize("how", ["upload", "list"])
def test_whoever_locks_several_contacts_begins_with_the_oldest(house: House, program: Program, list_: int, how: str) -> None:
    def ask() -> Any:
        both = {"add": [LAST, FIRST]}
        return upload(program) if how == "upload" else program.ask("POST", f"/segments/{list_}/contacts", both)

    with house.runtime.engine.connect() as holder:
        lock(holder, FIRST)
        with meanwhile(house, ask) as answers:
            with house.runtime.begin() as other:
                lock(other, LAST, nowait=True)
            holder.rollback()
    assert answers[0].status_code == 200, answers[0].get_data(as_text=True)


@on_postgresql
@pytest.mark.usefixtures("list_")
def test_contacts_that_the_database_has_broken_off_are_saved_at_the_second_try(house: House, program: Program) -> None:
    """The upload waits last, so that it is the one who sees that nobody can go on: the database looks once, a second later."""
    with house.runtime.engine.connect() as gate, house.runtime.engine.connect() as holder:
        holder.execute(text("SET LOCAL deadlock_timeout = '1min'"))
        lock(gate, MIDDLE)
        lock(holder, LAST)
        with meanwhile(house, lambda: upload(program)) as answers:
            with meanwhile(house, lambda: lock(holder, FIRST), waiting=2):
                gate.rollback()
            holder.rollback()
    assert answers[0].get_json() == {"lines": 4, "made": 1, "changed": 3, "refused": 0, "first_refused": []}
    assert house.truths(FIRST) == {"tag a"}
