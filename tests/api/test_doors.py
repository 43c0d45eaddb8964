"""Who is let in, what is read, and what happens when the same thing is asked twice."""

import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from string import ascii_lowercase
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot import tokens
from bot.web.api import OPERATIONS
from bot.web.api.bodies import MAX_DEPTH
from bot.web.api.operations import Operation
from models import ApiToken, Contact, IdempotencyKey, Segment
from tests.api.conftest import Program
from tests.cost import cpu
from tests.house import House

EVERY = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.do.__name__)
ANA = "/contacts/+33612340001"


def address(operation: Operation) -> str:
    named = {"phone": "+33612340001", "slug": "offers", "number": "+33937000001", "name": "welcome"}
    return re.sub(r"<(?:id:)?(\w+)>", lambda found: named.get(found[1], "1"), operation.path)


@EVERY
def test_nobody_is_let_in_without_a_token(house: House, operation: Operation) -> None:
    answer = Program(house, None).ask(operation.method, address(operation), operation.example)
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@EVERY
def test_a_token_for_everything_else_is_not_enough(house: House, programs: Callable[..., Program], operation: Operation) -> None:
    answer = programs(*(tokens.SCOPES.keys() - {operation.scope})).ask(operation.method, address(operation), operation.example)
    assert answer.status_code == 403
    assert operation.scope in answer.get_json()["detail"]


@EVERY
def test_what_looks_like_a_token_but_is_none_of_ours_is_refused(house: House, operation: Operation) -> None:
    answer = Program(house, "parley_" + "x" * 43).ask(operation.method, address(operation), operation.example)
    assert answer.status_code == 401


def test_a_token_that_was_taken_back_opens_no_door(house: House, program: Program) -> None:
    assert program.ask("GET", "/contacts").status_code == 200
    with house.runtime.begin() as connection:
        tokens.revoke(connection, "program 0", house.runtime.machine_now())
    assert program.ask("GET", "/contacts").status_code == 401


def test_the_secret_is_kept_nowhere(house: House, program: Program) -> None:
    with house.runtime.read() as connection:
        row = connection.execute(select(ApiToken.__table__)).one()
    assert program.secret not in str(tuple(row))
    assert row.used_at is None
    program.ask("GET", "/contacts")
    with house.runtime.read() as connection:
        assert connection.scalar(select(ApiToken.used_at)) is not None


def test_too_many_requests_are_told_when_to_come_again(house: House, program: Program) -> None:
    house.app.config["PARLEY_RATES"]._limit.amount = 3
    answers = [program.ask("GET", "/contacts") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


# What is read

HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{text: 1}",
    "half of it": b'{"text": "a',
    "two of them": b"{} {}",
    "a list": b"[]",
    "a number": b"7",
    "another encoding": '{"text": "é"}'.encode("latin-1"),
    "a key twice": b'{"text": "a", "text": "b"}',
    "an unknown key": b'{"text": "a", "texte": "b"}',
    "another type": b'{"text": 7}',
    "null": b'{"text": null}',
    "too deep": b'{"text": ' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}",
    "much too deep": b'{"text": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "a number too large": b'{"text": 1e999}',
    "a number much too large": b'{"text": ' + b"9" * 60_000 + b"}",
    "not a number": b'{"text": NaN}',
    "half a character": b'{"text": "\\ud83d"}',
    "nul": b'{"text": "a\\u0000b"}',
    "too large": b'{"text": "' + b"a" * 70_000 + b'"}',
    "a tower of accents": '{"text": "a%s"}'.replace("%s", "\u0301\u0316" * 8_000).encode(),
    "many keys": b"{" + b",".join(b'"%d": 1' % number for number in range(6_000)) + b"}",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_json_gets_a_clear_answer(house: House, program: Program, raw: bytes) -> None:
    answer = program.ask("POST", "/texts/measure", raw=raw)
    assert 400 <= answer.status_code < 500, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    told = answer.get_json()
    assert told["detail"] or told["errors"]
    assert cpu(lambda: program.ask("POST", "/texts/measure", raw=raw)) < 0.1


HOSTILE_RULES: dict[str, Any] = {
    "a tower of accents": {"tag": "a" + "\u0301" * 14_000 + "\u0316" * 14_000},
    "zones": {"any": [{"zone": "Europe/Paris"}] * 190},
    "numbers for countries": {"country": [1] * 15_000},
    "a long word": {"tag": "a" * 60_000},
    "unknown keys": {f"k{n}": n for n in range(3_000)},
    "too many": {"any": [{"tag": "a"}] * 3_000},
}


@pytest.mark.parametrize("rule", HOSTILE_RULES.values(), ids=HOSTILE_RULES.keys())
def test_a_hostile_rule_costs_little(house: House, program: Program, rule: Any) -> None:
    answer = program.ask("POST", "/segments/preview", {"rule": rule})
    assert answer.status_code in (200, 400, 422)
    assert len(answer.get_data()) < 64_000
    assert cpu(lambda: program.ask("POST", "/segments/preview", {"rule": rule})) < 0.1


