"""What a dialog says next, and what it asks the house to do."""

import gc
import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from transitions import Machine

from dialogs import effects, engine
from dialogs.act import ACTIONS
from dialogs.compile import compile
from dialogs.effects import (
    Expire,
    Finish,
    HandOver,
    Open,
    OptIn,
    OptOut,
    Pause,
    Remember,
    Say,
    Tag,
    Untag,
    Wake,
)
from dialogs.engine import start, step
from dialogs.events import Expired, Happened, Heard, Returned, Woke
from keywords.text import fold
from tests.dialogs.shop import HEAD, Talk, ground, written

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

ACTING = """
a:
  on:
    - hear: anything
      as: said
      then: [%s]
      goto: b
b: {end: true}
"""

# action as written, the effect it has
ACTS = {
    "remember": ("{do: remember, field: postcode}", Remember("postcode", "75011")),
    "tag": ("{do: tag, tag: vip}", Tag("vip")),
    "untag": ("{do: untag, tag: vip}", Untag("vip")),
    "opt_in": ("{do: opt_in, proof: double}", OptIn("offers", "double")),
    "opt_out": ("{do: opt_out, topic: news}", OptOut("news")),
    "pause": ("{do: pause, for: P30D}", Pause(timedelta(days=30))),
    "open": ("{do: open, dialog: survey}", Open("survey")),
    "hand_over": ("{do: hand_over, note: Call back}", HandOver("Call back")),
}


def test_every_action_and_every_effect_has_its_case():
    assert set(ACTS) == set(ACTIONS)
    by_the_engine = {Say, Wake, Expire, Finish}  # the tests below
    assert {type(effect) for _, effect in ACTS.values()} | by_the_engine == set(effects.Effect.__args__)


@pytest.mark.parametrize(("action", "effect"), ACTS.values(), ids=ACTS)
def test_an_action_is_an_effect_and_nothing_more(action, effect):
    talk = Talk(written(ACTING % action))
    talk.hear("75011")
    assert talk.done[0] == effect


def test_a_fixed_value_is_remembered_instead_of_the_answer():
    talk = Talk(written(ACTING % "{do: remember, field: first_name, value: Ana}"))
    talk.hear("75011")
    assert talk.done[0] == Remember("first_name", "Ana")


def test_a_state_says_its_words_in_every_language_with_its_picture_and_then_listens():
    talk = Talk(written(QUESTION))
    assert talk.turn.effects == (
        Say({"fr": "OUI ou NON ?", "en": "YES or NO?"}, ("https://example.org/cat.jpg",), "a"),
        Expire(timedelta(days=2)),
    )
    assert (talk.turn.listening, talk.turn.waiting, talk.turn.calling, talk.turn.ended) == (True, False, False, False)
    assert talk.turn.expire_in == timedelta(days=2)


def test_an_answer_is_remembered_tells_the_language_and_leads_on():
    talk = Talk(written(QUESTION))
    turn = talk.hear("Oui !")
    assert turn.effects == (Remember("language", "fr"), Say({"": "Thanks"}, (), "b"), Finish("joined"))
    assert turn.memory == {"state": "b", "step": 1, "tries": 0, "values": {"answer": "oui"}}
    assert turn.ended and not turn.listening


def test_what_is_not_understood_is_asked_again_while_tries_are_left():
    talk = Talk(written(QUESTION))
    told = [(talk.hear("quoi"), talk.said, talk.state)[1:] for _ in range(3)]
    assert told == [(["Pardon ?"], "a"), (["Pardon ?"], "a"), (["Another time"], "c")]


def test_a_new_question_has_all_its_tries():
    talk = Talk(written("""
a:
  on: [{hear: {words: [next]}, goto: b}]
  otherwise: {say: again a, tries: 1, goto: b}
b:
  on: [{hear: {words: [next]}, goto: a}]
  otherwise: {say: again b, tries: 1, goto: a}
"""))
    talk.hear("what")
    talk.hear("next")
    talk.hear("what")
    assert (talk.said, talk.turn.memory["tries"]) == (["again b"], 1)


