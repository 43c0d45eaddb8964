"""How often keywords are texted, counted from the texts themselves: no counter is kept for which turns would have to wait."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, literal_column, select

from models import Keyword, Message
from models.base import UtcDateTime, one_of

DAYS = 30
MOST = 10_000  # of one keyword: nobody counts further

_keyword, _message = Keyword.__table__, Message.__table__.c
_its = _message.keyword_id == _keyword.c.id
_lately = _message.at > bindparam("since", type_=UtcDateTime())
_some = select(literal_column("1")).where(_its, _lately).limit(MOST + 1).correlate(_keyword).subquery()
_last = select(_message.at).where(_its).order_by(_message.at.desc()).limit(1).correlate(_keyword)
HITS = select(
    _keyword.c.id,
    select(func.count()).select_from(_some).scalar_subquery().label("texts"),
    _last.scalar_subquery().label("last_at"),
).where(one_of(_keyword.c.id, "ids"))


@dataclass(frozen=True, slots=True)
class Hits:
    """The texts that a keyword had in the last DAYS, MOST at most; `more`: there were more; `last_at`: ever."""

    texts: int
    more: bool
    last_at: datetime | None


def hits(connection: Connection, ids: Collection[int], now: datetime) -> dict[int, Hits]:
    """By the ids of keywords; `now`: business time. A text that a dialog heard is of the dialog."""
    rows = connection.execute(HITS, {"ids": list(ids), "since": now - timedelta(days=DAYS)})
    return {row.id: Hits(min(row.texts, MOST), row.texts > MOST, row.last_at) for row in rows}
