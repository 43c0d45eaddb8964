"""How the shop is doing: seven days against the seven before, what is under way, and what needs somebody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, case, func, literal, select

from bot import campaigns, inbox
from bot.catalogue import Catalogue, catalogue
from bot.held import Held, held
from bot.processes import QUEUES, alive, worker
from bot.runtime import Runtime
from bot.segments import reachable
from models import ConsentEvent, Contact, Message, Refusal
from models.base import Id, UtcDateTime
from models.consent import OPT_OUT
from models.message import in_state

DAYS = 7
BEFORE = -1  # the place of the period before, among the days
SLACK_FOR = timedelta(hours=1)  # ids follow time, but for as long as a transaction may last
MOST_CAMPAIGNS = 5

_message = Message.__table__.c
_instant = UtcDateTime()


def _first_since() -> Any:
    """The id after which texts are no older than `since`, found by halves: an index on the time would cost every text."""
    last = select(func.coalesce(func.max(_message.id), 0)).scalar_subquery()
    place = select(literal(0, Id).label("low"), last.label("high")).cte("place", recursive=True)
    middle = (place.c.low + place.c.high) // 2
    next_at = select(_message.at).where(_message.id > middle).order_by(_message.id).limit(1).scalar_subquery()
    is_old = next_at < bindparam("since", type_=_instant)
    halves = case((is_old, middle + 1), else_=place.c.low), case((is_old, place.c.high), else_=middle)
    place = place.union_all(select(*halves).where(place.c.low < place.c.high))
    return select(func.max(place.c.low))


_day = case(
    *((_message.at >= bindparam(f"day_{day}", type_=_instant), day) for day in reversed(range(DAYS))),
    (_message.at < bindparam("before_to", type_=_instant), BEFORE),
)
_left = in_state("sent") & (_message.direction == "out")

FIRST = _first_since()
TEXTS = (
    select(
        _day.label("day"),
        func.count().filter(_message.direction == "in").label("heard"),
        func.count().filter(_left).label("sent"),
        func.count().filter(_left, _message.status.in_(("delivered", "read"))).label("delivered"),
    )
    .where(_message.id > bindparam("first"), _message.at >= bindparam("before_from", type_=_instant))
    .group_by("day")
)


def _in_each(at: Any) -> list[Any]:
    """How many rows are of this period, and of the one before."""
    since, before_from, before_to = (bindparam(name, type_=_instant) for name in ("since", "before_from", "before_to"))
    return [func.count().filter(at >= since), func.count().filter(at >= before_from, at < before_to)]


CONTACTS = select(
    func.count(), func.count().filter(reachable()), func.count(Contact.heard_at), *_in_each(Contact.made_at)
).select_from(Contact)
REAL_CONTACTS = CONTACTS.where(Contact.sample.is_(False))  # on a real carrier the demo's people are nobody
# As its index says it: SQLite finds a partial index in no other way.
_asked = in_state("sending", "answered", "unknown") & (_message.state == "unknown")
_unknown = select(func.count()).where(_asked).select_from(Message).scalar_subquery()
_opted_out = OPT_OUT & (ConsentEvent.at >= bindparam("before_from", type_=_instant))
_turned_away = select(func.coalesce(func.sum(Refusal.times), 0)).where(Refusal.at >= bindparam("hour_ago", type_=_instant))
OPT_OUTS_AND_UNKNOWN = select(*_in_each(ConsentEvent.at), _unknown, _turned_away.scalar_subquery()).where(_opted_out)


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the shop's zone until now, today the last; and as much of the seven days before, until the same hour."""

    days: Sequence[date]
    times: Mapping[str, datetime]

    @classmethod
    def until(cls, now: datetime, zone: str) -> "Period":
        """The one that ends now (business time)."""
        today = now.astimezone(ZoneInfo(zone)).date()
        days = [today - timedelta(days=ago) for ago in reversed(range(2 * DAYS))]
        begins = [datetime.combine(day, time(), ZoneInfo(zone)) for day in days]
        times = {f"day_{place}": at for place, at in enumerate(begins[DAYS:])}
        before_to = now.astimezone(ZoneInfo(zone)) - timedelta(days=DAYS)  # the same hour on the wall
        return cls(days[DAYS:], {**times, "since": begins[DAYS], "before_from": begins[0], "before_to": before_to})


