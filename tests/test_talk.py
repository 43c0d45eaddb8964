"""Conversations: one listens at a time, each keeps its version, they open each other and come back, and time ends them."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot import talk
from bot.catalogue import touch
from dialogs.engine import MAX_OPENED
from models import Alarm, Conversation, DialogVersion, Message
from tests.house import PARIS, House, sid
from tests.scripts import publish

HOUR = timedelta(hours=1)
ASK = """
start: a
expires: PT2H
on_expiry: late
states:
  a: {say: "Ask ?", on: [{hear: anything, goto: b}]}
  b: {say: "Ask: thanks"}
  late: {say: "Ask: too late"}
"""
NAP = """
start: a
expires: PT48H
states:
  a: {after: {wait: PT1H, goto: b}}
  b: {say: "Nap ?", on: [{hear: anything, goto: c}]}
  c: {say: "Nap: thanks"}
"""
OUTER = """
start: a
expires: PT48H
states:
  a: {say: "Outer", then: [{do: open, dialog: inner}], on: [{hear: anything, goto: b}]}
  b: {say: "Outer: thanks"}
"""
INNER = """
start: a
expires: PT2H
states:
  a: {say: "Inner ?", on: [{hear: anything, goto: b}]}
  b: {say: "Inner: thanks"}
"""
WAITING_INNER = """
start: a
states:
  a: {after: {wait: PT1H, goto: b}}
  b: {say: "Inner: done"}
"""
KEPT = """
start: a
expires: PT2H
states:
  a: {say: "Your name?", on: [{hear: anything, as: name, then: [{do: remember, field: first_name}], goto: b}]}
  b: {say: "Hello {{ answers.name }}"}
"""


def opening(other: str) -> str:
    return f"""
start: a
states:
  a: {{say: "{other} ?", then: [{{do: open, dialog: {other}}}]}}
