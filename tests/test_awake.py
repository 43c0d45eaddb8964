"""One clock is awake; and after a time in which none was, overdue work waits for a person."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot import awake, campaigns, clock, held, jobs
from bot.alarms import set_alarm
from bot.awake import stay_awake
from models import Contact, Lease, Message, Outage
from tests.crowd import balance, draft, join, number, schedule, state
from tests.house import House
from tests.test_outbox import pass_time, queue, states


def sleep(house: House, hours: float) -> None:
    """No clock is awake for so long (machine time, and business time with it)."""
    assert stay_awake(house.runtime)
    pass_time(house, hours * 3600)


def wake_up(house: House) -> None:
    """A clock is awake again, and does what it finds."""
    clock.tick(house.runtime)
    house.work()


def test_one_clock_is_awake_until_it_falls_silent(house: House) -> None:
    assert stay_awake(house.runtime)
    with house.runtime.begin() as connection:
        connection.execute(update(Lease).values(holder="another:1"))
    assert not stay_awake(house.runtime)
    pass_time(house, 5)
    assert stay_awake(house.runtime)


def test_what_fell_due_in_a_long_outage_waits_for_a_person(house: House) -> None:
    """A message, a conversation's alarm, a campaign of this morning: none leaves before somebody says so."""
    join(house.runtime, [number(1)])
    campaign = draft(house)
    with house.runtime.read() as connection:
        schedule(house, campaign, house.runtime.now(connection) + timedelta(hours=1))
    house.text("Bo", "JOIN")
    house.work()
    queue(house, kind="service", topic=None, cause="a:9:9", body="late")
    sleep(house, 49)  # the question of the opt-in expires after 48 hours
    wake_up(house)
    assert house.received(number(1)) == []
    assert "late" not in house.received("Bo")
    with house.runtime.read() as connection:
        found = held.held(connection)
    assert found.messages == {"outage": 1}
    assert found.alarms == {"expire": 1}
    assert found.campaigns == ["week-end"]
    assert state(house, campaign) == "paused"
    assert "listening welcome confirm" in house.truths("Bo")


def test_a_person_lets_it_go(house: House) -> None:
    """The campaign by its own word, the rest by another; the gate is asked as ever."""
    join(house.runtime, [number(1)])
    campaign = draft(house)
    with house.runtime.read() as connection:
        schedule(house, campaign, house.runtime.now(connection) + timedelta(hours=1))
    queue(house, cause="a:9:9", body="late")
    sleep(house, 24)
    wake_up(house)
    assert states(house) == ["held"]
    campaigns.resume(house.runtime, campaign)
    with house.runtime.begin() as connection:
        assert held.release(connection, house.runtime.machine_now()) == 1
    house.work()
    assert house.received("Bo") == ["late"]
    assert (state(house, campaign), balance(house, campaign).sent) == ("finished", 1)


def test_or_refuses_it(house: House) -> None:
    house.text("Bo", "JOIN")
    house.work()
    queue(house, cause="a:9:9", body="late")
    sleep(house, 49)
    wake_up(house)
    with house.runtime.begin() as connection:
        assert held.refuse(connection) == 2
    house.work()
    assert states(house) == ["sent", "refused"]
    assert not any(truth.startswith("listening") for truth in house.truths("Bo"))


def test_a_campaign_under_way_waits_after_an_outage_of_hours(house: House) -> None:
    join(house.runtime, map(number, range(5)))
    campaign = draft(house)
    schedule(house, campaign)
    jobs.work(house.runtime)
    jobs.take_audience(house.runtime)
    sleep(house, 24)
    wake_up(house)
    assert (state(house, campaign), balance(house, campaign).waiting) == ("paused", 5)
    campaigns.resume(house.runtime, campaign)
    house.work()
    assert balance(house, campaign).sent == 5


def test_after_half_an_hour_replies_wait_and_campaigns_go_on(house: House) -> None:
    """Each has its own grace."""
    join(house.runtime, map(number, range(5)))
    campaign = draft(house)
    schedule(house, campaign)
    jobs.work(house.runtime)
    jobs.take_audience(house.runtime)
    queue(house, kind="service", cause="a:9:9", body="late")
    sleep(house, 0.5)
    wake_up(house)
    assert states(house) == ["held"]
    assert (state(house, campaign), balance(house, campaign).sent) == ("finished", 5)


def test_a_short_outage_holds_nothing(house: House) -> None:
    queue(house, body="soon")
    sleep(house, 0.2)
    wake_up(house)
    assert house.received("Bo") == ["soon"]


def test_a_jump_of_business_time_is_no_outage(house: House) -> None:
    """It holds nothing, however far it goes."""
    assert stay_awake(house.runtime)
    house.text("Bo", "JOIN")
    house.jump(timedelta(days=3))
    wake_up(house)
    with house.runtime.read() as connection:
        assert connection.execute(select(Outage)).first() is None
    assert not any(truth.startswith("listening") for truth in house.truths("Bo"))


def test_no_worker_begins_before_a_clock_has_looked(house: House) -> None:
    """A wake-up that Redis had kept through the outage does nothing."""
    queue(house, cause="a:9:9", body="late")
    sleep(house, 24)
    jobs.lend(house.runtime, threading.Event())
    jobs.replies()
    assert (states(house), house.received("Bo")) == (["ready"], [])


@pytest.mark.parametrize("kind", ["marketing", "service"])
def test_an_outcome_that_was_unknown_before_an_outage_is_not_sent_after_it(house: House, kind: str) -> None:
    """It would come hours late: a person decides."""
    for body in ("JOIN", "OUI", "passer"):
        house.text("Bo", body)
    house.carrier.faults(create="drop")
    queue(house, kind=kind, topic="offers")
    house.work()
    house.carrier.faults(create="ok")
    sleep(house, 24)
    wake_up(house)
    house.work()
    row = house.messages("Bo", "out")[-1]
    assert (row.state, row.why) == ("held", awake.OUTAGE)


def test_a_text_that_waited_for_the_morning_is_refused_with_the_rest(house: House) -> None:
    """Its alarm and the message go together: nothing is held for ever, and the campaign can end."""
    join(house.runtime, ["+14155550199"], zone=None)
    with house.runtime.begin() as connection:
        connection.execute(update(Contact).values(paused_until=None))
    queue(house, "Bo", kind="service", cause="a:1:1")
    with house.runtime.begin() as connection:
        message = house.messages("Bo", "out")[0].id
        connection.execute(update(Message).values(state="held", why="quiet hours"))
        set_alarm(connection, "release", message, 0, house.runtime.now(connection) + timedelta(hours=1))
    sleep(house, 5)
    wake_up(house)
    with house.runtime.begin() as connection:
        assert held.refuse(connection) == 1
    assert [(row.state, row.why) for row in house.messages("Bo", "out")] == [("refused", "by hand")]


def test_a_campaign_text_that_is_let_go_is_no_batchs_any_more(house: House) -> None:
    """It was held in a batch that is long over."""
    join(house.runtime, [number(1)])
    house.carrier.faults(create="drop")
    campaign = draft(house)
    schedule(house, campaign)
    for _ in range(12):
        house.work()
        pass_time(house, 30)
    assert balance(house, campaign).held == {"unknown outcome": 1}
    house.carrier.faults(create="ok")
    with house.runtime.begin() as connection:
        assert held.release(connection, house.runtime.machine_now()) == 1
    house.work()
    assert (state(house, campaign), balance(house, campaign).sent) == ("finished", 1)
