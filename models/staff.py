"""Who may use the programs' door, and what they have been answered."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ApiToken(Base):
    """What a program shows to be let in. Only its hash is kept: it is shown once, when it is made."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))
    made_at: Mapped[datetime]  # machine time, like the others
    used_at: Mapped[datetime | None]  # to the minute
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """What a request has been answered, for when it comes again. Written in the transaction that does what it asks."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("ix_idempotency_key_at", "at"), Index("ix_idempotency_key_about", "about"))

    token_id: Mapped[int] = mapped_column(ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[str]  # a keyed hash of method, path and body: another request with the same key is a mistake
    about: Mapped[str | None]  # whose number it names, as in the suppression list: forgotten when they are erased
    status: Mapped[int]
    body: Mapped[str]
    at: Mapped[datetime]  # machine time
