"""How each of the staff wants to be told of what: in the bell of the pages alone, by e-mail, or by a text to their phone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from bot import staff
from bot.alerts.kinds import KINDS, concerns
from bot.catalogue import NoShop, catalogue
from bot.consent.ledger import digest
from bot.runtime import Runtime
from bot.settings import Settings
from models import Staff, Suppression
from models.phone import country_of, display

BELL, EMAIL, TEXT = WAYS = ("bell", "email", "text")


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody has chosen. `ways`: of the kinds that concern them."""

    ways: Mapping[str, str]
    phone: str | None
    mails: bool  # there is a mail server
    stopped: bool  # their phone said STOP: nothing is texted to it
    code: str | None  # what it has to text us first; None: it has, or there is no phone
    number: str | None  # ours, that it texts; None: there is none


def choice(runtime: Runtime, connection: Connection, staff_id: int) -> Choice:
    """What somebody of the staff has chosen, or gets unless they do."""
    row = staff.find(connection, staff_id)
    stopped, number = False, None
    if row.phone:
        number = _number(connection, row.phone)
        listed = select(Suppression.digest).where(Suppression.digest == digest(runtime.suppression_key, row.phone))
        stopped = connection.execute(listed).first() is not None
    ways = {kind: _wanted(row, kind) for kind in concerns(row.role)}
    return Choice(ways, row.phone, runtime.settings.smtp_url is not None, stopped, row.phone_code, number)


def choose(connection: Connection, staff_id: int, ways: Mapping[str, str], phone: str | None) -> tuple[Any, Any]:
    """Keep what they have chosen. How it was, and how it is, with the phone masked: what is kept of it outlives it."""
    row = staff.find(connection, staff_id, locked=True)
    changes: dict[str, Any] = {"alerts": dict(ways)}
    if phone != row.phone:
        changes |= {"phone": phone, "phone_code": staff.new_code() if phone else None, "phone_proved_at": None}
    connection.execute(update(Staff).where(Staff.id == staff_id).values(**changes))
    return _shown({kind: _wanted(row, kind) for kind in ways}, row.phone), _shown(ways, phone)


def way(row: Any, kind: str, settings: Settings) -> str:
    """The way in which somebody, a row of theirs, can be told now."""
    wanted = _wanted(row, kind) if kind in concerns(row.role) else BELL
    can = {EMAIL: settings.smtp_url is not None, TEXT: row.phone is not None}
    return wanted if can.get(wanted) else BELL


def _wanted(row: Any, kind: str) -> str:
    unless = EMAIL if row.role in KINDS[kind].told_first else BELL
    wanted: str = (row.alerts or {}).get(kind, unless)
    return wanted


def _number(connection: Connection, phone: str) -> str | None:
    try:
        return catalogue(connection).sender_for(country_of(phone))
    except NoShop:
        return None


def _shown(ways: Mapping[str, str], phone: str | None) -> dict[str, Any]:
    return {**ways, "phone": display(phone) if phone else None}
