"""Phones of the shop's people: one is somebody's once it has texted us the code that their account shows."""

import re
import secrets
from datetime import datetime

from sqlalchemy import Connection, update

from bot.staff.accounts import staff
from bot.staff.audit import audit
from models import Staff

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another one
_SAID = re.compile(r"parley ([a-z0-9]{6})")


def new_code() -> str:
    """A code, as a text of it reads once it is folded."""
    return "".join(secrets.choice(LETTERS) for _ in range(6))


def prove(connection: Connection, phone: str, folded: str, now: datetime) -> bool:
    """Whether this text shows that a phone is somebody's of the shop: from now on alerts go to it. `now`: machine time."""
    said = _SAID.fullmatch(folded)
    if said is None:
        return False
    theirs = update(Staff).where(Staff.phone == phone, Staff.phone_code == said[1], Staff.closed_at.is_(None))
    found = connection.execute(theirs.values(phone_proved_at=now, phone_code=None).returning(*Staff.__table__.c)).all()
    for row in found:
        audit(connection, staff(row), "phone.proved", f"staff {row.id}", now)
    return bool(found)
