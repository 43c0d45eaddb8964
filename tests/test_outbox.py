"""What is no reply leaves by the outbox: marked before the call, asked when unknown, never sent blindly twice."""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import outbox
from bot.catalogue import catalogue
from bot.consent.ledger import Ledger
from bot.contacts import meet
from bot.effects import Said, Scene
from bot.outbox import claim as claiming
from bot.outbox import deliver, delivery, look, settle
from bot.runtime import Runtime, open_engine
from tests.house import PARIS, PEOPLE, House


def queue(
    house: House,
    who: str = "Bo",
    body: str = "bonjour",
    kind: str = "reply",
    cause: str = "a:1:1",
    topic: str | None = None,
) -> None:
    """A say that waits for its turn."""
    with house.runtime.begin() as connection:
        now = house.runtime.now(connection)
        contact = meet(connection, PEOPLE[who], now)
        ledger = Ledger(connection, contact, house.runtime.suppression_key)
        scene = Scene(
            house.runtime,
            connection,
            catalogue(connection),
            contact,
            now,
            PARIS,
            ledger,
            False,
            says=[Said(body, (), kind, topic)],
        )
        outbox.say(scene, cause)


def states(house: House, who: str = "Bo") -> list[str]:
    return [row.state for row in house.messages(who, "out")]


def pass_time(house: House, seconds: float) -> None:
    """Machine time goes on."""
    real = house.runtime.machine_now
    object.__setattr__(house.runtime, "machine_now", lambda: real() + timedelta(seconds=seconds))


def test_a_say_reaches_the_phone_once(house: House) -> None:
    """Ready, sending, sent."""
    queue(house)
    house.work()
    assert states(house) == ["sent"]
    house.work()
    assert house.received("Bo") == ["bonjour"]


def test_the_database_refuses_a_second_message_of_the_same_cause(house: House) -> None:
    """Not the code: the database."""
    queue(house)
    with pytest.raises(Exception, match=r"(?i)unique"):
        queue(house)


@pytest.mark.parametrize("kind", ["marketing", "service"])
def test_without_consent_nothing_but_an_answer_leaves(house: House, kind: str) -> None:
    """Refused, with the reason and the facts."""
    queue(house, kind=kind, topic="offers")
    house.work()
    row = house.messages("Bo", "out")[0]
    assert (row.state, row.why) == ("refused", "no consent")
    assert row.verdicts[0]["facts"] == {"kind": kind, "simulated": True}
    assert house.received("Bo") == []


def test_with_consent_it_leaves_and_names_the_event_that_allowed_it(house: House) -> None:
    """The proof of why it was sent."""
    for body in ("JOIN", "OUI", "passer"):
        house.text("Bo", body)
    queue(house, kind="marketing", topic="offers")
    house.work()
    row = house.messages("Bo", "out")[-1]
    assert (row.state, row.consent_event_id is not None) == ("sent", True)


def test_a_stop_between_queueing_and_sending_wins(house: House) -> None:
    """Consent is judged at the last moment."""
    queue(house)
    house.text("Bo", "STOP")
    house.work()
    assert ("refused", "suppressed") in [(row.state, row.why) for row in house.messages("Bo", "out")]


def test_a_break_from_marketing_holds_it_until_the_break_is_over(house: House) -> None:
    """Held, not lost."""
    from sqlalchemy import update

    from models import Contact

    for body in ("JOIN", "OUI", "passer"):
        house.text("Bo", body)
    with house.runtime.begin() as connection:
        until = house.runtime.now(connection) + timedelta(days=2)
        connection.execute(update(Contact).values(paused_until=until))
    queue(house, kind="marketing", topic="offers")
    house.work()
    assert states(house)[-1] == "held"
    house.jump(timedelta(days=2, minutes=1))
    assert states(house)[-1] == "sent"


