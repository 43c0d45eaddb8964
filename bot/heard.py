"""Does it work? The last text that came in, what was answered, and whether the person has agreed to get texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from models import Message, Subscription

ANSWERED = ("answered", "sent")  # what was refused, or waits, is no answer
MOST = 6  # texts, theirs and ours
_message = Message.__table__
LOOKED_AT = 10_000  # of the latest texts both ways: after a large campaign nobody looks further back
_newest = select(func.max(_message.c.id)).scalar_subquery()
LAST = (
    select(_message)
    .where(_message.c.direction == "in", _message.c.id > _newest - LOOKED_AT)
    .order_by(_message.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Heard:
    """The last texts of whoever texted last, oldest first."""

    texts: Sequence[Row[Any]] = ()
    answered: bool = False  # the last one of theirs
    agreed: bool = False  # they, to some topic

    @property
    def mark(self) -> str:
        """Changes whenever something of it does."""
        return f"{self.texts[-1].id if self.texts else 0}-{self.answered:d}{self.agreed:d}"


def heard(connection: Connection) -> Heard:
    """What has come of the last text, if there is one."""
    last = connection.execute(LAST).one_or_none()
    if last is None:
        return Heard()
    if last.contact_id is None:  # a short code, a name: never answered
        return Heard([last])
    theirs = select(_message).where(_message.c.contact_id == last.contact_id).order_by(_message.c.id.desc()).limit(MOST)
    texts = connection.execute(theirs).all()[::-1]
    answered = any(one.direction == "out" and one.id > last.id and one.state in ANSWERED for one in texts)
    agreed = exists().where(Subscription.contact_id == last.contact_id, Subscription.state == "in")
    return Heard(texts, answered, bool(connection.scalar(select(agreed))))
