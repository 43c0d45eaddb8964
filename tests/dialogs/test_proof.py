"""Every way through a dialog is proved, and each fault is shown by the shortest conversation that has it."""

from dataclasses import replace
from textwrap import indent

import pytest

from bot.effects import WITH_STAFF_FOR
from dialogs import walk
from dialogs.check import Known, check
from dialogs.load import load
from dialogs.proof import DEAF_FOR, prove
from dialogs.samples import Ears
from dialogs.spec import Dialog
from tests.cost import cpu
from tests.dialogs.shop import HEAD, KNOWN, LIBRARY, ground, written

END = "z: {end: true}\n"
NO_EXPIRY = HEAD.replace("expires: P2D\n", "")


def proved(states: str, head: str = HEAD, known: Known = KNOWN) -> list[str]:
    """What is wrong with a dialog that is rightly written."""
    dialog = written(states, head)
    assert check(dialog, known=known) == []
    return [str(problem).removeprefix("sample.yaml:") for problem in prove(dialog, known=known)]


def fault(where: str, transcript: str) -> str:
    """One fault as it is told: its line and message, and the conversation below."""
    return f"{where}\n{indent(transcript.strip(), '    ')}"


# Planted faults. The states begin at line 6 of the file (5 without `expires`).

PLANTED = {
    "a listen without an expiry": (
        NO_EXPIRY, "a: {say: Go, on: [{hear: {words: [ok]}, goto: b}]}\nb: {say: Size, on: [{hear: {words: [big]}, goto: z}]}\n",
        [fault("5: states.a.on: whoever never answers stays here for ever: say after which silence it ends (`expires`)", """
# sample
< Go
= listening sample a
"""), fault("6: states.b.on: whoever never answers stays here for ever: say after which silence it ends (`expires`)", """
# sample
< Go
= listening sample a
> ok
< Size
= listening sample b
""")]),
    "a reminder that repeats itself": (
        HEAD.replace("expires: P2D", "expires: PT36H\non_expiry: remind"),
        "a: {say: Come, on: [{hear: {words: [ok]}, goto: z}]}\n"
        "remind: {say: Still there, on: [{hear: {words: [ok]}, goto: z}]}\n",
        [fault("8: states.remind: whoever never answers is texted from here for ever: give each reminder a state of its own, "
               "and an end", """
# sample
< Come
= listening sample a
@ +36h
< Still there
= listening sample remind
@ +36h
< Still there
= listening sample remind
# and so on, for ever
""")]),
    "a wait that texts until something is so": (
        HEAD, "a: {say: Buy, choose: [{when: {tag: buyer}, goto: z}, {goto: b}]}\nb: {after: {wait: P1D, goto: a}}\n",
        [fault("7: states.b: whoever never answers is texted from here for ever: give each reminder a state of its own, "
               "and an end", """
# sample
# if not tag buyer
< Buy
= waiting sample b
# if not tag buyer
@ +1d
< Buy
= waiting sample b
# and so on, for ever
""")]),
    "choices that lead back": (
        HEAD, "a: {say: Go, on: [{hear: anything, goto: b}]}\n"
        "b: {choose: [{when: {tag: x}, goto: z}, {goto: c}]}\nc: {choose: [{goto: b}]}\n",
        [fault("7: states.b.choose: `b` leads back to itself without listening or waiting", """
# sample
< Go
= listening sample a
# if not tag x
> blah
= for a person
""")]),
    "a wait that never ends": (
        HEAD, "a: {say: Go, on: [{hear: {words: [ok]}, goto: b}, {hear: anything, goto: z}]}\n"
        "b: {after: {wait: PT90M, goto: c}}\nc: {after: {wait: PT2H, goto: b}}\n",
        [fault("7: states.b: no words of the customer and no time lead from here to an end", """
# sample
< Go
= listening sample a
> ok
= waiting sample b
""")]),
    "a merge tag that one way does not bind": (
        HEAD, "a: {say: Your name, on: [{hear: {words: [skip]}, goto: b}, {hear: anything, as: name, goto: b}]}\n"
        'b: {say: "Hello {{ answers.name }}", choose: [{goto: z}]}\n',
        [fault("7: states.b.say: {{ answers.name }} is not always known here: add a default, such as "
               "{{ answers.name | default: 'you' }}", """
# sample
< Your name
= listening sample a
> skip
< Hello {{ answers.name }}
""")]),
    "a language left out": (
        HEAD, "a: {say: {fr: Oui ou non, en: Yes or no}, on: [{hear: {words: {fr: [oui], en: ['yes']}}, goto: b}]}\n"
        "b: {say: {fr: Merci}, choose: [{goto: z}]}\n",
        [fault("7: states.b.say: this is not said in: en", """
# sample
< Yes or no
= listening sample a
> yes
= language fr
< Merci
""")]),
    "more parts than we send": (
        HEAD, f"a: {{say: Tell, on: [{{hear: anything, as: it, goto: b}}]}}\nb: {{say: '{{{{ answers.it }}}} {'x' * 1500}'"
        ", choose: [{goto: z}]}\n",
        [fault("7: states.b.say: this can become more than 10 parts", f"""
# sample
< Tell
= listening sample a
> blah
< {{{{ answers.it }}}} {'x' * 1500}
""")]),
    "an answer that takes STOP": (
        HEAD, "a: {say: GO or END, on: [{hear: {words: [go, End!]}, goto: z}]}\n",
        [fault("6: states.a.on.0.hear: `end` always means STOP: offer another word", """
# sample
< GO or END
= listening sample a
> End!
# the house takes it for STOP
""")]),
    "an answer that takes HELP": (
        HEAD, "a: {say: Which, on: [{hear: {choice: {x: {say: Info}, y: {say: Price}}}, goto: z}]}\n",
        [fault("6: states.a.on.0.hear: `info` always means HELP: offer another word", """
# sample
< Which
| 1 Info
| 2 Price
= listening sample a
> info
# the house takes it for HELP
""")]),
    "nobody to talk to": (
        HEAD, "a: {say: A or B, on: [{hear: {words: [b]}, goto: b}], otherwise: {goto: b}}\n"
        "b: {say: B or A, on: [{hear: anything, goto: a}]}\n",
        [fault("6: states.a.on: no words of the customer lead from here to a person: let some lead to `hand_over`, or to an end",
               """
# sample
< A or B
= listening sample a
""")]),
    "an answer that another branch hears": (
        HEAD, "a: {say: 0 to 5, on: [{hear: {number: {min: 0, max: 5}}, goto: b}, {hear: {words: ['0']}, goto: z},\n"
        "  {hear: {number: {min: 2, max: 3}}, goto: z}]}\nb: {say: Thanks, choose: [{goto: z}]}\n",
        [fault("6: states.a.on.1.hear: `0` is already an answer above: this one never wins", """
# sample
< 0 to 5
= listening sample a
> 0
< Thanks
"""), fault("7: states.a.on.2.hear: whatever this could hear is heard above: it never wins", """
# sample
< 0 to 5
= listening sample a
> 2
< Thanks
""")]),
    "a number that no number is": (
        HEAD, "a: {say: Go, on: [{hear: {number: {min: 5, max: 3}}, goto: z}]}\n",
        [fault("6: states.a.on.0.hear: there is nothing that this could hear", """
# sample
< Go
= listening sample a
""")]),
    "a keyword that interrupts": (
        HEAD, "a: {say: How many, on: [{hear: {number: {}}, goto: z}, {hear: {words: [Menu]}, goto: z}]}\n",
        [fault("6: states.a.on.0.hear: `24` is a keyword that interrupts and opens `help`: it is never an answer here", """
# sample
< How many
= listening sample a
> 24
# the house opens help
"""), fault("6: states.a.on.1.hear: `menu` is a keyword that interrupts and opens `help`: it is never an answer here", """
# sample
< How many
= listening sample a
> Menu
# the house opens help
""")]),
    "dialogs that open each other": (
        HEAD, "a: {say: Hello, then: [{do: open, dialog: back}], choose: [{goto: z}]}\n",
        [fault("6: states.a.then: dialogs open each other here in a circle, without the customer", """
# sample
< Hello
< Back
< Hello
< Back
""")]),
    "an opened dialog that ends at once": (
        HEAD, "a: {say: Hello, then: [{do: open, dialog: bye}], choose: [{when: {tag: x}, goto: z}, {goto: a}]}\n",
        [fault("6: states.a.then: dialogs open each other here in a circle, without the customer", """
# sample
# if not tag x
< Hello
< Bye
< Hello
""")]),
    "a consent out of silence": (
        HEAD.replace("states:", "on_expiry: c\nstates:"),
        "a: {say: Orders, on: [{hear: {words: [ok]}, goto: b}]}\n"
        "b: {then: [{do: opt_in, proof: single, topic: orders}], choose: [{goto: z}]}\n"
        "c: {then: [{do: opt_in, proof: single, topic: orders}], choose: [{goto: z}]}\n",
        [fault("9: states.c.then.0: nobody has agreed just before: lead here only from an answer", """
# sample
< Orders
= listening sample a
@ +2d
= consent orders in (single)
""")]),
    "a consent out of words that nothing understood": (
        HEAD, "a: {say: Orders, on: [{hear: {words: [ok]}, goto: b}], otherwise: {tries: 0, goto: b}}\n"
        "b: {then: [{do: opt_in, proof: single, topic: orders}], choose: [{goto: z}]}\n",
        [fault("7: states.b.then.0: nobody has agreed just before: lead here only from an answer", """
# sample
< Orders
= listening sample a
> blah
= consent orders in (single)
""")]),
    "a consent in a dialog that the end of a wait opens": (
        HEAD, "a: {say: Hello, after: {wait: P1D, goto: b}}\nb: {then: [{do: open, dialog: joins}], choose: [{goto: z}]}\n",
        [fault("6: states.a: nobody has agreed just before: lead here only from an answer", """
# sample
< Hello
= waiting sample a
@ +1d
= consent orders in (single)
""")]),
    "a question that a person has taken over": (
        HEAD, "a: {say: Your number, then: [{do: hand_over}], on: [{hear: phone, goto: z}]}\n",
        [fault("6: states.a: no answer is heard here: after `hand_over` dialogs stay silent for 24 hours", """
# sample
< Your number
= for a person
= listening sample a
""")]),
    "a question soon after a person has taken over": (
        HEAD, "a: {say: Help, on: [{hear: {words: [ok]}, then: [{do: hand_over}], goto: b}]}\n"
        "b: {after: {wait: PT23H, goto: c}}\nc: {say: All well, on: [{hear: anything, goto: z}]}\n",
        [fault("8: states.c: no answer is heard here: after `hand_over` dialogs stay silent for 24 hours", """
# sample
< Help
= listening sample a
> ok
= for a person
= waiting sample b
@ +23h
< All well
= listening sample c
""")]),
    "a question after an opened dialog has handed over": (
        HEAD, "a: {then: [{do: open, dialog: calls}], choose: [{goto: b}]}\nb: {say: Well, on: [{hear: anything, goto: z}]}\n",
        [fault("7: states.b: no answer is heard here: after `hand_over` dialogs stay silent for 24 hours", """
# sample
= for a person
< Well
= listening sample b
""")]),
    "a text that some number breaks": (
        HEAD, "a: {say: How many, on: [{hear: {number: {min: 1, max: 5}}, as: n, goto: b}, "
        "{hear: {number: {max: 5}}, as: n, goto: b}]}\n"
        "b: {say: Of what, on: [{hear: anything, goto: c}]}\n"
        "c: {say: 'Each {{ 100 | divided_by: answers.n }}', choose: [{goto: z}]}\n",
        [fault("8: states.c.say: this cannot be said: line 1: divided_by: can't divide by 0", """
# sample
< How many
= listening sample a
> 0
< Of what
= listening sample b
> blah
< Each {{ 100 | divided_by: answers.n }}
""")]),
    "a text that can never be said": (
        HEAD, "a: {say: \"{{ brand | truncate: 'x' }}\", choose: [{goto: z}]}\n",
        [fault("6: states.a.say: this cannot be said: line 1: truncate expected an integer, found str", """
# sample
< {{ brand | truncate: 'x' }}
""")]),
    "more parts than we send to a name outside GSM-7": (
        HEAD, f"a: {{say: \"{{{{ contact.first_name | default: 'x' }}}}{'x' * 631}\", choose: [{{goto: z}}]}}\n",
        [fault("6: states.a.say: this can become more than 10 parts", f"""
# sample
< {{{{ contact.first_name | default: 'x' }}}}{'x' * 631}
""")]),
    "more parts than we send with the address of a picture": (
        HEAD, f"a: {{say: Show, on: [{{hear: picture, as: it, goto: b}}]}}\nb: {{say: '{{{{ answers.it }}}}{'x' * 1400}'"
        ", choose: [{goto: z}]}\n",
        [fault("7: states.b.say: this can become more than 10 parts", f"""
# sample
< Show
= listening sample a
> [picture]
< {{{{ answers.it }}}}{'x' * 1400}
""")]),
    "an opening that is every answer": (
        "hears_opening: true\n" + HEAD, "a: {say: Your name, on: [{hear: anything, goto: z}]}\n",
        [fault("7: states.a.on.0.hear: the text that opens the dialog is already the answer (`hears_opening`): "
               "nobody is ever asked", """
# sample
< Your name
= listening sample a
""")]),
    "a loop that does without saying": (
        HEAD, "a: {choose: [{when: {tag: x}, goto: z}, {goto: b}]}\n"
        "b: {then: [{do: hand_over}, {do: opt_out}], after: {wait: PT1M, goto: a}}\n",
        [fault("7: states.b: this is done again and again without the customer, for ever: give it an end", """
# sample
# if not tag x
= for a person
= consent offers out
= waiting sample b
# if not tag x
@ +1m
= for a person
= consent offers out
= waiting sample b
# and so on, for ever
""")]),
    "an end that only an event brings": (
        HEAD.replace("states:", "events: {order.paid: z}\nstates:"), "a: {after: {wait: P1D, goto: a}}\nz: {end: true}\n",
        [fault("7: states.a: no words of the customer and no time lead from here to an end", """
# sample
= waiting sample a
""")]),
    "a fault between two limits": (
        HEAD, "a: {say: How many, on: [{hear: {number: {min: 0, max: 5}}, as: n, goto: b}]}\n"
        "b: {choose: [{when: {value: {name: n, above: 4.2, below: 4.4}}, goto: c}, {goto: z}]}\n"
        "c: {say: {fr: Oui}, choose: [{goto: z}]}\n",
        [fault("8: states.c.say: this is not said in: en", """
# sample
< How many
= listening sample a
> 4.3
< Oui
""")]),
    "an opened dialog that is opened again after each silence": (
        HEAD, "a: {then: [{do: open, dialog: ask}], choose: [{when: {tag: x}, goto: z}, {goto: a}]}\n",
        [fault("6: states.a: whoever never answers is texted from here for ever: give each reminder a state of its own, "
               "and an end", """
# sample
< Ask
= listening ask a
# if not tag x
@ +1h
< Ask
= listening ask a
# and so on, for ever
""")]),
}
OTHERS = {
    "back": load("name: back\nstart: b\nstates:\n  b: {say: Back, then: [{do: open, dialog: sample}]}"),
    "bye": load("name: bye\nstart: b\nstates:\n  b: {say: Bye}"),
    "joins": load("name: joins\nstart: a\nstates:\n  a: {then: [{do: opt_in, proof: single, topic: orders}]}"),
    "calls": load("name: calls\nstart: a\nstates:\n  a: {then: [{do: hand_over}]}"),
    "ask": load("name: ask\nstart: a\nexpires: PT1H\nstates:\n  a: {say: Ask, on: [{hear: anything, goto: b}]}\n"
                "  b: {end: true}"),
}
MORE = replace(KNOWN, topics={**KNOWN.topics, "orders": {"": "orders"}}, dialogs={**LIBRARY, **OTHERS, "sample": OTHERS["bye"]},
               interrupts={"menu": "help", "24": "help"})


