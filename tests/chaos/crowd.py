"""People who text all along, as people do: again when nobody answers, and no further until an answer has come."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.carrier import SimulatedCarrier
from tests.house import PARIS

TALK = ("JOIN", "OUI", "PASSER")
COPIES = (1, 1, 1, 2, 3)  # of a text, delivered at once
HANDS = 8  # how many text at the same time
PATIENCE = 40  # tries until a person believes that the shop is no more
ANSWER_FOR = 40.0  # seconds that a person waits for an answer: one that was lost on its way comes later

Story = Callable[[], None]


@dataclass
class Crowd:
    """Leavers say STOP, some of them START again; talkers join, answer and are asked one more question."""

    carrier: SimulatedCarrier
    leavers: Sequence[str]
    talkers: Sequence[str]
    chance: random.Random
    goes_home: threading.Event = field(default_factory=threading.Event)  # nobody begins anything any more

    def live(self, seconds: float) -> None:
        """All their stories, begun at random instants of so many seconds; returns when the last one is told."""
        begun = time.monotonic()
        stories = [(self.chance.uniform(0, seconds), self._story(phone)) for phone in (*self.leavers, *self.talkers)]
        with ThreadPoolExecutor(HANDS * 3) as hands:
            told = []
            for at, story in sorted(stories, key=lambda one: one[0]):
                if self.goes_home.wait(max(0.0, begun + at - time.monotonic())):
                    break
                told.append(hands.submit(story))
            for one in told:
                one.result()

    def _story(self, phone: str) -> Story:
        fate = self.chance.random()
        if phone not in self.leavers:
            return lambda: self.talk(phone)
        return lambda: self.leave(phone, comes_back=fate < 0.15, insists=fate > 0.9)

    def leave(self, phone: str, *, comes_back: bool, insists: bool) -> None:
        """STOP. Some think better of it, some say it twice."""
        self.say(phone, "STOP")
        if insists:
            self.say(phone, "Arrêt")
        if comes_back:
            time.sleep(3)
            self.say(phone, "START")

    def talk(self, phone: str) -> None:
        """A whole conversation, as far as answers come."""
        for number, words in enumerate(TALK, start=1):
            self.say(phone, words)
            if not self._hears(phone, number):
                return

    def say(self, phone: str, words: str) -> None:
        """Text it until the shop has acknowledged one."""
        copies = random.choice(COPIES)
        for _ in range(PATIENCE):
            attempts = self.carrier.text(phone, PARIS, words, copies=copies)["attempts"]
            if any(attempt["status"] is not None and 200 <= attempt["status"] < 300 for attempt in attempts):
                return
            time.sleep(1)
            if self.goes_home.is_set():
                return
        raise AssertionError(f"{phone}: nobody ever acknowledged {words}")

    def _hears(self, phone: str, number: int) -> bool:
        """Whether so many answers have come, each to a text of theirs."""
        until = time.monotonic() + ANSWER_FOR
        while len(self.carrier.received(phone)) < number:
            if time.monotonic() > until:
                return False
            time.sleep(0.25)
        return True
