"""Every rule and every operator: who of a small cast it holds for."""

from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.segments import parse, plain, save
from bot.segments.rules import KINDS, Answer, Value
from models import Contact
from tests.segments.crowd import NOW, Person, at, gather, who

HOSTILE = "'; DROP TABLE contact; --"
CAST = [
    Person(
        "Ana", tags=frozenset({"vip"}),
        values={"city": "Paris", "age": 34, "postcode": "01000", "born": "1990-05-31", "visit": "2026-04-15"},
        topics={"offers": ("in", at("2026-03-28T23:00"))}, texts=(at("2026-04-10T08:00"),), lists=frozenset({"friends"}),
        campaigns={"spring": ("sent", at("2026-04-09T08:00"))},
    ),
    Person(
        "Bo", country="US", zone="America/Denver", source="sample", tags=frozenset({"vip", HOSTILE}),
        values={"city": "paris", "age": "34", "postcode": 1000, "born": "1990-06-01"},
        topics={"offers": ("in", at("2026-03-28T22:59:59.999999"))}, stopped=True, texts=(at("2026-01-05T08:00"),),
        campaigns={"spring": ("failed", at("2026-04-09T08:00"))},
    ),
    Person(
        "Cleo", country="BE", language="en", values={"city": "Saint-Malo 100%", "age": 18.5, "born": "May 1990"},
        topics={"offers": ("out", at("2026-03-30T08:00")), "orders": ("in", at("2026-02-01T08:00"))},
        texts=(at("2026-01-05T08:00"), at("2026-04-10T08:00")), campaigns={"spring": ("sent", at("2026-04-10T08:00"))},
    ),
    Person(
        "Dee", country=None, values={"city": "", "age": "old", "visit": "2026-04-16"},
        campaigns={"spring": ("ready", at("2026-04-09T08:00"))},
    ),
    Person("Eve", country="US", language="fr", zone="Europe/Paris", values={"city": HOSTILE, "age": -2}),
]  # fmt: skip

