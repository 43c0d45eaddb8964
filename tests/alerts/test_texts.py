"""Alerts by text: to phones that are somebody of the shop's, once, and to nobody who said STOP."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from bot import alerts, processes
from bot.campaigns.control import ERRORS
from bot.text.parts import measure
from models import Alert, AuditEntry, Notice, Staff, insert
from tests.alerts.stage import PHONE, a_person_waits, chooses, confirms, hired, pauses, rows, tick, use
from tests.house import House


def test_an_alert_comes_to_a_phone_as_one_part(house: House) -> None:
    email = hired(house, "agent")
    chooses(house, email, PHONE, waiting="text")
    confirms(house)
    a_person_waits(house)
    house.work()
    (text,) = house.received(PHONE)
    assert text == f"ACME: 1 person waits for an answer. {house.base_url}/admin/alerts STOP"
    (message,) = (row for row in house.messages(PHONE, "out") if row.kind == "staff")
    assert (message.state, message.parts, message.ours) == ("sent", 1, "+33937000001")
    house.text(PHONE, "merci")  # the window is theirs like everybody's
    tick(house)
    assert len([one for one in house.received(PHONE) if "waits for an answer" in one]) == 1


def test_a_phone_that_has_not_texted_its_code_is_nobodys(house: House) -> None:
    """A slip of the finger, or ill will, texts no stranger: neither one who has never texted us, nor one who has."""
    email = hired(house, "agent")
    house.text("Ana", "hello")
    before = house.received("Ana")
    chooses(house, email, house.contact("Ana").phone, waiting="text")
    a_person_waits(house)
    house.work()
    assert house.received("Ana") == before
    assert [(row.state, row.why) for row in rows(house, Notice)] == [("refused", "not confirmed")]


def test_a_code_proves_the_phone_that_texts_it_once_and_no_other(house: House) -> None:
    """It is for the house: it gets no answer, and waits for nobody. A new number is proved anew."""
    email = hired(house, "agent")
    chooses(house, email, PHONE, waiting="text")
    code = rows(house, Staff)[0].phone_code
    house.text("Bo", f"PARLEY {code}")
    house.text(PHONE, "PARLEY aaaaa1")
    assert rows(house, Staff)[0].phone_proved_at is None
    before = house.received(PHONE)
    house.text(PHONE, f" parley  {code.upper()}! ")
    (row,) = rows(house, Staff)
    assert row.phone_proved_at is not None and row.phone_code is None
    assert house.received(PHONE) == before
    assert [message.for_person for message in house.messages(PHONE, "in")] == [True, False]
    assert [(one.did, one.who) for one in rows(house, AuditEntry)][-1] == ("phone.proved", email)
    chooses(house, email, PHONE, waiting="bell")
    assert rows(house, Staff)[0].phone_proved_at is not None, "the number is the same"
    chooses(house, email, "+33612348888", waiting="text")
    (row,) = rows(house, Staff)
    assert row.phone_proved_at is None and row.phone_code not in (None, code)


@pytest.mark.parametrize("language", alerts.LANGUAGES)
@pytest.mark.parametrize("kind", alerts.KINDS)
def test_each_kind_fits_into_one_part_of_the_plain_alphabet(house: House, language: str, kind: str) -> None:
    """With an address of ours that is as long as those that people have."""
    use(house, base_url="https://sms.candles-and-more.example")
    email = hired(house, "admin")
    chooses(house, email, PHONE, **{kind: "text"})
    confirms(house)
    with house.runtime.begin() as connection:
        connection.execute(update(Staff).values(language=language))
        facts = {"count": 12, "name": "very long ✨" * 20, "why": ERRORS, "absent": [*map(processes.worker, processes.QUEUES)]}
        now = house.runtime.machine_now()
        connection.execute(insert(Alert).values(kind=kind, subject="", facts=facts, began_at=now, told_at=now))
        (alert,) = connection.execute(select(Alert.__table__))
        person = connection.execute(select(Staff.__table__)).one()
        alerts.text.say(house.runtime, connection, alert, person)
    (message,) = (row for row in house.messages(PHONE) if row.kind == "staff")
    size = measure(message.body)
    assert (size.encoding, size.parts) == ("GSM-7", 1), message.body


def test_a_phone_that_said_stop_is_not_texted(house: House) -> None:
    email = hired(house, "launcher")
    chooses(house, email, PHONE, campaign="text")
    confirms(house)
    house.text(PHONE, "STOP")
    before = house.received(PHONE)
    pauses(house)
    tick(house)
    house.work()
    assert house.received(PHONE) == before
    assert [(row.state, row.why) for row in rows(house, Notice)] == [("refused", "suppressed")]
    assert "not said (staff): suppressed" in house.truths(PHONE)


def test_a_stop_that_comes_between_the_alert_and_the_call_wins(house: House) -> None:
    email = hired(house, "launcher")
    chooses(house, email, PHONE, campaign="text")
    confirms(house)
    pauses(house)
    alerts.watch(house.runtime)
    house.text(PHONE, "STOP")
    before = house.received(PHONE)
    house.work()
    assert house.received(PHONE) == before
    assert [row.state for row in house.messages(PHONE, "out") if row.kind == "staff"] == ["refused"]


def test_an_alert_that_could_not_leave_for_an_hour_is_no_news(house: House) -> None:
    email = hired(house, "launcher")
    chooses(house, email, PHONE, campaign="text")
    confirms(house)
    pauses(house)
    alerts.watch(house.runtime)
    real = house.runtime.machine_now
    house.runtime = replace(house.runtime, machine_now=lambda: real() + timedelta(minutes=61))
    house.work()
    assert house.received(PHONE) == []
    assert "not said (staff): expired" in house.truths(PHONE)


def test_staff_who_are_texted_are_locked_one_at_a_time(house: House) -> None:
    """Whoever else locks two of them does so in the order of their ids, which is not the order of the accounts."""
    phones = [PHONE, "+33612348888"]
    for phone in phones:
        house.text(phone, "hello")
    for name, phone in zip("AB", reversed(phones), strict=True):
        chooses(house, hired(house, "launcher", name), phone, campaign="text")
    confirms(house)
    pauses(house)
    locks: list[int] = []

    def counted(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("SELECT contact.") and "contact.phone =" in statement:
            locks[-1] += 1

    event.listen(house.runtime.engine, "begin", lambda _: locks.append(0))
    event.listen(house.runtime.engine, "before_cursor_execute", counted)
    alerts.watch(house.runtime)
    assert [row.state for row in rows(house, Notice)] == ["handed over", "handed over"]
    assert sum(locks) == 2 and max(locks) == 1
