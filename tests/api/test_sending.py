"""The switch for all that leaves, thrown by programs."""

from datetime import timedelta

from sqlalchemy import update

from models import Message
from tests.api.conftest import Program
from tests.house import House
from tests.test_halt import left
from tests.test_outbox import queue


def test_a_program_halts_all_and_lets_it_go_on(house: House, program: Program) -> None:
    queue(house)
    before = program.get("/sending")
    assert before == {"halted_at": None, "halted_by": None, "texts": 1, "late": 0, "campaigns": 0}
    halted = program.post("/sending/halt")
    assert (halted["halted_by"], halted["texts"]) == ("program 0", 1)
    assert program.post("/sending/halt") == program.get("/sending") == halted
    house.work()
    assert left(house) == 0
    assert program.post("/sending/resume") == program.post("/sending/resume") == before
    house.work()
    assert left(house) == 1


def test_it_is_answered_when_no_call_is_under_way_and_so_is_a_copy(house: House, program: Program) -> None:
    queue(house)
    for _ in range(2):
        with house.runtime.begin() as connection:  # a call is under way for another second
            soon = house.runtime.machine_now() + timedelta(seconds=1)
            connection.execute(update(Message).values(state="sending", lease_until=soon))
        answer = program.ask("POST", "/sending/halt", {}, **{"Idempotency-Key": "h"})
        assert (answer.status_code, house.runtime.machine_now() > soon) == (200, True)


def test_who_may_look_may_not_halt(house: House, programs: object) -> None:
    looking = programs("sending:read", "campaigns:send", "messages:write")  # type: ignore[operator]
    assert looking.get("/sending")["halted_at"] is None
    assert [looking.ask("POST", f"/sending/{verb}", {}).status_code for verb in ("halt", "resume")] == [403, 403]
