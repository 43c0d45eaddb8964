"""A tag put on contacts, or taken off them: some at once, or all who are looked for, slice by slice."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, literal, select, update
from sqlalchemy.exc import OperationalError

from bot import segments
from bot.contacts.records import CONTACT, ContactError
from bot.contacts.search import TAG, Wanted, condition
from bot.runtime import Runtime
from models import Tagging, insert

log = logging.getLogger(__name__)

SLICE = 5_000  # ids of contacts in one transaction
MOST_ATTEMPTS = 10  # that fail one after the other: then it stops, until somebody says what shall be done
ALL = select(Tagging.__table__).order_by(Tagging.id)
GOES_ON = Tagging.attempts < MOST_ATTEMPTS


def tag(connection: Connection, contact_ids: Sequence[int], named: str, adds: bool) -> None:
    """Put a tag on these contacts, or take it off them. Raises ContactError while the opposite is under way for many.

    Else what is done here would hold for those who have been passed already, and be undone for the others.
    """
    opposite = select(Tagging.id).where(GOES_ON, Tagging.tag == named, Tagging.adds.is_not(adds)).limit(1)
    if connection.execute(opposite).first() is not None:
        raise ContactError(("tag", "this tag is on its way to many contacts: change it here once that is over"))
    _tag(connection, CONTACT.c.id.in_(contact_ids), named, adds)


def tag_all(connection: Connection, wanted: Wanted, named: str, adds: bool, now: datetime) -> None:
    """Begin to do so with all who are looked for and are contacts by now. Raises as `condition`."""
    condition(connection, wanted, now)
    last_id = connection.scalar(select(func.max(CONTACT.c.id))) or 0
    known = {"tag": named, "adds": adds, "wanted": asdict(wanted), "at": now, "last_id": last_id}
    connection.execute(insert(Tagging).values(**known, taken_to=0))


def taggings(connection: Connection) -> Sequence[Row[Any]]:
    """What is being tagged or has stopped, the first begun first; `attempts`: see MOST_ATTEMPTS."""
    return connection.execute(ALL).all()


def try_again(connection: Connection, tagging_id: int) -> Row[Any] | None:
    """Let one that has stopped go on from where it is. Its row; None when it is over."""
    again = update(Tagging.__table__).where(Tagging.id == tagging_id).values(attempts=0, why="")
    return connection.execute(again.returning(*Tagging.__table__.c)).one_or_none()


def drop(connection: Connection, tagging_id: int) -> Row[Any] | None:
    """Let it be: those who have been passed keep what they got. Its row; None when it is over."""
    gone = delete(Tagging.__table__).where(Tagging.id == tagging_id).returning(*Tagging.__table__.c)
    return connection.execute(gone).one_or_none()


def tag_slice(runtime: Runtime) -> bool:
    """See to the next contacts of what was begun first and has not stopped. False when there is none, or not now.

    Who fails is tried again by whoever looks next, so many times; what cannot be at all (its segment is gone) stops at once.
    """
    with runtime.read() as connection:
        row = connection.execute(ALL.where(GOES_ON).limit(1)).one_or_none()
    if row is None:
        return False
    try:
        _slice(runtime, row.id)
    except OperationalError:  # the database, not what is asked: later, and campaigns go on meanwhile
        log.exception("a slice of contacts cannot be tagged now")
        _failed(runtime, row.id, attempts=Tagging.attempts + 1)
        return False
    except Exception as error:
        log.exception("tagging %s cannot be seen to any further", row.id)
        _failed(runtime, row.id, attempts=MOST_ATTEMPTS, why=str(error) if isinstance(error, segments.BadRule) else "")
    return True


def _failed(runtime: Runtime, tagging_id: int, **known: Any) -> None:
    with runtime.begin() as connection:
        connection.execute(update(Tagging).where(Tagging.id == tagging_id).values(**known))


def _slice(runtime: Runtime, tagging_id: int) -> None:
    """One slice, in one transaction with the mark of how far we are."""
    with runtime.begin() as connection:
        mine = ALL.where(Tagging.id == tagging_id).with_for_update()
        row = connection.execute(mine).one_or_none()
        if row is None:
            return
        last = min(row.taken_to + SLICE, row.last_id)
        where = condition(connection, Wanted(**row.wanted), row.at)
        _tag(connection, (CONTACT.c.id > row.taken_to) & (CONTACT.c.id <= last) & where, row.tag, row.adds)
        over = last >= row.last_id
        this = Tagging.id == row.id
        connection.execute(delete(Tagging).where(this) if over else update(Tagging).where(this).values(taken_to=last, attempts=0))


def _tag(connection: Connection, where: ColumnElement[bool], named: str, adds: bool) -> None:
    if not adds:
        connection.execute(delete(TAG).where(TAG.c.tag == named, TAG.c.contact_id.in_(select(CONTACT.c.id).where(where))))
        return
    who = select(CONTACT.c.id, literal(named)).where(where).order_by(CONTACT.c.id)  # as all do who lock several
    who = who.with_for_update(read=True, key_share=True)  # nobody is erased in between
    connection.execute(insert(TAG).from_select(["contact_id", "tag"], who).on_conflict_do_nothing())
