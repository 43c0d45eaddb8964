"""Segments and lists are kept so that every rule stands, today and after the next change."""

import threading
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.runtime import open_engine
from bot.segments import BadRule, add, condition, contains, delete, find, names, remove, save
from bot.segments.parse import MAX_DEPTH, MAX_RULES
from bot.shop import load_shop
from models import Campaign, Contact, insert
from tests.house import SHOP
from tests.segments.crowd import NOW, Person, campaign, gather, who, who_is_in


def refused(connection: Connection, name: str, rule: Any) -> str:
    """What is said when this is saved."""
    with pytest.raises(BadRule) as error:
        save(connection, name, rule, NOW)
    return str(error.value)


def not_deleted(connection: Connection, name: str) -> str:
    with pytest.raises(BadRule) as error:
        delete(connection, name)
    return str(error.value)


def people(connection: Connection) -> list[int]:
    gather(connection, [Person(name) for name in ("Ana", "Bo", "Cleo")], [], [])
    return list(connection.scalars(select(Contact.id).order_by(Contact.id)))


def test_a_list_holds_whom_it_was_given_until_they_are_taken_off(connection: Connection) -> None:
    ana, bo, _ = people(connection)
    friends = save(connection, "friends", None, NOW)
    assert add(connection, "friends", [ana, bo, ana], NOW) == 2
    assert add(connection, "friends", [bo, 999_999], NOW) == 0  # the second one was erased meanwhile
    assert who_is_in(connection, friends) == {"Ana", "Bo"}
    assert remove(connection, "friends", [ana, 999_999]) == 1
    assert who_is_in(connection, friends) == {"Bo"}
    assert contains(connection, condition(connection, friends, NOW), bo)
    assert not contains(connection, condition(connection, friends, NOW), ana)


def test_only_a_list_takes_people(connection: Connection) -> None:
    save(connection, "vips", {"tag": "vip"}, NOW)
    for name in ("vips", "nobody's"):
        for change in (lambda: add(connection, name, [1], NOW), lambda: remove(connection, name, [1])):  # noqa: B023
            with pytest.raises(BadRule, match="there is no list"):
                change()


def test_saving_again_changes_the_rule_and_nothing_else(connection: Connection) -> None:
    first = save(connection, "vips", {"tag": "vip"}, NOW)
    assert save(connection, "vips", {"tag": "gold"}, NOW) == first
    found = find(connection, "vips")
    assert found is not None and (found.id, found.rule) == (first, {"tag": "gold"})
    assert save(connection, "a list", None, NOW) != first
    assert names(connection) == ["a list", "vips"]
    assert find(connection, "VIPS") is None


def test_a_segment_follows_the_segment_in_it(connection: Connection) -> None:
    people(connection)
    save(connection, "inner", {"tag": "vip"}, NOW)
    outer = save(connection, "outer", {"not": {"in_segment": "inner"}}, NOW)
    assert who_is_in(connection, outer) == {"Ana", "Bo", "Cleo"}
    save(connection, "inner", {"country": "FR"}, NOW)
    assert who_is_in(connection, outer) == set()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"any": [{"topic": "offer"}]}, "any.0: there is no topic 'offer'"),
        ({"subscribed": "offer", "within": "P1D"}, "there is no topic 'offer'"),
        ({"not": {"received": "spring"}}, "not: there is no campaign 'spring'"),
        ({"replied": {"to": "spring"}}, "there is no campaign 'spring'"),
        ({"in_list": "friends"}, "there is no list 'friends'"),
        ({"in_segment": "vips"}, "there is no segment 'vips'"),
        ({"in_list": "big"}, "'big' is a segment with a rule: in_segment"),
        ({"in_segment": "list"}, "'list' is a list: in_list"),
    ],
)
def test_a_name_that_means_nothing_is_refused(connection: Connection, rule: Any, message: str) -> None:
    save(connection, "big", {"tag": "never used yet"}, NOW)
    save(connection, "list", None, NOW)
    assert refused(connection, "mine", rule) == message
    assert find(connection, "mine") is None


def test_all_that_is_wrong_is_said_at_once(connection: Connection) -> None:
    said = refused(connection, "mine", {"all": [{"topic": "x"}, {"in_list": "y"}]})
    assert set(said.split("\n")) == {"all.0: there is no topic 'x'", "all.1: there is no list 'y'"}


def test_a_circle_is_refused_and_named(connection: Connection) -> None:
    assert "there is no segment" not in refused(connection, "a", {"in_segment": "a"})
    save(connection, "a", {"tag": "x"}, NOW)
    save(connection, "b", {"not": {"in_segment": "a"}}, NOW)
    save(connection, "c", {"any": [{"tag": "y"}, {"in_segment": "b"}]}, NOW)
    assert "a -> c -> b -> a" in refused(connection, "a", {"all": [{"in_segment": "c"}]})
    assert "a -> a" in refused(connection, "a", {"in_segment": "a"})
    save(connection, "a", {"tag": "z"}, NOW)


