"""Contacts as the tests of their pages know them."""

from sqlalchemy import select

from bot import campaigns, contacts, segments
from models import AuditEntry
from tests.house import BEGIN, House

YES = {
    "topic": "offers", "source": "paper form", "wording": "SMS offers of ACME. STOP to leave.", "answer": "signed",
    "proof": "double", "at": "2026-11-20T10:30",
}  # fmt: skip


def crowd(house: House, size: int) -> None:
    """As many more, who have done nothing."""
    with house.runtime.begin() as connection:
        many = {f"+3361300{number:04}": {"fields": {"first_name": "Crowd"}} for number in range(size)}
        contacts.save_many(connection, many, "api", house.runtime.now(connection))


def id_of(house: House, who: str) -> int:
    return int(house.contact(who).id)


def audited(house: House) -> list[tuple[str, str]]:
    with house.runtime.read() as connection:
        rows = connection.execute(select(AuditEntry.did, AuditEntry.about).order_by(AuditEntry.id)).all()
    return [(row.did, row.about) for row in rows]


def draft(house: House) -> int:
    """A campaign for everybody."""
    with house.runtime.begin() as connection:
        segments.save(connection, "Everybody", {"all": []}, BEGIN)
        texts = {"": "ACME: {{ contact.first_name }}, a candle. STOP to leave."}
        wanted = {"name": "Candles", "topic": "offers", "within": ["Everybody"], "texts": texts}
        return campaigns.create(connection, campaigns.read(wanted), BEGIN)
