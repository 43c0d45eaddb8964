"""The first page: what it counts, and what needs somebody."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, update

from bot import processes
from bot.overview import FIRST, Overview, Period, overview
from models import Alarm, Campaign, Contact, Keyword, Message, Recipient, Shop, Subscription, insert
from tests.house import BEGIN, House
from tests.web.conftest import Readers, readable

PARIS = ZoneInfo("Europe/Paris")


def seen(house: House) -> Overview:
    with house.runtime.read() as connection:
        return overview(house.runtime, connection)


def say(house: House, at: datetime, **more: Any) -> None:
    """A text of ours that left then."""
    row = {"direction": "out", "kind": "service", "state": "sent", "ours": "+33937000001", "theirs": "+33612340001", "body": "x",
           "account": "x", "at": at, "made_at": at, "status": "sent", **more}  # fmt: skip
    with house.runtime.begin() as connection:
        connection.execute(insert(Message).values(**row))


def test_texts_are_counted_on_their_days_in_the_zone_of_the_shop(house: House) -> None:
    midnight = datetime(2026, 11, 25, tzinfo=PARIS)
    for at in (
        midnight - timedelta(days=13, microseconds=1),  # before both weeks
        midnight - timedelta(days=13), BEGIN - timedelta(days=7, hours=1),  # the week before
        BEGIN - timedelta(days=7) + timedelta(hours=3),  # the week before has not come so far
        midnight - timedelta(days=6), midnight - timedelta(microseconds=1), midnight,  # this week
    ):  # fmt: skip
        say(house, at)
    found = seen(house)
    assert (found.sent.now, found.sent.before) == (3, 2)
    assert [day.sent for day in found.days] == [1, 0, 0, 0, 0, 1, 1]
    assert [str(day.date) for day in found.days] == [f"2026-11-{number}" for number in range(19, 26)]


def test_the_demos_people_count_on_its_own_carrier_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.text("Bo", "hello")
    with house.runtime.begin() as connection:
        row = {"phone": "+33612349999", "person": "x", "source": "sample", "sample": True, "made_at": BEGIN, "values": {}}
        connection.execute(insert(Contact).values(**row))
    assert (seen(house).contacts, seen(house).new.now) == (2, 2)
    monkeypatch.setattr(house.runtime.carrier, "is_simulated", False)
    with house.runtime.begin() as connection:  # machine time is business time there
        connection.execute(update(Contact).values(made_at=house.runtime.machine_now()))
    assert (seen(house).contacts, seen(house).new.now) == (1, 1)


def test_a_week_with_another_hour_in_it_is_still_one_of_days() -> None:
    """In the night of 25 October the clocks of Paris go back."""
    times = Period.until(datetime(2026, 10, 28, 12, tzinfo=PARIS), "Europe/Paris").times
    assert times["before_to"] == datetime(2026, 10, 21, 12, tzinfo=PARIS)
    assert {at.astimezone(PARIS).hour for name, at in times.items() if name != "before_to"} == {0}


def test_delivered_is_a_share_of_what_left(house: House) -> None:
    assert seen(house).delivered.now is None
    for status, state in (("delivered", "sent"), ("read", "sent"), ("undelivered", "sent"), ("sent", "sent"), (None, "failed")):
        say(house, BEGIN, status=status, state=state)
    found = seen(house)
    assert (found.sent.now, found.delivered.now, found.delivered.before) == (4, 0.5, None)


def test_who_comes_and_who_leaves_is_counted(house: House) -> None:
    house.text("Ana", "JOIN")
    house.text("Ana", "OUI")
    house.text("Bo", "hm")
    house.text("Cleo", "STOP")
    house.text("Cleo", "STOP")
    found = seen(house)
    assert (found.contacts, found.reachable) == (3, 1)
    assert (found.new.now, found.heard.now, found.opt_outs.now) == (3, 5, 1)
    house.jump(timedelta(days=7))
    found = seen(house)
    assert (found.new, found.heard.before, found.opt_outs.before, found.heard.now) == (type(found.new)(0, 3), 5, 1, 0)


def test_the_beginning_of_a_time_is_found_among_ids_with_gaps(house: House) -> None:
    """By halves: whatever is missing in between, and at both ends."""
    at = [BEGIN + timedelta(minutes=number) for number in range(40)]
    for instant in at:
        say(house, instant)
    with house.runtime.begin() as connection:
        connection.execute(delete(Message).where(Message.id.in_([1, 2, 7, 8, 9, 20, 40])))
        kept = connection.execute(Message.__table__.select().order_by(Message.id)).all()
        for since in (BEGIN - timedelta(days=1), *at, at[-1] + timedelta(days=1)):
            first = connection.scalar(FIRST, {"since": since})
            assert [row.id for row in kept if row.id > first] == [row.id for row in kept if row.at >= since]


def test_what_needs_somebody_is_told(house: House, readers: Readers) -> None:
    viewer = readers("viewer")
    for kind in (*map(processes.worker, processes.QUEUES), "clock"):
        processes.beat(house.runtime, kind)
    assert "What needs somebody" not in viewer.get("/admin").text
    house.text("Bo", "do you have blue candles?")
    say(house, BEGIN, state="unknown")
    say(house, BEGIN, state="held", why="outage")
    with house.runtime.begin() as connection:
        connection.execute(insert(Alarm).values(kind="wake", subject=1, version=1, due_at=BEGIN, held=True))
        connection.execute(delete(processes.Process).where(processes.Process.kind == "clock"))
    page = viewer.get("/admin").text
    for told in ("1 person waits for an answer", "Of 1 text nobody can tell yet", "2 things are held", "Not running: the clock"):
        assert told in page


def test_campaigns_under_way_are_shown_with_how_far_they_are(house: House, readers: Readers) -> None:
    row = {"kind": "marketing", "topic": "offers", "texts": {}, "error_limit": 10, "made_at": BEGIN, "launched_at": BEGIN}
    with house.runtime.begin() as connection:
        for number, state in enumerate(("draft", "sending", "paused", "finished"), start=1):
            connection.execute(insert(Campaign).values(id=number, name=f"Offer {number}", state=state, **row))
        states = ["handed over"] * 3 + ["refused"] + ["waiting"] * 6
        for contact, state in enumerate(states, start=1):
            connection.execute(insert(Recipient).values(campaign_id=2, contact_id=contact, state=state))
    for _ in range(3):
        say(house, BEGIN, kind="marketing", campaign_id=2)
    found = [(one.name, progress.over, progress.recipients) for one, progress in seen(house).campaigns]
    assert found == [("Offer 3", 0, 0), ("Offer 2", 4, 10)]
    page = readers("viewer").get("/admin").text
    assert '<progress value="4" max="10"' in page and "3 of 10 sent · 1 not sent" in page
    assert "Offer 1" not in page and "Offer 4" not in page


def test_first_steps_go_away_when_they_are_done(house: House, readers: Readers) -> None:
    viewer = readers("viewer")
    assert "First steps" in viewer.get("/admin").text
    house.text("Ana", "JOIN")
    assert not seen(house).begun
    house.text("Ana", "OUI")
    assert "First steps" not in viewer.get("/admin").text
    with house.runtime.begin() as connection:
        connection.execute(delete(Keyword))
        connection.execute(update(Shop).values(revision=Shop.revision + 1))
    assert seen(house).steps == {
        "who": True, "number": True, "texts": True, "keyword": False, "heard": True, "reachable": True,
    }  # fmt: skip
    with house.runtime.begin() as connection:
        connection.execute(delete(Subscription))
    assert not seen(house).steps["reachable"]


def test_a_house_without_a_shop_says_how_to_set_one_up(house: House, readers: Readers) -> None:
    viewer = readers("viewer")
    with house.runtime.begin() as connection:
        connection.execute(delete(Shop))
    assert "parley shop load" in viewer.get("/admin").text
    assert viewer.get("/admin/keywords").headers["Location"] == "/admin"


def test_it_takes_as_many_statements_whatever_there_is(house: House, readers: Readers) -> None:
    viewer = readers("viewer")
    counts = []
    for _ in range(2):
        with house.statements() as statements:
            viewer.get("/admin")
        counts.append(sum(one.startswith(("SELECT", "WITH")) for one in statements))  # statuses come in meanwhile
        house.text("Ana", "JOIN")
        house.text("Bo", "hm")
        say(house, BEGIN, state="unknown")
    assert counts[0] == counts[1] <= 15, statements


def test_the_chart_can_be_read_without_seeing_it(house: House, admin: Page) -> None:
    house.text("Ana", "menu")
    admin.goto("/admin")
    row = admin.get_by_role("table", name="Texts by day").get_by_role("row").last
    expect(row).to_contain_text("Wed 25")
    expect(row.get_by_role("cell").first).to_have_text("1")
    readable(admin)
