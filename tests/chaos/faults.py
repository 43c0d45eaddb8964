"""What goes wrong and when: who is killed, and how the carrier misbehaves. Drawn from a seed before the run begins."""

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.arena import Arena
from tests.chaos.databases import Database, Postgres
from tests.chaos.redis import Redis

# How often each is killed. `parent`: the supervisor alone; `child`: one of its processes; `tree`: all of them at once.
KILLS = {
    "web child": 20, "web parent": 5, "web tree": 5, "worker child": 24, "worker parent": 8, "worker tree": 8,
    "clock": 10, "redis": 10, "back-end": 6, "postgres": 4,
}  # fmt: skip
CALM: Mapping[str, Any] = {
    "create": "ok", "receipt_lost": 0.0, "receipt_duplicates": 0, "receipt_order": "normal", "answers_lost": 0.0,
    "list_lag": 0, "list_unavailable": False, "latency_ms": [0, 0],
}  # fmt: skip
CREATE = {
    "ok": 0.955, "429": 0.01, "drop": 0.005, "502html": 0.005, "accept_then_drop": 0.01, "accept_then_502html": 0.005,
    "accept_then_garbage200": 0.005, "accept_then_200empty": 0.005,
}  # fmt: skip
WEATHER_FOR = 4.0, 8.0  # seconds until the carrier misbehaves in another way
UP_FOR = 20.0  # seconds that a web process is given to start, on a machine that is busy with all this


@dataclass(frozen=True, slots=True)
class Blow:
    """A kill to come. `at`: seconds since the beginning; `down_for`: seconds until a store is started again."""

    at: float
    kind: str
    down_for: float
    early: bool  # it may hit someone who is just starting


def draw(chance: random.Random, seconds: float, kills: int, kinds: Sequence[str]) -> list[Blow]:
    """So many kills of these kinds, at random instants of so many seconds."""
    weights = [KILLS[kind] for kind in kinds]
    drawn = chance.choices(kinds, weights, k=kills)
    blows = [Blow(chance.uniform(1, seconds), kind, chance.uniform(0, 1.5), chance.random() < 0.25) for kind in drawn]
    return sorted(blows, key=lambda blow: blow.at)


def weather(chance: random.Random) -> dict[str, Any]:
    """One way in which the carrier misbehaves for a while."""
    return {
        "create": chance.choice([CREATE, CREATE, {"ok": 0.99, "accept_then_drop": 0.01}]),
        "receipt_lost": chance.choice([0.2, 0.2, 0.9]), "receipt_duplicates": chance.choice([0, 1, 1]),
        "receipt_order": chance.choice(["shuffled", "reversed"]), "answers_lost": chance.choice([0.0, 0.02, 0.1]),
        "list_lag": chance.choice([0, 2, 15]), "list_unavailable": chance.random() < 0.2, "latency_ms": [5, 60],
    }  # fmt: skip


def kinds(database: Database, redis: Redis) -> list[str]:
    """What there is to kill."""
    absent = set() if isinstance(database, Postgres) else {"postgres"}
    if database.url.startswith("sqlite"):
        absent.add("back-end")
    if redis.url is None:
        absent.add("redis")
    return [kind for kind in KILLS if kind not in absent]


@dataclass
class Storm:
    """The faults of one run, as they happen. `struck` counts the kills by kind."""

    arena: Arena
    database: Database
    redis: Redis
    struck: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)
    _turns: dict[str, threading.Lock] = field(default_factory=dict)

    def rage(self, blows: Sequence[Blow], chance: random.Random, seconds: float) -> None:
        """Strike as planned and change the weather, for so many seconds; then all is calm, and everything answers."""
        begun, blowing, changes_at = time.monotonic(), [], 0.0
        todo = list(blows)
        while (elapsed := time.monotonic() - begun) < seconds:
            if elapsed >= changes_at:
                self.arena.carrier.faults(**weather(chance))
                changes_at = elapsed + chance.uniform(*WEATHER_FOR)
            while todo and todo[0].at <= elapsed:
                blowing.append(threading.Thread(target=self.strike, args=(todo.pop(0),)))
                blowing[-1].start()
            time.sleep(0.05)
        self.over.set()
        for thread in blowing:
            thread.join()
        self.arena.carrier.faults(**CALM)
        self.database.wait()

    def strike(self, blow: Blow) -> None:
        """One kill. Blows at the same target queue: a web process that never gets up would show nothing."""
        target, _, part = blow.kind.partition(" ")
        with self._turns.setdefault(target, threading.Lock()):
            if target == "web" and not blow.early:
                self._wait_for_web()
            if self.over.is_set():  # on a busy machine some come too late
                return
            match target:
                case "web" | "worker" | "clock":
                    process = getattr(self.arena, target)
                    process.kill_child() if part == "child" else process.kill(tree=part == "tree")
                case "redis":
                    self.redis.kill(blow.down_for)
                case "back-end":
                    self.database.kill_backend()
                case "postgres":
                    assert isinstance(self.database, Postgres)
                    self.database.kill(blow.down_for)
            self.struck[blow.kind] += 1

    def _wait_for_web(self) -> None:
        until = time.monotonic() + UP_FOR
        while not (self.over.is_set() or self.arena.answers() or time.monotonic() > until):
            time.sleep(0.1)
        self.over.wait(1)  # and let it do something
