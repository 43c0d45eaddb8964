"""How a dialog must be written before it may be published, told with file, line and path."""

from dataclasses import replace

import pytest

from dialogs.check import MAX_STATES, RULES, check
from tests.dialogs.shop import HEAD, KNOWN, written

END = "z: {end: true}\n"
ASK = "a:\n  on:\n    - hear: %s\n      goto: z\n" + END
SAY = "a:\n  say: %s\n"
HOW_LONG = ("6: states.a.on.0.then.0: say for how long (`for`), or put it into a branch that hears `until` or a `date` with "
            "`future: true`")
WISH = ("a: {on: [{hear: {choice: {stop_offers: {}, prices: {}}}, as: wish, goto: b}, {hear: anything, goto: z}]}\n"
        "b: {choose: [{when: {value: {name: wish, %s}}, goto: z}, {goto: z}]}\n" + END)

# rule, states (they begin at line 6 of the file), what is told
TABLE = [
    ("_gotos", "a: {after: {wait: PT1H, goto: nowhere}}", ["6: states.a.after.goto: there is no state `nowhere`"]),
    ("_unreachable", "a: {end: true}\nlost: {end: true}", ["7: states.lost: nothing leads to `lost`"]),
    ("_choices", "a: {choose: [{when: {tag: x}, goto: z}]}\n" + END, [
        "6: states.a.choose.0: the last choice must have no condition, for everybody else",
    ]),
    ("_choices", "a: {choose: [{goto: z}, {goto: z}]}\n" + END, [
        "6: states.a.choose.0: everybody goes here: the choices below are never looked at",
    ]),
    ("_answers", ASK % "{words: ['👍']}", [
        "8: states.a.on.0.hear: `👍` has no letters or digits, so it cannot be heard",
    ]),
    ("_merge_tags", SAY % '"Hello {{ brandd }}"', [
        "7: states.a.say: {{ brandd }} is not a merge tag that can be filled in here",
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
    ("_named", "a: {then: [{do: open, dialog: raffle}]}", ["6: states.a.then.0: there is no dialog `raffle` to open"]),
    ("_named", "a: {on: [{hear: topic, then: [{do: opt_in, proof: single, topic: order_news}], goto: b}]}\n"
               "b: {then: [{do: opt_in, proof: single}]}", [
        "7: states.b.then.0: `offers` needs a second yes: ask for it, then `proof: double`",
    ]),
    ("_consents", "a: {on: [{hear: topic, goto: b}]}\n"
                  "b: {say: Yes or no, on: [{hear: yes, then: [{do: opt_in, proof: double}], goto: z}]}\n" + END, [
        "7: states.b.on.0.then.0: a yes to the topic that was heard: the question must name it, `{{ topic.name }}`",
    ]),
    ("_conditions", "a: {choose: [{when: {topic: yes}, goto: z}, {goto: z}]}\n" + END, [
        "6: states.a.choose.0.when: a topic is on or off, not `yes`",
    ]),
    ("_conditions", "a: {choose: [{when: {value: {name: x, is: y}}, goto: z}, {goto: z}]}\n" + END, [
        "6: states.a.choose.0.when: no answer is remembered as `x`",
    ]),
    ("_conditions", "a: {choose: [{when: {not: {segmnt: x}}, goto: z}, {goto: z}]}\n" + END, [
        "6: states.a.choose.0.when: a condition cannot ask for `segmnt`: it knows consent, tag, topic and value",
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
        HOW_LONG,
    ]),
    ("_named", "a: {on: [{hear: {date: {past: true}}, then: [{do: pause}], goto: z}]}\n" + END, [
        HOW_LONG,
    ]),
    ("_named", "a: {on: [{hear: {date: {future: true}}, then: [{do: pause}], goto: z}]}\n" + END, []),
    ("_durations", "a: {then: [{do: pause, for: PT1S}]}", [
        "6: states.a.then.0.for: a pause lasts a day at least, such as P30D",
    ]),
    ("_languages", ASK % "{words: {fr: [oui], en: []}}", [
        '8: states.a.on.0.hear.words: this is not heard in: en; words for every language stand under ""',
    ]),
    ("_languages", ASK % '{words: {fr: [oui], "": [ok]}}', []),
    ("_languages", ASK % "{choice: {red: {words: {fr: [rouge]}}, blue: {say: {fr: Bleu}, words: {en: [blue]}}, none: {}}}", [
        '8: states.a.on.0.hear.choice.red: this is not heard in: en; words for every language stand under ""',
    ]),
    ("_consents", "a: {say: Offers, then: [{do: opt_in, proof: double}]}", [
        "6: states.a.then.0: a double opt-in is the answer to a question: put it into a branch of `on`",
    ]),
    ("_consents", "a: {say: Offers, on: [{hear: anything, then: [{do: opt_in, proof: double}], goto: z}]}\n" + END, [
        "6: states.a.on.0.then.0: a double opt-in is a yes: hear it by `yes` or `words`",
    ]),
    ("_consents", "a: {say: Offers, on: [{hear: {words: [OK, Non !]}, then: [{do: opt_in, proof: double}], goto: z}]}\n" + END, [
        "6: states.a.on.0.then.0: `Non !` is no yes",
    ]),
    ("_consents", "a: {on: [{hear: {words: [ok]}, then: [{do: opt_in, proof: double}], goto: z}]}\n" + END, [
        "6: states.a.on.0.then.0: a double opt-in is the answer to a question: this state asks none (`say`)",
    ]),
    ("_conditions", WISH % "is: stop_offer", [
        "7: states.b.choose.0.when: `wish` is never `stop_offer`, but one of: prices, stop_offers",
    ]),
    ("_conditions", WISH % "in: [prices, hours]", [
        "7: states.b.choose.0.when: `wish` is never `hours`, but one of: prices, stop_offers",
    ]),
    ("_conditions", WISH % "above: 3", [
        "7: states.b.choose.0.when: `wish` is in words, so neither below nor above a number",
    ]),
    ("_conditions", WISH.replace("anything", "anything, as: wish") % "is: hours", []),
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
    assert found == expected if expected is not None else found[0].startswith("7: states.a.say:")


def test_every_rule_has_its_case():
    assert {rule for rule, _, _ in TABLE} == {rule.__name__ for rule in RULES}


def test_many_roads_between_the_same_states_are_soon_followed():
    """Once each road was followed anew wherever it led: thirty states took longer than anybody waits."""
    branches = "[" + ", ".join(f"{{hear: {{words: [w{i}]}}, goto: %s}}" for i in range(5)) + "]"
    states = [f"s{i}: {{on: {branches}}}" % ((f"s{i + 1}",) * 5) for i in range(30)]
    head = HEAD.replace("start: a", "start: s0")
    assert told(written("\n".join([*states, "s30: {end: true}"]), head)) == []


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
