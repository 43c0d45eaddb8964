"""The same campaign as a first draft would send it: one RQ job for each recipient, the ORM, the carrier's synchronous client.

Kinder than most first drafts: the client, the engine and their connections are made once, and no process is forked.
"""

import os
from functools import cache
from typing import Any

from jinja2 import Template
from redis import Redis
from rq import Queue, SimpleWorker
from sqlalchemy import Engine, ForeignKey, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SENDER

NAMES = ("Zoé", "Ana", "Maximilien", "Bo")


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


class Recipient(Base):
    __tablename__ = "naive_recipient"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("naive_customer.id"))
    text: Mapped[str]
    status: Mapped[str] = mapped_column(default="queued")
    sid: Mapped[str | None]


class Loopback(TwilioHttpClient):
    """The library's own transport, to the carrier of the bench."""

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", os.environ["TWILIO_API_BASE"]), *args, **more)


@cache
def engine() -> Engine:
    return create_engine(os.environ["DATABASE_URL"])


@cache
def client() -> Client:
    return Client(ACCOUNT_SID, AUTH_TOKEN, http_client=Loopback())


def send(recipient_id: int) -> None:
    """The job: one text to one person."""
    with Session(engine()) as session:
        recipient = session.get_one(Recipient, recipient_id)
        if recipient.status != "queued":
            return
        customer = session.get_one(Customer, recipient.customer_id)
        consent = session.scalar(select(Consent).where(Consent.customer_id == customer.id, Consent.topic == "offers"))
        if consent is None or not consent.given:
            recipient.status = "refused"
        else:
            body = Template(recipient.text).render(contact=customer)
            recipient.sid = client().messages.create(to=customer.phone, from_=SENDER, body=body).sid
            recipient.status = "sent"
        session.commit()


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