"""


def live(house: House, who: str = "Bo") -> list[str]:
    """Their conversations under way: how each rests, its dialog, its state."""
    return sorted(line for line in house.truths(who) if line.split()[0] in ("listening", "waiting", "calling"))


def for_person(house: House) -> list[str]:
    return [row.body for row in house.messages("Bo", "in") if row.for_person]


# Versions


def test_a_conversation_keeps_the_version_that_it_began_with(house: House, tmp_path: Path) -> None:
    """Also when its dialog is published anew in the middle; the next one has the new version."""
    publish(house, tmp_path, ask=ASK)
    assert house.text("Bo", "ASK") == ["Ask ?"]
    publish(house, tmp_path, ask=ASK.replace("Ask: thanks", "Ask: many thanks"))
    assert house.text("Bo", "yes") == ["Ask: thanks"]
    house.text("Bo", "ASK")
    assert house.text("Bo", "yes") == ["Ask: many thanks"]


def test_a_conversation_is_woken_in_the_version_that_it_began_with(house: House, tmp_path: Path) -> None:
    """Though its dialog is no longer in the shop at all."""
    publish(house, tmp_path, nap=NAP)
    house.text("Bo", "NAP")
    publish(house, tmp_path, ask=ASK)
    house.jump(HOUR)
    assert house.received("Bo") == ["Nap ?"]
    assert house.text("Bo", "yes") == ["Nap: thanks"]


# One dialog opens another


def test_a_dialog_opens_another_and_goes_on_when_that_has_ended(house: House, tmp_path: Path) -> None:
    """Both say their words in the answer; the opener listens only afterwards."""
    publish(house, tmp_path, outer=OUTER, inner=INNER)
    assert house.text("Bo", "OUTER") == ["Outer\nInner ?"]
    assert live(house) == ["calling outer a", "listening inner a"]
    assert house.text("Bo", "yes") == ["Inner: thanks"]
    assert live(house) == ["listening outer a"]
    assert house.text("Bo", "yes") == ["Outer: thanks"]
    assert live(house) == []


def test_a_dialog_that_was_opened_and_expires_returns_too(house: House, tmp_path: Path) -> None:
    """Whoever fell silent in the inner one is asked by the outer one."""
    publish(house, tmp_path, outer=OUTER, inner=INNER)
    house.text("Bo", "OUTER")
    house.jump(3 * HOUR)
    assert live(house) == ["listening outer a"]


def test_a_dialog_that_is_no_longer_published_is_passed_over(house: House, tmp_path: Path) -> None:
    """The opener goes on, and a person is told."""
    publish(house, tmp_path, outer=OUTER, inner=INNER)
    with house.runtime.begin() as connection:
        connection.execute(update(DialogVersion).where(DialogVersion.name == "inner").values(state="retired"))
        touch(connection)
    assert house.text("Bo", "OUTER") == ["Outer"]
    assert live(house) == ["listening outer a"]
    assert house.text("Bo", "INNER") == ["Outer: thanks"]
    assert house.text("Bo", "INNER") == []
    assert for_person(house) == ["OUTER", "INNER"]


def test_dialogs_that_open_each_other_in_a_circle_come_to_an_end(house: House, tmp_path: Path) -> None:
    """One turn opens so many and no more; a person is told."""
    publish(house, tmp_path, ping=opening("pong"), pong="start: a\nstates:\n  a: {say: Pong}\n")
    with house.runtime.begin() as connection:  # the proof would refuse it: a version from before there was one
        circle = update(DialogVersion).where(DialogVersion.name == "pong")
        connection.execute(circle.values(source=f"name: pong\n{opening('ping')}"))
    house.text("Bo", "PING")
    with house.runtime.read() as connection:
        assert connection.execute(select(func.count()).select_from(Conversation)).scalar_one() <= MAX_OPENED
    assert for_person(house) == ["PING"]
    assert live(house) == []


def test_a_keyword_that_interrupts_ends_the_opened_dialog_and_its_opener(house: House, tmp_path: Path) -> None:
    """Nobody will come back to either."""
    publish(house, tmp_path, interrupting="ask", outer=OUTER, inner=INNER, ask=ASK)
    house.text("Bo", "OUTER")
    assert house.text("Bo", "ASK") == ["Ask ?"]
    assert live(house) == ["listening ask a"]


# Time


def test_whoever_stays_silent_is_told_once_that_it_is_too_late(house: House, tmp_path: Path) -> None:
    """The conversation is over, and their next text is no answer to it."""
    publish(house, tmp_path, ask=ASK)
    house.text("Bo", "ASK")
    house.jump(2 * HOUR - timedelta(minutes=1))
    assert live(house) == ["listening ask a"]
    house.jump(timedelta(minutes=2))
    house.jump(48 * HOUR)
    assert house.received("Bo") == ["Ask ?", "Ask: too late"]
    house.text("Bo", "yes")
    assert for_person(house) == ["yes"]


def test_silence_counts_from_when_the_question_has_left(house: House, tmp_path: Path) -> None:
    """It fell due in the evening, and what sells waits for the morning."""
    publish(house, tmp_path, nap=NAP.replace("PT48H", "PT2H").replace("PT1H", "PT9H"))
    with house.runtime.begin() as connection:
        sells = func.replace(DialogVersion.source, "kind: service", "kind: marketing")
        connection.execute(update(DialogVersion).values(source=sells))
        touch(connection)
    house.text("Bo", "NAP")
    house.jump(9 * HOUR)  # nine in the evening
    assert house.received("Bo") == []
    house.jump(13 * HOUR)
    house.work()
    assert house.received("Bo") == ["Nap ?"]
    house.jump(2 * HOUR - timedelta(minutes=1))
    assert house.text("Bo", "yes") == ["Nap: thanks"]
    house.text("Bo", "NAP")
    house.jump(23 * HOUR)
    house.work()
    house.jump(3 * HOUR)
    assert live(house) == []


def test_an_answer_just_before_the_end_is_an_answer(house: House, tmp_path: Path) -> None:
    """Its old alarm rings for nobody."""
    publish(house, tmp_path, ask=ASK)
    house.text("Bo", "ASK")
    house.jump(2 * HOUR - timedelta(minutes=1))
    assert house.text("Bo", "yes") == ["Ask: thanks"]
    house.jump(HOUR)
    assert house.received("Bo") == ["Ask ?", "Ask: thanks"]
    with house.runtime.read() as connection:
        assert connection.execute(select(Alarm.id)).all() == []


def test_a_dialog_that_wakes_while_another_listens_waits_its_turn(house: House, tmp_path: Path) -> None:
    """Two questions at once would get one answer."""
    publish(house, tmp_path, nap=NAP, ask=ASK)
    house.text("Bo", "NAP")
    house.jump(HOUR / 2)
    house.text("Bo", "ASK")
    house.jump(HOUR)
    assert live(house) == ["listening ask a", "waiting nap a"]
    assert house.text("Bo", "yes") == ["Ask: thanks"]
    house.jump(2 * talk.TRY_AGAIN_FOR)
    assert house.received("Bo") == ["Ask ?", "Ask: thanks", "Nap ?"]
    assert live(house) == ["listening nap b"]


def test_a_dialog_that_is_returned_to_while_another_listens_waits_its_turn(house: House, tmp_path: Path) -> None:
    """However long that one listens."""
    publish(house, tmp_path, outer=OUTER, inner=WAITING_INNER, ask=ASK.replace("PT2H", "P3D"))
    house.text("Bo", "OUTER")
    house.text("Bo", "ASK")
    for _ in range(10):
        house.jump(HOUR)
    assert house.text("Bo", "yes") == ["Ask: thanks"]
    house.jump(2 * HOUR)
    assert live(house) == ["listening outer a"]
    assert house.received("Bo")[-1] == "Inner: done"


def test_a_stop_ends_all_conversations_and_nothing_rings_afterwards(house: House, tmp_path: Path) -> None:
    """Listening, waiting and those that wait for another."""
    publish(house, tmp_path, nap=NAP, outer=OUTER, inner=INNER)
    for body in ("NAP", "OUTER", "STOP"):
        house.text("Bo", body)
    assert live(house) == []
    before = house.received("Bo")
    house.jump(72 * HOUR)
    house.text("Bo", "START")
    house.jump(72 * HOUR)
    assert len(house.received("Bo")) == len(before) + 1  # the START's own confirmation
    assert live(house) == []


# At once


def test_texts_of_one_person_at_the_same_instant_are_answered_one_after_the_other(house: House) -> None:
    """None of them is left to a person because another one was just then being answered."""
    house.text("Bo", "MENU")
    forms = [house.inbound("Bo", "MENU", sid(number)) for number in range(1, 9)]
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda form=form: answers.append(house.post("/webhooks/twilio/inbound", form)))
        for form in forms
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(answer.status_code, b"<Message" in answer.data) for answer in answers] == [(200, True)] * len(forms)
    assert for_person(house) == []


def test_the_database_refuses_a_second_conversation_that_listens(house: House, tmp_path: Path) -> None:
    """Not the code: the database. Any number may wait."""
    publish(house, tmp_path, ask=ASK)
    house.text("Bo", "ASK")
    with house.runtime.begin() as connection:
        copy_of_the_first(connection, key="1", status="waiting")
        copy_of_the_first(connection, key="2", status="waiting")
        with pytest.raises(IntegrityError):
            copy_of_the_first(connection, key="3", status="listening")


def copy_of_the_first(connection: Connection, **changes: str) -> None:
    row = connection.execute(select(Conversation.__table__).order_by(Conversation.id).limit(1)).one()._asdict()
    del row["id"]
    connection.execute(insert(Conversation).values(**{**row, **changes}))


# Words


def test_a_dialog_hears_and_remembers_what_can_be_stored_and_said(house: House, tmp_path: Path) -> None:
    """Without the characters that no phone shows and no database or XML takes."""
    publish(house, tmp_path, hello=KEPT)
    house.text("Bo", "HELLO")
    response = house.post("/webhooks/twilio/inbound", house.inbound("Bo", "A\x00n\x0ba\ufffe", sid(1)))
    assert b"Hello Ana" in response.data
    assert "field first_name Ana" in house.truths("Bo")
    with house.runtime.read() as connection:
        assert connection.scalar(select(Message.body).where(Message.sid == sid(1))) == "Ana"


@pytest.mark.parametrize(("who", "day"), [("Dee", "-11-05"), ("Bo", "-05-11")])
def test_a_day_is_read_as_people_of_the_contacts_country_write_it(house: House, who: str, day: str) -> None:
    for text in ("SURVEY", "4", "11/05"):
        house.text(who, text, PARIS)
    with house.runtime.read() as connection:
        memory: Any = connection.scalar(select(Conversation.memory))
    assert memory["values"]["visit"].endswith(day)