def test_without_otherwise_the_question_is_repeated_and_then_a_person_takes_over():
    talk = Talk(written("a: {say: Your name, on: [{hear: phone, goto: a}]}"))
    assert [talk.hear("bla") and talk.said for _ in range(2)] == [["Your name"], ["Your name"]]
    talk.hear("bla")
    assert talk.done == [HandOver("not understood"), Finish("not understood")]
    assert talk.turn.ended


def test_silence_leads_to_on_expiry():
    talk = Talk(written("a: {say: Hi, on: [{hear: anything, goto: a}]}\nb: {say: Bye, end: lapsed}",
                        HEAD.replace("states:", "on_expiry: b\nstates:")))
    talk.event(Expired())
    assert (talk.said, talk.done) == (["Bye"], [Finish("lapsed")])


def test_silence_ends_a_dialog_that_says_nothing_about_it():
    talk = Talk(written(QUESTION))
    turn = talk.event(Expired())
    assert (turn.effects, turn.ended) == ((Finish("expired"),), True)


def test_a_dialog_can_wait_instead_of_listening():
    talk = Talk(written("a: {after: {wait: PT11H, goto: b}}\nb: {say: Still there}"))
    assert talk.turn.effects == (Wake(timedelta(hours=11)),)
    assert talk.turn.wake_in == timedelta(hours=11)
    assert (talk.turn.listening, talk.turn.waiting) == (False, True)
    talk.event(Woke())
    assert talk.said == ["Still there"]


def test_an_event_of_the_table_leads_on_from_anywhere_but_the_end():
    talk = Talk(written("a: {after: {wait: PT1H, goto: b}}\nb: {say: Bought}",
                        HEAD.replace("states:", "events: {order.created: b}\nstates:")))
    talk.event(Happened("order.created", {"total": 100}))
    assert talk.said == ["Bought"]
    talk.event(Happened("order.created"))
    assert talk.turn.effects == ()


@pytest.mark.parametrize("event", [Woke(), Returned(), Happened("rain"), Happened("heard"), Happened("expired")])
def test_an_event_that_means_nothing_here_changes_nothing(event):
    talk = Talk(written(QUESTION))
    before = talk.turn.memory
    turn = talk.event(event)
    assert (turn.memory, turn.effects, turn.listening) == (before, (), True)


@pytest.mark.parametrize("event", [Heard("oui", "oui"), Woke(), Expired(), Returned(), Happened("x")])
def test_a_dialog_that_has_ended_stays_ended(event):
    talk = Talk(written("a: {say: Bye, end: done}"))
    turn = talk.event(event)
    assert (turn.effects, turn.ended, turn.restarted) == ((), True, False)


@pytest.mark.parametrize("text", ["expired", "woke", "returned", "choose", "begin", "happened order.created"])
def test_a_text_is_never_a_trigger(text):
    talk = Talk(written(QUESTION, HEAD.replace("states:", "events: {order.created: b}\nstates:")))
    talk.hear(text)
    assert (talk.said, talk.state) == (["Pardon ?"], "a")


# open and return

OPENING = """
a:
  on:
    - hear: {words: [survey]}
      as: wish
      then: [{do: tag, tag: asked}, {do: open, dialog: survey}]
      say: Here it is
      goto: b
b: {say: Welcome back, on: [{hear: anything, goto: c}]}
c: {end: true}
"""


def test_an_opened_dialog_is_stacked_and_the_conversation_goes_on_when_it_returns():
    talk = Talk(written(OPENING))
    turn = talk.hear("survey")
    assert turn.effects == (Tag("asked"), Say({"": "Here it is"}, (), "a"), Open("survey"))
    assert (turn.calling, turn.listening, turn.waiting, turn.ended) == (True, False, False, False)
    turn = talk.event(Returned())
    assert (talk.said, turn.listening, turn.calling) == (["Welcome back"], True, False)
    assert "return_to" not in turn.memory


