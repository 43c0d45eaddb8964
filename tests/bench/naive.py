"""The same turn as a first draft would write it: the ORM, a commit per step, a state machine built for each request.

It reads and writes what ours does: text, person, stop list, replies of the hour, keywords, conversation, time-out, brand.
"""

import json
import os
from datetime import UTC, datetime, timedelta

import phonenumbers
from flask import Flask, Response, request
from jinja2 import Template
from sqlalchemy import DateTime, ForeignKey, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from transitions import Machine
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "naive_person"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(unique=True)
    heard_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Stopped(Base):
    __tablename__ = "naive_stopped"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(unique=True)


class Brand(Base):
    __tablename__ = "naive_brand"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Word(Base):
    __tablename__ = "naive_word"
    id: Mapped[int] = mapped_column(primary_key=True)
    phrase: Mapped[str]


class Chat(Base):
    __tablename__ = "naive_chat"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("naive_person.id"), index=True)
    state: Mapped[str]
    memory: Mapped[str] = mapped_column(default="{}")


class Timeout(Base):
    __tablename__ = "naive_timeout"
    id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(ForeignKey("naive_chat.id"), index=True)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Text(Base):
    __tablename__ = "naive_text"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("naive_person.id"), index=True)
    sid: Mapped[str | None] = mapped_column(unique=True)
    body: Mapped[str]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


HOUR = timedelta(hours=1)
STATES = [
    "asked",
    "answered",
    "confirm",
    "postcode",
    "thanks",
    "declined",
    "lapsed",
    "again",
    "hours",
    "person",
    "end",
    "lost",
]
WAYS = [{"trigger": f"t{i}", "source": "*", "dest": state} for i, state in enumerate(STATES * 2)]


class Talk:
    def __init__(self, state: str) -> None:
        self.machine = Machine(
            self, states=STATES, transitions=[*WAYS, ["hear", ["asked", "answered"], "answered"]], initial=state
        )


def create_app() -> Flask:
    """Reads DATABASE_URL, BASE_URL and TWILIO_AUTH_TOKEN. Its tables are there already."""
    app = Flask("naive")
    engine = create_engine(os.environ["DATABASE_URL"])
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    validator, base = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"]), os.environ["BASE_URL"]

    @app.post("/webhooks/twilio/inbound")
    def inbound() -> Response:
        form = request.form
        if not validator.validate(base + request.environ["RAW_URI"], form, request.headers["X-Twilio-Signature"]):
            return Response(status=403)
        now, empty = datetime.now(UTC), Response(str(MessagingResponse()), content_type="text/xml")
        with Session(engine) as session:
            if session.scalar(select(Text).where(Text.sid == form["MessageSid"])):
                return empty
            phone = phonenumbers.format_number(phonenumbers.parse(form["From"]), phonenumbers.PhoneNumberFormat.E164)
            person = session.scalar(select(Person).where(Person.phone == phone)) or Person(phone=phone)
            person.heard_at = now
            session.add(person)
            session.commit()
            session.add(Text(person_id=person.id, sid=form["MessageSid"], body=form["Body"], at=now))
            session.commit()
            if session.scalar(select(Stopped).where(Stopped.phone == person.phone)):
                return empty
            replies = select(func.count()).where(Text.person_id == person.id, Text.sid.is_(None), Text.at > now - HOUR)
            if (session.scalar(replies) or 0) > 1000 or form["Body"].upper() in [
                word.phrase for word in session.scalars(select(Word))
            ]:
                return empty
            chat = session.scalar(select(Chat).where(Chat.person_id == person.id))
            if chat is None:
                chat = Chat(person_id=person.id, state="asked")
                session.add(chat)
                session.commit()
            talk = Talk(chat.state)
            talk.hear()  # type: ignore[attr-defined]
            chat.state, chat.memory = talk.state, json.dumps({"answer": form["Body"]})  # type: ignore[attr-defined]
            session.commit()
            timeout = session.scalar(select(Timeout).where(Timeout.chat_id == chat.id)) or Timeout(chat_id=chat.id)
            timeout.due_at = now + 48 * HOUR
            session.add(timeout)
            session.commit()
            answer = MessagingResponse()
            brand = session.scalar(select(Brand.name)) or "ACME"
            thanks = Template("{{ brand }}: thanks for {{ body }}. And another?")
            answer.message(thanks.render(brand=brand, body=form["Body"]))
            session.add(Text(person_id=person.id, sid=None, body=str(answer), at=now))
            session.commit()
            return Response(str(answer), content_type="text/xml")

    return app
