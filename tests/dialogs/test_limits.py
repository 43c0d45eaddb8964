"""What must not happen: endless turns, mixed conversations, a memory that breaks or stays."""

import gc
import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from transitions import Machine

from dialogs import engine
from dialogs.compile import compile
from dialogs.effects import Finish, HandOver, Tag
from dialogs.engine import start, step
from dialogs.events import Heard, Woke
from keywords.text import fold
from tests.dialogs.shop import Talk, ground, written

QUESTION = """
a:
  say: {fr: "OUI ou NON ?", en: "YES or NO?"}
  picture: https://example.org/cat.jpg
  on:
    - hear: {words: {fr: [oui], en: [yes]}}
      as: answer
      goto: b
  otherwise: {say: {fr: "Pardon ?"}, tries: 2, goto: c}
b: {say: Thanks, end: joined}
c: {say: Another time}
"""


def test_choosing_in_a_circle_ends_with_a_person():
    talk = Talk(written("a: {say: Again, then: [{do: tag, tag: x}], choose: [{goto: b}]}\nb: {choose: [{goto: a}]}"))
    assert talk.said == []
    assert Tag("x") in talk.done
    assert talk.done[-2:] == [HandOver("sample: a leads nowhere"), Finish("limit")]
    assert talk.turn.ended


def test_a_choice_that_fits_nobody_ends_with_a_person():
    talk = Talk(written("a: {choose: [{when: {tag: vip}, goto: b}]}\nb: {end: true}"))
    assert talk.done == [HandOver("sample: a leads nowhere"), Finish("limit")]


def test_two_machines_that_talk_to_each_other_are_stopped(monkeypatch):
    monkeypatch.setattr(engine, "MAX_TURNS", 5)
    talk = Talk(written("a: {say: Hi, on: [{hear: anything, goto: a}]}"))
    turns = 0
    while not talk.turn.ended:
        talk.hear("Hi")
        turns += 1
    assert (turns, talk.done[-1]) == (5, Finish("limit"))


@pytest.mark.parametrize(
    "memory",
    [{}, {"state": "gone", "step": 4, "tries": 0, "values": {"x": "1"}}, {"state": "a"},
     {"state": ["a"], "step": 1, "tries": 0, "values": {}},
     {"state": "a", "step": "1", "tries": 0, "values": {}}, {"state": "a", "step": 1, "tries": 0, "values": []},
     {"state": "a", "step": 1, "tries": 0, "values": {}, "return_to": "gone"},
         {"state": "a", "step": 1, "tries": 0, "values": {}, "return_to": {}}],
)
def test_a_memory_that_no_longer_fits_starts_the_dialog_again(memory):
    turn = step(compile(written(QUESTION), fold), memory, Heard("oui", "oui"), ground())
    assert (turn.restarted, turn.memory["state"], turn.listening) == (True, "a", True)


def test_a_restart_goes_on_counting_and_keeps_the_answers():
    memory = {"state": "gone", "step": 4, "tries": 0, "values": {"x": "1"}}
    turn = step(compile(written(QUESTION), fold), memory, Woke(), ground())
    assert turn.memory == {"state": "a", "step": 5, "tries": 0, "values": {"x": "1"}}


def test_a_dialog_starts_with_the_values_it_is_given():
    talk = Talk(written("a: {choose: [{when: {value: {name: order, is: 12}}, goto: b}, {goto: c}]}\n"
                        "b: {say: about 12}\nc: {say: about nothing}"), values={"order": "12"})
    assert talk.said == ["about 12"]


def test_the_memory_given_is_never_changed():
    dialog = compile(written(QUESTION), fold)
    memory = start(dialog, ground()).memory
    kept = json.dumps(memory)
    step(dialog, memory, Heard("oui", "oui"), ground())
    step(dialog, memory, Heard("quoi", "quoi"), ground())
    assert json.dumps(memory) == kept


def test_eight_threads_on_one_machine_do_not_mix_their_conversations():
    dialog = compile(written("""
a: {on: [{hear: {number: {}}, as: x, goto: b}]}
b: {on: [{hear: {number: {}}, as: y, goto: c}]}
c: {say: done}
"""), fold)

    def converse(number: int) -> bool:
        memory = start(dialog, ground()).memory
        for text in (str(number), str(number + 1)):
            memory = step(dialog, json.loads(json.dumps(memory)), Heard(text, text), ground()).memory
        return memory == {"state": "c", "step": 2, "tries": 0, "values": {"x": number, "y": number + 1}}

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(converse, range(4000)))


def test_a_thousand_conversations_leave_nothing_behind():
    dialog, here = compile(written(QUESTION), fold), ground()

    def converse(times: int) -> None:
        for i in range(times):
            memory = start(dialog, here).memory
            for text in (f"bla {i}", "oui"):
                memory = step(dialog, memory, Heard(text, text), here).memory

    converse(50)
    gc.collect()
    objects = len(gc.get_objects())
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    converse(1000)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(gc.get_objects()) - objects < 50
    assert grown < 10_000
    assert isinstance(dialog.machine, Machine) and dialog.machine.models == []
