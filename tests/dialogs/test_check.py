"""What must be right before a dialog may be published, told with file, line and path."""

from dataclasses import replace

import pytest

from dialogs.check import MAX_STATES, RULES, check
from tests.dialogs.shop import HEAD, KNOWN, written

END = "z: {end: true}\n"
ASK = "a:\n  on:\n    - hear: %s\n      goto: z\n" + END
SAY = "a:\n  say: %s\n"

# rule, states (they begin at line 6 of the file), what is told
TABLE = [
    ("_gotos", "a: {after: {wait: PT1H, goto: nowhere}}", ["6: states.a.after.goto: there is no state `nowhere`"]),
    ("_unreachable", "a: {end: true}\nlost: {end: true}", ["7: states.lost: nothing leads to `lost`"]),
    ("_circles", "a: {choose: [{when: {tag: x}, goto: z}, {goto: b}]}\nb: {choose: [{goto: a}]}\n" + END, [
        "6: states.a.choose: `a` leads back to itself without listening or waiting",
        "7: states.b.choose: `b` leads back to itself without listening or waiting",
    ]),
    ("_choices", "a: {choose: [{when: {tag: x}, goto: z}]}\n" + END, [
        "6: states.a.choose.0: the last choice must have no condition, for everybody else",
    ]),
    ("_choices", "a: {choose: [{goto: z}, {goto: z}]}\n" + END, [
        "6: states.a.choose.0: everybody goes here: the choices below are never looked at",
    ]),
    ("_answers", ASK % "{words: [oui, arrêt]}", [
        "8: states.a.on.0.hear: `arret` always means STOP: offer another word",
    ]),
    ("_answers", ASK % "{choice: {x: {say: {fr: Aide, en: Assist}}}}", [
        "8: states.a.on.0.hear: `aide` always means HELP: offer another word",
    ]),
    ("_answers", ASK % "{words: [unstop]}", [
        "8: states.a.on.0.hear: `unstop` always means START: offer another word",
    ]),
    ("_answers", ASK % "{words: [stop 36180]}", [
        "8: states.a.on.0.hear: `stop 36180` always means STOP: offer another word",
    ]),
    ("_answers", ASK % "{words: ['👍']}", [
        "8: states.a.on.0.hear: `👍` has no letters or digits, so it cannot be heard",
    ]),
    ("_answers", "a:\n  on:\n    - {hear: {words: [oui]}, goto: z}\n    - {hear: {words: [OUI!]}, goto: z}\n" + END, [
        "9: states.a.on.1.hear: `oui` is already an answer above: this one never wins",
    ]),
    ("_answers", ASK % "{choice: {x: {words: [one]}, y: {words: ['1']}}}", [
        "8: states.a.on.0.hear: `1` is already an answer above: this one never wins",
    ]),
    ("_answers", "a:\n  on:\n    - {hear: anything, goto: z}\n    - {hear: phone, goto: z}\n" + END, [
        "9: states.a.on.1.hear: the branch above hears anything: this one never wins",
    ]),
    ("_languages", SAY % "{fr: Bonjour}", ["7: states.a.say: this is not said in: en"]),
    ("_languages", ASK % "{choice: {x: {say: {en: Pay}}}}", [
        "8: states.a.on.0.hear.choice.x.say: this is not said in: fr",
    ]),
    ("_merge_tags", SAY % '"Hello {{ brandd }}"', [
        "7: states.a.say: {{ brandd }} is not a merge tag that can be filled in here",
    ]),
    ("_merge_tags", SAY % '"Hello {{ contact.first_name }}"', [
        ("7: states.a.say: {{ contact.first_name }} is not always known here: add a default, "
         "such as {{ contact.first_name | default: 'you' }}"),
    ]),
    ("_merge_tags", SAY % '"Hello {{ brand"', None),
    ("_named", "a: {then: [{do: opt_in, proof: single, topic: news}]}", [
        "6: states.a.then.0: there is no topic `news`",
    ]),
    ("_named", "a: {then: [{do: remember, field: shoe_size, value: big}]}", [
        "6: states.a.then.0: there is no field `shoe_size`",
    ]),
    ("_named", "a: {then: [{do: remember, field: postcode}]}", [
        "6: states.a.then.0: nothing was heard here: say which `value` to remember",
    ]),
    ("_named", "a: {then: [{do: remember, field: zone, value: Lyon}]}", [
        "6: states.a.then.0: `Lyon` is no time zone: write it like Europe/Paris",
    ]),
    ("_named", "a: {then: [{do: remember, field: language, value: French}]}", [
        "6: states.a.then.0: `French` is no language: two letters, such as fr",
    ]),
    ("_named", "a: {then: [{do: open, dialog: contest}]}", ["6: states.a.then.0: there is no dialog `contest` to open"]),
    ("_conditions", "a: {choose: [{when: {value: {name: x, is: y}}, goto: z}, {goto: z}]}\n" + END, [
        "6: states.a.choose.0.when: no answer is remembered as `x`",
    ]),
    ("_conditions", "a: {choose: [{when: {not: {segmnt: x}}, goto: z}, {goto: z}]}\n" + END, [
        "6: states.a.choose.0.when: a condition cannot ask for `segmnt`: it knows consent, tag and value",
    ]),
    ("_conditions", "a: {choose: [{when: {all: [{consent: news}]}, goto: z}, {goto: z}]}\n" + END, [
        "6: states.a.choose.0.when: there is no topic `news`",
    ]),
    ("_durations", "a: {after: {wait: PT0S, goto: z}}\n" + END, [
        "6: states.a.after.wait: a time must be longer than nothing and at most a year",
    ]),
    ("_durations", "a: {then: [{do: pause, for: P9000D}]}", [
        "6: states.a.then.0.for: a time must be longer than nothing and at most a year",
    ]),
    ("_durations", "a: {then: [{do: slow_down, every: PT36H}]}", [
        "6: states.a.then.0.every: this is counted in whole days, such as P7D",
    ]),
    ("_named", "a: {on: [{hear: anything, then: [{do: pause}], goto: z}]}\n" + END, [
        "6: states.a.on.0.then.0: say for how long (`for`), or put it into a branch that hears `until` or a `date`",
    ]),
    ("_size", "a: {after: {wait: PT1H, goto: s0}}\n" + "\n".join(
        f"s{i}: {{after: {{wait: PT1H, goto: s{i + 1}}}}}" for i in range(MAX_STATES)) + f"\ns{MAX_STATES}: {{say: x}}", [
        f"5: states: {MAX_STATES + 2} states are too many to understand: at most {MAX_STATES}",
    ]),
]


