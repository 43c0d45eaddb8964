"""Under the hood: what is due and how old, who is there to do it, what failed, and what somebody has to decide."""

import re
import time
from datetime import timedelta
from html import unescape

import pytest
from redis import Redis
from rq import Queue
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from sqlalchemy import select, update

from bot import jobs, processes, webhook_log
from models import Alarm, AuditEntry, Callback, Message, Process, Refusal, insert
from tests.house import BEGIN, House
from tests.web.conftest import Readers

PATH = "/admin/engine"


def told(page: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", page)).split())


def test_what_is_due_is_told_with_how_old_it_is(house: House, readers: Readers) -> None:
    launcher, now = readers("launcher"), house.runtime.machine_now()
    row = {"direction": "out", "kind": "service", "state": "ready", "ours": "+33937000001", "theirs": "+33612340001", "body": "x",
           "account": "x", "at": BEGIN, "made_at": now}  # fmt: skip
    with house.runtime.begin() as connection:
        for seconds in (300, 20):
            connection.execute(insert(Message).values(**row, not_before=now - timedelta(seconds=seconds)))
        connection.execute(insert(Message).values(**row, not_before=now + timedelta(hours=1)))
    page = told(launcher.get(PATH).text)
    assert re.search(r"Texts of dialogs, people and programs 2 5 min replies Alarms 0 – replies", page), page


def test_processes_that_live_and_those_that_do_not(house: House, readers: Readers) -> None:
    launcher = readers("launcher")
    processes.beat(house.runtime, "clock")
    processes.beat(house.runtime, "worker bulk")
    with house.runtime.begin() as connection:
        gone = house.runtime.machine_now() - timedelta(minutes=2)
        connection.execute(update(Process).where(Process.kind == "worker bulk").values(beat_at=gone))
    page = told(launcher.get(PATH).text)
    assert "the clock running" in page and "the worker for campaigns gone" in page
    assert "Not running: the worker for campaigns" in page and "Not running: the clock" not in page


def test_jobs_that_failed_are_told_and_forgotten(house: House, readers: Readers, queue: Queue) -> None:
    from rq import SimpleWorker

    object.__setattr__(house.runtime, "redis", queue.connection)
    line = Queue("bulk", connection=queue.connection, serializer=JSONSerializer)
    line.enqueue("bot.jobs.nothing_of_this_name", failure_ttl=100)
    SimpleWorker([line], connection=queue.connection, serializer=JSONSerializer).work(burst=True)
    admin = readers("admin")
    page = told(admin.get(PATH).text)
    assert "Jobs that failed" in page and "nothing_of_this_name" in page
    assert admin.send(f"{PATH}/failed").status_code == 303
    assert "Jobs that failed" not in admin.get(PATH).text


def test_the_latest_jobs_that_failed_are_told_with_the_first_line_of_what_was_wrong(
    house: House, readers: Readers, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rq import SimpleWorker

    object.__setattr__(house.runtime, "redis", queue.connection)
    monkeypatch.setattr("bot.jobs.MOST_FAILED", 3)
    line = Queue("bulk", connection=queue.connection, serializer=JSONSerializer)
    wrong = "raise ValueError('number {} is wrong\\n  and goes on\\n(see https://x.example)')"
    ids = [line.enqueue("builtins.exec", wrong.format(place)).id for place in range(5)]
    SimpleWorker([line], connection=queue.connection, serializer=JSONSerializer).work(burst=True)
    for place, id_ in enumerate(ids):  # they failed one after the other
        queue.connection.zadd(FailedJobRegistry(queue=line).key, {id_: time.time() + 1000 + place})
    found = jobs.failed(house.runtime)
    assert [one.why for one in found] == [f"ValueError: number {place} is wrong" for place in (4, 3, 2)]
    assert jobs.wake_ups(house.runtime) == {"replies": 0, "default": 0, "bulk": 0}
    line.enqueue("bot.jobs.bulk")
    page = told(readers("launcher").get(PATH).text)
    assert "Wake-ups that wait in Redis: " in page and "bulk 1" in page


def test_without_redis_nothing_is_forgotten_and_nothing_breaks(house: House, readers: Readers) -> None:
    object.__setattr__(house.runtime, "redis", Redis(port=1, socket_connect_timeout=0.1))
    admin = readers("admin")
    assert "Redis does not answer" in admin.get(PATH).text
    assert admin.send(f"{PATH}/failed").status_code == 303
    assert "try again later" in admin.get(PATH).text


def test_what_is_held_is_let_go_or_refused_by_an_admin(house: House, readers: Readers) -> None:
    admin, launcher = readers("admin"), readers("launcher")
    house.text("Ana", "JOIN")
    for do, why in (("release", "ready"), ("refuse", "refused")):
        with house.runtime.begin() as connection:
            connection.execute(update(Message).where(Message.direction == "out").values(state="held", why="outage"))
            connection.execute(update(Alarm).values(held=True))
        launcher.get(PATH)
        assert "What waits for your word" in launcher.get(PATH).text
        assert launcher.send(f"{PATH}/held", do=do).status_code == 403
        admin.get(PATH)
        assert admin.send(f"{PATH}/held", do=do).status_code == 303
        assert {row.state for row in house.messages(direction="out")} == {why}
    assert "What waits for your word" not in admin.get(PATH).text
    assert admin.send(f"{PATH}/held").status_code == 400
    with house.runtime.begin() as connection:
        connection.execute(update(Message).where(Message.direction == "out").values(state="held", why="outage"))
    assert admin.send(f"{PATH}/held", do="refuse", sure="99").status_code == 303  # not what they were shown
    assert {row.state for row in house.messages(direction="out")} == {"held"}
    with house.runtime.read() as connection:
        did = list(connection.scalars(select(AuditEntry.did).where(AuditEntry.about == "held").order_by(AuditEntry.id)))
    assert did == ["held.released", "held.refused"]


def test_what_comes_to_the_carriers_door_is_told_with_its_verdict(house: House, readers: Readers) -> None:
    launcher = readers("launcher")
    house.text("Bo", "blue candles?")
    form = house.inbound("Bo", "<b>forged</b>", "SM" + "f" * 32)
    for _ in range(3):  # one note, however often they knock
        assert house.post("/webhooks/twilio/inbound", form, sign=False).status_code == 403
    page = launcher.get(f"{PATH}/webhooks").text
    rows = [told(row) for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)[1:]]
    assert any("recorded inbound blue candles?" in row for row in rows)
    assert len([row for row in rows if "turned away inbound" in row]) == 1 and "forged" not in page
    house.work()
    with house.runtime.begin() as connection:
        now = house.runtime.machine_now()
        for place in range(120):
            row = {"sid": f"SM{place:032}", "status": "sent", "rank": 1, "account": "x", "made_at": now, "look_at": now}
            connection.execute(insert(Callback).values(**row))
    only = launcher.get(f"{PATH}/webhooks?only=refusal").text
    assert "blue candles?" not in only and "turned away" in only
    assert "1 request to the carrier's door was turned away" in unescape(launcher.get("/admin").text)


def test_knocking_for_ever_writes_little(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000.0]
    monkeypatch.setattr(webhook_log, "_seen", {})
    monkeypatch.setattr(webhook_log.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(webhook_log, "KEPT", 3)
    for _ in range(8):
        for _ in range(5):
            webhook_log.refuse(house.runtime, "inbound", "no signature", "192.0.2.1")
            clock[0] += 2.5
    with house.runtime.read() as connection:
        rows = connection.execute(select(Refusal.__table__)).all()
    assert [row.times for row in rows] == [4, 4, 1]


def test_what_came_before_is_not_told_of_who_comes_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000.0]
    monkeypatch.setattr(webhook_log, "_seen", {})
    monkeypatch.setattr(webhook_log.time, "monotonic", lambda: clock[0])
    for _ in range(50):
        webhook_log.refuse(house.runtime, "inbound", "no signature", "198.51.100.66")
    clock[0] += 7 * 86_400
    webhook_log.refuse(house.runtime, "inbound", "no signature", "203.0.113.5")
    with house.runtime.read() as connection:
        rows = connection.execute(select(Refusal.__table__).order_by(Refusal.id)).all()
    assert [(row.address, row.times) for row in rows] == [("198.51.100.66", 50), ("203.0.113.5", 1)]