def test_what_is_no_json_at_all_is_refused(house: House, program: Program) -> None:
    assert program.ask("POST", "/texts/measure", raw=b"text=a", **{"Content-Type": "text/plain"}).status_code == 415


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=a", "limit=1.0", "limit=%201_0", "cursor=-1", "cursor=9223372036854775808", "what=1"],
)
def test_a_page_that_cannot_be_is_refused_with_its_parameter(house: House, program: Program, query: str) -> None:
    answer = program.ask("GET", f"/contacts?{query}")
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == query.partition("=")[0]


def test_a_parameter_twice_or_unreadable_is_refused(house: House, program: Program) -> None:
    assert program.ask("GET", "/contacts?limit=1&limit=2").status_code == 400
    assert program.ask("GET", "/contacts?tag=%00").status_code == 400


def test_an_address_that_is_none_gets_a_problem(house: House, program: Program) -> None:
    answer = program.ask("GET", "/nothing")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    answer = program.ask("DELETE", "/contacts")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")


def test_nothing_that_is_answered_is_kept_on_the_way(house: House, program: Program) -> None:
    for path in ("/contacts", "/nothing/here", "/contacts?limit=0"):
        assert program.ask("GET", path).headers.get("Cache-Control", "no-store") == "no-store"
    assert program.ask("GET", "/contacts").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/segments/9223372036854775808", "/campaigns/99999999999999999999", "/segments/-1"])
def test_a_number_that_no_database_holds_is_no_address(house: House, program: Program, path: str) -> None:
    assert program.ask("GET", path).status_code == 404


NAMED = [one for one in OPERATIONS if re.search(r"<\w+>", one.path)]


@pytest.mark.parametrize("operation", NAMED, ids=lambda one: one.do.__name__)
def test_a_name_that_no_text_can_have_is_no_address(house: House, program: Program, operation: Operation) -> None:
    named = re.sub(r"<id:\w+>", "1", operation.path)
    answer = program.ask(operation.method, re.sub(r"<\w+>", "a%00b", named), operation.example)
    assert (answer.status_code, answer.get_json()["title"]) == (404, "Not found")


LANGUAGES = [a + b for a in ascii_lowercase for b in ascii_lowercase]
HOSTILE_CHANGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "every language there may be": ("PUT", "/shop", {"languages": LANGUAGES}),
    "texts that nobody says": ("PUT", "/shop", {"texts": {f"k{n}": "a" for n in range(4_000)}}),
    "texts in every language": ("PUT", "/shop", {"texts": {"help": dict.fromkeys(LANGUAGES, "{{ brand }}")}}),
    "a field many times": ("PUT", "/shop", {"fields": [{"name": "f", "purpose": "a"}] * 1_500}),
    "a topic in every language": ("PUT", "/topics/a", {"names": dict.fromkeys(LANGUAGES, "a")}),
    "stop, and stop again": ("POST", "/keywords", {"phrases": ["stop"] * 7_000}),
    "many phrases": ("POST", "/keywords", {"phrases": [f"w{n}" for n in range(6_500)]}),
    "phrases in every language": ("POST", "/keywords", {"phrases": {one: [f"{one}{n}" for n in range(10)] for one in LANGUAGES}}),
}


@pytest.mark.parametrize(("method", "path", "change"), HOSTILE_CHANGES.values(), ids=HOSTILE_CHANGES.keys())
def test_a_hostile_change_of_the_shop_costs_little(
    house: House, program: Program, method: str, path: str, change: dict[str, Any]
) -> None:
    usual = next(one.example for one in OPERATIONS if one.method == method and address(one).startswith(path[:6]) and one.example)
    answer = program.ask(method, path, {**usual, **change})
    assert answer.status_code == 422
    assert "at most" in answer.get_json()["errors"][0]["message"]  # it is never tried on the whole shop
    assert cpu(lambda: program.ask(method, path, {**usual, **change})) < 0.1


HOSTILE_YAML = {
    "brackets": "[" * 20_000,
    "braces": "{a: " * 15_000,
    "a long list": "- a\n" * 12_000,
    "a long list in brackets": "[" + "a," * 30_000,
    "many keys": "\n".join(f"k{n}: a" for n in range(5_000)),
    "many states": "name: a\nstart: a\nstates:\n" + "".join(f"  s{n}: {{}}\n" for n in range(3_500)),
    "many words": "name: a\nstart: a\nstates:\n  a:\n    on:\n    - {hear: {words: [" + "aa, " * 2_000 + "]}, goto: a}\n",
}


