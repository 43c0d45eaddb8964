"""A tag put on contacts, or taken off them: some at once, or all who are looked for, slice by slice."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, literal, select, update
from sqlalchemy.exc import OperationalError

from bot.contacts.records import CONTACT
from bot.contacts.search import TAG, Wanted, condition
from bot.runtime import Runtime
from models import Tagging, insert

log = logging.getLogger(__name__)

SLICE = 5_000  # ids of contacts in one transaction
BEGUN = select(Tagging.__table__).order_by(Tagging.id)


def tag(connection: Connection, contact_ids: Sequence[int], named: str, adds: bool) -> None:
    """Put a tag on these contacts, or take it off them."""
    _tag(connection, CONTACT.c.id.in_(contact_ids), named, adds)


def tag_all(connection: Connection, wanted: Wanted, named: str, adds: bool, now: datetime) -> None:
    """Begin to do so with all who are looked for and are contacts by now. Raises as `condition`."""
    condition(connection, wanted, now)
    last_id = connection.scalar(select(func.max(CONTACT.c.id))) or 0
    known = {"tag": named, "adds": adds, "wanted": asdict(wanted), "at": now, "last_id": last_id}
    connection.execute(insert(Tagging).values(**known, taken_to=0))


def under_way(connection: Connection) -> Sequence[Row[Any]]:
    """What is being tagged, the first begun first."""
    return connection.execute(BEGUN).all()


def tag_slice(runtime: Runtime) -> bool:
    """See to the next contacts of what was begun first. False when nothing is under way."""
    with runtime.read() as connection:
        row = connection.execute(BEGUN.limit(1)).one_or_none()
    if row is None:
        return False
    try:
        _slice(runtime, row.id)
    except OperationalError:  # the database, not what is asked: later, and campaigns go on meanwhile
        log.exception("a slice of contacts cannot be tagged now")
        return False
    except Exception:
        log.exception("tagging %s cannot be seen to any further", row.id)
        with runtime.begin() as connection:
            connection.execute(delete(Tagging).where(Tagging.id == row.id))
    return True


def _slice(runtime: Runtime, tagging_id: int) -> None:
    """One slice, in one transaction with the mark of how far we are."""
    with runtime.begin() as connection:
        mine = BEGUN.where(Tagging.id == tagging_id).with_for_update()
        row = connection.execute(mine).one_or_none()
        if row is None:
            return
        last = min(row.taken_to + SLICE, row.last_id)
        where = condition(connection, Wanted(**row.wanted), row.at)
        _tag(connection, (CONTACT.c.id > row.taken_to) & (CONTACT.c.id <= last) & where, row.tag, row.adds)
        over = last >= row.last_id
        this = Tagging.id == row.id
        connection.execute(delete(Tagging).where(this) if over else update(Tagging).where(this).values(taken_to=last))


def _tag(connection: Connection, where: ColumnElement[bool], named: str, adds: bool) -> None:
    if not adds:
        connection.execute(delete(TAG).where(TAG.c.tag == named, TAG.c.contact_id.in_(select(CONTACT.c.id).where(where))))
        return
    who = select(CONTACT.c.id, literal(named)).where(where).order_by(CONTACT.c.id)  # as all do who lock several
    who = who.with_for_update(read=True, key_share=True)  # nobody is erased in between
    connection.execute(insert(TAG).from_select(["contact_id", "tag"], who).on_conflict_do_nothing())
