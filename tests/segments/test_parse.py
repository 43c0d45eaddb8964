"""What is no rule is refused with the place where it is wrong."""

from typing import Any

import pytest

from bot.segments import BadRule, parse, plain
from bot.segments.parse import MAX_DEPTH, MAX_RULES


def refused(data: Any) -> str:
    with pytest.raises(BadRule) as error:
        parse(data)
    return str(error.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"all": [{"tag": "x"}, {"not": {"field": "y", "iss": "z"}}]}, "all.1.not.iss: this key is not known here"),
        ({"all": [{"tag": "x"}, {"not": {"field": "Y Z", "is": "z"}}]}, "all.1.not.field: "),
        ({"any": [{}]}, "any.0: a rule is an object with exactly one of the keys all, any, not, field, tag"),
        ({"tag": "x", "country": "FR"}, "a rule is an object with exactly one"),
        ([], "a rule is an object"),
        ("vip", "a rule is an object"),
        (None, "a rule is an object"),
        ({"all": {"tag": "x"}}, "all: this should be a list"),
        ({"tag": ""}, "tag: this must not be empty"),
        ({"tag": ["x"]}, "tag: this should be a text"),
        ({"tag": "x" * 201}, "tag: this is too long"),
        ({"tag": "a\0"}, "tag: there is a character in it that no text can have"),
        ({"tag": "\ud800"}, "tag: there is a character in it that no text can have"),
        ({"field": "x"}, "say of the value: is, is_not"),
        ({"field": "x\"y", "is": "1"}, "field: "),
        ({"field": "x", "more_than": "1,5"}, "more_than: write a number such as 100 or 12.5"),
        ({"field": "x", "more_than": "1\n"}, "more_than: write a number such as 100 or 12.5"),
        ({"field": "x", "less_than": float("nan")}, "less_than: write a number such as 100 or 12.5"),
        ({"field": "x", "exists": "perhaps"}, "exists: "),
        ({"subscribed": "offers"}, "say when: since, until, before or within"),
        ({"subscribed": "offers", "since": "2026-02-30"}, "since: write a day such as 2026-05-31"),
        ({"subscribed": "offers", "since": "P30D"}, "since: write a day such as 2026-05-31"),
        ({"subscribed": "offers", "since": 20260530}, "since: this should be a text"),
        ({"subscribed": "offers", "until": "0001-01-01"}, "until: write a day such as 2026-05-31"),
        ({"subscribed": "offers", "before": "30D"}, "before: write a day such as 2026-05-31, or a duration"),
        ({"subscribed": "offers", "within": "P0D"}, "within: write a duration such as P30D"),
        ({"subscribed": "offers", "within": "P99999999D"}, "within: write a duration such as P30D"),
        ({"replied": "spring"}, "replied: this should be an object"),
        ({"replied": {"within": "2026-05-31"}}, "replied.within: write a duration such as P30D"),
        ({"zone": "Paris"}, "zone: write a time zone such as Europe/Paris"),
        ({"zone": "../../etc/passwd"}, "zone: write a time zone"),
        ({"country": "fr"}, "country.0: "),
        ({"country": []}, "country: "),
        ({"language": "french"}, "language: "),
    ],
    ids=lambda value: ascii(value)[:50],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_its_place(data: Any, message: str) -> None:
    assert refused(data).startswith(message)


def test_numbers_may_be_written_as_text_and_dates_as_dates() -> None:
    from datetime import date

    assert parse({"field": "age", "more_than": 18}) == parse({"field": "age", "more_than": "18"})
    assert parse({"field": "ok", "is": True}) == parse({"field": "ok", "is": "true"})
    assert parse({"field": "x", "since": date(2026, 5, 31)}) == parse({"field": "x", "since": "2026-05-31"})


def test_letters_of_two_characters_are_read_as_one() -> None:
    assert plain(parse({"tag": "Le\u0301a"})) == {"tag": "Léa"}


def test_a_rule_has_a_greatest_size() -> None:
    wide = {"any": [{"tag": "x"}] * (MAX_RULES - 1)}
    parse(wide)
    assert "a segment may have 200 rules" in refused({"not": wide})


def test_a_rule_has_a_greatest_depth_and_says_where_it_ends() -> None:
    deep: Any = {"tag": "x"}
    for _ in range(MAX_DEPTH - 1):
        deep = {"not": deep}
    parse(deep)
    assert refused({"all": [deep]}).startswith("all.0.not.not.not")
    for _ in range(100_000):  # deeper than any recursion could go
        deep = {"not": deep}
    assert "20 deep" in refused(deep)
    while "not" in deep:  # taken apart here, because Python takes nested objects apart recursively
        deep = deep.pop("not")
