"""The switch for all that leaves: once it is said to be on, nothing does; nothing is lost, nothing doubled."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from bot import campaigns, jobs, outbox
from bot.outbox import claim as claiming
from bot.outbox import deliver
from models import AuditEntry, Halt, Shop, Thread
from tests.api.conftest import with_scopes
from tests.campaigns.test_control import begun
from tests.crowd import balance, number, state
from tests.house import House, sid
from tests.scripts import agree, publish
from tests.test_outbox import pass_time, queue, states
from tests.test_talk import HOUR, NAP

INBOUND = "/webhooks/twilio/inbound"
FALLBACK = "/webhooks/twilio/fallback"


def halt(house: House) -> None:
    """As every door does it: when this is over, it is on."""
    with house.runtime.begin() as connection:
        outbox.halt(house.runtime, connection, None)
    outbox.wait_until_halted(house.runtime)


def resume(house: House) -> None:
    with house.runtime.begin() as connection:
        assert outbox.resume(house.runtime, connection, None)


def left(house: House) -> int:
    """How many texts the carrier has accepted from us, ever: its journal is the judge."""
    return len(house.carrier.journal("accepted"))


# Whoever wants something said: it is to leave; whether it has, once


def a_campaign(house: House, _: Path) -> Callable[[], bool]:
    campaign = begun(house, 5)
    return lambda: state(house, campaign) == "finished" and all(len(house.received(number(n))) == 1 for n in range(5))


def a_dialog(house: House, folder: Path) -> Callable[[], bool]:
    publish(house, folder, nap=NAP)
    house.text("Bo", "NAP")
    house.carrier.clock(int(HOUR.total_seconds()))
    return lambda: house.received("Bo") == ["Nap ?"]


def a_program(house: House, _: Path) -> Callable[[], bool]:
    agree(house, "Bo")
    text = {"phone": house.contact("Bo").phone, "topic": "orders", "texts": "{{ brand }} : partie !"}
    assert with_scopes(house, "messages:write").post("/messages", text)["state"] == "ready"
    return lambda: house.received("Bo") == ["ACME : partie !"]


@pytest.mark.parametrize("who", [a_campaign, a_dialog, a_program])
def test_nothing_leaves_while_it_is_on_and_everything_once_when_it_is_off(house: House, who: Any, tmp_path: Path) -> None:
    there = who(house, tmp_path)
    halt(house)
    for _ in range(3):
        house.work()
    assert left(house) == 0
    resume(house)
    for _ in range(2):
        house.work()
    assert there()


def test_no_answer_goes_back_with_the_response_while_it_is_on(house: House) -> None:
    """The dialog listens as ever; its question waits, and leaves when it may."""
    halt(house)
    assert house.text("Bo", "JOIN") == []
    house.work()
    assert ("listening welcome confirm" in house.truths("Bo"), states(house), left(house)) == (True, ["ready"], 0)
    resume(house)
    house.work()
    assert (states(house), len(house.received("Bo"))) == (["sent"], 1)
    assert house.text("Bo", "OUI") != []
    assert "consent offers in (double)" in house.truths("Bo")


def test_a_yes_to_a_question_that_waits_is_no_yes(house: House) -> None:
    halt(house)
    for body in ("JOIN", "OUI"):
        house.text("Bo", body)
    assert "consent offers in (double)" not in house.truths("Bo")


def test_an_answer_that_has_waited_for_too_long_is_none(house: House) -> None:
    halt(house)
    house.text("Bo", "JOIN")
    pass_time(house, 16 * 60)
    with house.runtime.read() as connection:
        found = outbox.sending(house.runtime, connection)
    assert (found.texts, found.late) == (1, 1)
    resume(house)
    house.work()
    assert [(row.state, row.why) for row in house.messages("Bo", "out")] == [("refused", "expired")]
    assert left(house) == 0


def test_a_text_that_is_never_answered_waits_for_a_person(house: House) -> None:
    halt(house)
    house.text("Bo", "JOIN")
    pass_time(house, 16 * 60)
    resume(house)
    house.work()
    with house.runtime.read() as connection:
        waits = connection.scalars(select(Thread.contact_id).where(Thread.waits_since.is_not(None), ~Thread.closed)).all()
    assert (waits, house.messages("Bo", "in")[0].for_person) == ([house.contact("Bo").id], True)


def test_stop_start_and_help_are_confirmed_all_the_same(house: House) -> None:
    halt(house)
    assert [len(house.text("Bo", word)) for word in ("AIDE", "STOP", "START", "STOP")] == [1, 1, 1, 1]
    assert house.text("Bo", "JOIN") == [], "the question of a double opt-in is no confirmation"
    assert "consent * out" in house.truths("Bo")


def test_a_confirmation_that_was_lost_is_sent_all_the_same(house: House) -> None:
    """It leaves at once by the worker when the carrier does not know it; nothing else for the same person does."""
    queue(house)
    halt(house)
    assert "<Message" in house.post(INBOUND, house.inbound("Bo", "AIDE", sid(1))).text
    for _ in range(2):
        pass_time(house, 21)
        house.work()
    assert (states(house), left(house)) == (["ready", "sent"], 1)


def test_a_long_confirmation_is_sent_to_its_end(house: House) -> None:
    with house.runtime.begin() as connection:
        known = dict(connection.scalar(select(Shop.texts)) or {})
        texts = {**known, "help": {"fr": "a" * 1700, "en": "a" * 1700}}
        connection.execute(update(Shop).values(texts=texts, revision=Shop.revision + 1))
    halt(house)
    assert len(house.text("Bo", "AIDE")) == 1
    pass_time(house, 10)
    house.work()
    assert len(house.received("Bo")) == 2


def test_the_question_of_a_double_opt_in_is_not_asked_again_either(house: House) -> None:
    """It is of the same kind as a confirmation, after a STOP, and is none."""
    house.text("Bo", "STOP")
    form = house.inbound("Bo", "JOIN", sid(1))
    assert "<Message" in house.post(INBOUND, form).text
    assert house.messages("Bo", "out")[-1].kind == "compliance"
    halt(house)
    assert "<Message" not in house.post(FALLBACK, form).text
    for _ in range(2):
        pass_time(house, 21)
        house.work()
    assert (states(house), len(house.received("Bo"))) == (["sent", "ready"], 1), "the confirmation of the STOP, and no more"


def test_the_fallback_address_says_nothing_again(house: House) -> None:
    """What was lost is found missing by the carrier's list, and waits like all else."""
    form = house.inbound("Bo", "JOIN", sid(1))
    assert "<Message" in house.post(INBOUND, form).text
    halt(house)
    assert "<Message" not in house.post(FALLBACK, form).text
    for _ in range(2):
        pass_time(house, 21)
        house.work()
    assert (states(house), left(house)) == (["ready"], 0)
    resume(house)
    house.work()
    assert (states(house), left(house)) == (["sent"], 1)


