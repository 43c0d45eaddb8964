"""Who may come in: the people of the shop, by what they show, and programs; and who changed what."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import NEVER_AGAIN, Base, Json


class Staff(Base):
    """One person of the shop. All times of this page are machine time."""

    __tablename__ = "staff"
    __table_args__ = (NEVER_AGAIN,)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)  # in small letters
    name: Mapped[str]
    role: Mapped[str]  # see bot.staff.ROLES
    language: Mapped[str | None]  # of the pages; None: that of the browser
    password: Mapped[str | None]  # argon2id; None: they have not chosen one yet
    totp_secret: Mapped[str | None]  # of the second step, where they want one
    totp_step: Mapped[int | None]  # the last one that was used: no code opens twice
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]  # they may not come in any more
    alerts: Mapped[Any | None] = mapped_column(Json)  # kind of alert -> how they want to be told; None: never chosen
    phone: Mapped[str | None]  # E.164, for alerts by text
    phone_code: Mapped[str | None]  # what that phone has to text us before anything is texted to it
    phone_proved_at: Mapped[datetime | None]  # it has
    alerts_seen_at: Mapped[datetime | None]  # what was told until then is not new to them


class StaffSession(Base):
    """Somebody is signed in, in one browser. What it shows is kept as a hash."""

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]
    browser: Mapped[str]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]  # to the minute


class StaffLink(Base):
    """A link that lets somebody choose a password, once: an invitation, or a way back in."""

    __tablename__ = "staff_link"

    digest: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    ends_second_step: Mapped[bool]  # whoever uses it has lost their codes
    expires_at: Mapped[datetime]


class Try(Base):
    """Somebody is trying a password, or tried a wrong one: too many close the door for a while. Right ones are forgotten."""

    __tablename__ = "try"
    __table_args__ = (Index("ix_try_whose_at", "whose", "at"), Index("ix_try_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    whose: Mapped[str]  # a keyed hash of the account, of where it comes from, or of both
    at: Mapped[datetime]


class AuditEntry(Base):
    """Who changed what, and how it was before. Nothing is changed in it, nothing taken out."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_about", "about"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"), index=True)
    who: Mapped[str]  # their address; "parley" for a command
    did: Mapped[str]  # such as "keyword.changed"
    about: Mapped[str]  # such as "keyword 3"
    before: Mapped[Any | None] = mapped_column(Json)
    after: Mapped[Any | None] = mapped_column(Json)


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