@pytest.mark.parametrize("source", HOSTILE_YAML.values(), ids=HOSTILE_YAML.keys())
def test_a_hostile_dialog_costs_little(house: House, program: Program, source: str) -> None:
    found = program.post("/dialogs/welcome/check", {"source": source})
    assert re.search("too much|too deeply|at most", found["problems"][0]["message"])
    assert cpu(lambda: program.post("/dialogs/welcome/check", {"source": source})) < 0.1


# The same thing twice


def test_the_same_key_gets_the_same_answer_and_one_segment(house: House, program: Program) -> None:
    first = program.ask("POST", "/segments", {"name": "Fans", "rule": {"tag": "fan"}}, **{"Idempotency-Key": "k1"})
    again = program.ask("POST", "/segments", {"name": "Fans", "rule": {"tag": "fan"}}, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_data() == again.get_data()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


def test_without_a_key_the_second_one_is_refused(house: House, program: Program) -> None:
    program.post("/segments", {"name": "Fans"})
    assert program.ask("POST", "/segments", {"name": "Fans"}).status_code == 409


def test_the_same_key_for_another_request_is_a_mistake(house: House, program: Program) -> None:
    program.post("/segments", {"name": "Fans"}, **{"Idempotency-Key": "k1"})
    answer = program.ask("POST", "/segments", {"name": "Others"}, **{"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.get_json()["title"]) == (422, "This Idempotency-Key was used for another request")


def test_what_was_refused_may_be_asked_again_with_its_key(house: House, program: Program) -> None:
    assert program.ask("POST", "/segments", {"name": ""}, **{"Idempotency-Key": "k1"}).status_code == 422
    assert program.ask("POST", "/segments", {"name": "Fans"}, **{"Idempotency-Key": "k1"}).status_code == 201


def test_another_programs_key_is_another_key(house: House, programs: Callable[..., Program]) -> None:
    one, other = programs("segments:write"), programs("segments:write")
    one.post("/segments", {"name": "Fans"}, **{"Idempotency-Key": "k1"})
    answer = other.ask("POST", "/segments", {"name": "Others"}, **{"Idempotency-Key": "k1"})
    assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (201, False)


def test_twenty_copies_at_once_do_it_once(house: House, program: Program) -> None:
    answers: list[Any] = []

    def ask() -> None:
        answers.append(program.ask("POST", "/segments", {"name": "Fans"}, **{"Idempotency-Key": "k1"}))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.status_code for one in answers} == {201}
    assert len({one.get_data() for one in answers}) == 1
    assert sum("Idempotency-Replayed" not in one.headers for one in answers) == 1
    with house.runtime.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Segment)) == 1


def test_a_key_is_forgotten_after_two_days(house: House, program: Program) -> None:
    program.post("/segments", {"name": "Fans"}, **{"Idempotency-Key": "k1"})
    with house.runtime.begin() as connection:
        long_ago = house.runtime.machine_now() - timedelta(days=3)
        connection.execute(update(IdempotencyKey).values(at=long_ago))
    program.post("/segments", {"name": "Others"}, **{"Idempotency-Key": "k2"})
    assert tokens.forget_answers(house.runtime) == 1
    assert tokens.forget_answers(house.runtime) == 0
    with house.runtime.read() as connection:
        assert list(connection.scalars(select(IdempotencyKey.key))) == ["k2"]


@pytest.mark.parametrize("key", ["", "é", "a b", "k" * 201])
def test_a_key_that_cannot_be_read_is_refused(house: House, program: Program, key: str) -> None:
    headers = {"Idempotency-Key": key}
    assert program.ask("POST", "/segments", {"name": "Fans"}, **headers).status_code == 400


def test_the_description_fits_every_operation(house: House) -> None:
    """Every address with its scope, its body and an example that the body's own model takes."""
    document = Program(house, None).ask("GET", "/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert len(described) == len(OPERATIONS)
    for one in OPERATIONS:
        if one.body is not None:
            assert one.example is not None, one.path
            one.body.model_validate_json(json.dumps(one.example), strict=True)


def test_a_contact_is_kept_once_however_many_make_it(house: House, program: Program) -> None:
    threads = [threading.Thread(target=program.put, args=(ANA, {"tags": ["vip"]})) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with house.runtime.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Contact)) == 1


def test_the_name_of_a_token_that_was_taken_back_is_free_again(house: House) -> None:
    now = house.runtime.machine_now()
    with house.runtime.begin() as connection:
        for _ in range(3):
            tokens.create(connection, "shop", ["texts:read"], now)
            with pytest.raises(tokens.TokenError, match="already"):
                tokens.create(connection, "shop", ["texts:read"], now)
            tokens.revoke(connection, "shop", now)
        tokens.create(connection, "shop", ["texts:read"], now)
        *earlier, last = tokens.all_tokens(connection)
    assert last.name == "shop"
    assert [row.name for row in earlier] == [f"shop #{row.id}" for row in earlier]