def test_what_waits_for_it_keeps_nobody_busy(house: House) -> None:
    """Statuses and alarms go on; workers are not woken for what must not leave."""
    begun(house, 3)
    queue(house)
    assert (jobs.due(house.runtime, "replies"), jobs.due(house.runtime, "bulk")) == (True, True)
    halt(house)
    house.work()
    assert (jobs.due(house.runtime, "replies"), jobs.due(house.runtime, "bulk")) == (False, False)
    resume(house)
    assert (jobs.due(house.runtime, "replies"), jobs.due(house.runtime, "bulk")) == (True, True)


def test_a_campaign_that_was_under_way_goes_on_where_it_was(house: House) -> None:
    """When it is said to be on, no call is under way, and none begins."""
    campaign = begun(house, 300)
    house.carrier.faults(create="slow:1.5")
    sender = threading.Thread(target=jobs.send_batches, args=(house.runtime,))
    sender.start()
    house.carrier.wait_for(lambda: left(house), "a text that has left")
    halt(house)
    accepted, called = left(house), len(house.carrier.calls())
    assert not [row for row in house.messages(direction="out") if row.state == "sending"]
    sender.join()
    house.work()
    assert (left(house), len(house.carrier.calls())) == (accepted, called)
    assert 0 < balance(house, campaign).waiting < 300
    house.carrier.faults(create="ok")
    resume(house)
    house.work()
    assert (state(house, campaign), balance(house, campaign).sent) == ("finished", 300)
    assert all(len(house.received(number(n))) == 1 for n in range(300))


