"""People who must know: what begins an alert, who is told of it once, how, and what ends it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot import alerts, processes
from bot.campaigns.control import BY_HAND
from bot.runtime import Runtime, open_redis, open_runtime
from models import Alert, Notice, Staff, Thread
from tests.alerts.stage import (
    PHONE,
    a_campaign_pauses,
    a_person_waits,
    a_worker_is_gone,
    answered,
    chooses,
    confirms,
    hired,
    lines,
    live,
    pass_time,
    pauses,
    resumed,
    rows,
    tick,
    waits,
)
from tests.house import BEGIN, House
from tests.mailbox import Mailbox

KINDS: dict[str, tuple[str, str, Callable[[House], None], Callable[[House], None]]] = {
    "waiting": ("agent", "1 person waits for an answer", a_person_waits, answered),
    "campaign": ("admin", "The campaign “Winter” has paused itself: too many of its texts failed", a_campaign_pauses, resumed),
    "worker": ("admin", "the worker for audiences", a_worker_is_gone, lambda house: live(house, *processes.QUEUES)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_alert_begins_is_told_once_and_ends(house: House, mailbox: Mailbox, kind: str) -> None:
    role, says, begins, ends = KINDS[kind]
    email = hired(house, role)
    begins(house)
    tick(house)
    assert [(row.kind, row.ended_at) for row in rows(house, Alert)] == [(kind, None)]
    assert len(mailbox.letters) == 1 and says in lines(mailbox.to(email)[0])
    assert f"{house.base_url}/admin/alerts" in lines(mailbox.letters[0])
    ends(house)
    tick(house)
    (alert,) = rows(house, Alert)
    assert alert.ended_at is not None
    assert len(mailbox.letters) == 1


def test_every_kind_of_alert_has_its_test() -> None:
    assert list(KINDS) == list(alerts.KINDS)


def test_nobody_is_told_of_somebody_who_has_just_begun_to_wait(house: House, mailbox: Mailbox) -> None:
    hired(house, "agent")
    waits(house)
    tick(house)
    assert rows(house, Alert) == []


def test_one_alert_is_for_all_who_wait_and_says_how_many(house: House, mailbox: Mailbox) -> None:
    """Who comes later is counted, and no reason for another letter; nor is one who still waits when the first is answered."""
    hired(house, "agent")
    waits(house, "Bo")
    waits(house, "Dee")
    house.jump(timedelta(minutes=3))
    tick(house)
    assert "2 people wait for an answer" in mailbox.letters[0]["Subject"]
    waits(house, "Ana")
    tick(house)
    assert [row.facts for row in rows(house, Alert)] == [{"count": 3}]
    with house.runtime.begin() as connection:
        connection.execute(update(Thread).where(Thread.contact_id != house.contact("Ana").id).values(waits_since=None))
    tick(house)
    assert [(row.facts, row.ended_at) for row in rows(house, Alert)] == [({"count": 1}, None)]
    assert len(mailbox.letters) == 1


def test_who_is_snoozed_bothers_nobody(house: House, mailbox: Mailbox) -> None:
    waits(house)
    house.jump(timedelta(minutes=3))
    with house.runtime.begin() as connection:
        until = house.runtime.now(connection) + timedelta(hours=1)
        connection.execute(update(Thread).values(snoozed_until=until))
    tick(house)
    assert rows(house, Alert) == []
    house.jump(timedelta(hours=1))
    tick(house)
    assert len(rows(house, Alert)) == 1


def test_a_campaign_that_somebody_paused_is_no_alert(house: House) -> None:
    pauses(house, why=BY_HAND)
    tick(house)
    assert rows(house, Alert) == []


def test_a_worker_that_is_started_anew_is_no_alert(house: House, mailbox: Mailbox) -> None:
    """A deploy takes less than a minute, and so does the first start."""
    hired(house, "admin")
    house.runtime = replace(house.runtime, redis=open_redis("redis://127.0.0.1:1"))
    tick(house)
    pass_time(house, seconds=30)
    live(house, *processes.QUEUES)
    tick(house)
    assert rows(house, Alert) == []
    pass_time(house, seconds=40)
    live(house, *processes.QUEUES)
    tick(house)
    assert [row.told_at for row in rows(house, Alert)] in ([], [None])
    assert mailbox.letters == []


def test_where_no_worker_is_needed_none_is_missed(house: House) -> None:
    assert house.runtime.redis is None
    tick(house)
    pass_time(house, minutes=5)
    assert rows(house, Alert) == []


def test_nobody_is_told_of_the_same_kind_more_often_than_each_quarter_of_an_hour(house: House, mailbox: Mailbox) -> None:
    """What comes meanwhile is told when it is over, all of it at once, if it is still so."""
    hired(house, "admin")
    pauses(house, "Winter")
    tick(house)
    for name in ("Spring", "Summer"):
        pauses(house, name)
        tick(house)
    pass_time(house, minutes=14)
    assert len(mailbox.letters) == 1
    pass_time(house, minutes=2)
    assert len(mailbox.letters) == 2
    assert mailbox.letters[1]["Subject"].endswith("3 campaigns have paused themselves")
    assert all(f"“{name}”" in lines(mailbox.letters[1]) for name in ("Winter", "Spring", "Summer"))
    pass_time(house, minutes=40)
    assert len(mailbox.letters) == 2


def test_two_clocks_at_once_tell_once(house: House, mailbox: Mailbox) -> None:
    """Each with its own connections, as two processes have; by letter and by text."""
    first, second = hired(house, "admin"), hired(house, "launcher", "Bo")
    chooses(house, second, PHONE, campaign="text")
    for number in range(3):
        pauses(house, f"Offer {number}")
    confirms(house)
    others = [replace(open_runtime(house.runtime.settings), machine_now=house.runtime.machine_now) for _ in range(3)]
    together = threading.Barrier(len(others))

    def run(runtime: Runtime) -> None:
        together.wait()
        alerts.watch(runtime)
        alerts.send_mail(runtime)

    clocks = [threading.Thread(target=run, args=(runtime,)) for runtime in others]
    for one in clocks:
        one.start()
    for one in clocks:
        one.join()
    for runtime in others:
        runtime.engine.dispose()
    house.work()
    assert len(rows(house, Alert)) == 3
    assert sorted(row.way for row in rows(house, Notice)) == ["email", "text"]
    assert (len(mailbox.to(first)), len(mailbox.letters), len(house.received(PHONE))) == (1, 1, 1)


def test_without_a_mail_server_and_a_phone_there_is_the_bell_alone(house: House) -> None:
    hired(house, "admin")
    pauses(house)
    tick(house)
    assert len(rows(house, Alert)) == 1
    assert rows(house, Notice) == []


def test_only_those_are_told_whom_it_concerns_and_who_can_come_in(house: House, mailbox: Mailbox) -> None:
    """Each by the way that they chose; the role decides what there is to choose."""
    told = {role: hired(house, role) for role in ("viewer", "agent", "marketer", "launcher", "admin")}
    chooses(house, told["viewer"], campaign="email", waiting="email")
    chooses(house, told["launcher"], campaign="bell")
    gone, invited = hired(house, "admin", "Gone"), hired(house, "admin", "Invited")
    with house.runtime.begin() as connection:
        connection.execute(update(Staff).where(Staff.email == gone).values(closed_at=BEGIN))
        connection.execute(update(Staff).where(Staff.email == invited).values(password=None))
    pauses(house)
    a_person_waits(house)
    tick(house)
    got = {role: [letter["Subject"].partition(": ")[2] for letter in mailbox.to(email)] for role, email in told.items()}
    campaign, waiting = "1 campaign has paused itself", "1 person waits for an answer"
    assert got == {"viewer": [], "agent": [waiting], "marketer": [campaign], "launcher": [], "admin": [campaign]}
    assert len(mailbox.letters) == 3


def test_one_who_is_never_answered_silences_nobody_for_ever(house: House, mailbox: Mailbox) -> None:
    """After half a day all who wait are news again."""
    hired(house, "agent")
    a_person_waits(house)
    pass_time(house, hours=11)
    assert len(mailbox.letters) == 1
    pass_time(house, hours=1, minutes=10)
    assert len(mailbox.letters) == 2
    assert [row.ended_at is None for row in rows(house, Alert)] == [False, True]


@pytest.mark.parametrize("before", ["", "STOP"])
def test_who_says_stop_waits_for_nobody(house: House, before: str) -> None:
    """Nobody could answer them, so nobody is told that they wait; nor if they wrote after an earlier STOP."""
    if before:
        house.text("Bo", before)
    a_person_waits(house)
    house.text("Bo", "STOP")
    tick(house)
    with house.runtime.read() as connection:
        assert connection.scalars(select(Thread.waits_since)).all() == [None]
    assert [row.ended_at is None for row in rows(house, Alert)] == [False]


def test_what_somebody_has_seen_stays_seen(house: House) -> None:
    """A page that was open for long, and is sent off late, brings nothing back."""
    email = hired(house, "admin")
    a_campaign_pauses(house)
    pass_time(house, seconds=5)
    pauses(house, "Spring")
    tick(house)
    old, new = rows(house, Alert)
    with house.runtime.begin() as connection:
        person = connection.execute(select(Staff.__table__).where(Staff.email == email)).one()
        alerts.see(connection, person, new.id)
        alerts.see(connection, person, old.id)
        assert alerts.seen_at(connection, person) == new.told_at