def test_a_made_up_contact_is_never_texted_through_a_real_carrier(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A valid French mobile number belongs to somebody."""
    from sqlalchemy import update

    from models import Contact

    queue(house)
    with house.runtime.begin() as connection:
        connection.execute(update(Contact).values(sample=True))
    monkeypatch.setattr(house.runtime.carrier, "is_simulated", False)
    house.work()
    assert [(row.state, row.why) for row in house.messages("Bo", "out")] == [("refused", "sample")]


@pytest.mark.parametrize("mode", ["accept_then_drop", "502html", "200empty", "garbage200", "drop"])
def test_an_outcome_that_nobody_knows_is_asked_and_never_doubled(house: House, mode: str) -> None:
    """Accepted or not, the phone rings exactly once in the end."""
    house.carrier.faults(create=mode, receipt_lost=1.0)
    queue(house)
    house.work()
    assert states(house) == ["sending"]
    house.carrier.faults(create="ok")
    for _ in range(3):
        pass_time(house, 25)
        house.work()
    assert states(house) == ["sent"]
    assert house.received("Bo") == ["bonjour"]


def test_an_unknown_outcome_stays_unknown_while_the_list_cannot_be_had(house: House) -> None:
    """Never a blind resend."""
    house.carrier.faults(create="drop", list_unavailable=True)
    queue(house)
    house.work()
    house.carrier.faults(create="ok")
    for _ in range(5):
        pass_time(house, 60)
        house.work()
    assert states(house) == ["unknown"]
    assert house.received("Bo") == []


def test_what_the_carrier_never_accepts_is_tried_three_times_and_then_shown_to_a_person(house: House) -> None:
    """Held, with the reason."""
    house.carrier.faults(create="drop")
    queue(house)
    for _ in range(12):
        house.work()
        pass_time(house, 30)
    row = house.messages("Bo", "out")[0]
    assert (row.state, row.why, row.attempts) == ("held", "unknown outcome", 3)


def test_a_busy_carrier_costs_time_and_no_message(house: House) -> None:
    """429 is no outcome: it goes back and is sent later, once."""
    house.carrier.faults(create="429")
    queue(house)
    house.work()
    assert states(house) == ["ready"]
    house.carrier.faults(create="ok")
    pass_time(house, 60)
    house.work()
    assert house.received("Bo") == ["bonjour"]
    assert house.messages("Bo", "out")[0].attempts == 1


def test_a_refusal_because_of_an_opt_out_stops_the_contact(house: House) -> None:
    """The carrier knows of a STOP that we do not."""
    house.carrier.faults(create="error:21610")
    queue(house)
    house.work()
    assert states(house) == ["failed"]
    assert house.story("Bo") == ["* out"]


def test_a_reply_that_the_carrier_never_fetched_is_sent_by_the_outbox(house: House) -> None:
    """Answered, unknown, asked, absent, sent."""
    form = house.inbound("Bo", "JOIN", "SM" + "1" * 32)
    house.post("/webhooks/twilio/inbound", form)
    for _ in range(3):
        pass_time(house, 21)
        house.work()
    assert states(house) == ["sent"]
    assert len(house.received("Bo")) == 1


def test_a_reply_that_would_come_much_too_late_is_not_sent(house: House) -> None:
    """After a quarter of an hour it answers nothing any more."""
    house.post("/webhooks/twilio/inbound", house.inbound("Bo", "JOIN", "SM" + "1" * 32))
    pass_time(house, 16 * 60)
    house.work()
    house.work()
    assert [(row.state, row.why) for row in house.messages("Bo", "out")] == [("refused", "expired")]


def test_a_stop_is_acknowledged_only_when_no_call_to_that_person_is_under_way(house: House) -> None:
    """The barrier: the sending call ends first."""
    house.carrier.faults(create="slow:2")
    queue(house)
    sender = threading.Thread(target=deliver, args=(house.runtime,))
    sender.start()
    house.carrier.wait_for(lambda: states(house) == ["sending"], "the call")
    began = time.monotonic()
    house.post("/webhooks/twilio/inbound", house.inbound("Bo", "STOP", "SM" + "1" * 32))
    assert states(house)[0] == "sent"
    assert time.monotonic() - began > 1
    sender.join()


def test_results_are_written_even_if_nothing_more_can_be_prepared(house: House) -> None:
    """Whoever prepares the next texts may fail, at the very end, too; what was called for is known all the same."""
    stop = threading.Event()

    class Failing(delivery.Loose):
        def prepare(self, _: Runtime) -> bool:
            stop.set()
            raise RuntimeError("no more")

    queue(house)
    with pytest.raises(RuntimeError, match="no more"):
        deliver(house.runtime, 3, Failing(), stop)
    assert states(house) == ["sent"]


def test_two_senders_at_once_send_each_message_once(house: House) -> None:
    """Claimed under the contact's lock."""
    for number in range(20):
        queue(house, cause=f"a:1:{number}", body=f"bonjour {number}")
    other = Runtime(house.runtime.settings, house.runtime.engine, type(house.runtime.carrier)(house.runtime.settings))  # type: ignore[call-arg]
    threads = [threading.Thread(target=deliver, args=(runtime, 20)) for runtime in (house.runtime, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(house.received("Bo")) == sorted(f"bonjour {number}" for number in range(20))


def test_nothing_unknown_means_nothing_asked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The carrier is not called without need."""

    async def called(*_: Any) -> None:
        raise AssertionError("the carrier was called")

    monkeypatch.setattr(type(house.runtime.carrier), "open", called)
    assert (settle(house.runtime), deliver(house.runtime)) == (0, 0)


def test_a_stop_that_crosses_a_call_is_acknowledged_after_it(house: House) -> None:
    """The adversary: the carrier has received our call, delivers a STOP, and only then accepts the text."""
    house.carrier.faults(stop_before_accept=True)
    queue(house)
    house.work()
    house.carrier.wait_for(lambda: house.carrier.journal("attempt"), "the STOP")
    accepted = [line["n"] for line in house.carrier.journal("accepted") if line["origin"] == "api"]
    acknowledged = [line["n"] for line in house.carrier.journal("attempt") if line["http"] == 200]
    assert accepted
    assert acknowledged
    assert accepted[0] < acknowledged[0]


def test_a_sender_that_dies_before_it_writes_the_result_has_sent_it_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark stands: it becomes unknown, the carrier is asked, and nothing is sent again."""
    with monkeypatch.context() as death:
        death.setattr(delivery, "record", lambda *_: None)  # nothing that comes after the call ever happens
        house.carrier.faults(receipt_lost=1.0)
        queue(house)
        deliver(house.runtime)
    assert house.received("Bo") == ["bonjour"]
    for _ in range(3):
        pass_time(house, 25)
        house.work()
    assert states(house) == ["sent"]
    assert house.received("Bo") == ["bonjour"]


def test_two_processes_that_claim_at_once_claim_each_message_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have looked before either has marked; on SQLite a writer begins as one."""
    for number in range(6):
        queue(house, cause=f"a:1:{number}", body=f"bonjour {number}")
    database = house.runtime.settings.database_url
    hands = [replace(house.runtime, engine=open_engine(database), _writing=threading.Lock()) for _ in range(2)]
    with house.runtime.read() as connection:
        shop = catalogue(connection)
    rows = look(house.runtime, claiming.LOOSE, 50, ())
    real = claiming._facts

    def slowly(*known: Any) -> Any:
        time.sleep(0.05)
        return real(*known)

    monkeypatch.setattr(claiming, "_facts", slowly)
    claimed: list[int] = []
    errors: list[Exception] = []

    def claim(runtime: Runtime) -> None:
        try:
            claimed.extend(one.outgoing.message_id for one in claiming.claim(runtime, shop, rows))
        except Exception as error:  # noqa: BLE001 - told by the test
            errors.append(error)

    threads = [threading.Thread(target=claim, args=(one,)) for one in hands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in hands:
        one.engine.dispose()
    assert errors == []
    assert sorted(claimed) == sorted(row.id for row in rows)
