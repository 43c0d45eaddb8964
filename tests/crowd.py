"""People for campaigns: many contacts with what they agreed to, and a campaign that is ready to go."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bot import campaigns, segments
from bot.consent.ledger import Ledger, Proof
from bot.contacts import meet
from bot.runtime import Runtime
from models import Campaign, Contact, Message
from tests.house import House

TEXTS = {"": "ACME : bonjour {{ contact.first_name }}, -20 % ce week-end. STOP pour arrêter."}
ASKED = "ACME: répondez OUI pour nos offres. STOP pour arrêter."


def number(n: int) -> str:
    """The phone of the nth person."""
    return f"+336{10_000_000 + n:08d}"


def join(runtime: Runtime, phones: Iterable[str], topic: str = "offers", **columns: Any) -> None:
    """People who are in for a topic; their first name is the end of their number, unless `values` says otherwise."""
    with runtime.begin() as connection:
        now = runtime.now(connection)
        for phone in phones:
            contact = meet(connection, phone, now)
            values = columns.get("values", {"first_name": phone[-6:]})
            mine = update(Contact).where(Contact.id == contact.id)
            connection.execute(mine.values(**{"zone": "Europe/Paris", **columns, "values": values}))
            ledger = Ledger(connection, contact, runtime.suppression_key)
            ledger.opt_in(topic, Proof(ASKED, "OUI", None, "text"), now, "double")


def draft(house: House, name: str = "week-end", *, rule: Any = None, **more: Any) -> int:
    """A campaign for a segment of its own; everybody, unless a rule says otherwise."""
    with house.runtime.begin() as connection:
        now = house.runtime.now(connection)
        segments.save(connection, f"for {name}", rule or {"all": []}, now)
        known = {"name": name, "topic": "offers", "texts": TEXTS, "within": [f"for {name}"]}
        return campaigns.create(connection, campaigns.read({**known, **more}), now)


def schedule(house: House, campaign_id: int, at: datetime | None = None) -> None:
    with house.runtime.begin() as connection:
        campaigns.schedule(connection, campaign_id, at, house.runtime.now(connection))


def run(house: House, name: str = "week-end", **more: Any) -> int:
    """A campaign that is over, or as far as it can come now."""
    campaign_id = draft(house, name, **more)
    schedule(house, campaign_id)
    house.work()
    return campaign_id


def state(house: House, campaign_id: int) -> str:
    with house.runtime.read() as connection:
        return str(connection.scalar(select(Campaign.state).where(Campaign.id == campaign_id)))


def balance(house: House, campaign_id: int) -> campaigns.Balance:
    """How it stands; always exact."""
    with house.runtime.read() as connection:
        found = campaigns.balance(connection, campaign_id)
    assert found.exact, found
    return found


def texts(house: House, campaign_id: int) -> list[Any]:
    """Its messages, in order."""
    with house.runtime.read() as connection:
        mine = select(Message.__table__).where(Message.campaign_id == campaign_id).order_by(Message.id)
        return list(connection.execute(mine))


__all__ = ["TEXTS", "balance", "draft", "join", "number", "run", "schedule", "state", "texts"]
