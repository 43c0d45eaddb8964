"""Alerts as tests bring them about: what begins one and what ends it, and the clock that looks."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from bot import alerts, clock, processes, staff
from bot.campaigns.control import ERRORS
from bot.runtime import open_redis
from models import Campaign, Staff, Thread, insert
from tests.house import BEGIN, House, application
from tests.web.conftest import account

PHONE = "+33612349999"



def hired(house: House, role: str, name: str = "Camille") -> str:
    """Somebody of the staff who reads English; their address."""
    email = account(house, role, name)
    with house.runtime.begin() as connection:
        connection.execute(update(Staff).where(Staff.email == email).values(language="en"))
    return email


def use(house: House, **changes: Any) -> None:
    """Other settings."""
    house.runtime = replace(house.runtime, settings=house.runtime.settings.model_copy(update=changes))
    house.app = application(house.runtime)


def tick(house: House) -> None:
    """What the clock does within a second: it looks, then it does what is due, for there is no worker here."""
    clock.tick(house.runtime)


def pass_time(house: House, **time: float) -> None:
    """Machine time goes on, in steps that no clock sleeps through."""
    left = timedelta(**time)
    while left:
        step = min(left, timedelta(minutes=10))
        left -= step
        real = house.runtime.machine_now
        house.runtime = replace(house.runtime, machine_now=lambda real=real, step=step: real() + step)  # type: ignore[misc]
        tick(house)


def waits(house: House, who: str = "Bo") -> None:
    """Somebody has texted what only a person can answer."""
    house.text(who, "do you have blue candles?")
    with house.runtime.begin() as connection:
        row = {"contact_id": house.contact(who).id, "closed": False, "at": house.runtime.now(connection)}
        connection.execute(insert(Thread).values(**row, waits_since=row["at"]).on_conflict_do_nothing())


def answered(house: House) -> None:
    """Nobody waits any more."""
    with house.runtime.begin() as connection:
        connection.execute(update(Thread).values(waits_since=None))


def pauses(house: House, name: str = "Winter", why: str = ERRORS) -> None:
    """A campaign has been paused."""
    row = {"kind": "marketing", "topic": "offers", "texts": {}, "error_limit": 10, "made_at": BEGIN, "launched_at": BEGIN}
    with house.runtime.begin() as connection:
        connection.execute(insert(Campaign).values(name=name, state="paused", why=why, **row))


def resumed(house: House) -> None:
    with house.runtime.begin() as connection:
        connection.execute(update(Campaign).values(state="cancelled"))


def live(house: House, *queues: str) -> None:
    """Workers of these queues say that they live, and those of the others are gone."""
    with house.runtime.begin() as connection:
        connection.execute(delete(processes.Process))
    for queue in queues:
        processes.beat(house.runtime, processes.worker(queue))


def chooses(house: House, email: str, phone: str | None = None, **ways: str) -> None:
    """Somebody of the staff says how they want to be told."""
    with house.runtime.begin() as connection:
        alerts.choose(connection, staff.find(connection, email).id, ways, phone)


def confirms(house: House) -> None:
    """Each phone texts the code that the account of its owner shows."""
    with house.runtime.read() as connection:
        shown = connection.execute(select(Staff.phone, Staff.phone_code).where(Staff.phone_code.is_not(None))).all()
    for phone, code in shown:
        house.text(phone, f"Parley {code.upper()}")


def rows(house: House, table: Any) -> list[Any]:
    with house.runtime.read() as connection:
        return list(connection.execute(select(table.__table__).order_by(table.id)))


def lines(letter: Any) -> str:
    return str(letter.get_content())


def a_person_waits(house: House) -> None:
    waits(house)
    house.jump(timedelta(minutes=3))
    tick(house)


def a_campaign_pauses(house: House) -> None:
    pauses(house)
    tick(house)


def a_worker_is_gone(house: House) -> None:
    house.runtime = replace(house.runtime, redis=open_redis("redis://127.0.0.1:1"))
    live(house, "replies", "bulk")
    tick(house)
    pass_time(house, seconds=61)
    live(house, "replies", "bulk")
    tick(house)
