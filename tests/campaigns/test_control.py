"""Pause, resume, cancel: when it is said to be done, it is done, and nobody is forgotten."""

import threading
import time
from datetime import timedelta

import pytest

from bot import campaigns, jobs
from tests.crowd import balance, draft, join, number, run, schedule, state
from tests.house import House


def begun(house: House, people: int = 10) -> int:
    """A campaign whose audience is written down and of which nothing has left yet."""
    join(house.runtime, map(number, range(people)))
    campaign = draft(house)
    schedule(house, campaign)
    jobs.work(house.runtime)
    jobs.take_audience(house.runtime)
    return campaign


def test_a_paused_campaign_sends_nothing_and_goes_on_where_it_was(house: House) -> None:
    campaign = begun(house)
    batches = campaigns.Batches()
    batches.prepare(house.runtime)
    batches.close(house.runtime)
    campaigns.pause(house.runtime, campaign)
    house.work()
    assert balance(house, campaign).waiting == 10
    campaigns.resume(house.runtime, campaign)
    house.work()
    assert (state(house, campaign), balance(house, campaign).sent) == ("finished", 10)


def test_pausing_returns_when_no_call_is_under_way(house: House) -> None:
    """After it has returned, no text of the campaign reaches anybody."""
    campaign = begun(house)
    house.carrier.faults(create="slow:1.5")
    sender = threading.Thread(target=jobs.send_batches, args=(house.runtime,))
    sender.start()
    house.carrier.wait_for(lambda: balance(house, campaign).waiting and _sending(house, campaign), "calls under way")
    campaigns.pause(house.runtime, campaign)
    assert not _sending(house, campaign)
    arrived = [len(house.received(number(n))) for n in range(10)]
    sender.join()
    time.sleep(0.5)
    assert [len(house.received(number(n))) for n in range(10)] == arrived


def _sending(house: House, campaign: int) -> bool:
    from tests.crowd import texts

    return any(row.state == "sending" for row in texts(house, campaign))


def test_a_cancelled_campaign_is_refused_to_all_who_wait(house: House) -> None:
    campaign = begun(house)
    batches = campaigns.Batches()
    batches.prepare(house.runtime)
    batches.close(house.runtime)
    join(house.runtime, ["+14155550199"], zone=None)
    campaigns.cancel(house.runtime, campaign)
    house.work()
    assert balance(house, campaign).refused == {"cancelled": 10}
    assert all(house.received(number(n)) == [] for n in range(10))
    with pytest.raises(campaigns.CampaignError, match="cancelled"):
        campaigns.resume(house.runtime, campaign)


def test_an_unknown_outcome_of_a_cancelled_campaign_is_not_sent_again(house: House) -> None:
    campaign = begun(house, 1)
    house.carrier.faults(create="drop")
    house.work()
    campaigns.cancel(house.runtime, campaign)
    house.carrier.faults(create="ok")
    real = house.runtime.machine_now
    object.__setattr__(house.runtime, "machine_now", lambda: real() + timedelta(seconds=60))
    house.work()
    house.work()
    assert balance(house, campaign).refused == {"cancelled": 1}
    assert house.received(number(0)) == []


def test_a_campaign_that_waits_for_its_hour_can_be_paused_and_set_again(house: House) -> None:
    join(house.runtime, [number(1)])
    campaign = draft(house)
    with house.runtime.read() as connection:
        at = house.runtime.now(connection) + timedelta(hours=1)
    schedule(house, campaign, at)
    campaigns.pause(house.runtime, campaign)
    house.jump(timedelta(hours=2))
    assert (state(house, campaign), house.received(number(1))) == ("paused", [])
    campaigns.resume(house.runtime, campaign)
    house.work()
    assert (state(house, campaign), len(house.received(number(1)))) == ("finished", 1)


def test_an_earlier_hour_counts_no_more_once_it_was_changed(house: House) -> None:
    join(house.runtime, [number(1)])
    campaign = draft(house)
    with house.runtime.read() as connection:
        now = house.runtime.now(connection)
    schedule(house, campaign, now + timedelta(hours=1))
    schedule(house, campaign, now + timedelta(hours=3))
    house.jump(timedelta(hours=2))
    assert state(house, campaign) == "scheduled"
    house.jump(timedelta(hours=1, minutes=1))
    assert state(house, campaign) == "finished"


def test_what_cannot_be_done_is_said(house: House) -> None:
    join(house.runtime, [number(1)])
    campaign = run(house)
    for verb in (campaigns.pause, campaigns.resume, campaigns.cancel):
        with pytest.raises(campaigns.CampaignError, match="finished"):
            verb(house.runtime, campaign)
