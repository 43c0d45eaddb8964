"""Accounts: one for each person, with the role that says what they may do."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from models import Staff as Account
from models import StaffLink, StaffSession, insert

ROLES = ("viewer", "agent", "marketer", "launcher", "admin")
"""Each may do what those before it may, and more: see the reference."""

_RANK = {role: rank for rank, role in enumerate(ROLES)}
# Letters that look like others could pass for somebody else.
_EMAIL = re.compile(r"[a-z0-9.!#$%&*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_FILLERS = "\u115f\u1160\u3164\uffa0"  # letters by name, and nothing to be seen
_JOINERS = {0x200C: None, 0x200D: None}  # within words of Persian, and of emoji
LONGEST_EMAIL, LONGEST_NAME = 254, 80  # characters


@dataclass(frozen=True, slots=True)
class Staff:
    """One person of the shop."""

    id: int
    email: str
    name: str
    role: str
    language: str | None
    has_second_step: bool

    def may(self, role: str) -> bool:
        """Whether they may do what that role may."""
        return may(self.role, role)


class StaffError(ValueError):
    """It cannot be done with this account; `field` says what is wrong, "" for the whole."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def may(role: str, wanted: str) -> bool:
    """Whether a role may do what another one may."""
    return _RANK.get(role, -1) >= _RANK[wanted]


def create(connection: Connection, email: str, name: str, role: str, now: datetime) -> int:
    """Make an account that has no password yet; its id. Raises StaffError. `now`: machine time."""
    row = {"email": _email(email), "name": _name(name), "role": _role(role), "made_at": now}
    made = insert(Account).values(**row).on_conflict_do_nothing().returning(Account.id)
    found = connection.scalar(made)
    if found is None:
        raise StaffError("somebody has an account with this address already", "email")
    return int(found)


def find(connection: Connection, which: int | str, *, locked: bool = False) -> Any:
    """The row of an account by id or address, open or closed, locked if asked for. Raises StaffError."""
    mine = Account.id == which if isinstance(which, int) else Account.email == which.strip().lower()
    query = select(Account.__table__).where(mine)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise StaffError("there is no such account")
    return row


def everybody(connection: Connection) -> Sequence[Row[Any]]:
    """All accounts, open ones first, by name; with when they were last seen."""
    seen = select(func.max(StaffSession.seen_at)).where(StaffSession.staff_id == Account.id).scalar_subquery()
    query = select(Account.__table__, seen.label("seen_at"))
    return connection.execute(query.order_by(Account.closed_at.is_not(None), func.lower(Account.name), Account.id)).all()


def change(connection: Connection, staff_id: int, **values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Other name, role or language: how these were, and how they are. Raises StaffError; there is always an admin left."""
    checked = {key: _CHECKS[key](value) if key in _CHECKS else value for key, value in values.items()}
    if checked.get("role", "admin") != "admin":
        _leave_one(connection, staff_id)
    row = find(connection, staff_id, locked=True)
    connection.execute(update(Account).where(Account.id == staff_id).values(**checked))
    return {key: getattr(row, key) for key in checked}, checked


def close(connection: Connection, staff_id: int, now: datetime) -> None:
    """They do not come in any more; what they did stays. Raises StaffError. `now`: machine time."""
    _leave_one(connection, staff_id)
    closed = update(Account).where(Account.id == staff_id, Account.closed_at.is_(None)).values(closed_at=now)
    if not connection.execute(closed).rowcount:
        raise StaffError("this account is closed")
    for theirs in (StaffSession, StaffLink):
        connection.execute(delete(theirs).where(theirs.staff_id == staff_id))


def reopen(connection: Connection, staff_id: int) -> None:
    """They may come in again, with a new password. Raises StaffError."""
    again = {"closed_at": None, "password": None, "totp_secret": None, "totp_step": None}
    reopened = update(Account).where(Account.id == staff_id, Account.closed_at.is_not(None)).values(**again)
    if not connection.execute(reopened).rowcount:
        raise StaffError("this account is open")


def staff(row: Any) -> Staff:
    """An account's row as pages know it."""
    return Staff(row.id, row.email, row.name, row.role, row.language, row.totp_secret is not None)


def _leave_one(connection: Connection, staff_id: int) -> None:
    """Of the admins who can come in one must stay. They are locked, all in one order, so that two do not leave at once."""
    admins = select(Account.id).where(Account.role == "admin", Account.closed_at.is_(None), Account.password.is_not(None))
    if set(connection.scalars(admins.order_by(Account.id).with_for_update())) == {staff_id}:
        raise StaffError("this is the only admin: make somebody else one first", "role")


def _email(email: str) -> str:
    email = email.strip().lower()
    if len(email) > LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise StaffError("write it like name@shop.example", "email")
    return email


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise StaffError(f"a name of at most {LONGEST_NAME} letters", "name")
    if not any(sign.isalnum() and sign not in _FILLERS for sign in name) or not name.translate(_JOINERS).isprintable():
        raise StaffError("a name that others can read", "name")
    return name


def _role(role: str) -> str:
    if role not in ROLES:
        raise StaffError(f"one of: {', '.join(ROLES)}", "role")
    return role


_CHECKS: Mapping[str, Callable[[str], str]] = {"name": _name, "role": _role}
