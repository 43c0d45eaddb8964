"""Who changed what, with how it was before. Of contacts it keeps what was changed, never the values: those can be erased."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.staff.accounts import Staff
from models import AuditEntry, insert

BY_COMMAND = "parley"  # who types commands is known to the machine, not to us


def audit(
    connection: Connection, by: Staff | str | None, did: str, about: str, now: datetime, before: Any = None, after: Any = None
) -> None:
    """Write it down in the transaction that does it: "keyword.changed", "keyword 3". `now`: machine time.

    `by`: somebody of the shop, the name of a program, or None for who types commands.
    """
    known = {"staff_id": by.id, "who": by.email} if isinstance(by, Staff) else {"staff_id": None, "who": by or BY_COMMAND}
    connection.execute(insert(AuditEntry).values(at=now, did=did, about=about, before=before, after=after, **known))


def entries(
    connection: Connection, before_id: int | None = None, limit: int = 50, about: str | None = None
) -> Sequence[Row[Any]]:
    """The newest first, from the one before that id."""
    query = select(AuditEntry.__table__).order_by(AuditEntry.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    if about is not None:
        query = query.where(AuditEntry.about == about)
    return connection.execute(query).all()
