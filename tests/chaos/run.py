"""One run: a house in full swing on one database, its processes killed all along, and the judge's verdict in the end."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from models import Message
from tests.chaos import audience
from tests.chaos.arena import Arena
from tests.chaos.case import Case, Said
from tests.chaos.crowd import Crowd
from tests.chaos.databases import Database
from tests.chaos.faults import Storm, draw, kinds
from tests.chaos.judge import judge
from tests.chaos.redis import Redis

OPEN = ("sending", "unknown", "answered")
SETTLES_FOR = 90.0  # seconds after the last fault that we look whether outcomes are known
STANDS_STILL_FOR = 60.0  # seconds without a text that leaves, although there is something left to do: we give up
ENDED_WITHIN = 20.0  # seconds that children may outlive a parent that was killed
TELL_EVERY = 10.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. `people` get each campaign; `leavers` are some of them, `talkers` are others."""

    people: int
    campaigns: int
    leavers: int
    talkers: int
    kills: int
    seconds: float
    parts_per_second: float


@dataclass(frozen=True)
class Outcome:
    """What a run has shown."""

    seconds: float
    struck: Counter[str]
    case: Case
    broken: dict[str, list[str]]
    logs: str


def run(database: Database, redis: Redis, size: Size, seed: int, tell: Callable[[str], None]) -> Outcome:
    """Everything at once for size.seconds, then calm, then the judge."""
    begun, chance = time.monotonic(), random.Random(seed)
    with Arena(database.url, careful=True, redis_url=redis.url or "") as arena:
        people, strangers = audience.phones(0, size.people), audience.phones(500_000, size.talkers)
        meant = _prepare(arena, people, size)
        tell(f"{size.people} people have agreed to offers; {size.campaigns} campaigns are scheduled")
        crowd = Crowd(arena.carrier, chance.sample(people, size.leavers), strangers, random.Random(seed))
        storm = Storm(arena, database, redis)
        over = threading.Event()
        with ThreadPoolExecutor(2) as hands:
            hands.submit(_tell, arena, storm, over, tell)
            living = hands.submit(crowd.live, size.seconds * 0.9)
            try:
                storm.rage(draw(chance, size.seconds, size.kills, kinds(database, redis)), chance, size.seconds)
                settled_after = _settle(arena)
                tell(f"calm; all outcomes known after {settled_after:.0f} s")
                living.result()
                _finish(arena, list(meant))
            finally:
                over.set()
                crowd.goes_home.set()
        case = _case(arena, meant, settled_after)
        broken = {**judge(case), "orphans": _orphans(arena)}
        return Outcome(time.monotonic() - begun, storm.struck, case, broken, arena.logs())


def _prepare(arena: Arena, people: list[str], size: Size) -> dict[int, list[Said]]:
    """Contacts, and campaigns that begin one after the other: what is meant for whom in each."""
    noon, key = arena.begin_at_noon(), arena.runtime().suppression_key
    with arena.engine.begin() as connection:
        audience.invite(connection, key, people, noon)
        audience.let_send(connection, size.parts_per_second)
    if not size.campaigns:
        return {}
    with arena.engine.begin() as connection:
        now = arena.runtime().now(connection)
        audience.segment(connection, now)
        starts = [now + timedelta(seconds=2 + size.seconds * n / size.campaigns) for n in range(size.campaigns)]
        return dict(audience.campaign(connection, f"offre {n}", people, at, now) for n, at in enumerate(starts, start=1))


def _settle(arena: Arena) -> float:
    """Seconds until nobody who was texted before now is in a state that says: outcome open."""
    calm_at, begun = datetime.now(UTC), time.monotonic()
    before = select(Message.id).where(Message.state.in_(OPEN), Message.marked_at <= calm_at).limit(1)
    while (elapsed := time.monotonic() - begun) < SETTLES_FOR and _any(arena, before):
        time.sleep(0.25)
    return elapsed


def _finish(arena: Arena, campaigns: list[int]) -> None:
    """Wait until nothing is left to do but what waits for a person, or nothing is done any more."""
    left = select(Message.id).where(Message.state.in_(("ready", *OPEN))).limit(1)
    gone, moved_at = 0, time.monotonic()
    while time.monotonic() - moved_at < STANDS_STILL_FOR:
        with arena.engine.connect() as connection:
            waiting = sum(one.waiting for one in audience.balances(connection, campaigns).values())
            held = len(connection.execute(select(Message.id).where(Message.state == "held")).all())
        if waiting <= held and not _any(arena, left):
            return
        if (now_gone := len(arena.journal("accepted"))) > gone:
            gone, moved_at = now_gone, time.monotonic()
        time.sleep(1)


def _any(arena: Arena, query: object) -> bool:
    try:
        with arena.engine.connect() as connection:
            return connection.execute(query).first() is not None  # type: ignore[call-overload]
    except DBAPIError:  # connections from before the database was killed
        return True


def _case(arena: Arena, meant: dict[int, list[Said]], settled_after: float) -> Case:
    time.sleep(1)  # what the carrier notes is in its file a moment later
    with arena.engine.connect() as connection:
        known = audience.memory(connection, arena.runtime().suppression_key)
        accounts = audience.balances(connection, list(meant))
    return Case(arena.diary(), meant, balances=accounts, settled_after=settled_after, **known)


def _orphans(arena: Arena) -> list[str]:
    """Processes that outlive their parent."""
    until = time.monotonic() + ENDED_WITHIN
    while (left := [pid for process in arena.running for pid in process.orphans()]) and time.monotonic() < until:
        time.sleep(0.2)
    return [f"process {pid}" for pid in left]


def _tell(arena: Arena, storm: Storm, over: threading.Event, tell: Callable[[str], None]) -> None:
    while not over.wait(TELL_EVERY):
        events = Counter(line["event"] for line in arena.diary())
        come, gone = events["inbound"], events["accepted"]
        tell(f"{storm.struck.total()} kills, {come} texts came in, {gone} went out")
