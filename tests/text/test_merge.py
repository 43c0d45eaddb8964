"""Merge tags: a contact's values, defaults for missing ones, and never a hole in a sentence."""

from datetime import date

import pytest

from bot.text.merge import BadTemplate, MissingTag, TagUse, render, tag_uses

ANA = {
    "brand": "ACME",
    "contact": {"first_name": "Ana", "nickname": " ", "city": None, "points": 5, "since": date(2026, 5, 12)},
    "cart": {"items": [{"title": "Robe"}, {"title": "Sac"}], "gifts": []},
}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("No tag at all: 100% {sure} }}", "No tag at all: 100% {sure} }}"),
        ("{{ brand }} : bonjour {{ contact.first_name }}", "ACME : bonjour Ana"),
        ("{{ contact['first_name'] }}", "Ana"),
        ("{{ contact.points }} pts depuis {{ contact.since }}", "5 pts depuis 2026-05-12"),
        ("{{ contact.points | times: 2 | plus: 1 }}", "11"),
        ("{{ contact.first_name | upcase }}", "ANA"),
        ("{{ contact.city | default: 'ici' }}", "ici"),
        ("{{ contact.nickname | default: contact.first_name }}", "Ana"),
        ("{{ nobody.knows.this | default: '-' }}", "-"),
        ("{{ contact.city | default: '' }}", ""),
        ("{% if contact.city %}a{% else %}b{% endif %}", "b"),
        ("{% if contact.nickname %}a{% else %}b{% endif %}", "b"),
        ("{% if contact.points > 3 %}a{% else %}b{% endif %}", "a"),
        ("{% if contact.miles > 3 %}a{% else %}b{% endif %}", "b"),
        ("{% unless contact.city %}a{% endunless %}", "a"),
        ("{% case contact.first_name %}{% when 'Ana' %}a{% else %}b{% endcase %}", "a"),
        ("{% for item in cart.items %}{{ item.title }} {% endfor %}", "Robe Sac "),
        ("{% for item in cart.gifts %}x{% else %}rien{% endfor %}", "rien"),
        ("{% if cart.gifts %}a{% else %}b{% endif %}", "b"),
        ("a\x00\ud800 {{ brand }}", "a ACME"),
        ("{{ cart.items.size }} / {{ cart.items | size }}", "2 / 2"),
        ("{% comment %}{{ oops }}{% endcomment %}ok", "ok"),
        ("e\u0301", "é"),
    ],
)
def test_a_template_becomes_what_is_said(template: str, said: str) -> None:
    assert render(template, ANA) == said


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ contact.vip | append: '.' }}", "non."), ("{{ contact.vip | default: '?' }}", "non"), ("{{ contact.vip }}", "non"),
        ("{{ contact.city | default: '?' }}", "?"), ("{{ contact.shoe | times: 100 }}", "1250"),
        ("{{ contact.shoe | append: '!' }}", "12,5!"), ("{{ 'Taille ' | append: contact.shoe }}", "Taille 12,5"),
        ("{{ contact.since | upcase }}", "12 MAI 2026"), ("{{ contact.shoe | times: 100 | append: '.' }}", "1250."),
        ("{{ contact.shoe | plus: 1 }}", "13,5"),
    ],
)  # fmt: skip
def test_values_with_a_type_are_words_to_filters_too(template: str, said: str) -> None:
    known = {"vip": False, "shoe": 12.5, "since": date(2026, 5, 12), "city": None}
    assert render(template, {"language": "fr", "contact": known}) == said


