"""Whatever the rule and whoever the people: both databases say what the plain answer says."""

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from bot.segments import audience, condition, contains, count, parse, save
from bot.segments.compile import compile
from bot.segments.ground import ground
from models import Contact, Segment
from tests.segments.crowd import NOW, Person, gather, who
from tests.segments.plain_answer import AGO, EDGES, holds

CAMPAIGNS, LISTS = ["spring", "50 % 'off'"], ["friends", 'x"; --']
DAYS = ["2026-03-28", "2026-03-29", "2026-03-30", "2026-04-15", "2026-04-16"]
TEXTS = st.one_of(
    st.sampled_from(["Léa", "léa", "", "%", "_", "50%", "a'b", '"', "\\", "'; DROP TABLE contact; --", "3", "3.0", "03",
                     "-3", "3 ", "3\n", "1e3", "True", "٣", *DAYS, "2026-03-29 ", "2026-02-30"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=4).filter(
        lambda text: text == parse_text(text)
    ),
)  # fmt: skip
NUMBERS = st.one_of(st.integers(-5, 5), st.integers(-50, 50).map(lambda tenths: tenths / 10))
NAMES = st.sampled_from(["first_name", "age"])
COUNTRIES = st.sampled_from(["FR", "BE", "US", "ES", "MX", "GB"])
LANGUAGES = st.sampled_from(["fr", "en", "es", "de"])
ZONES = st.sampled_from(["Europe/Paris", "America/Denver"])
TOPICS = st.sampled_from(["offers", "orders"])
TAGS = st.sampled_from(["vip", "VIP", "%", "a'b"])


def parse_text(text: str) -> str:
    """The text as rules write it: composed."""
    return parse({"tag": text}).tag if text else ""  # type: ignore[union-attr]


PEOPLE = st.builds(
    Person,
    name=st.just(""),
    country=st.none() | COUNTRIES,
    zone=st.none() | ZONES,
    language=st.none() | LANGUAGES,
    source=st.sampled_from(["text", "sample"]),
    values=st.dictionaries(NAMES, TEXTS | NUMBERS),
    tags=st.frozensets(TAGS),
    topics=st.dictionaries(TOPICS, st.tuples(st.sampled_from(["in", "out"]), st.sampled_from(EDGES))),
    stopped=st.booleans(),
    unreachable=st.booleans(),
    texts=st.lists(st.sampled_from(EDGES), max_size=3).map(tuple),
    campaigns=st.dictionaries(
        st.sampled_from(CAMPAIGNS), st.tuples(st.sampled_from(["sent", "failed", "ready"]), st.sampled_from(EDGES))
    ),
    lists=st.frozensets(st.sampled_from(LISTS)),
)
DAY, DURATION = st.sampled_from(DAYS), st.sampled_from(list(AGO))
PERIOD: dict[str, Any] = {"since": DAY, "until": DAY, "before": DAY | DURATION, "within": DURATION}
WORTH = NUMBERS | NUMBERS.map(str)
OPERATORS: dict[str, Any] = {
    "is": TEXTS.filter(bool) | WORTH,
    "is_not": TEXTS.filter(bool) | WORTH,
    "contains": TEXTS.filter(bool),
    "more_than": WORTH,
    "less_than": WORTH,
    "exists": st.booleans(),
    **PERIOD,
}


def some_of(parts: Mapping[str, Any], at_least: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    """A few of these keys, with their values."""
    keys = st.lists(st.sampled_from(list(parts)), min_size=at_least, max_size=2, unique=True)
    return keys.flatmap(lambda chosen: st.fixed_dictionaries({key: parts[key] for key in chosen}))


def with_key(key: str, names: Any, rest: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda name, more: {key: name, **more}, names, rest)


LEAVES = st.one_of(
    with_key("field", NAMES, some_of(OPERATORS)),
    with_key("subscribed", TOPICS, some_of(PERIOD)),
    some_of({**PERIOD, "to": st.sampled_from(CAMPAIGNS)}, 0).map(lambda answer: {"replied": answer}),
    st.fixed_dictionaries({"tag": TAGS}),
    st.fixed_dictionaries({"topic": TOPICS}),
    st.fixed_dictionaries({"zone": ZONES}),
    st.fixed_dictionaries({"country": COUNTRIES | st.lists(COUNTRIES, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"language": LANGUAGES}),
    st.fixed_dictionaries({"source": st.sampled_from(["text", "sample", "%"])}),
    st.fixed_dictionaries({"received": st.sampled_from(CAMPAIGNS)}),
    st.fixed_dictionaries({"in_list": st.sampled_from(LISTS)}),
)


def trees(leaves: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Rules of rules."""
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            st.lists(parts, max_size=3).map(lambda rules: {"all": rules}),
            st.lists(parts, max_size=3).map(lambda rules: {"any": rules}),
            parts.map(lambda rule: {"not": rule}),
        ),
        max_leaves=8,
    )


INNER = trees(LEAVES)
OUTER = trees(LEAVES | st.just({"in_segment": "inner"}))
ANY = trees(LEAVES | st.sampled_from([{"in_segment": "inner"}, {"in_segment": "outer"}]))


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(
    people=st.lists(PEOPLE, min_size=1, max_size=8),
    inner=INNER,
    outer=OUTER,
    rules=st.lists(ANY, min_size=1, max_size=4),
)
def test_both_databases_agree_with_the_plain_answer(
    connection: Connection, people: list[Person], inner: Any, outer: Any, rules: list[Any]
) -> None:
    people = [Person(**{**person.__dict__, "name": str(place)}) for place, person in enumerate(people)]
    segments = {"inner": inner, "outer": outer}
    with connection.begin_nested() as kept:
        gather(connection, people, CAMPAIGNS, LISTS)
        ids = [save(connection, name, rule, NOW) for name, rule in segments.items()]
        for rule in [*rules, *segments.values()]:
            expected = {person.name for person in people if holds(rule, person, segments)}
            assert who(connection, rule) == expected, rule
            check_contains_and_count(connection, rule, [person for person in people if person.name in expected])
        chosen = {p.name for p in people if holds(inner, p, segments) and not holds(outer, p, segments)}
        where = audience(connection, ids[:1], ids[1:], NOW)
        assert set(connection.scalars(select(Contact.person).where(where))) == chosen
        kept.rollback()


def check_contains_and_count(connection: Connection, rule: Any, expected: list[Person]) -> None:
    """Asked one by one, and counted, it is the same people; reachable are those who may be texted about offers."""
    where = compile(parse(rule), ground(connection, NOW))
    for contact_id, name in connection.execute(select(Contact.id, Contact.person)).all():
        assert contains(connection, where, contact_id) == (name in {person.name for person in expected})
    for topic in ("offers", None):
        fit = [person for person in expected if not person.stopped and not person.unreachable]
        states = [{on: state for on, (state, _) in person.topics.items() if topic in (on, None)} for person in fit]
        assert count(connection, parse(rule), NOW, topic) == (
            len(expected),
            sum("in" in its.values() for its in states),
        )


def test_a_segment_asked_by_its_id_is_its_rule(connection: Connection) -> None:
    gather(
        connection,
        [Person("Ana", tags=frozenset({"vip"})), Person("Bo", lists=frozenset({"friends"}))],
        [],
        ["friends"],
    )
    vips = save(connection, "vips", {"tag": "vip"}, NOW)
    friends = connection.scalar(select(Segment.id).where(Segment.name == "friends"))
    assert friends is not None
    for within, without, expected in [([vips], [], {"Ana"}), ([friends], [], {"Bo"}), ([vips, friends], [], {"Ana", "Bo"}),
                                      ([vips, friends], [vips], {"Bo"}), ([], [], set()), ([vips], [vips], set())]:  # fmt: skip
        where = audience(connection, within, without, NOW)
        assert set(connection.scalars(select(Contact.person).where(where))) == expected
    assert count(connection, condition(connection, vips, NOW), NOW).matching == 1
