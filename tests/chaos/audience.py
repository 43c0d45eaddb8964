"""Those whom the campaigns are for, the campaigns themselves, and what our tables say of them in the end."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot.campaigns import Balance, Draft, balance, create, schedule
from bot.consent import ledger
from bot.consent.ledger import Ledger, Proof
from bot.segments import save
from models import Contact, Message, Sender, Suppression
from tests.chaos.case import Said

SOURCE = INVITED = "import"
JOINED = Proof("ACME : répondez OUI pour nos offres.", "OUI", None, SOURCE)


def phones(first: int, count: int) -> list[str]:
    """So many handsets in France."""
    return [f"+33612{first + number:06d}" for number in range(count)]


def invite(connection: Connection, key: bytes, people: Sequence[str], now: datetime) -> None:
    """Contacts who have agreed to offers. The first name of each is a number: no two get the same text."""
    made_at = now - timedelta(days=10)
    rows = [
        {"phone": phone, "person": secrets.token_hex(16), "country": "FR", "zone": "Europe/Paris", "language": "fr",
         "values": {"first_name": str(number)}, "source": SOURCE, "sample": False, "made_at": made_at}
        for number, phone in enumerate(people)
    ]  # fmt: skip
    for contact in connection.execute(insert(Contact).returning(Contact.__table__), rows).all():
        Ledger(connection, contact, key, (0, ledger.START_OF_CHAIN)).opt_in("offers", JOINED, made_at, "double")


def let_send(connection: Connection, parts_per_second: float) -> None:
    """How fast the carrier lets us send."""
    connection.execute(update(Sender).values(parts_per_second=parts_per_second))


def campaign(connection: Connection, name: str, people: Sequence[str], at: datetime, now: datetime) -> tuple[int, list[Said]]:
    """A campaign to all who were invited, at a time: its id, and what is meant for whom."""
    texts = {"": f"ACME {name}: salut {{{{ contact.first_name }}}} STOP 36111"}
    made = create(connection, Draft(name=name, topic="offers", texts=texts, within=[INVITED]), now)
    schedule(connection, made, at, now)
    return made, [(phone, f"ACME {name}: salut {number} STOP 36111") for number, phone in enumerate(people)]


def segment(connection: Connection, now: datetime) -> None:
    """The segment of those who were invited: not of those who join by text meanwhile."""
    save(connection, INVITED, {"source": SOURCE}, now)


def balances(connection: Connection, campaigns: Sequence[int]) -> dict[int, Balance]:
    """The account of each campaign."""
    return {made: balance(connection, made) for made in campaigns}


def memory(connection: Connection, key: bytes) -> Mapping[str, Any]:
    """What our tables say, as a `Case` takes it."""
    message, both = Message.__table__.c, (Message.id, Message.sid, Message.theirs, Message.body)
    people = connection.execute(select(Contact.phone, Contact.fallback_at)).all()
    barred = set(connection.scalars(select(Suppression.digest)))
    says = select(*both, message.state, message.why, message.cause, message.kind).where(message.direction == "out")
    return {
        "texts": connection.execute(select(*both).where(Message.direction == "in")).all(),
        "says": connection.execute(says).all(),
        "left": frozenset(one.phone for one in people if ledger.digest(key, one.phone) in barred),
        "announced": frozenset(one.phone for one in people if one.fallback_at is not None),
    }
