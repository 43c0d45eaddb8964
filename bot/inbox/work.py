"""What people do with a thread: each thing is written down in it, for the others to see. The contact's row is locked first."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select, update

from bot import staff, talk
from bot.effects import WITH_STAFF_FOR
from bot.text.clean import clean
from models import Contact, Message, Thread, ThreadEntry, insert

SNOOZES = ("hour", "tomorrow", "monday")
MORNING = time(9)
LONGEST_NOTE = 2_000  # characters

THREAD = Thread.__table__


class InboxError(ValueError):
    """It cannot be done; `problems` says which field is wrong, and why."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{field}: {message}" for field, message in problems))


def write(connection: Connection, contact_id: int, who: staff.Staff, did: str, now: datetime, words: str = "") -> None:
    """Write into the thread what somebody did."""
    row = {"contact_id": contact_id, "at": now, "staff_id": who.id, "who": who.name, "did": did, "words": words}
    connection.execute(insert(ThreadEntry).values(**row))


def change(connection: Connection, contact_id: int, now: datetime, **values: Any) -> None:
    """Say anew how a thread stands; there is one from now on."""
    connection.execute(insert(THREAD).values(contact_id=contact_id, closed=False, at=now).on_conflict_do_nothing())
    connection.execute(update(THREAD).where(THREAD.c.contact_id == contact_id).values(**values, at=now))


def note(connection: Connection, contact_id: int, who: staff.Staff, words: str, now: datetime) -> None:
    """Words for colleagues; the contact never sees them. Raises InboxError."""
    words = clean(words).strip()
    if not words or len(words) > LONGEST_NOTE:
        raise InboxError(("note", f"1 to {LONGEST_NOTE} letters that one can see"))
    change(connection, contact_id, now)
    write(connection, contact_id, who, "note", now, words)


def assign(connection: Connection, contact_id: int, who: staff.Staff, to: Any, now: datetime) -> None:
    """It is theirs from now on: the row of an account, or None for nobody's."""
    change(connection, contact_id, now, staff_id=to.id if to is not None else None)
    write(connection, contact_id, who, "assigned", now, to.name if to is not None else "")


def close(connection: Connection, contact_id: int, who: staff.Staff, now: datetime, seen: int) -> None:
    """Nothing is left to do; the bot answers again. Their next text that needs a person opens it.

    `seen`: their newest text that was looked at. Raises InboxError where a later one needs somebody.
    """
    if served(connection, contact_id, now, seen, closed=True):
        raise InboxError(("", "they have texted meanwhile: look at it first"))
    write(connection, contact_id, who, "closed", now)
    connection.execute(update(Contact).where(Contact.id == contact_id).values(with_staff_until=None))


def reopen(connection: Connection, contact_id: int, who: staff.Staff, now: datetime) -> None:
    """There is something left to do."""
    change(connection, contact_id, now, closed=False, waits_since=func.coalesce(THREAD.c.waits_since, now), snoozed_until=None)
    write(connection, contact_id, who, "reopened", now)


def snooze(connection: Connection, contact_id: int, who: staff.Staff, until: datetime, now: datetime) -> None:
    """It waits again from then on, or from their next text."""
    since = func.coalesce(THREAD.c.waits_since, now)
    change(connection, contact_id, now, closed=False, waits_since=since, snoozed_until=until)
    write(connection, contact_id, who, "snoozed", now, until.isoformat())


def snoozed_until(which: str, now: datetime, zone: str) -> datetime:
    """An hour from now, or at nine in the shop's zone: the next day, or the next Monday. `which`: of SNOOZES."""
    if which == "hour":
        return now + timedelta(hours=1)
    today = now.astimezone(ZoneInfo(zone)).date()
    ahead = 1 if which == "tomorrow" else 7 - today.weekday()
    return datetime.combine(today + timedelta(days=ahead), MORNING, ZoneInfo(zone))


def take_over(connection: Connection, contact_id: int, who: staff.Staff, now: datetime) -> None:
    """Dialogs fall silent for a day, or until they are let go on. A dialog that waits for an answer keeps its place."""
    silence(connection, contact_id, now)
    change(connection, contact_id, now, closed=False, staff_id=func.coalesce(THREAD.c.staff_id, who.id))
    write(connection, contact_id, who, "took_over", now)


def give_back(connection: Connection, contact_id: int, who: staff.Staff, now: datetime) -> None:
    """Dialogs hear the contact's next text again: the one that waited for an answer goes on where it was."""
    connection.execute(update(Contact).where(Contact.id == contact_id).values(with_staff_until=None))
    change(connection, contact_id, now)
    write(connection, contact_id, who, "gave_back", now)


def end_dialog(connection: Connection, contact_id: int, who: staff.Staff, now: datetime) -> bool:
    """The dialog that waits for an answer ends, with those that opened it. False: there is none any more."""
    ended = talk.end_listening(connection, contact_id)
    if ended:
        change(connection, contact_id, now)
        write(connection, contact_id, who, "ended_dialog", now, ended)
    return bool(ended)


def silence(connection: Connection, contact_id: int, now: datetime) -> None:
    """A person answers now."""
    until = update(Contact).where(Contact.id == contact_id).values(with_staff_until=now + WITH_STAFF_FOR)
    connection.execute(until)


def served(connection: Connection, contact_id: int, now: datetime, seen: int, **more: Any) -> bool:
    """Nobody waits any more for an answer to a text up to the one that was seen. Whether a later one still needs somebody."""
    needs = (Message.contact_id == contact_id) & (Message.direction == "in") & Message.for_person
    connection.execute(update(Message).where(needs, Message.id <= seen).values(for_person=False))
    since = connection.scalar(select(func.min(Message.at)).where(needs))
    change(connection, contact_id, now, **{"closed": False, "waits_since": since, "snoozed_until": None, **more})
    return since is not None
