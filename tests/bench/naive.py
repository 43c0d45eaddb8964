"""The same turn as a first draft would write it: the ORM, a commit per step, a state machine built for each request."""

import os
from datetime import UTC, datetime

from flask import Flask, Response, request
from sqlalchemy import DateTime, ForeignKey, create_engine, select
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
    state: Mapped[str] = mapped_column(default="asked")
    stopped: Mapped[bool] = mapped_column(default=False)


class Text(Base):
    __tablename__ = "naive_text"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("naive_person.id"))
    sid: Mapped[str | None] = mapped_column(unique=True)
    body: Mapped[str]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


STATES = ["asked", "answered", "confirm", "postcode", "thanks", "declined", "lapsed", "again", "hours", "person", "end", "lost"]
WAYS = [{"trigger": f"t{i}", "source": "*", "dest": state} for i, state in enumerate(STATES * 2)]


class Talk:
    def __init__(self, state: str) -> None:
        self.machine = Machine(self, states=STATES, transitions=[*WAYS, ["hear", ["asked", "answered"], "answered"]], initial=state)


def create_app() -> Flask:
    """Reads DATABASE_URL, BASE_URL and TWILIO_AUTH_TOKEN."""
    app = Flask("naive")
    engine = create_engine(os.environ["DATABASE_URL"])
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    Base.metadata.create_all(engine)
    validator, base = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"]), os.environ["BASE_URL"]

    @app.post("/webhooks/twilio/inbound")
    def inbound() -> Response:
        form = request.form
        if not validator.validate(base + request.environ["RAW_URI"], form, request.headers["X-Twilio-Signature"]):
            return Response(status=403)
        with Session(engine) as session:
            if session.scalar(select(Text).where(Text.sid == form["MessageSid"])):
                return Response(str(MessagingResponse()), content_type="text/xml")
            person = session.scalar(select(Person).where(Person.phone == form["From"]))
            if person is None:
                person = Person(phone=form["From"])
                session.add(person)
                session.commit()
            session.add(Text(person_id=person.id, sid=form["MessageSid"], body=form["Body"], at=datetime.now(UTC)))
            session.commit()
            if person.stopped:
                return Response(str(MessagingResponse()), content_type="text/xml")
            talk = Talk(person.state)
            talk.hear()  # type: ignore[attr-defined]
            person.state = talk.state  # type: ignore[attr-defined]
            session.commit()
            answer = MessagingResponse()
            answer.message(f"Thank you for {form['Body']}")
            session.add(Text(person_id=person.id, sid=None, body=str(answer), at=datetime.now(UTC)))
            session.commit()
            return Response(str(answer), content_type="text/xml")

    return app
