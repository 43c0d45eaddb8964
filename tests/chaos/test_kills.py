"""The web process is killed in the middle of turns: nothing acknowledged is missing, nothing is said twice, no reply is lost."""

import os
import random
import threading
import time
from collections import Counter

import pytest

from tests.chaos.arena import Arena
from tests.chaos.web import POINTS, handset
from tests.house import PARIS

SETTLED_FOR = 75.0  # seconds: a reply that was never fetched is missed after 20, asked about for 20, then sent
TEXTS = int(os.environ.get("PARLEY_CHAOS_TEXTS", "120"))


@pytest.mark.parametrize("careful", [True, False], ids=["with fallback", "without fallback"])
def test_a_turn_killed_at_any_point_is_whole_or_never_was(database: str, careful: bool) -> None:
    """One text per named point, the process killed exactly there."""
    with Arena(database, careful=careful, app="tests.chaos.web:create_app()") as arena:
        marks = arena.folder / "marks"
        marks.mkdir()
        arena.web.environment["KILL_MARKS"] = str(marks)
        arena.web.kill(tree=True)
        time.sleep(3)
        for number, point in enumerate(POINTS):
            arena.carrier.text(handset(number), PARIS, "JOIN")
            # The last point comes after the answer: whoever reads it is faster than who dies.
            arena.wait_until((marks / point).exists, f"a death at {point}\n{arena.logs()}", 10)
        judge(arena, lost_allowed=not careful)


@pytest.mark.parametrize("careful", [True, False], ids=["with fallback", "without fallback"])
def test_random_kills_during_many_texts_with_copies(database: str, careful: bool) -> None:
    """Workers and master killed at random while many people text, a third of the texts arriving several times at once."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print(f"seed {seed}")
    with Arena(database, careful=careful) as arena:
        over = threading.Event()

        def kill() -> None:
            while not over.wait(chance.uniform(2, 6)):
                while not (arena.answers() or over.wait(0.1)):  # a process that never gets up would show nothing
                    pass
                arena.web.kill_child() if chance.random() < 0.8 else arena.web.kill(tree=True)

        def people(first: int) -> None:
            for number in range(first, TEXTS, 4):
                copies = chance.choice((1, 1, 2, 3))
                arena.carrier.text(f"+3361234{number:04d}", PARIS, "JOIN", copies=copies)

        killer = threading.Thread(target=kill)
        crowd = [threading.Thread(target=people, args=(first,)) for first in range(4)]
        for thread in (killer, *crowd):
            thread.start()
        for thread in crowd:
            thread.join()
        over.set()
        killer.join()
        time.sleep(2)
        judge(arena, lost_allowed=not careful)


def judge(arena: Arena, *, lost_allowed: bool) -> None:
    """The promises, checked in the carrier's journal against our memory."""
    arena.wait_until(lambda: arena.unsettled() == 0, f"settling\n{arena.logs()}", SETTLED_FOR)
    recorded = arena.recorded()
    attempts = arena.journal("attempt")
    answered = {line["sid"] for line in attempts if line["http"] is not None}  # by a process that lived to say something
    acknowledged = {line["sid"] for line in attempts if line["http"] is not None and 200 <= line["http"] < 300}
    arrived = Counter(line["to"] for line in arena.journal("delivered"))
    missing = acknowledged - recorded.keys()
    twice = {number: count for number, count in arrived.items() if count > 1}
    silent = set(recorded.values()) - arrived.keys()
    lost = answered - recorded.keys()
    texts = len({line["sid"] for line in attempts})
    print(f"texts {texts}, acknowledged {len(acknowledged)}, recorded {len(recorded)}, replies {sum(arrived.values())}")
    assert acknowledged
    assert not missing, f"acknowledged but missing: {missing}"
    assert not twice, f"said more than once: {twice}\n{arena.logs()}"
    assert not silent, f"recorded, but the reply never came: {arena.fates(silent)}\n{arena.logs()}"
    assert lost_allowed or not lost, f"lost although an address was left to try: {lost}\n{arena.logs()}"