@dataclass(frozen=True, slots=True)
class Figure:
    """What is counted of a period, and of the one before; None: it cannot be told."""

    now: float | None
    before: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """The texts of one day."""

    date: date
    heard: int
    sent: int


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it."""

    brand: str
    contacts: int
    reachable: int
    new: Figure  # contacts
    heard: Figure  # texts in
    sent: Figure  # texts out that left
    delivered: Figure  # the share of these that the carrier has confirmed
    opt_outs: Figure  # STOP, or out of a topic
    days: Sequence[Day]
    waits: int  # people in the inbox
    strangers: int  # texts from no telephone
    unknown: int  # texts of ours of which nobody can tell yet
    turned_away: int  # requests to the carrier's door in the last hour
    held: Held
    absent: Sequence[str]  # kinds of process of which none lives
    campaigns: Sequence[tuple[Any, campaigns.Progress]]  # that have begun and are not over
    steps: Mapping[str, bool]  # of a new shop, and whether each is done

    @property
    def begun(self) -> bool:
        """Whether nothing of the first steps is left."""
        return all(self.steps.values())


def overview(runtime: Runtime, connection: Connection) -> Overview:
    """How the shop is doing now. Raises NoShop."""
    shop, now = catalogue(connection), runtime.now(connection)
    period = Period.until(now, shop.shop.zone)
    texts = _texts(connection, period.times)
    ours = CONTACTS if runtime.carrier.is_simulated else REAL_CONTACTS
    contacts, can_be_reached, ever_heard, *new = connection.execute(ours, period.times).one()
    hour_ago = {"hour_ago": runtime.machine_now() - timedelta(hours=1)}
    *opt_outs, unknown, turned_away = connection.execute(OPT_OUTS_AND_UNKNOWN, {**period.times, **hour_ago}).one()
    waits, _, strangers = inbox.waiting(connection, 0, now)
    before, days = texts.get(BEFORE, (0, 0, 0)), [texts.get(place, (0, 0, 0)) for place in range(DAYS)]
    heard, sent, delivered = map(sum, zip(*days, strict=True))
    return Overview(
        brand=shop.shop.brand, contacts=contacts, reachable=can_be_reached, new=Figure(*new), heard=Figure(heard, before[0]),
        sent=Figure(sent, before[1]), delivered=Figure(_share(delivered, sent), _share(before[2], before[1])),
        opt_outs=Figure(*opt_outs),
        days=[Day(day, heard, sent) for day, (heard, sent, _) in zip(period.days, days, strict=True)],
        waits=waits, strangers=strangers, unknown=unknown, held=held(connection),
        turned_away=turned_away,
        absent=absent(runtime, connection), campaigns=campaigns.listed(connection, None, MOST_CAMPAIGNS, campaigns.BEGUN),
        steps=_steps(shop, ever_heard, can_be_reached),
    )  # fmt: skip


def absent(runtime: Runtime, connection: Connection) -> list[str]:
    """The kinds of process of which none lives."""
    living = alive(connection, runtime.machine_now())
    return [kind for kind in (*map(worker, QUEUES), "clock") if kind not in living]


def _texts(connection: Connection, times: Mapping[str, datetime]) -> dict[int, tuple[int, int, int]]:
    """By the place of the day: heard, sent, delivered. What lies between the two periods is of neither."""
    first = connection.scalar(FIRST, {"since": times["before_from"] - SLACK_FOR})
    rows = connection.execute(TEXTS, {**times, "first": first or 0})
    return {row.day: (row.heard, row.sent, row.delivered) for row in rows if row.day is not None}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _steps(shop: Catalogue, heard: int, can_be_reached: int) -> dict[str, bool]:
    """A shop that is there has its brand, numbers and texts: both its file and the pages make it whole."""
    return {
        "who": True, "number": bool(shop.senders), "texts": True, "keyword": bool(shop.keywords.whole), "heard": heard > 0,
        "reachable": can_be_reached > 0,
    }  # fmt: skip


def no_steps(done: Collection[str]) -> dict[str, bool]:
    """The same while there is no shop: those steps of its set-up are done."""
    return {step: step in done for step in ("who", "number", "texts", "keyword", "heard", "reachable")}
