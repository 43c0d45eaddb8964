"""People who text the shop now and then and answer what they get, so that a demo is alive."""

import asyncio
import random
import re

from bot.simulator.carrier import Carrier
from bot.simulator.config import Person
from bot.simulator.inbound import Typed, hear_later

MOST_ANSWERS_IN_A_ROW = 6


async def live(carrier: Carrier, person: Person) -> None:
    """One person's day: open a conversation, answer what comes, fall silent, begin again."""
    while True:
        await asyncio.sleep(random.uniform(*person.every))
        seen = carrier.handsets.count(person.number)
        if person.opens:
            _say(carrier, person, random.choice(person.opens))
        await _converse(carrier, person, seen)


async def _converse(carrier: Carrier, person: Person, seen: int) -> None:
    """Answer until nothing new comes. Two machines must not talk for ever: a few answers in a row, no more."""
    for _ in range(MOST_ANSWERS_IN_A_ROW):
        await asyncio.sleep(random.uniform(*person.thinks))
        fresh = [text for text in carrier.handsets.texts(person.number, seen) if text["direction"] == "outbound"]
        seen = carrier.handsets.count(person.number)
        answer = _answer(person, fresh[-1]["body"]) if fresh else None
        if answer is None:
            return
        _say(carrier, person, answer)


def _answer(person: Person, heard: str) -> str | None:
    for answer in person.answers:
        if re.search(answer.hears, heard, re.IGNORECASE):
            return random.choice(answer.says) if answer.says else None
    return random.choice(person.otherwise) if person.otherwise else None


def _say(carrier: Carrier, person: Person, body: str) -> None:
    sender = carrier.config.sender(person.to)
    if sender:
        hear_later(carrier, sender, Typed(person.number, body))