ALL, NOBODY = "Ana Bo Cleo Dee Eve", ""
ROWS: list[tuple[dict[str, Any], str]] = [
    ({"all": []}, ALL),
    ({"all": [{"tag": "vip"}, {"country": "FR"}]}, "Ana"),
    ({"any": []}, NOBODY),
    ({"any": [{"tag": "vip"}, {"country": "BE"}]}, "Ana Bo Cleo"),
    ({"not": {"country": "FR"}}, "Bo Cleo Dee Eve"),
    ({"not": {"not": {"country": "FR"}}}, "Ana"),
    ({"field": "city", "is": "Paris"}, "Ana"),
    ({"field": "city", "is": HOSTILE}, "Eve"),
    ({"field": "age", "is": 34}, "Ana Bo"),
    ({"field": "age", "is": "34.0"}, "Ana Bo"),
    ({"field": "postcode", "is": "01000"}, "Ana"),
    ({"field": "postcode", "is": 1000}, "Bo"),
    ({"field": "city", "is_not": "Paris"}, "Bo Cleo Dee Eve"),
    ({"field": "postcode", "is_not": "01000"}, "Bo Cleo Dee Eve"),
    ({"field": "city", "contains": "aris"}, "Ana Bo"),
    ({"field": "city", "contains": "P"}, "Ana Eve"),
    ({"field": "city", "contains": "%"}, "Cleo"),
    ({"field": "city", "contains": "_"}, NOBODY),
    ({"not": {"field": "city", "contains": "aris"}}, "Cleo Dee Eve"),
    ({"field": "age", "more_than": "18.4"}, "Ana Bo Cleo"),
    ({"field": "age", "more_than": 34}, NOBODY),
    ({"field": "age", "less_than": 34}, "Cleo Eve"),
    ({"field": "age", "more_than": -3, "less_than": 18.5}, "Eve"),
    ({"not": {"field": "age", "less_than": 34}}, "Ana Bo Dee"),
    ({"field": "city", "exists": True}, "Ana Bo Cleo Eve"),
    ({"field": "city", "exists": "false"}, "Dee"),
    ({"field": "nothing", "exists": False}, ALL),
    ({"field": "born", "since": "1990-06-01"}, "Bo"),
    ({"field": "born", "until": "1990-05-31"}, "Ana"),
    ({"field": "born", "before": "1990-05-31"}, NOBODY),
    ({"field": "born", "before": "P30Y"}, "Ana Bo"),
    ({"field": "born", "within": "P36Y"}, "Ana Bo"),
    ({"field": "visit", "within": "P30D"}, "Ana"),  # Dee's is tomorrow
    ({"tag": "vip"}, "Ana Bo"),
    ({"tag": HOSTILE}, "Bo"),
    ({"tag": "VIP"}, NOBODY),
    ({"topic": "offers"}, "Ana"),
    ({"topic": "orders"}, "Cleo"),
    ({"subscribed": "offers", "since": "2026-03-29"}, "Ana"),
    ({"subscribed": "offers", "before": "2026-03-29"}, NOBODY),
    ({"subscribed": "offers", "until": "2026-03-29"}, "Ana"),
    ({"subscribed": "offers", "within": "P18D"}, "Ana"),
    ({"subscribed": "offers", "within": "P17D"}, NOBODY),
    ({"subscribed": "orders", "before": "P2M"}, "Cleo"),
    ({"zone": "Europe/Paris"}, "Eve"),
    ({"not": {"zone": "Europe/Paris"}}, "Ana Bo Cleo Dee"),
    ({"country": "US"}, "Bo Eve"),
    ({"country": ["US", "BE"]}, "Bo Cleo Eve"),
    ({"not": {"country": ["US", "BE"]}}, "Ana Dee"),
    ({"language": "fr"}, "Ana Eve"),
    ({"language": "en"}, "Bo Cleo"),
    ({"language": "es"}, NOBODY),
    ({"not": {"language": "en"}}, "Ana Dee Eve"),
    ({"source": "sample"}, "Bo"),
    ({"replied": {}}, "Ana Bo Cleo"),
    ({"not": {"replied": {"within": "P30D"}}}, "Bo Dee Eve"),
    ({"replied": {"within": "P30D"}}, "Ana Cleo"),
    ({"replied": {"since": "2026-04-11"}}, NOBODY),
    ({"replied": {"before": "P3M"}}, "Bo Cleo"),
    ({"replied": {"since": "2026-01-01", "until": "2026-01-05"}}, "Bo Cleo"),
    ({"replied": {"until": "2026-04-15"}}, "Ana Bo Cleo"),
    ({"replied": {"to": "spring"}}, "Ana"),
    ({"replied": {"to": "spring", "before": "2026-04-10"}}, NOBODY),
    ({"replied": {"to": "spring", "until": "2026-04-10"}}, "Ana"),
    ({"received": "spring"}, "Ana Cleo"),
    ({"not": {"received": "spring"}}, "Bo Dee Eve"),
    ({"in_list": "friends"}, "Ana"),
    ({"in_segment": "grown up"}, "Ana Bo Cleo"),
]


@pytest.fixture
def cast(connection: Connection) -> Connection:
    gather(connection, CAST, ["spring"], ["friends"])
    save(connection, "grown up", {"field": "age", "more_than": "17"}, NOW)
    return connection


def test_each_rule_holds_for_exactly_these(cast: Connection) -> None:
    found = [(rule, " ".join(sorted(who(cast, rule)))) for rule, _ in ROWS]
    assert found == ROWS
    assert len(list(cast.scalars(select(Contact.id)))) == len(CAST)


@pytest.mark.parametrize("rule", [rule for rule, _ in ROWS], ids=str)
def test_a_rule_is_the_same_after_it_was_stored(rule: dict[str, Any]) -> None:
    assert parse(plain(parse(rule))) == parse(rule)


def test_every_rule_and_every_operator_has_its_row() -> None:
    written = {key for rule, _ in ROWS for key in rule}
    assert set(KINDS) <= written
    operators = {info.alias or name for name, info in Value.model_fields.items()}
    assert operators <= {key for rule, _ in ROWS if "field" in rule for key in rule}
    assert set(Answer.model_fields) <= {key for rule, _ in ROWS for key in rule.get("replied", ())}
