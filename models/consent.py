"""What people agreed to and refused: an append-only ledger, its proofs, the state now, and who must never be texted.

The ledger knows a random person key only. Wording and texts lie in the proof, which can be erased; its hash stays in the
chain, so an erased proof cannot be replaced by another one.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

OPT_OUT = text("consent_event.change = 'out'")  # as its index says it: SQLite finds it in no other way

class ConsentEvent(Base):
    """One change of consent. The database refuses to alter or delete it."""

    __tablename__ = "consent_event"
    __table_args__ = (
        UniqueConstraint("person", "seq"),
        Index("ix_consent_event_out", "at", postgresql_where=text("change = 'out'"), sqlite_where=text("change = 'out'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str]
    seq: Mapped[int]  # 1, 2, 3 … of this person: two writers cannot both append the same link
    topic: Mapped[str]  # a topic's slug, or * for everything
    change: Mapped[str]  # in | out | lifted | refused
    source: Mapped[str]  # text, carrier, …
    at: Mapped[datetime]  # business time
    proof_hash: Mapped[str]
    prev_hash: Mapped[str]
    hash: Mapped[str]


class ConsentProof(Base):
    """What was shown and what was answered, word for word. Erasable."""

    __tablename__ = "consent_proof"

    event_id: Mapped[int] = mapped_column(ForeignKey("consent_event.id"), primary_key=True)
    wording: Mapped[str]  # what we had asked or said
    text: Mapped[str]  # what they wrote
    sid: Mapped[str | None]  # the carrier's id of their text
    phone: Mapped[str]
    salt: Mapped[str]  # keeps the hash in the chain from being guessed once the proof is erased


class Subscription(Base):
    """The state now: is this contact in for this topic? Always what the ledger's events add up to."""

    __tablename__ = "subscription"

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]  # in | out
    proof: Mapped[str]  # single | double
    event_id: Mapped[int] = mapped_column(ForeignKey("consent_event.id"))
    at: Mapped[datetime]


class Suppression(Base):
    """A number that must not be texted, as a keyed hash: it outlives the contact and tells nobody's number."""

    __tablename__ = "suppression"

    digest: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str]  # which key made the digest
    event_id: Mapped[int] = mapped_column(ForeignKey("consent_event.id"))
    at: Mapped[datetime]
