"""Every delay: rung once however many clocks run, again when it could not be rung, and not for ever."""

import multiprocessing
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot import alarms, jobs
from bot.alarms import PATIENCE, ring_due, set_alarm
from bot.contacts import meet
from bot.runtime import Runtime, open_runtime
from models import Alarm
from tests.house import PEOPLE, House, settings
from tests.scripts import agree, publish

NAP = """
start: a
states:
  a: {after: {wait: PT1H, goto: b}}
  b: {say: "Réveil !"}
"""


class Bell:
    """A ring that notes which alarms were its to ring."""

    def __init__(self) -> None:
        self.rung: list[int] = []

    def __call__(self, runtime: Runtime, connection: Connection, alarm: Any) -> None:
        if alarms.take(connection, alarm, runtime.now(connection)):
            self.rung.append(alarm.subject)


def broken(_runtime: Runtime, connection: Connection, _alarm: Any) -> None:
    """A ring that writes something and then fails."""
    meet(connection, PEOPLE["Cleo"], _runtime.now(connection))
    raise RuntimeError("after something was written")


def set_all(house: House, *subjects: int, version: int = 0, after: timedelta = timedelta(0)) -> None:
    """An alarm for each subject."""
    with house.runtime.begin() as connection:
        for subject in subjects:
            set_alarm(connection, "test", subject, version, house.runtime.now(connection) + after)


def ahead(house: House, time: timedelta) -> Runtime:
    """The house's runtime, so much later."""
    real = house.runtime.machine_now
    return replace(house.runtime, machine_now=lambda: real() + time)


def left(house: House) -> list[Any]:
    with house.runtime.read() as connection:
        return list(connection.execute(select(Alarm.__table__).order_by(Alarm.subject)))


def test_two_clocks_ring_each_alarm_once(house: House) -> None:
    """Two at once, each with its own connections, as two processes have."""
    set_all(house, *range(30))
    other = open_runtime(house.runtime.settings)
    bell, together = Bell(), threading.Barrier(2)

    def run(runtime: Runtime) -> None:
        together.wait()
        ring_due(runtime, {"test": bell})

    clocks = [threading.Thread(target=run, args=(runtime,)) for runtime in (house.runtime, other)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join()
    other.engine.dispose()
    assert sorted(bell.rung) == list(range(30))
    assert left(house) == []


def ring(known: dict[str, Any], together: Any) -> None:
    """A clock's process: it waits for the other, then rings what is due."""
    runtime = open_runtime(settings(**known))
    together.wait(60)
    ring_due(runtime, jobs.RING)


def test_two_processes_wake_each_dialog_once(house: House, tmp_path: Path) -> None:
    """Twelve people wait for the same instant; each is told once."""
    publish(house, tmp_path, nap=NAP)
    people = [f"+336123500{number}" for number in range(10, 22)]
    agree(house, *people)
    for person in people:
        house.text(person, "NAP")
    house.carrier.clock(3601)
    spawn = multiprocessing.get_context("spawn")
    known = {"database": house.runtime.settings.database_url, "base_url": house.base_url, "api": house.carrier.url}
    together = spawn.Barrier(2)
    clocks = [spawn.Process(target=ring, args=(known, together)) for _ in range(2)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join(120)
    assert [clock.exitcode for clock in clocks] == [0, 0]
    house.work()
    assert {person: house.received(person) for person in people} == {person: ["Réveil !"] for person in people}
    assert left(house) == []


def test_an_alarm_rings_when_its_time_has_come_and_not_before(house: House) -> None:
    """To the second."""
    set_all(house, 1, after=timedelta(hours=1))
    bell = Bell()
    ring_due(ahead(house, timedelta(minutes=59)), {"test": bell})
    assert bell.rung == []
    ring_due(ahead(house, timedelta(minutes=61)), {"test": bell})
    assert bell.rung == [1]


def test_a_new_alarm_of_the_same_subject_replaces_the_old_one(house: House) -> None:
    """One delay, not two."""
    set_all(house, 1, version=1, after=timedelta(hours=1))
    set_all(house, 1, version=2, after=timedelta(hours=3))
    bell = Bell()
    ring_due(ahead(house, timedelta(hours=2)), {"test": bell})
    assert bell.rung == []
    assert [row.version for row in left(house)] == [2]


def test_an_alarm_that_was_set_anew_meanwhile_dies_quietly(house: House) -> None:
    """A text came between the clock's look and its ringing: the old version is nobody's, the new one stays."""
    set_all(house, 1, version=1)
    bell = Bell()

    def late(runtime: Runtime, connection: Connection, alarm: Any) -> None:
        set_alarm(connection, "test", 1, 2, runtime.now(connection) + timedelta(hours=1))
        bell(runtime, connection, alarm)

    ring_due(house.runtime, {"test": late})
    assert bell.rung == []
    assert [(row.version, row.attempts) for row in left(house)] == [(2, 0)]


def test_what_a_failed_ring_has_written_is_undone_and_the_others_ring(house: House) -> None:
    """One bad alarm holds up nobody."""
    set_all(house, 1)
    with house.runtime.begin() as connection:
        set_alarm(connection, "bad", 1, 0, house.runtime.now(connection) - timedelta(hours=1))
    bell = Bell()
    ring_due(house.runtime, {"test": bell, "bad": broken})
    assert bell.rung == [1]
    assert house.contact("Cleo") is None
    assert [(row.kind, row.attempts) for row in left(house)] == [("bad", 1)]


def test_a_failed_ring_is_tried_again_later_and_later_and_then_left_for_a_person(house: House) -> None:
    """After 1, 2, 4, 8 minutes; then the row stays, to be looked at."""
    set_all(house, 1)
    passed, tried = timedelta(0), 0
    for attempt in range(PATIENCE):
        tried += ring_due(ahead(house, passed), {"test": broken})
        assert left(house)[0].attempts == attempt + 1
        wait = timedelta(minutes=2**attempt)
        tried += ring_due(ahead(house, passed + wait - timedelta(seconds=30)), {"test": broken})
        assert tried == attempt + 1, "too early"
        passed += wait + timedelta(seconds=30)
    much_later, bell = ahead(house, timedelta(days=30)), Bell()
    assert ring_due(much_later, {"test": bell}) == 0
    assert not jobs.due(much_later, "replies")
    assert not jobs.due(much_later, "replies")
    assert [row.attempts for row in left(house)] == [PATIENCE]


def test_an_alarm_that_failed_once_rings_when_all_is_well_again(house: House) -> None:
    """Once."""
    set_all(house, 1)
    ring_due(house.runtime, {"test": broken})
    bell, later = Bell(), ahead(house, timedelta(minutes=2))
    for _ in range(2):
        ring_due(later, {"test": bell})
    assert bell.rung == [1]
    assert left(house) == []


@pytest.mark.parametrize("kind", jobs.RING)
def test_an_alarm_whose_subject_is_gone_dies_quietly(house: House, kind: str) -> None:
    """Rung for nobody, and no row is left."""
    with house.runtime.begin() as connection:
        set_alarm(connection, kind, 987, 1, house.runtime.now(connection))
    ring_due(house.runtime, jobs.RING)
    assert left(house) == []