def told(dialog, known=KNOWN):
    return [str(problem).removeprefix("sample.yaml:").lstrip() for problem in check(dialog, known=known)]


@pytest.mark.parametrize(("rule", "states", "expected"), TABLE)
def test_a_problem_is_told_with_its_line_and_its_path(rule, states, expected):
    found = told(written(states))
    assert found == expected if expected else found[0].startswith("7: states.a.say:")


def test_every_rule_has_its_case():
    elsewhere = {"_stuck"}  # below: the sample's head has an expiry
    assert {rule for rule, _, _ in TABLE} | elsewhere == {rule.__name__ for rule in RULES}


def test_a_listener_that_nobody_may_ever_leave_is_found():
    endless = HEAD.replace("expires: P2D\n", "")
    stuck = "a: {say: Go?, on: [{hear: {words: [ok]}, goto: a}%s]%s}"
    stuck = stuck.replace("Go?", "Go")
    way_on = "whoever answers something else stays here for ever: add `otherwise: {goto: …}` or `expires`"
    assert told(written(stuck % ("", ""), endless)) == [f"5: states.a.on: {way_on}"]
    assert told(written(stuck % (", {hear: anything, goto: a}", ""), endless)) == []
    assert told(written(stuck % ("", ", otherwise: {goto: a}"), endless)) == []
    assert told(written(stuck % ("", ""))) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("start: a", "start: b", ["3: start: there is no state `b`", "6: states.a: nothing leads to `a`"]),
        ("expires: P2D", "expires: -P2D", ["4: expires: a time must be longer than nothing and at most a year"]),
        ("expires: P2D", "on_expiry: a", ["4: on_expiry: this is never reached: say after which silence (`expires`)"]),
        ("expires: P2D", "on_expiry: b", ["4: on_expiry: there is no state `b`",
                                          "4: on_expiry: this is never reached: say after which silence (`expires`)"]),
        ("expires: P2D", "events: {order.paid: b}", []),  # nothing leaves an end
        ("topic: offers", "topic: news", ["2: topic: there is no topic `news`"]),
    ],
)
def test_a_problem_of_the_head_is_told_at_its_line(old, new, expected):
    assert told(written("a: {end: true}", HEAD.replace(old, new))) == expected


