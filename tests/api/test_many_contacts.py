"""Many contacts at once, a line of JSON for each."""

import io
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from werkzeug.test import TestResponse, create_environ, run_wsgi_app
from werkzeug.wrappers import Request

from bot.web import LARGEST_BODY
from bot.web.api.bodies import LONGEST_LINE
from models import Contact
from tests.api.conftest import Program
from tests.crowd import number
from tests.house import House

LINES = {"Content-Type": "application/x-ndjson"}


def post(program: Program, *lines: Any) -> Any:
    raw = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return program.ask("POST", "/contacts", raw=raw, **LINES)


def test_each_line_is_a_contact(house: House, program: Program) -> None:
    first = post(program, {"phone": number(0), "tags": ["a", "b"]}, b"", {"phone": number(1), "fields": {"first_name": "Bo"}})
    assert first.get_json() == {"lines": 2, "made": 2, "changed": 0, "refused": 0, "first_refused": []}
    again = post(
        program, {"phone": number(1), "language": "fr", "fields": {"postcode": "69001"}}, {"phone": number(0), "tags": ["b", "c"]}
    )
    assert (again.get_json()["made"], again.get_json()["changed"]) == (0, 2)
    assert house.truths(number(0)) == {"tag b", "tag c"}
    assert house.truths(number(1)) == {"field first_name Bo", "field postcode 69001", "language fr"}


def test_a_line_that_is_wrong_is_refused_by_itself(house: House, program: Program) -> None:
    found = post(
        program, {"phone": number(0)}, b"{", {"phone": "0612"}, {"phone": number(1), "fields": {"shoe_size": "41"}}, {"tags": []},
        {"phone": number(2), "zone": "Paris"}, {"phone": number(3)},
    ).get_json()  # fmt: skip
    assert (found["lines"], found["made"], found["refused"]) == (7, 2, 5)
    fields = [(one["line"], [error["field"] for error in one["errors"]]) for one in found["first_refused"]]
    assert fields == [(2, []), (3, ["phone"]), (4, ["fields.shoe_size"]), (5, ["phone"]), (6, ["zone"])]


def test_the_last_word_about_a_contact_counts(house: House, program: Program) -> None:
    found = post(program, *({"phone": number(0), "tags": [str(n)]} for n in range(5))).get_json()
    assert (found["made"], found["changed"]) == (1, 4)
    assert house.truths(number(0)) == {"tag 4"}


def test_what_several_lines_say_of_one_contact_is_put_together(house: House, program: Program) -> None:
    """As if they had come one by one."""
    lines: list[dict[str, Any]] = [
        {"language": "fr", "tags": ["a"], "fields": {"first_name": "Ana", "postcode": "69001"}}, {"fields": {"postcode": None}},
        {"tags": [], "zone": "Europe/Paris"}, {"language": "en", "fields": {}},
    ]  # fmt: skip
    for line in lines:
        program.put(f"/contacts/{number(0)}", line)
    post(program, *({"phone": number(1), **line} for line in lines))
    assert house.truths(number(1)) == house.truths(number(0)) == {"field first_name Ana", "language en"}


def test_one_contact_again_and_again_is_not_a_transaction_each_time(house: House, program: Program) -> None:
    with house.statements() as seen:
        found = post(program, *({"phone": number(0), "fields": {"postcode": str(n)}} for n in range(1_200))).get_json()
    assert (found["lines"], found["made"], found["changed"]) == (1_200, 1, 1_199)
    assert len(seen) < 50
    assert program.get(f"/contacts/{number(0)}")["fields"] == {"postcode": "1199"}


def test_a_line_without_end_is_refused_by_itself(house: House, program: Program) -> None:
    found = post(program, {"phone": number(0)}, b" " * (LONGEST_LINE + 1), {"phone": number(1)}).get_json()
    assert (found["lines"], found["made"], found["refused"]) == (3, 2, 1)


def test_many_lines_are_more_than_a_body_may_have(house: House, program: Program) -> None:
    many = [{"phone": number(n), "tags": ["a tag of some length"]} for n in range(2_000)]
    assert len(json.dumps(many)) > LARGEST_BODY
    assert post(program, *many).get_json()["made"] == 2_000


def test_lines_are_taken_as_they_come(house: House, program: Program) -> None:
    """When the last line is read, the first ones are kept already: they are never there together."""
    there: list[int] = []

    def lines() -> Iterator[bytes]:
        for n in range(1_500):
            if n == 1_499:
                with house.runtime.read() as connection:
                    there.append(connection.scalar(select(func.count()).select_from(Contact)) or 0)
            yield json.dumps({"phone": number(n)}).encode() + b"\n"

    class Coming(io.RawIOBase):
        left, source = b"", lines()

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            self.left = self.left or next(self.source, b"")
            size = min(len(buffer), len(self.left))
            buffer[:size], self.left = self.left[:size], self.left[size:]
            return size

    headers = LINES | {"Authorization": f"Bearer {program.secret}"}
    asked = create_environ("/api/v1/contacts", method="POST", headers=headers)
    asked |= {"wsgi.input": io.BufferedReader(Coming(), 100), "wsgi.input_terminated": True}
    answer = TestResponse(*run_wsgi_app(house.app, asked, buffered=True), request=Request(asked))
    assert answer.get_json()["made"] == 1_500
    assert there == [1_000]
