"""A STOP that did not come as a text is a STOP, and what does not lift one does not lift this one either."""

from datetime import timedelta

import pytest

from tests.api.conftest import Program
from tests.api.test_contacts import YES
from tests.house import BOSTON, PEOPLE, House

STOP = YES | {"topic": "*", "change": "opt_out", "source": "phone call"}


def stop(program: Program, who: str) -> None:
    program.post(f"/contacts/{PEOPLE[who]}/consent", STOP)


def test_the_answer_to_an_older_question_does_not_lift_it(house: House, program: Program) -> None:
    house.text("Ana", "JOIN")
    stop(program, "Ana")
    assert house.text("Ana", "OUI") == []
    assert house.story("Ana") == ["* out"]


def test_a_question_that_was_still_on_its_way_does_not_go(house: House, program: Program) -> None:
    house.carrier.faults(answers_lost=1)
    house.text("Ana", "JOIN")
    house.carrier.faults(answers_lost=0)
    stop(program, "Ana")
    house.jump(timedelta(minutes=5))
    house.work()
    assert house.received("Ana") == []


@pytest.mark.parametrize("erased", [False, True])
def test_a_yes_to_a_number_whose_carrier_knows_of_no_stop_does_not_lift_it(
    house: House, program: Program, erased: bool
) -> None:
    """On American numbers the carrier takes YES for a START, but only from those whom it has blocked itself."""
    dee = f"/contacts/{PEOPLE['Dee']}"
    program.put(dee, {})
    stop(program, "Dee")
    if erased:
        program.ask("DELETE", dee)
        program.put(dee, {})
    house.text("Dee", "Yes", to=BOSTON)
    assert "* lifted" not in house.story("Dee")


def test_a_text_of_a_program_says_who_is_writing(house: House, program: Program) -> None:
    program.put(f"/contacts/{PEOPLE['Ana']}", {})
    wanted = {"phone": PEOPLE["Ana"], "topic": "orders", "texts": "Your order has left."}
    answer = program.ask("POST", "/messages", wanted)
    assert answer.status_code == 422
    assert "name the brand" in answer.get_json()["errors"][0]["message"]