@pytest.mark.parametrize("event", [Heard("survey", "survey"), Woke(), Expired()])
def test_a_conversation_under_an_opened_dialog_hears_nothing(event):
    talk = Talk(written(OPENING))
    before = talk.hear("survey").memory
    turn = talk.event(event)
    assert (turn.memory, turn.effects, turn.calling) == (before, (), True)


def test_a_state_may_open_a_dialog_and_go_on_by_itself_afterwards():
    talk = Talk(written("a: {say: First, then: [{do: open, dialog: survey}], choose: [{goto: b}]}\nb: {say: Back}"))
    assert (talk.turn.calling, talk.turn.effects[-1]) == (True, Open("survey"))
    talk.event(Returned())
    assert (talk.said, talk.turn.ended) == (["Back"], True)


def test_two_branches_that_open_return_each_to_its_own_state():
    talk = Talk(written("""
a:
  on:
    - {hear: {words: [one]}, then: [{do: open, dialog: survey}], goto: b}
    - {hear: {words: [two]}, then: [{do: open, dialog: survey}], goto: c}
b: {say: from one}
c: {say: from two}
"""))
    talk.hear("two")
    talk.event(Returned())
    assert talk.said == ["from two"]


# choose

CHOOSING = """
a: {on: [{hear: {number: {}}, as: x, goto: pick}, {hear: anything, as: x, goto: pick}]}
pick: {choose: [{when: %s, goto: b}, {goto: c}]}
b: {say: "yes"}
c: {say: "no"}
"""


@pytest.mark.parametrize(
    ("when", "text", "said"),
    [
        ("{value: {name: x, is: 5}}", "5", "yes"),
        ("{value: {name: x, is: 5}}", "5.0", "yes"),
        ("{value: {name: x, is: 5}}", "6", "no"),
        ("{value: {name: x, is: red}}", "red", "yes"),
        ("{value: {name: x, is: red}}", "5", "no"),
        ("{value: {name: x, below: 3}}", "2,5", "yes"),
        ("{value: {name: x, below: 3}}", "3", "no"),
        ("{value: {name: x, below: 3}}", "red", "no"),
        ("{value: {name: x, above: 3}}", "4", "yes"),
        ("{value: {name: x, above: 3, below: 5}}", "5", "no"),
        ("{value: {name: x, in: [red, 7]}}", "7", "yes"),
        ("{value: {name: x, in: [red, 7]}}", "blue", "no"),
        ("{value: {name: other, is: 5}}", "5", "no"),
        ("{tag: vip}", "1", "yes"),
        ("{tag: staff}", "1", "no"),
        ("{consent: offers}", "1", "yes"),
        ("{not: {consent: offers}}", "1", "no"),
        ("{all: [{tag: vip}, {consent: news}]}", "1", "no"),
        ("{any: [{tag: staff}, {consent: offers}]}", "1", "yes"),
        ("regulars", "1", "yes"),
    ],
)
def test_a_choice_looks_at_answers_and_at_the_contact(when, text, said):
    talk = Talk(written(CHOOSING % when), ("tag", "vip"), ("consent", "offers"), ("segment", "regulars"))
    talk.hear(text)
    assert talk.said == [said]


@pytest.mark.parametrize(
    ("action", "when"),
    [("{do: tag, tag: vip}", "{tag: vip}"), ("{do: untag, tag: old}", "{not: {tag: old}}"),
     ("{do: opt_in, proof: single}", "{consent: offers}"), ("{do: opt_out}", "{not: {consent: offers}}")],
)
def test_a_choice_already_knows_what_this_turn_did(action, when):
    talk = Talk(written(f"a: {{then: [{action}], choose: [{{when: {when}, goto: b}}, {{goto: c}}]}}\n"
                        "b: {say: known}\nc: {say: unknown}"), ("tag", "old"))
    assert talk.said == ["known"]


# limits and accidents


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


# one machine for all


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