def test_whoever_had_looked_before_it_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim that is about to be committed when somebody says stop: its call is over before it is said to be on."""
    looked, real = threading.Event(), claiming._facts

    def slowly(*known: Any) -> Any:
        looked.set()
        time.sleep(1)
        return real(*known)

    monkeypatch.setattr(claiming, "_facts", slowly)
    queue(house)
    sender = threading.Thread(target=deliver, args=(house.runtime,))
    sender.start()
    assert looked.wait(5)
    halt(house)
    accepted = left(house)
    sender.join()
    assert (accepted, left(house), states(house)) == (1, 1, ["sent"])


def test_a_turn_that_had_begun_before_it_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has said something and is about to be committed: the response is written before it is said to be on."""
    said, real, ends = threading.Event(), outbox.answer, []

    def slowly(*known: Any) -> Any:
        reply = real(*known)
        said.set()
        time.sleep(1.5)
        return reply

    def text() -> None:
        house.post(INBOUND, house.inbound("Bo", "JOIN", sid(1)))
        time.sleep(0.3)  # its response is on the way
        ends.append("turn")

    monkeypatch.setattr(outbox, "answer", slowly)
    turn = threading.Thread(target=text)
    turn.start()
    assert said.wait(5)
    halt(house)
    ends.append("halt")
    turn.join()
    assert (ends, states(house)) == (["turn", "halt"], ["answered"])


def test_it_is_written_down_once_who_halts_and_who_resumes(house: House) -> None:
    """Twice is once: nobody takes the place of who did it first."""
    for by in ("backend", "somebody else"):
        with house.runtime.begin() as connection:
            assert outbox.halt(house.runtime, connection, by) == (by == "backend")
    with house.runtime.read() as connection:
        assert outbox.sending(house.runtime, connection).halted_by == outbox.frame(connection).halted_by == "backend"
    resume(house)
    with house.runtime.begin() as connection:
        assert not outbox.resume(house.runtime, connection, None)
        assert outbox.frame(connection).halted_at is None
        kept = connection.execute(select(AuditEntry.who, AuditEntry.did).order_by(AuditEntry.id)).all()
    assert [tuple(one) for one in kept] == [("backend", "sending.halted"), ("parley", "sending.resumed")]


def test_without_its_row_all_may_leave_and_it_can_be_thrown(house: House) -> None:
    """A database that was restored in part."""
    with house.runtime.begin() as connection:
        connection.execute(delete(Halt))
        assert (outbox.frame(connection).halted_at, outbox.sending(house.runtime, connection).halted_at) == (None, None)
        assert not outbox.resume(house.runtime, connection, None)
    queue(house)
    house.work()
    assert states(house) == ["sent"]
    halt(house)
    assert house.text("Bo", "JOIN") == []
    resume(house)


def test_what_leaves_late_is_judged_anew(house: House) -> None:
    """A STOP meanwhile wins."""
    campaign = begun(house, 2)
    batches = campaigns.Batches()
    batches.prepare(house.runtime)
    batches.close(house.runtime)
    halt(house)
    house.text(number(0), "STOP")
    resume(house)
    house.work()
    assert (balance(house, campaign).refused, balance(house, campaign).sent) == ({"suppressed": 1}, 1)
    assert [len(house.received(number(n))) for n in range(2)] == [1, 1], "the confirmation, and the campaign"
