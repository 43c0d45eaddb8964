"""The switch for all that leaves: while sending is halted, nothing is handed to the carrier, and nothing is lost: it waits.

Only what confirms STOP, START and HELP still goes. Texts are heard, dialogs go on, campaigns begin.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update

from bot.outbox.claim import GOOD_FOR
from bot.outbox.settling import wait_for_all
from bot.runtime import Runtime
from bot.staff import Staff, audit
from bot.staff.audit import BY_COMMAND
from models import IS_HALTED, Campaign, Halt, Message, Shop, insert
from models.message import in_state

HALT = Halt.__table__
_loose = and_(in_state("ready"), Message.batch_id.is_(None))  # as its index says
MOST_COUNTED = 10_000  # texts: how many more there are would cost each page more than it tells
_some = select(Message.kind, Message.made_at).where(_loose).order_by(Message.not_before).limit(MOST_COUNTED + 1).subquery()
_too_late = or_(*(and_(_some.c.kind == kind, _some.c.made_at < bindparam(f"{kind}_since")) for kind in GOOD_FOR))
_texts = select(func.count()).select_from(_some).scalar_subquery().label("texts")
_late = select(func.count()).select_from(_some).where(_too_late).scalar_subquery().label("late")
_campaigns = select(func.count()).select_from(Campaign).where(Campaign.state == "sending").scalar_subquery().label("campaigns")
# A database that was restored in part may lack the row: all may leave then, and pages tell so.
_since, _by = (select(one).scalar_subquery().label(one.name) for one in (HALT.c.halted_at, HALT.c.halted_by))
SENDING: Any = select(_since, _by, _texts, _late, _campaigns)
_revision = select(Shop.revision).scalar_subquery().label("revision")
# Every page asks this: nothing is counted unless there is something to tell.
FRAME: Any = select(
    _since, _by, _revision, case((IS_HALTED, _texts)).label("texts"), case((IS_HALTED, _campaigns)).label("campaigns"),
)  # fmt: skip


class Sending(NamedTuple):
    """Whether all may leave, and how much is waiting for it or under way."""

    halted_at: datetime | None  # machine time; None: all may leave
    halted_by: str | None
    texts: int  # of dialogs, staff and programs; MOST_COUNTED + 1: more than that
    late: int  # of these: answers and alerts that come too late by now, and will be refused
    campaigns: int


def halt(runtime: Runtime, connection: Connection, by: Staff | str | None) -> bool:
    """Write down that nothing may leave: it is so once that is committed and `wait_until_halted` is over. False: it was already.

    `by`: see staff.audit.
    """
    now, name = runtime.machine_now(), by.name if isinstance(by, Staff) else by or BY_COMMAND
    news = insert(HALT).values(id=1, halted_at=now, halted_by=name)
    known = {"halted_at": news.excluded.halted_at, "halted_by": news.excluded.halted_by}
    mine = news.on_conflict_do_update(index_elements=["id"], set_=known, where=HALT.c.halted_at.is_(None))
    if connection.execute(mine.returning(HALT.c.id)).first() is None:
        return False
    audit(connection, by, "sending.halted", "sending", now)
    return True


def wait_until_halted(runtime: Runtime) -> None:
    """Whoever had looked before it was halted has marked what he claims or answered; then the calls under way end."""
    with runtime.begin() as connection:
        connection.execute(select(HALT.c.id).with_for_update())
    wait_for_all(runtime)


def resume(runtime: Runtime, connection: Connection, by: Staff | str | None, was: str | None = None) -> bool:
    """Let all leave again that has waited; the gate is asked as ever. False: nothing was halted, or since another instant.

    `was`: the `halted_at` that whoever lets it go on has seen, as ISO writes it. Another halt, which came since, stays.
    """
    before = connection.execute(select(HALT.c.halted_at, HALT.c.halted_by)).one_or_none()
    if before is None or before.halted_at is None or was not in (None, before.halted_at.isoformat()):
        return False
    mine = update(HALT).where(HALT.c.halted_at == before.halted_at).values(halted_at=None, halted_by=None)
    if not connection.execute(mine).rowcount:
        return False
    known = {"halted_at": before.halted_at.isoformat(), "halted_by": before.halted_by}
    audit(connection, by, "sending.resumed", "sending", runtime.machine_now(), before=known)
    return True


def sending(runtime: Runtime, connection: Connection) -> Sending:
    """How it stands now."""
    now = runtime.machine_now()
    return Sending(*connection.execute(SENDING, {f"{kind}_since": now - good_for for kind, good_for in GOOD_FOR.items()}).one())


def frame(connection: Connection) -> Any:
    """What every page asks for, at once: since when nothing leaves (None: all may), who said so, how many texts and campaigns
    wait; and the revision of the catalogue."""
    return connection.execute(FRAME).one()
