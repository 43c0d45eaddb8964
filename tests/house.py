"""The house as tests use it: people with names, a shop, and the ways in and out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import get_ident
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import event, select
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from bot import create_app, jobs
from bot.consent import ledger
from bot.runtime import Runtime, open_runtime
from bot.settings import Settings
from bot.web import move
from models import Clock, Contact, ContactTag, Conversation, Message, Subscription, Suppression, insert
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SimulatedCarrier

PARIS, BOSTON = "+33937000001", "+16175550100"  # our numbers: here we answer STOP, there the carrier does
PEOPLE = {
    "Ana": "+33612340001",  # in Paris, opted in
    "Bo": "+33612340002",  # never asked
    "Cleo": "+33612340003",  # stopped
    "Dee": "+14155550104",  # US Pacific
}
# Business time begins here: a Wednesday noon in Paris, when everybody in Europe may be texted and nobody in America.
BEGIN = datetime(2026, 11, 25, 12, tzinfo=ZoneInfo("Europe/Paris"))
SHOP = Path(__file__).parent / "shop.yaml"


def senders(base_url: str) -> list[dict[str, Any]]:
    """Our two numbers as the simulated carrier knows them."""
    webhooks = f"{base_url}/webhooks/twilio"
    common = {"inbound_url": f"{webhooks}/inbound", "fallback_url": f"{webhooks}/fallback"}
    return [
        {"number": PARIS, "name": "ACME", "country": "FR", "opt_out": "self", **common},
        {"number": BOSTON, "name": "ACME", "country": "US", "opt_out": "twilio-default", **common},
    ]


def settings(database: str, base_url: str, api: str, **more: Any) -> Settings:
    """Settings on the simulated carrier."""
    known = {
        "database_url": database, "secret_key": "s" * 40, "base_url": base_url, "twilio_account_sid": ACCOUNT_SID,
        "twilio_auth_token": AUTH_TOKEN, "twilio_api_base": api, "PARLEY_CARRIER": "simulated", "redis_url": None,
    }  # fmt: skip
    return Settings(_env_file=None, **{**known, **more})  # type: ignore[arg-type, call-arg]


APPLICATIONS: list[Flask] = []


def application(runtime: Runtime) -> Flask:
    """The application. It is made once and then moves from house to house: to make it takes longer than most tests."""
    if not APPLICATIONS:
        APPLICATIONS.append(create_app(runtime))
    return move(APPLICATIONS[0], runtime)


class House:
    """One running house. Texts go through the carrier and its signed webhooks; `work` does what worker and clock do."""

    def __init__(self, database: str, carrier: SimulatedCarrier, base_url: str) -> None:
        self.carrier = carrier
        self.base_url = base_url
        self.runtime: Runtime = open_runtime(settings(database, base_url, carrier.url))
        self.app = application(self.runtime)
        with self.runtime.begin() as connection:
            ahead_for = (BEGIN - self.runtime.machine_now()).total_seconds()
            connection.execute(insert(Clock).values(id=1, ahead_for=ahead_for).on_conflict_do_nothing())

    def text(self, who: str, body: str, to: str = PARIS, **more: Any) -> list[str]:
        """Someone types a text; what arrives on their phone because of it (only what is in the response), in order."""
        number = PEOPLE.get(who, who)
        before = len(self.carrier.received(number))
        self.carrier.text(number, to, body, **more)
        return self.carrier.received(number)[before:]

    def received(self, who: str) -> list[str]:
        """All that ever arrived on a phone."""
        return self.carrier.received(PEOPLE.get(who, who))

    def work(self) -> None:
        """What the worker does until nothing is due."""
        jobs.work(self.runtime, 10)
        while any(jobs.due(self.runtime, queue) for queue in ("default", "bulk")):
            jobs.take_audience(self.runtime, 10)
            jobs.send_batches(self.runtime, 10)
            jobs.work(self.runtime, 10)

    def jump(self, ahead: timedelta) -> None:
        """Business time jumps, then the worker works."""
        answer = self.carrier.clock(int(ahead.total_seconds()))
        assert "now" in answer, answer
        self.work()

    def contact(self, who: str) -> Any:
        """Their row, or None."""
        with self.runtime.read() as connection:
            query = select(Contact.__table__).where(Contact.phone == PEOPLE.get(who, who))
            return connection.execute(query).one_or_none()

    def truths(self, who: str) -> set[str]:
        """What is now true of a contact, a line each, as transcripts write it."""
        contact = self.contact(who)
        if contact is None:
            return set()
        with self.runtime.read() as connection:
            mine = connection.execute
            key = ledger.digest(self.runtime.suppression_key, contact.phone)
            lines = {f"field {name} {value}" for name, value in contact.values.items()}
            lines |= {
                f"tag {tag}"
                for tag in connection.scalars(select(ContactTag.tag).where(ContactTag.contact_id == contact.id))
            }
            for row in mine(select(Subscription.__table__).where(Subscription.contact_id == contact.id)):
                lines.add(f"consent {row.topic} {row.state}" + (f" ({row.proof})" if row.state == "in" else ""))
            if mine(select(Suppression.digest).where(Suppression.digest == key)).first():
                lines.add("consent * out")
            live = mine(
                select(Conversation.__table__).where(
                    Conversation.contact_id == contact.id, Conversation.status != "ended"
                )
            )
            lines |= {f"{row.status} {row.dialog} {row.memory['state']}" for row in live}
            if contact.paused_until:
                lines.add(f"paused until {contact.paused_until:%Y-%m-%d %H:%M}")
            if contact.one_in_days:
                lines.add(f"one in {contact.one_in_days} days")
            if contact.language:
                lines.add(f"language {contact.language}")
            kept = select(Message.body).where(Message.contact_id == contact.id, Message.for_person)
            lines |= {f"for a person: {body or '(picture)'}" for body in connection.scalars(kept)}
            refused = select(Message.kind, Message.why).where(
                Message.contact_id == contact.id,
                Message.state.in_(("refused", "held", "failed")),
                Message.why != "superseded",  # by what was said later; it may well have arrived
            )
            lines |= {f"not said ({row.kind}): {row.why}" for row in mine(refused)}
        return lines

    def messages(self, who: str | None = None, direction: str | None = None) -> list[Any]:
        """Message rows, oldest first."""
        query = select(Message.__table__).order_by(Message.id)
        if who is not None:
            query = query.where(Message.contact_id == self.contact(who).id)
        if direction is not None:
            query = query.where(Message.direction == direction)
        with self.runtime.read() as connection:
            return list(connection.execute(query))

    def story(self, who: str) -> list[str]:
        """The consent story, in order; fails when the chain is broken."""
        contact = self.contact(who)
        with self.runtime.read() as connection:
            assert ledger.broken_link(connection, contact.person) is None
            return [f"{row.topic} {row.change}" for row in ledger.story(connection, contact)]

    def close(self) -> None:
        self.runtime.engine.dispose()

    # The carrier's own requests, made by hand

    def post(
        self, path: str, form: dict[str, Any] | list[tuple[str, str]], *, sign: bool = True, **headers: str
    ) -> Any:
        """A signed (or forged) webhook straight to the application; its response."""
        pairs = list(form.items()) if isinstance(form, dict) else form
        url = self.base_url + path
        known = (
            {"X-Twilio-Signature": RequestValidator(AUTH_TOKEN).compute_signature(url, MultiDict(pairs))}
            if sign
            else {}
        )
        with self.app.test_client() as client:
            return client.post(
                path,
                data=urlencode(pairs, errors="surrogatepass"),
                content_type="application/x-www-form-urlencoded",
                headers={**known, **headers},
                environ_overrides={"RAW_URI": path},
            )

    def inbound(self, who: str, body: str, sid: str, to: str = PARIS, **more: str) -> dict[str, str]:
        """The form of an inbound webhook."""
        return {
            "MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT_SID, "From": PEOPLE.get(who, who), "To": to,
            "Body": body, "NumMedia": "0", "NumSegments": "1", "ApiVersion": "2010-04-01", **more,
        }  # fmt: skip

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL statements that this thread asks for meanwhile; a carrier may report at the same time."""
        seen: list[str] = []
        ours = get_ident()

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if get_ident() == ours and not statement.startswith(("BEGIN", "PRAGMA")):
                seen.append(statement)

        event.listen(self.runtime.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(self.runtime.engine, "before_cursor_execute", note)


def sid(number: int) -> str:
    """A carrier's id for the test's nth text."""
    return f"SM{number:032x}"