@pytest.mark.parametrize(("head", "states", "faults"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_found_once_and_shown(head: str, states: str, faults: list[str]) -> None:
    if "goto: z}" in states:
        states += END
    assert proved(states, head, MORE) == faults


@pytest.mark.parametrize("languages", [("fr", "en"), ("en", "fr"), ("en",), ()])
@pytest.mark.parametrize("name", LIBRARY)
def test_the_library_is_proved(name: str, languages: tuple[str, ...]) -> None:
    assert prove(LIBRARY[name], known=replace(KNOWN, languages=languages)) == []


@pytest.mark.parametrize("word", ["STOP", "HELP"])
def test_a_house_that_does_not_know_the_law_is_refused(word: str) -> None:
    known = replace(KNOWN, reserved=lambda folded: None if folded == word.lower() else KNOWN.reserved(folded))
    assert proved("a: {say: Go, on: [{hear: anything, goto: z}]}\n" + END, known=known) == [
        fault(f"6: states.a.on: {word} is not heard here", f"# sample\n< Go\n= listening sample a\n> {word}")
    ]


def test_yes_may_be_offered_even_where_it_is_reserved() -> None:
    known = replace(KNOWN, reserved=lambda folded: "START" if folded == "yes" else KNOWN.reserved(folded))
    assert proved("a: {say: Go, on: [{hear: {words: ['yes']}, goto: z}]}\n" + END, known=known) == []


# What is no fault


@pytest.mark.parametrize("states", [
    # two conditions on the same thing cannot both hold: no circle
    "a: {choose: [{when: {tag: x}, goto: b}, {goto: z}]}\nb: {choose: [{when: {not: {tag: x}}, goto: a}, {goto: z}]}",
    # a silent wait that something ends
    "a: {after: {wait: P1D, goto: b}}\nb: {choose: [{when: {tag: buyer}, goto: z}, {goto: a}]}",
    # reminders that are counted
    "a: {say: One, after: {wait: P1D, goto: b}}\nb: {say: Two, after: {wait: P1D, goto: z}}",
    # asking again for as long as the customer answers
    "a: {say: Go, on: [{hear: {words: [ok]}, goto: z}], otherwise: {goto: a}}",
    # a condition that knows what was heard
    'a: {say: "1 or 2", on: [{hear: {words: ["1"]}, as: n, goto: b}, {hear: {words: ["2"]}, goto: b}]}\n'
    'b: {choose: [{when: {value: {name: n, is: 1}}, goto: c}, {goto: z}]}\nc: {say: "{{ answers.n }}", end: true}',
    # an answer that a menu's numbers leave something to
    "a: {say: Which, on: [{hear: {choice: {x: {say: X}, y: {say: Y}}}, goto: z}, {hear: {number: {}}, goto: z}]}",
    "a: {say: When, on: [{hear: {date: {past: true}}, goto: z}, {hear: {date: {future: true}}, goto: z}]}",
    "a: {say: Go, on: [{hear: {number: {min: 1, max: 5, whole: true}}, goto: z}, {hear: {number: {min: 1, max: 5}}, goto: z}]}",
    "a: {say: Where, on: [{hear: {postcode: {country: GB}}, goto: z}, {hear: phone, goto: z}, {hear: picture, goto: z}]}",
    # a whole number between limits that are none
    "a: {say: Go, on: [{hear: {number: {min: 2.2, max: 3.8, whole: true}}, goto: z}]}",
    # a text that divides by a number that is never 0
    'a: {say: "1 to 5", on: [{hear: {number: {min: 1, max: 5}}, as: n, goto: b}]}\n'
    'b: {say: "{{ 100 | divided_by: answers.n }}", choose: [{goto: z}]}',
    # asking once the house listens again
    "a: {say: Help, on: [{hear: {words: [ok]}, then: [{do: hand_over}], goto: b}]}\n"
    "b: {after: {wait: PT24H, goto: c}}\nc: {say: All well, on: [{hear: anything, goto: z}]}",
    # a question after an opened dialog that understood nothing
    "a: {then: [{do: open, dialog: ask}], choose: [{goto: b}]}\nb: {say: All well, on: [{hear: anything, goto: z}]}",
    # a consent that the opening keyword gives, or an answer from which a choice leads to it
    "a: {then: [{do: opt_in, proof: single, topic: news}], choose: [{goto: z}]}",
    "a: {say: News, on: [{hear: {words: [ok]}, as: it, goto: b}], otherwise: {goto: z}}\n"
    "b: {choose: [{when: {value: {name: it, is: ok}}, goto: c}, {goto: z}]}\n"
    "c: {then: [{do: opt_in, proof: single, topic: news}], choose: [{goto: z}]}",
    # what the contact told a dialog that was opened
    'a: {then: [{do: open, dialog: name}], choose: [{goto: b}]}\nb: {say: "{{ contact.first_name }}", choose: [{goto: z}]}',
])  # fmt: skip
def test_what_cannot_go_wrong_is_no_fault(states: str) -> None:
    name = load("name: name\nstart: a\nstates:\n  a: {then: [{do: remember, field: first_name, value: Bo}]}")
    known = replace(KNOWN, topics={**KNOWN.topics, "news": {"": "news"}}, dialogs={**LIBRARY, **OTHERS, "name": name})
    assert proved(f"{states}\n" + (END if "goto: z}" in states else ""), known=known) == []


@pytest.mark.parametrize(("head", "faults"), [("hears_opening: true\n" + HEAD, 0), (HEAD, 1)])
def test_a_keyword_may_be_the_first_answer_of_a_dialog_that_hears_what_opens_it(head: str, faults: int) -> None:
    known = replace(KNOWN, interrupts={"menu": "sample"})
    found = proved("a: {say: Go, on: [{hear: {words: [menu, ok]}, goto: z}]}\n" + END, head, known=known)
    assert len(found) == faults


@pytest.mark.parametrize(("branch", "name", "message"), [
    ("", "stop", "`stop` always means STOP: offer another word"),
    ("{hear: {words: ['2']}, goto: z}, ", "news", "`2` is already an answer above: this one never wins"),
    ("", "menu", "`menu` is a keyword that interrupts and opens `help`: it is never an answer here"),
])  # fmt: skip
def test_a_topic_that_cannot_be_heard_is_told(branch: str, name: str, message: str) -> None:
    known = replace(KNOWN, topics={"offers": {"": "our offers"}, "news": {"": name}})
    [found] = proved(f"a: {{say: Which, on: [{branch}{{hear: topic, goto: z}}]}}\n" + END, known=known)
    assert message in found


LOOP = "{%% for one in topics %%}{{ one.number }} {{ one.name }}{%% if one.on %%}: yes{%% else %%}%s{%% endif %%} {%% endfor %%}"


@pytest.mark.parametrize(("off", "message"), [
    ("{{ one.nmae }}", "this cannot be said: no value for {{ one.nmae }}"),
    ("{{ 1 | divided_by: 0 }}", "this cannot be said"),
    ("m" * 800, "this can become more than 10 parts"),
    (": no", None),
])  # fmt: skip
def test_a_menu_of_topics_is_said_with_all_on_and_with_all_off(off: str, message: str | None) -> None:
    states = f'a: {{say: "{LOOP % off}", on: [{{hear: topic, goto: z}}]}}\n' + END
    found = proved(states)
    assert len(found) == (message is not None)
    assert message is None or message in found[0]


def test_two_topics_of_one_name_are_told_where_they_are_offered() -> None:
    known = replace(KNOWN, topics={"offers": {"": "our offers"}, "news": {"": "our offers"}})
    [found] = proved("a: {say: Which, on: [{hear: topic, goto: z}]}\n" + END, known=known)
    assert "`our offers` is not heard as the name of a topic: give it one that no other has" in found


def test_a_topic_that_a_condition_names_is_walked() -> None:
    """However many there are before it."""
    topics = {**KNOWN.topics, "third": {"": "third things"}, "fourth": {"": "fourth things"}}
    found = proved("a: {say: Which, on: [{hear: topic, as: which, goto: b}]}\n"
                   "b: {choose: [{when: {value: {name: which, is: fourth}}, goto: c}, {goto: z}]}\n"
                   "c: {choose: [{goto: b}]}\n" + END, known=replace(KNOWN, topics=topics))
    assert len(found) == 1 and "leads back to itself" in found[0] and "> fourth things" in found[0]


@pytest.mark.parametrize(("consent", "reached"), [("offers", False), ("orders", True)])
def test_what_is_asked_of_a_topic_by_its_name_agrees_with_what_is_asked_of_the_one_heard(consent: str, reached: bool) -> None:
    """If it is on, and is the one named, the consent holds: a text that only somebody else could read is never proved."""
    found = proved("a: {say: Which, on: [{hear: topic, goto: b}]}\n"
                   "b: {choose: [{when: {topic: on}, goto: c}, {goto: z}]}\n"
                   f"c: {{choose: [{{when: {{not: {{consent: {consent}}}}}, goto: d}}, {{goto: z}}]}}\n"
                   "d: {choose: [{when: {consent: offers}, goto: e}, {goto: z}]}\n"
                   "e: {say: '{{ contact.first_name }}'}\n" + END, known=MORE)
    assert bool(found) == reached


@pytest.mark.parametrize("way", ["on_expiry: b\n", "events: {order.paid: b}\n"])
def test_an_answer_that_silence_or_an_event_does_not_bring_needs_a_default(way: str) -> None:
    [found] = proved('a: {say: Who, on: [{hear: anything, as: who, goto: b}]}\nb: {say: "Hello {{ answers.who }}"}',
                     HEAD.replace("states:", way + "states:"))
    assert "{{ answers.who }} is not always known here" in found
    assert ("\n    = order.paid\n" in found) == ("events" in way)


def test_an_answer_is_taken_by_a_keyword_with_politeness_around_it_too() -> None:
    [found] = proved("a: {say: Go, on: [{hear: {words: [menu svp, ok]}, goto: z}]}\n" + END)
    assert "`menu svp` is a keyword that interrupts and opens `help`" in str(found)


def test_a_word_of_the_menu_that_one_language_lacks_is_told_where_it_is() -> None:
    [found] = proved("a: {on: [{hear: {choice: {x: {say: {en: Pay}}}}, goto: z}]}\n" + END)
    assert found.startswith("6: states.a.on.0.hear.choice.x.say: this is not said in: fr\n")


def test_two_answers_of_a_menu_cannot_have_one_word() -> None:
    [found] = proved("a: {say: Which, on: [{hear: {choice: {x: {words: [one]}, y: {words: ['1']}}}, goto: z}]}\n" + END)
    assert found.startswith("6: states.a.on.0.hear: `1` is already an answer above: this one never wins\n")


def test_conditions_see_each_side_of_a_limit_and_each_answer_that_they_name() -> None:
    sample = written("a: {on: [{hear: {number: {}}, as: n, goto: b}, {hear: {words: [x, y, q]}, as: n, goto: b}]}\n"
                     "b: {choose: [{when: {value: {name: n, above: 3.5}}, goto: z}, "
                     "{when: {value: {name: n, in: [x, '7']}}, goto: z}, {goto: z}]}\n" + END)
    tests = tuple(choice.when.value for choice in sample.states["b"].choose or () if choice.when and choice.when.value)
    texts = Ears(sample.states["a"], KNOWN.fold, ground()).texts("en", {"n": tests})
    assert [text.heard.text for text in texts] == ["0", "4", "7", "x", "y"]


def test_an_answer_that_fits_no_condition_is_still_known_to_a_text() -> None:
    [found] = proved("""
a: {say: A, on: [{hear: {words: [no]}, as: it, goto: b}, {hear: {words: [skip]}, goto: b},
  {hear: {words: ["yes"]}, as: it, goto: z}]}
b: {say: B, on: [{hear: anything, goto: c}]}
c: {choose: [{when: {value: {name: it, is: "yes"}}, goto: z}, {goto: d}]}
d: {say: "{{ answers.it }}", choose: [{goto: z}]}
""" + END)
    assert found.startswith("10: states.d.say: {{ answers.it }} is not always known here") and "\n    > skip\n" in found


def test_each_loop_is_told_once_and_not_as_a_dead_end_too() -> None:
    found = proved("a: {say: A, on: [{hear: {words: [x]}, goto: b}, {hear: {words: [y]}, goto: d}]}\n"
                   "b: {say: B, after: {wait: P1D, goto: c}}\nc: {say: C, after: {wait: P1D, goto: b}}\n"
                   "d: {say: D, after: {wait: P1D, goto: d}}")
    assert [one.partition(": whoever never answers is texted from here for ever")[0] for one in found] == [
        "7: states.b", "9: states.d"]
    assert found[0].endswith("""
    > x
    < B
    = waiting sample b
    @ +1d
    < C
    = waiting sample c
    @ +1d
    < B
    = waiting sample b
    # and so on, for ever""")


def test_a_number_takes_the_postcodes_of_a_listener_below() -> None:
    [found] = proved("a: {say: A, on: [{hear: {number: {}}, goto: z}, {hear: {postcode: {country: FR}}, goto: z}]}\n" + END)
    assert found.startswith("6: states.a.on.1.hear: whatever this could hear is heard above: it never wins\n")
    assert found.endswith("    > 75011")


def test_where_nothing_leads_to_an_end_it_is_not_told_again_that_nobody_is_there() -> None:
    [found] = proved("a: {on: [{hear: anything, goto: a}], otherwise: {goto: a}}",
                     HEAD.replace("states:", "on_expiry: a\nstates:"))
    assert found.startswith("7: states.a: no words of the customer and no time lead from here to an end\n")


def test_dialogs_are_deaf_for_as_long_as_the_house_makes_them() -> None:
    assert DEAF_FOR == WITH_STAFF_FOR


# The bound


def big(states: int, branches: int, **more: object) -> Dialog:
    """States with so many branches each, that lead up to three states on."""
    def ask(at: int) -> dict[str, object]:
        on = [{"hear": {"words": [f"w{i}"]}, "goto": f"s{min(at + 1 + i % 3, states - 1)}", **more} for i in range(branches)]
        return {"say": {"fr": f"Question {at}", "en": f"Number {at}"}, "on": on}

    asked = {f"s{at}": ask(at) for at in range(states - 1)}
    return Dialog.model_validate({"name": "big", "start": "s0", "expires": "P2D",
                                  "states": {**asked, f"s{states - 1}": {"say": "Bye"}}})


def test_the_biggest_dialog_is_proved_in_seconds() -> None:
    dialog = big(200, 50)
    assert prove(dialog, known=KNOWN) == []
    assert cpu(lambda: prove(dialog, known=KNOWN), tries=1) < 8


def quiz(questions: int) -> tuple[str, str]:
    """Questions whose answers all decide together in the end, and the head of such a dialog."""
    states = [f'q{i}: {{say: "Q {i}", on: [{{hear: {{words: [a, b]}}, as: n{i}, goto: q{i + 1}}}], '
              f"otherwise: {{tries: 0, goto: q{i + 1}}}}}" for i in range(questions)]
    every = ", ".join(f"{{value: {{name: n{i}, is: a}}}}" for i in range(questions))
    last = f"q{questions}: {{choose: [{{when: {{all: [{every}]}}, goto: z}}, {{goto: z}}]}}"
    return "\n".join([*states, last, END]), HEAD.replace("start: a", "start: q0")


def test_ten_answers_may_decide_together() -> None:
    assert proved(*quiz(10)) == []


def test_too_many_ways_are_told_and_never_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty answers: there are a million ways to get to the end."""
    monkeypatch.setattr(walk, "MAX_STEPS", 2000)
    [found] = proved(*quiz(20))
    assert found.startswith("5: states: there are too many ways to prove: ")
    assert found.endswith("    > b\n    < Q 9\n    = listening sample q9")
