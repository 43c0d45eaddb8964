"""A template cannot reach files or objects, and cannot ask for more time or memory than a text is worth."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.merge import BadTemplate, MissingTag, render, tag_uses
from bot.text.sandbox import FILTERS, MAX_LOOPS
from bot.text.template import MAX_TEMPLATE

DOUBLING = "{% assign x = x | append: x %}" * 40
SQUARING = "{% assign x = x | times: x %}" * 40


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ x", "line 1: {{ is opened and never closed"),
        ("one\n\n{{ x }}{% if", "line 3: {% is opened and never closed"),
        ("{% if %}{% endif %}", "line 1: missing expression"),
        ("one\ntwo {{ 'a' | shout }}", "line 2: unknown filter 'shout'"),
        ("{% if a %}", "line 1: expected tag endif"),
        ("{% endif %}", "line 1: unexpected tag 'endif'"),
        ("{% include 'x' %}", "unexpected tag 'include'"),
        ("{% render 'x' %}", "unexpected tag 'render'"),
        ("{% break %}", "unexpected 'break'"),
        ("{{ 'a' | replace: 'a', 'aa' }}", "unknown filter 'replace'"),
        ("{{ 'now' | date: '%999999999d' }}", "unknown filter 'date'"),
        ("{{ 1 | divided_by: 0 }}", "divide by 0"),
        ("{{ '1e999' | ceil }}", "infinity"),
        ("{% for i in (1..1000000000) reversed %}x{% endfor %}", "a loop runs over a list"),
        ("{% assign r = (1..1000000000) %}{{ r | size }}", "a loop runs over a list"),
        ("{% assign x = 'ab' %}" + DOUBLING + "{{ x }}", "longer than"),
        ("{% assign x = 99 %}" + SQUARING + "{{ x }}", "limit reached"),
        ("{% if a %}" * 11 + "{% endif %}" * 11, "nesting limit"),
        ("{% for i in long %}{{ i }}{% endfor %}", "loop iteration limit"),
        ("{% for i in some %}{% for j in some %}.{% endfor %}{% endfor %}", "loop iteration limit"),
        ("{{ huge }}", "longer than"),
        ("{{ large }}" * 3, "output stream limit"),
        ("{{ huge | upcase }}", "longer than"),
        ("{{ '' | append: huge }}", "longer than"),
        ("{{" * 2000, "at most"),
        ("x" * (MAX_TEMPLATE + 1), "at most"),
        ("{{ " + "[" * 2000 + " }}", "parsing error"),
        ("{{" + " " * 4900 + "}}", "expected a primitive"),
    ],
)
def test_a_bad_or_greedy_template_is_refused_with_the_reason(template: str, reason: str) -> None:
    context = {
        "huge": "x" * 50_000_000,
        "large": "x" * 9_000,
        "long": list(range(1_000_000)),
        "some": list(range(MAX_LOOPS // 4)),
    }
    with pytest.raises(BadTemplate) as refused:
        render(template, context)
    assert reason in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("template", ["{{ x", "a\n{{ b | shout }}", "{% include 'x' %}", "{{" * 2000])
def test_bad_liquid_is_refused_before_publishing_too(template: str) -> None:
    with pytest.raises(ValueError, match=r"line \d: "):
        tag_uses(template)


@pytest.mark.parametrize("joint", [" or a", ".b", "[a", " | append: a"])
def test_endless_expressions_end_as_an_outcome(joint: str) -> None:
    expression = "a" + joint * ((MAX_TEMPLATE - 40) // len(joint))
    for template in (f"{{{{ {expression} }}}}", f"{{% if {expression} %}}x{{% endif %}}"):
        for ask in (lambda text: render(text, {"b": 1}), tag_uses):
            try:
                ask(template)
            except (BadTemplate, MissingTag) as outcome:
                assert str(outcome)


@pytest.mark.parametrize("name", [name for name in FILTERS if name != "default"])
def test_no_filter_turns_a_missing_value_into_text(name: str) -> None:
    with pytest.raises(MissingTag):
        render(f"{{{{ nothing | {name}: 1 }}}}", {})


PIECES = ["{{", "}}", "{%", "%}", "if ", "endif", "for i in a ", "endfor", "assign x = ", "a", ".b", "[", "]", "'", "“"]
PIECES += [
    "|",
    "default: ",
    "upcase",
    "append: ",
    "==",
    "blank",
    "1",
    "\n",
    " ",
    "comment",
    "endcomment",
    "raw",
    "é",
    "-",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_text_is_a_template_or_is_refused(template: str) -> None:
    for ask in (lambda text: render(text, {"a": {"b": ["x"]}}), tag_uses):
        try:
            ask(template)
        except (BadTemplate, MissingTag) as outcome:
            assert str(outcome)