def test_a_circle_through_an_opened_dialog_is_not_endless():
    assert told(written("a: {then: [{do: open, dialog: survey}], choose: [{goto: b}]}\nb: {choose: [{goto: a}]}")) == []


@pytest.mark.parametrize(("field", "value"), [("language", "en"), ("zone", "Europe/Paris")])
def test_a_language_or_a_zone_is_written_not_heard(field, value):
    heard = "a: {on: [{hear: anything, then: [{do: remember, field: %s%s}], goto: z}]}\n" + END
    assert told(written(heard % (field, ""))) == [
        f"6: states.a.on.0.then.0: say which `value` the {field} is to have, in a branch for each"
    ]
    assert told(written(heard % (field, f", value: {value}"))) == []


def test_consent_needs_a_topic_from_somewhere():
    dialog = written("a: {then: [{do: opt_in, proof: single}]}", HEAD.replace("topic: offers\n", ""))
    assert told(dialog) == ["5: states.a.then.0: `opt_in` needs a topic, here or for the whole dialog"]


def test_a_tag_of_the_topic_needs_a_topic():
    dialog = written('a: {say: "{{ topic.name }}"}', HEAD.replace("topic: offers\n", ""))
    assert told(dialog) == ["5: states.a.say: {{ topic.name }} needs a `topic:` for this dialog"]


def test_yes_may_be_offered_even_where_it_is_reserved():
    known = replace(KNOWN, reserved=lambda folded: "START" if folded == "yes" else None)
    assert told(written(ASK % "{words: [yes]}"), known) == []


# An answer may be merged only where every road brings it.

ROADS = """
a:
  say: Your name
  on:
    - {hear: {words: [skip]}, goto: %s}
    - {hear: anything, as: name, goto: b}
b:
  say: "Hello {{ answers.name%s }}"
"""


def test_an_answer_that_one_road_does_not_bring_needs_a_default():
    assert told(written(ROADS % ("b", ""))) == [
        ("12: states.b.say: {{ answers.name }} is not always known here: add a default, "
         "such as {{ answers.name | default: 'you' }}")
    ]
    assert told(written(ROADS % ("b", " | default: 'you'"))) == []


def test_an_answer_that_every_road_brings_may_be_merged():
    assert told(written(ROADS % ("a", ""))) == []


def test_an_answer_that_silence_or_an_event_does_not_bring_needs_a_default():
    for way in ("on_expiry: b\n", "events: {order.paid: b}\n"):
        found = told(written(ROADS % ("a", ""), HEAD.replace("states:", way + "states:")))
        assert len(found) == 1 and "{{ answers.name }} is not always known here" in found[0]


def test_what_a_branch_has_just_heard_may_be_merged_into_its_own_words():
    assert told(written("""
a:
  on:
    - hear: anything
      as: town
      then: [{do: remember, field: postcode}]
      say: "{{ answers.town }}, {{ contact.postcode }}"
      goto: b
b: {say: "{{ answers.town }}, {{ contact.postcode }}"}
""")) == []


def test_a_value_that_the_house_always_gives_is_known_everywhere():
    known = replace(KNOWN, names=KNOWN.names | {"answers.order"})
    dialog = written('a: {say: "{{ answers.order }}", choose: [{when: {value: {name: order, is: x}}, goto: z}, '
                     "{goto: z}]}\n" + END)
    assert told(dialog, known) == []
