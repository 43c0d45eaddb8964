"""A campaign from draft to balance: everybody once, and everybody accounted for."""

import os
import random
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot import campaigns, jobs, segments
from bot.campaigns import launch
from models import Campaign, Contact, Message, Recipient, Sender, Shop
from tests.crowd import balance, draft, join, number, run, schedule, state, texts
from tests.house import House


def test_everybody_who_agreed_gets_it_once(house: House) -> None:
    """Sent, and the balance says so."""
    join(house.runtime, map(number, range(30)))
    campaign = run(house)
    assert state(house, campaign) == "finished"
    found = balance(house, campaign)
    assert (found.intended, found.sent) == (30, 30)
    assert all(len(house.received(number(n))) == 1 for n in range(30))
    assert house.received(number(7)) == ["ACME : bonjour 000007, -20 % ce week-end. STOP pour arrêter."]
    assert len(texts(house, campaign)) == 30


def test_who_gets_nothing_is_counted_with_the_reason(house: House) -> None:
    """Stopped, never asked, unreachable, without the value that the text needs."""
    join(house.runtime, map(number, range(5)))
    join(house.runtime, [number(5)], values={})
    join(house.runtime, [number(6)], unreachable_at=house.runtime.machine_now())
    house.text(number(0), "STOP")
    house.text("Bo", "bonjour")
    campaign = run(house)
    found = balance(house, campaign)
    assert found.refused == {"suppressed": 1, "no consent": 1, "missing value": 1, "unreachable": 1}
    assert (found.intended, found.sent, found.waiting) == (8, 4, 0)


def test_a_stop_while_a_campaign_runs_wins(house: House) -> None:
    """Rendered, ready, and then not sent."""
    join(house.runtime, map(number, range(3)))
    campaign = draft(house)
    schedule(house, campaign)
    jobs.work(house.runtime)
    jobs.take_audience(house.runtime)
    batches = campaigns.Batches()
    assert batches.prepare(house.runtime)
    assert [row.state for row in texts(house, campaign)] == ["ready"] * 3
    house.text(number(1), "STOP")
    batches.close(house.runtime)
    house.work()
    found = balance(house, campaign)
    assert (found.sent, found.refused) == (2, {"suppressed": 1})


def test_the_audience_is_frozen_at_launch(house: House) -> None:
    """Who comes later is not meant."""
    join(house.runtime, map(number, range(4)))
    campaign = draft(house)
    schedule(house, campaign)
    jobs.work(house.runtime)
    join(house.runtime, [number(9)])
    house.work()
    assert balance(house, campaign).intended == 4
    assert house.received(number(9)) == []


def test_segments_that_are_left_out_are_left_out(house: House) -> None:
    """In one of these, and in none of those; nobody twice."""
    join(house.runtime, map(number, range(6)))
    join(house.runtime, [number(0), number(1)], language="en")
    with house.runtime.begin() as connection:
        now = house.runtime.now(connection)
        segments.save(connection, "english", {"language": "en"}, now)
        segments.save(connection, "everyone", {"all": []}, now)
    campaign = run(house, within=["everyone", "for week-end"], without=["english"])
    assert balance(house, campaign).sent == 4
    assert house.received(number(0)) == []


def test_the_same_launch_twice_is_one_launch(house: House) -> None:
    """Two processes ring the alarm at the same instant."""
    join(house.runtime, map(number, range(10)))
    campaign = draft(house)
    schedule(house, campaign)
    with house.runtime.read() as connection:
        version = connection.scalar(select(Campaign.version))
    won = []

    def begin() -> None:
        with house.runtime.begin() as connection:
            won.append(launch.launch(connection, campaign, version, house.runtime.now(connection)))

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, False, True]
    house.work()
    assert all(len(house.received(number(n))) == 1 for n in range(10))


def test_two_workers_on_the_same_batch_make_each_message_once(house: House) -> None:
    """The cause is unique, whoever holds the lease."""
    join(house.runtime, map(number, range(20)))
    campaign = draft(house)
    schedule(house, campaign)
    jobs.work(house.runtime)
    jobs.take_audience(house.runtime)
    for _ in range(2):
        batches = campaigns.Batches()
        batches.prepare(house.runtime)
        with house.runtime.begin() as connection:  # as if the first had died before it said what it did
            connection.execute(update(Recipient).values(state="waiting"))
            connection.execute(update(campaigns.batches.Batch).values(lease_until=house.runtime.machine_now() - timedelta(1)))
    house.work()
    assert all(len(house.received(number(n))) == 1 for n in range(20))
    assert balance(house, campaign).sent == 20


def test_at_night_a_campaign_waits_for_ten_in_the_morning_of_each_contact(house: House) -> None:
    """Held, not dropped: in Paris at once, in California when it is ten there."""
    join(house.runtime, map(number, range(3)))
    join(house.runtime, ["+14155550199"], zone=None, language="fr")
    campaign = run(house)
    found = balance(house, campaign)
    assert (found.sent, found.waiting, found.held) == (3, 1, {"quiet hours": 1})
    assert state(house, campaign) == "sending"
    house.jump(timedelta(hours=6, minutes=55))  # 9:55 there
    assert balance(house, campaign).sent == 3
    house.jump(timedelta(minutes=10))
    assert balance(house, campaign).sent == 4
    assert state(house, campaign) == "finished"


