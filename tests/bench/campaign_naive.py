"""The same campaign as a first draft would send it: one RQ job for each recipient, the ORM, the carrier's synchronous client.

It does what ours does for a message: claims it, so that nobody else sends it; asks for consent, the stop list and quiet hours;
renders, counts parts, takes a token of the sender's; sends; writes down what was said and became of it. As in most first
drafts the client is made in the job; kinder than most, the engine is made once and no process is forked.
"""

import os
import time
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Template
from redis import Redis
from rq import Queue, SimpleWorker
from sqlalchemy import Engine, ForeignKey, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SENDER

NAMES = ("Zoé", "Ana", "Maximilien", "Bo")
RATE = 100_000  # parts a second
GSM = {*map(chr, range(32, 127)), *"£¥èéùìòÇØøÅåÆæßÉÄÖÑÜ§¿äöñüà€\n"}


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "naive_customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(unique=True)
    first_name: Mapped[str]


class Consent(Base):
    __tablename__ = "naive_consent"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("naive_customer.id"), index=True)
    topic: Mapped[str]
    given: Mapped[bool]


class Stopped(Base):
    __tablename__ = "naive_stop_list"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(unique=True)


class Recipient(Base):
    __tablename__ = "naive_recipient"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("naive_customer.id"))
    text: Mapped[str]
    status: Mapped[str] = mapped_column(default="queued")
    sid: Mapped[str | None]
    body: Mapped[str | None]
    parts: Mapped[int | None]


class Loopback(TwilioHttpClient):
    """The library's own transport, to the carrier of the bench."""

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", os.environ["TWILIO_API_BASE"]), *args, **more)


@cache
def engine() -> Engine:
    return create_engine(os.environ["DATABASE_URL"])


@cache
def redis() -> "Redis[bytes]":
    return Redis.from_url(os.environ["REDIS_URL"])


def send(recipient_id: int) -> None:
    """The job: one text to one person."""
    with Session(engine()) as session:
        recipient = session.get_one(Recipient, recipient_id)
        if recipient.status != "queued":
            return
        recipient.status = "sending"
        session.commit()
        customer = session.get_one(Customer, recipient.customer_id)
        if not may_send(session, customer):
            recipient.status = "refused"
        else:
            recipient.body = Template(recipient.text).render(contact=customer)
            recipient.parts = count_parts(recipient.body)
            take_token(recipient.parts)
            client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=Loopback())
            recipient.sid = client.messages.create(to=customer.phone, from_=SENDER, body=recipient.body).sid
            recipient.status = "sent"
        session.commit()


def may_send(session: Session, customer: Customer) -> bool:
    """In, not on the stop list, and it is day where they live; the bench runs at night, too, so the hour decides nothing."""
    consent = session.scalar(select(Consent).where(Consent.customer_id == customer.id, Consent.topic == "offers"))
    stopped = session.scalar(select(Stopped).where(Stopped.phone == customer.phone))
    hour = datetime.now(ZoneInfo("Europe/Paris")).hour
    return consent is not None and consent.given and stopped is None and 0 <= hour < 24


def count_parts(body: str) -> int:
    """Parts of the carrier's, without the finer points."""
    one, each = (160, 153) if set(body) <= GSM else (70, 67)
    return 1 if len(body) <= one else -(-len(body) // each)


def take_token(parts: int) -> None:
    """Wait until the sender may send so many parts in this second."""
    while True:
        key = f"naive:{SENDER}:{int(time.time())}"
        used = redis().incrby(key, parts)
        redis().expire(key, 5)
        if used <= RATE:
            return
        time.sleep(0.05)


def work() -> None:
    """The worker: reads DATABASE_URL, REDIS_URL and TWILIO_API_BASE."""
    queue = Queue("naive", connection=Redis.from_url(os.environ["REDIS_URL"]))
    SimpleWorker([queue], connection=queue.connection).work(logging_level="WARNING")


def prepare(database: Engine, size: int, text: str) -> list[int]:
    """Tables with so many new recipients who are in; their ids."""
    Base.metadata.create_all(database)
    with Session(database) as session:
        first = (session.scalar(select(func.max(Customer.id))) or 0) + 1
        people = [
            Customer(id=i, phone=f"+{33_700_000_000 + i}", first_name=NAMES[i % len(NAMES)])
            for i in range(first, first + size)
        ]
        session.add_all(people)
        session.flush()
        session.add_all(Consent(customer_id=one.id, topic="offers", given=True) for one in people)
        recipients = [Recipient(customer_id=one.id, text=text) for one in people]
        session.add_all(recipients)
        session.commit()
        return [one.id for one in recipients]


def launch(redis_url: str, recipients: list[int]) -> None:
    """One job for each."""
    queue = Queue("naive", connection=Redis.from_url(redis_url))
    for one in recipients:
        queue.enqueue(send, one)


def sent(database: Engine) -> int:
    """How many have been sent in all."""
    with Session(database) as session:
        return session.scalar(select(func.count()).where(Recipient.status == "sent")) or 0