def test_two_halves_of_a_circle_cannot_be_saved_side_by_side(database: str) -> None:
    engine = open_engine(database)
    with engine.begin() as connection:
        load_shop(connection, SHOP)
        for name in ("a", "b"):
            save(connection, name, {"tag": name}, NOW)
    said: list[str] = []

    def other_half() -> None:
        try:
            with engine.begin() as connection:
                save(connection, "b", {"in_segment": "a"}, NOW)
        except BadRule as error:
            said.append(str(error))

    other = threading.Thread(target=other_half)
    with engine.begin() as connection:
        save(connection, "a", {"in_segment": "b"}, NOW)
        other.start()
        other.join(0.5)  # it waits for this transaction
    other.join()
    engine.dispose()
    assert len(said) == 1 and "b -> a -> b" in said[0]


def test_what_others_need_is_not_deleted(connection: Connection) -> None:
    save(connection, "friends", None, NOW)
    vips = save(connection, "vips", {"tag": "vip"}, NOW)
    save(connection, "user", {"all": [{"in_list": "friends"}, {"not": {"in_segment": "vips"}}]}, NOW)
    assert not_deleted(connection, "friends") == "'friends' is needed by the segment 'user'"
    assert not_deleted(connection, "vips") == "'vips' is needed by the segment 'user'"
    delete(connection, "user")
    delete(connection, "friends")
    for place, state in enumerate(("draft", "scheduled", "sending", "paused")):
        which = "within" if place % 2 else "without"
        connection.execute(insert(Campaign).values(**campaign(state, state=state, **{which: [vips]})))
        assert f"'vips' is needed by the campaign {state!r}" in not_deleted(connection, "vips")
    connection.execute(Campaign.__table__.update().values(state="finished"))
    delete(connection, "vips")
    assert names(connection) == []
    assert not_deleted(connection, "vips") == "there is no segment 'vips'"


def test_a_list_that_is_let_go_lets_its_people_go(connection: Connection) -> None:
    save(connection, "friends", None, NOW)
    add(connection, "friends", people(connection), NOW)
    delete(connection, "friends")
    again = save(connection, "friends", None, NOW)
    assert who_is_in(connection, again) == set()


def test_a_list_with_people_on_it_becomes_no_rule(connection: Connection) -> None:
    ana, *_ = people(connection)
    save(connection, "friends", None, NOW)
    add(connection, "friends", [ana], NOW)
    assert "people on it" in refused(connection, "friends", {"tag": "vip"})
    remove(connection, "friends", [ana])
    save(connection, "friends", {"tag": "vip"}, NOW)


def test_what_others_name_stays_the_kind_that_it_is(connection: Connection) -> None:
    save(connection, "friends", None, NOW)
    save(connection, "vips", {"tag": "vip"}, NOW)
    save(connection, "user", {"any": [{"in_list": "friends"}, {"in_segment": "vips"}]}, NOW)
    assert "named by 'user'" in refused(connection, "friends", {"tag": "vip"})
    assert "named by 'user'" in refused(connection, "vips", None)


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "x" * 201])
def test_a_name_must_be_a_name(connection: Connection, name: str) -> None:
    assert "a segment needs a name" in refused(connection, name, None)


def test_hostile_names_are_names(connection: Connection) -> None:
    people(connection)
    for name in ("'; DROP TABLE contact; --", '100 % "off"', "a -> b", "café ☕", "{{ brand }}"):
        list_id = save(connection, name, None, NOW)
        add(connection, name, connection.scalars(select(Contact.id)).all()[:1], NOW)
        assert who(connection, {"in_list": name}) == who_is_in(connection, list_id) == {"Ana"}


# Limits


def nested(depth: int, rule: Any) -> Any:
    for _ in range(depth):
        rule = {"not": rule}
    return rule


def test_the_largest_rules_run_on_both_databases(connection: Connection) -> None:
    people(connection)
    many = [{"language": "en"} for _ in range(MAX_RULES - 2)]
    assert who_is_in(connection, save(connection, "wide", {"not": {"any": many}}, NOW)) == {"Ana", "Bo", "Cleo"}
    deep = {"any": [{"field": "x", "exists": True}]}
    for _ in range(MAX_DEPTH // 2 - 1):
        deep = {"all": [{"not": deep}]}
    assert len(who_is_in(connection, save(connection, "deep", deep, NOW))) == 3 * (MAX_DEPTH // 2 % 2 == 0)


def test_segments_in_segments_may_not_swell_a_rule(connection: Connection) -> None:
    """Each names the one before twice: ten of them would be a thousand rules."""
    save(connection, "0", {"tag": "vip"}, NOW)
    rules = {str(place + 1): {"any": [{"in_segment": str(place)}] * 2} for place in range(10)}
    for place in range(1, 6):
        save(connection, str(place), rules[str(place)], NOW)
    assert "more than 200 rules" in refused(connection, "6", rules["6"])


def test_an_inner_segment_may_not_grow_past_what_its_users_bear(connection: Connection) -> None:
    save(connection, "inner", {"tag": "vip"}, NOW)
    save(connection, "outer", nested(MAX_DEPTH - 3, {"in_segment": "inner"}), NOW)
    save(connection, "inner", nested(2, {"tag": "vip"}), NOW)
    assert "'outer', which names it, would be more than" in refused(connection, "inner", nested(3, {"tag": "vip"}))
