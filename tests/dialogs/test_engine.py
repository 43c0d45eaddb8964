"""What a dialog says next, and what it asks the house to do."""

from datetime import date, timedelta

import pytest

from dialogs import effects
from dialogs.act import ACTIONS
from dialogs.compile import compile
from dialogs.effects import (
    AsUsual,
    Expire,
    Finish,
    HandOver,
    Open,
    OptIn,
    OptOut,
    Pause,
    Remember,
    Say,
    SlowDown,
    Tag,
    Untag,
    Wake,
)
from dialogs.engine import start
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
    "slow_down": ("{do: slow_down, every: P14D}", SlowDown(timedelta(days=14))),
    "as_usual": ("{do: as_usual}", AsUsual()),
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


def test_a_break_lasts_until_the_day_that_was_heard():
    talk = Talk(written("a: {on: [{hear: until, then: [{do: pause}], goto: b}]}\nb: {end: true}"))
    talk.hear("pas avant mars")
    assert talk.done[0] == Pause(date(2027, 3, 1))


def test_the_day_of_an_answer_is_remembered():
    talk = Talk(written(ACTING % "{do: remember, field: details_confirmed, value: today}"))
    talk.hear("oui")
    assert talk.done[0] == Remember("details_confirmed", "2026-11-22")


HEARING = "hears_opening: true\n" + HEAD
ASKING = """
a:
  say: Which one?
  then: [{do: tag, tag: asked}]
  on: [{hear: {words: [blue, red]}, as: colour, goto: b}]
b: {say: "{{ answers.colour }} it is", end: true}
"""


def test_a_dialog_hears_the_text_that_opened_it():
    dialog = compile(written(ASKING, HEARING), fold)
    turn = start(dialog, ground(), opening=Heard("Blue!", "blue"))
    assert turn.ended and turn.memory["values"] == {"colour": "blue"}
    assert turn.effects[0] == Tag("asked")
    assert [effect.state for effect in turn.effects if isinstance(effect, Say)] == ["b"]


@pytest.mark.parametrize(("head", "text"), [(HEARING, "join"), (HEAD, "blue")])
def test_a_text_that_is_no_answer_only_opens(head, text):
    dialog = compile(written(ASKING, head), fold)
    assert start(dialog, ground(), opening=Heard(text, text)) == start(dialog, ground())


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
