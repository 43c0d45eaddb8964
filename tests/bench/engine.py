"""What a turn of the engine costs, beside building the machine for every text: `python -m tests.bench.engine`."""

import gc
import json
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any

from transitions import Machine

import dialogs
from dialogs.compile import Compiled, compile
from dialogs.engine import Ground, start, step
from dialogs.events import Heard
from dialogs.load import load_file
from keywords.text import fold

WELCOME = Path(dialogs.__file__).parent / "library" / "welcome.yaml"
TEXT = "Oui"
ROUNDS = 7


class Readers:
    """The question at hand is answered by a word: nothing else is ever read."""

    def phone(self, text: str, country: str) -> str | None:
        raise NotImplementedError

    def date(self, text: str, language: str, today: date) -> date | None:
        raise NotImplementedError


GROUND = Ground(lambda kind, name: False, Readers(), "fr", "FR", date(2026, 11, 22), {})


def turn(dialog: Compiled, memory: str) -> str:
    """One text, from what came in to what is stored."""
    return json.dumps(step(dialog, json.loads(memory), Heard(TEXT, fold(TEXT)), GROUND).memory)


def micros(work: Callable[[], object], times: int) -> float:
    """CPU microseconds of one call: the best of several rounds, because others use this machine too."""
    def one_round() -> float:
        began = process_time()
        for _ in range(times):
            work()
        return (process_time() - began) / times * 1e6

    return min(one_round() for _ in range(ROUNDS))


class Person:
    """What a first draft keeps for a contact: an object with a machine of its own."""


def first_draft(dialog: Compiled, memory: str) -> str:
    """The same move by a machine that is built for this one text, as the library's guide begins."""
    state = json.loads(memory)["state"]
    ways = [[trigger, way.source, way.dest] for trigger, event in dialog.machine.events.items()
            for listed in event.transitions.values() for way in listed if way.dest]
    person: Any = Person()
    Machine(person, states=[*dialog.machine.states], transitions=ways, initial=state)
    person.trigger("heard")
    return json.dumps({"state": person.state})


def measure() -> dict[str, float]:
    """CPU of a turn and of a machine built for each text (µs), their ratio, and bytes kept per conversation."""
    shared = compile(load_file(WELCOME), fold)
    memory = json.dumps(start(shared, GROUND).memory)
    shared_micros = micros(lambda: turn(shared, memory), 3000)
    built_micros = micros(lambda: first_draft(shared, memory), 50)
    return {
        "turn_micros": shared_micros,
        "of_which_json_micros": micros(lambda: json.dumps(json.loads(memory)), 3000),
        "machine_per_text_micros": built_micros,
        "times_cheaper": built_micros / shared_micros,
        "bytes_kept_per_conversation": kept(lambda: turn(shared, json.dumps(start(shared, GROUND).memory)), 2000),
    }


def kept(work: Callable[[], object], times: int) -> float:
    """Bytes that each call leaves in memory."""
    work()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(times):
        work()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return grown / times


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name.replace('_', ' '):<28} {value:10.1f}")