@pytest.mark.parametrize("name", ["city", "nickname", "unheard"])
@pytest.mark.parametrize("nothing", ["blank", "empty", "nil", "''"])
def test_absent_and_blank_values_are_the_same_nothing(name: str, nothing: str) -> None:
    asked = f"{{% if contact.{name} == {nothing} %}}none{{% else %}}some{{% endif %}}"
    assert render(asked, ANA) == "none"
    assert render(asked.replace(name, "first_name"), ANA) == "some"


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{{ contact.city }}", "contact.city"),
        ("{{ contact.nickname }}", "contact.nickname"),
        ("{{ contact.first_name.__class__ }}", "contact.first_name.__class__"),
        ("{{ contact.__class__.__mro__ }}", "contact.__class__.__mro__"),
        ("{{ nobody }}", "nobody"),
        ("{{ now }}", "now"),
        ("{{ contact.city | upcase }}", "contact.city"),
        ("{{ contact.city | upcase | default: 'x' }}", "contact.city"),
        ("{{ contact.miles | plus: 1 }}", "contact.miles"),
        ("{{ 'Bonjour ' | append: contact.city }}", "contact.city"),
        ("{{ contact.city | default: contact.street }}", "contact.street"),
        ("{% assign where = contact.city %}{{ where }}", "contact.city"),
        ("{{ brand[contact.city] }}", "contact.city"),
    ],
)
def test_a_missing_value_without_default_is_an_outcome_with_its_name(template: str, name: str) -> None:
    with pytest.raises(MissingTag) as missing:
        render(template, ANA)
    assert missing.value.name == name


def test_what_a_stranger_wrote_is_never_read_as_a_template() -> None:
    evil = {"contact": {"first_name": "{{ brand }}{% for i in (1..9) %}x{% endfor %}"}, "brand": "ACME"}
    assert render("{{ contact.first_name }}", evil) == evil["contact"]["first_name"]  # type: ignore[index]


def test_what_a_stranger_wrote_is_cleaned_and_not_escaped() -> None:
    assert render("{{ name }}", {"name": "a\x0b<b> & \ud800c\x00"}) == "a<b> & c"


@pytest.mark.parametrize(
    "template",
    ["{{ contact.city | default: “l’amie” }}", "{{\u00a0contact.city\u202f|\u00a0default\u00a0: “l’amie” }}"]
    + ["{{ contact.city | default: „l’amie“ }}"],
)
def test_quotes_and_spaces_that_a_word_processor_curled_inside_a_tag_still_work(template: str) -> None:
    assert render(template, ANA) == "l'amie"


def test_curly_quotes_outside_tags_and_in_straight_quotes_stay() -> None:
    assert render('“L’été” {{ contact.city | default: "l’amie" }}', ANA) == "“L’été” l’amie"


@pytest.mark.parametrize("template", ["{{ contact }}", "{{ cart.items }}", "{{ cart.items | first }}"])
def test_a_whole_record_is_never_printed(template: str) -> None:
    with pytest.raises(BadTemplate, match="holds several values"):
        render(template, ANA)


@pytest.mark.parametrize(
    ("template", "uses"),
    [
        ("Bonjour", []),
        ("{{ brand }}", ["brand"]),
        ("{{ contact.first_name | default: 'x' }} {{ brand | upcase }}", ["contact.first_name ?", "brand"]),
        ("{{ brand }}{{ brand }}{{ brand | default: '' }}", ["brand", "brand ?"]),
        ("{{ a | default: b.c }}", ["a ?", "b.c"]),
        ("{{ a | upcase | default: 'x' }}", ["a"]),
        ("{{ 'x' | append: a }}", ["a"]),
        ("{% if a.b %}{{ a.b }}{{ a.c }}{% else %}{{ a.b }}{% endif %}", ["a.b ?", "a.c", "a.b"]),
        ("{% if a != blank %}{{ a }}{% endif %}", ["a ?"]),
        ("{% if a > 3 %}x{% endif %}{% unless b %}{{ b }}{% endunless %}", ["a ?", "b ?", "b"]),
        ("{% for item in cart.items %}{{ item.title }}{{ forloop.index }}{% endfor %}", ["cart.items ?"]),
        ("{% assign name = a.b %}{{ name }}", ["a.b"]),
        ("{% capture name %}{{ a }}{% endcapture %}{{ name }}", ["a"]),
        ("{{ prices[contact.country] }}", ["prices.*", "contact.country"]),
        ("{% comment %}{{ a }}{% endcomment %}", []),
    ],
)
def test_the_uses_of_a_template_are_listed_with_whether_they_may_be_missing(template: str, uses: list[str]) -> None:
    """In the table, a question mark says "may be missing"."""
    assert [".".join(use.path) + " ?" * use.has_default for use in tag_uses(template)] == uses


def test_a_use_is_a_path_of_names() -> None:
    assert tag_uses("{{ topic.frequency }}") == (TagUse(("topic", "frequency"), has_default=False),)
