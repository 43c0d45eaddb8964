"""Segments and lists, kept, counted and explained by a program."""

from typing import Any

import pytest

from tests.api.conftest import Program
from tests.crowd import join, number
from tests.house import PEOPLE, House

ANA = PEOPLE["Ana"]
RULE = {"all": [{"topic": "offers"}, {"not": {"tag": "vip"}}]}


def made(program: Program, name: str, rule: Any = None) -> int:
    return int(program.post("/segments", {"name": name, "rule": rule})["id"])


def test_a_segment_is_made_changed_and_let_go(house: House, program: Program) -> None:
    id_ = made(program, "Fans", {"tag": "fan"})
    assert program.get(f"/segments/{id_}")["rule"] == {"tag": "fan"}
    assert program.put(f"/segments/{id_}", {"rule": RULE})["rule"] == RULE
    assert [one["name"] for one in program.get("/segments")["items"]] == ["Fans"]
    assert program.ask("DELETE", f"/segments/{id_}").status_code == 204
    assert program.ask("GET", f"/segments/{id_}").status_code == 404


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"tagg": "fan"}, "rule"),
        ({"all": [{"tag": ""}]}, "rule.all.0.tag"),
        ({"subscribed": "lottery"}, "rule"),
        ({"in_segment": "Nobody"}, "rule"),
    ],
)
def test_a_rule_that_cannot_be_is_told_piece_by_piece(house: House, program: Program, rule: Any, field: str) -> None:
    for path, body in (("/segments", {"name": "Fans", "rule": rule}), ("/segments/preview", {"rule": rule})):
        answer = program.ask("POST", path, body)
        assert answer.status_code == 422
        assert [one["field"] for one in answer.get_json()["errors"]] == [field]
    assert program.get("/segments")["items"] == []


def test_a_rule_is_counted_before_it_is_kept(house: House, program: Program) -> None:
    join(house.runtime, map(number, range(7)))
    house.text(number(0), "STOP")
    found = program.post("/segments/preview", {"rule": {"all": []}, "topic": "offers"})
    assert (found["count"], found["reachable"], found["sample"]) == (7, 6, [number(n) for n in range(5)])


def test_a_list_is_filled_by_hand_and_only_a_list(house: House, program: Program) -> None:
    join(house.runtime, map(number, range(3)))
    id_, by_rule = made(program, "Picked"), made(program, "Everyone", {"all": []})
    path = f"/segments/{id_}/contacts"
    assert program.post(path, {"add": [number(0), number(1)]}) == {"added": 2, "removed": 0}
    assert program.post(path, {"add": [number(1), number(2)], "remove": [number(0)]}) == {"added": 1, "removed": 1}
    assert program.post("/segments/preview", {"rule": {"in_list": "Picked"}})["sample"] == [number(1), number(2)]
    unknown = program.ask("POST", path, {"add": [number(0), ANA]})
    assert (unknown.status_code, unknown.get_json()["errors"][0]["field"]) == (422, "add.1")
    assert program.ask("POST", f"/segments/{by_rule}/contacts", {"add": [number(0)]}).status_code == 409


def test_each_piece_of_a_rule_says_whether_it_holds(house: House, program: Program) -> None:
    join(house.runtime, [number(0)])
    program.put(f"/contacts/{number(0)}", {"tags": ["vip"]})
    id_ = made(program, "Fans", RULE)
    found = program.get(f"/segments/{id_}/explain?phone=%2B{number(0)[1:]}")
    assert (found["path"], found["holds"]) == ("", False)
    yes, no = found["pieces"]
    assert (yes["path"], yes["rule"], yes["holds"]) == ("all.0", {"topic": "offers"}, True)
    assert (no["path"], no["holds"], no["pieces"][0]["path"], no["pieces"][0]["holds"]) == ("all.1", False, "all.1.not", True)
    assert program.ask("GET", f"/segments/{id_}/explain?phone=%2B33699999999").status_code == 404


def test_a_segment_that_is_needed_stays(house: House, program: Program) -> None:
    id_ = made(program, "Fans", {"tag": "fan"})
    made(program, "Others", {"not": {"in_segment": "Fans"}})
    answer = program.ask("DELETE", f"/segments/{id_}")
    assert answer.status_code == 409
    assert "needed by the segment 'Others'" in answer.get_data(as_text=True)


def test_a_name_is_taken_however_it_is_written(house: House, program: Program) -> None:
    made(program, "Caf\u00e9", {"tag": "fan"})
    answer = program.ask("POST", "/segments", {"name": "Cafe\u0301", "rule": {"all": []}})
    assert answer.status_code == 409
    assert program.get("/segments")["items"][0]["rule"] == {"tag": "fan"}


def test_a_name_that_is_none_is_told(house: House, program: Program) -> None:
    answer = program.ask("POST", "/segments", {"name": "A\u0001"})
    assert [one["field"] for one in answer.get_json()["errors"]] == ["name"]