def test_who_was_not_texted_before_its_end_never_is(house: House) -> None:
    """Refused as expired, and the campaign is over."""
    join(house.runtime, ["+14155550199"], zone=None)
    with house.runtime.read() as connection:
        ends_at = house.runtime.now(connection) + timedelta(hours=2)
    campaign = run(house, ends_at=ends_at)
    house.jump(timedelta(hours=7, minutes=5))
    assert balance(house, campaign).refused == {"expired": 1}
    assert state(house, campaign) == "finished"


def test_an_unknown_outcome_keeps_the_campaign_open_until_it_is_settled(house: House) -> None:
    """Accepted, then dropped: asked, found, sent; nobody twice."""
    named = [number(n) for n in range(20)]
    join(house.runtime, map(number, range(40)))
    lost = {"create": "accept_then_drop", "receipt_lost": 1.0}  # the answer, and all that is told later
    house.carrier.faults(numbers=dict.fromkeys(named, lost))
    campaign = run(house)
    assert balance(house, campaign).sent == 20
    assert state(house, campaign) == "sending"
    pass_time(house, 30)
    house.work()
    assert balance(house, campaign).sent == 40
    assert state(house, campaign) == "finished"
    assert all(len(house.received(phone)) == 1 for phone in named)


def pass_time(house: House, seconds: float) -> None:
    """Machine time goes on, and business time with it."""
    real = house.runtime.machine_now
    object.__setattr__(house.runtime, "machine_now", lambda: real() + timedelta(seconds=seconds))


def test_the_carriers_refusals_are_failures_with_their_numbers(house: House) -> None:
    """Counted by the error number; an opt-out at the carrier is one here."""
    join(house.runtime, map(number, range(30)))
    house.carrier.faults(numbers={number(3): {"create": "error:21610"}, number(4): {"create": "error:21614"}})
    campaign = run(house)
    assert balance(house, campaign).failed == {"21610": 1, "21614": 1}
    assert "consent * out" in house.truths(number(3))


def test_too_many_errors_pause_a_campaign(house: House) -> None:
    """It stops by itself, says why, and the rest waits."""
    join(house.runtime, map(number, range(300)))
    with house.runtime.begin() as connection:
        connection.execute(update(Sender).values(parts_per_second=60.0))
        connection.execute(update(Shop).values(revision=Shop.revision + 1))
    house.carrier.faults(create={"ok": 0.5, "error:30007": 0.5}, seed=1)
    campaign = run(house)
    with house.runtime.read() as connection:
        row = campaigns.find(connection, campaign)
    assert (row.state, row.why) == ("paused", "too many errors")
    waiting = balance(house, campaign).waiting
    assert waiting > 0
    house.carrier.faults(create="ok")
    campaigns.resume(house.runtime, campaign)  # earlier errors count no more
    house.work()
    assert (state(house, campaign), balance(house, campaign).waiting) == ("finished", 0)


def test_what_we_estimate_is_what_the_carrier_counts(house: House) -> None:
    """Renderings with accents, emoji and the signs between them: the same parts, text by text."""
    chance = random.Random(3)
    names = ["Zoë", "Léa", "Ana", "François", "Ève 🌸", "Nguyễn", "李", "O’Hara", "e\u0301lodie", "👨‍👩‍👧‍👦", "{x}", "50€"]
    many = int(os.environ.get("PARLEY_RENDERINGS", "400"))
    join(house.runtime, map(number, range(many)))
    with house.runtime.begin() as connection:
        for row in connection.execute(select(Contact.id)).all():
            said = " ".join(chance.choice(names) for _ in range(chance.randint(1, 40)))
            connection.execute(update(Contact).where(Contact.id == row.id).values(values={"first_name": said}))
    campaign = run(house, texts={"": "ACME {{ contact.first_name }} STOP"})
    ours = {row.sid: row.parts for row in texts(house, campaign) if row.sid}
    theirs = {line["sid"]: line["parts"] for line in house.carrier.journal("accepted")}
    assert len(ours) > many * 0.9
    assert ours == {sid: theirs[sid] for sid in ours}
    assert len(set(ours.values())) > 3


def test_a_campaign_runs_at_the_pace_of_its_sender(house: House) -> None:
    """Two numbers, each with its own slots."""
    join(house.runtime, map(number, range(6)))
    campaign = run(house)
    assert {row.ours for row in texts(house, campaign)} == {"+33937000001"}
    assert balance(house, campaign).parts == 6


@pytest.mark.parametrize("table", [Recipient, Message])
def test_the_database_refuses_a_second_one_of_the_same_person(house: House, table: Any) -> None:
    """Not the code."""
    join(house.runtime, [number(1)])
    run(house)
    with house.runtime.begin() as connection:
        row = dict(connection.execute(select(table.__table__)).first()._mapping)  # type: ignore[union-attr]
    row.pop("id", None)
    with pytest.raises(Exception, match=r"(?i)unique"), house.runtime.begin() as connection:
        connection.execute(table.__table__.insert(), {**row, "sid": "SMother"} if table is Message else row)
