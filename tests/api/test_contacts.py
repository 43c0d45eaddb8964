"""Contacts and their consent, kept by a program."""

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from models import ConsentProof, Contact, Conversation, IdempotencyKey, Message
from tests.api.conftest import Program
from tests.house import PEOPLE, House

ANA, BO = f"/contacts/{PEOPLE['Ana']}", f"/contacts/{PEOPLE['Bo']}"
YES = {
    "topic": "offers", "change": "opt_in", "source": "till", "proof": "double", "answer": "signed",
    "wording": "SMS offers of ACME, 2 a month at most. STOP to leave.",
}  # fmt: skip


def problem(answer: Any, status: int) -> dict[str, Any]:
    """What went wrong: field -> message."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    return {one["field"]: one["message"] for one in answer.get_json()["errors"]}


def test_a_contact_is_made_and_what_is_not_named_stays(house: House, program: Program) -> None:
    said = {"language": "fr", "zone": "Europe/Paris", "fields": {"first_name": "Ana"}, "tags": ["vip", "lyon"]}
    made = program.ask("PUT", ANA, said)
    assert made.status_code == 201
    found = made.get_json()
    assert (found["phone"], found["country"], found["source"]) == (PEOPLE["Ana"], "FR", "api")
    again = program.ask("PUT", ANA, {"fields": {"postcode": "69001"}})
    assert again.status_code == 200
    assert again.get_json()["fields"] == {"first_name": "Ana", "postcode": "69001"}
    assert again.get_json()["tags"] == ["lyon", "vip"]
    assert program.put(ANA, {"fields": {"first_name": None}, "tags": []})["fields"] == {"postcode": "69001"}
    found = program.get(ANA)
    assert (found["language"], found["zone"], found["tags"]) == ("fr", "Europe/Paris", [])
    assert house.truths("Ana") == {"field postcode 69001", "language fr"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"fields": {"shoe_size": "41"}}, "fields.shoe_size"),
        ({"zone": "Paris"}, "zone"),
        ({"language": "français"}, "language"),
        ({"tags": [""]}, "tags.0"),
        ({"tags": "vip"}, "tags"),
        ({"country": "FR"}, "country"),
        ({"fields": {"first_name": 7}}, "fields.first_name"),
        ({"fields": {"first_name": "\u0001"}}, "fields.first_name"),
        ({"tags": [" "]}, "tags.0"),
    ],
)
def test_what_cannot_be_kept_is_told_with_its_field(house: House, program: Program, said: Any, field: str) -> None:
    assert [*problem(program.ask("PUT", ANA, said), 422)] == [field]
    assert program.ask("GET", ANA).status_code == 404


@pytest.mark.parametrize("phone", ["0612340001", "+33", "ana", "+999999999999999999"])
def test_a_number_that_is_none_is_told(house: House, program: Program, phone: str) -> None:
    assert [*problem(program.ask("PUT", f"/contacts/{phone}", {}), 422)] == ["phone"]


def test_pages_tell_everybody_once(house: House, program: Program) -> None:
    numbers = [f"+3361234{n:04}" for n in range(12)]
    for n, number in enumerate(numbers):
        program.put(f"/contacts/{number}", {"tags": ["even"] if n % 2 == 0 else []})
    seen, cursor, pages = [], 0, 0
    while cursor is not None:
        page = program.get(f"/contacts?limit=5&cursor={cursor}")
        seen += [one["phone"] for one in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert (seen, pages) == (numbers, 3)
    assert [one["phone"] for one in program.get("/contacts?tag=even")["items"]] == numbers[::2]


def test_consent_given_elsewhere_is_in_the_ledger_with_its_proof(house: House, program: Program) -> None:
    program.put(ANA, {})
    event = program.post(f"{ANA}/consent", YES | {"at": "2026-11-20T10:00:00+01:00"})
    assert (event["change"], event["topic"], event["at"]) == ("in", "offers", "2026-11-20T09:00:00Z")
    assert house.truths("Ana") == {"consent offers in (double)"}
    out = program.post(f"{ANA}/consent", {"topic": "offers", "change": "opt_out", "source": "phone call"})
    assert out["change"] == "out"
    found = program.get(f"{ANA}/consent")
    told = [(one["change"], one["source"], one["answer"]) for one in found["events"]]
    assert told == [("in", "till", "signed"), ("out", "phone call", "")]
    assert (found["opted_out"], found["topics"], found["broken_link"]) == (False, {"offers": "out"}, None)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"topic": "lottery"}, "topic"),
        ({"wording": "  "}, "wording"),
        ({"proof": "single"}, "proof"),
        ({"at": "2031-01-01T00:00:00Z"}, "at"),
        ({"at": "2026-11-20"}, "at"),
        ({"at": "2026-11-20T10:00:00"}, "at"),
        ({"change": "in"}, "change"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"source": "till, Bo Martin, bo@x.fr"}, "source"),
        ({"topic": "*"}, "topic"),
    ],
)
def test_consent_that_proves_nothing_is_refused(house: House, program: Program, wrong: Any, field: str) -> None:
    program.put(ANA, {})
    assert [*problem(program.ask("POST", f"{ANA}/consent", YES | wrong), 422)] == [field]
    assert house.truths("Ana") == set()


def test_nobody_but_the_person_lifts_a_stop(house: House, program: Program) -> None:
    house.text("Bo", "STOP")
    answer = program.ask("POST", f"{BO}/consent", YES)
    assert (answer.status_code, answer.get_json()["title"]) == (409, "suppressed")
    assert house.truths("Bo") == {"consent * out"}
    assert house.story("Bo") == ["* out", "offers refused"]


def test_what_was_refused_after_a_stop_may_be_said_again_after_a_start(house: House, program: Program) -> None:
    """Also with the same Idempotency-Key: only what was done is kept."""
    house.text("Bo", "STOP")
    assert program.ask("POST", f"{BO}/consent", YES, **{"Idempotency-Key": "k"}).status_code == 409
    house.text("Bo", "START")
    later = program.ask("POST", f"{BO}/consent", YES, **{"Idempotency-Key": "k"})
    assert (later.status_code, "Idempotency-Replayed" in later.headers) == (201, False)
    assert program.ask("POST", f"{BO}/consent", YES, **{"Idempotency-Key": "k"}).headers["Idempotency-Replayed"] == "true"
    assert house.story("Bo") == ["* out", "offers refused", "* lifted", "offers in"]


@pytest.mark.parametrize("topic", ["*", "offers"])
def test_who_opts_out_need_not_be_a_contact(house: House, program: Program, topic: str) -> None:
    no = {"topic": topic, "change": "opt_out", "source": "till"}
    assert program.ask("POST", f"{BO}/consent", {**no, "topic": "lottery"}).status_code == 422
    assert program.ask("POST", f"{BO}/consent", YES).status_code == 404
    assert program.ask("GET", BO).status_code == 404
    assert program.post(f"{BO}/consent", no)["change"] == "out"
    assert house.story("Bo") == [f"{topic} out"]
    assert program.get(f"{BO}/consent")["opted_out"] is (topic == "*")


@pytest.mark.parametrize("source", ["text", "dialog", "carrier", "sample", "text "])
def test_nobody_else_can_say_what_we_have_heard_ourselves(house: House, program: Program, source: str) -> None:
    program.put(ANA, {})
    for said in (YES, {"topic": "*", "change": "opt_out"}):
        assert [*problem(program.ask("POST", f"{ANA}/consent", said | {"source": source}), 422)] == ["source"]
    assert house.story("Ana") == []


def test_who_said_something_later_has_had_the_last_word(house: House, program: Program) -> None:
    house.text("Bo", "STOP")
    house.text("Bo", "START")
    answer = program.ask("POST", f"{BO}/consent", YES | {"at": "2026-11-01T10:00:00Z"})
    assert answer.status_code == 409
    assert house.story("Bo") == ["* out", "* lifted"]


def test_erased_means_gone_and_still_never_texted(house: House, program: Program) -> None:
    house.text("Bo", "JOIN")
    house.text("Bo", "STOP")
    person = house.contact("Bo").person
    assert program.ask("DELETE", BO).status_code == 204
    assert program.ask("DELETE", BO).status_code == 404
    assert program.ask("GET", BO).status_code == 404
    with house.runtime.read() as connection:
        for table in (Contact, Message, Conversation, ConsentProof):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
    program.put(BO, {})
    assert house.contact("Bo").person != person
    assert program.ask("POST", f"{BO}/consent", YES).get_json()["title"] == "suppressed"


def test_a_no_to_everything_is_a_stop_however_it_came(house: House, program: Program) -> None:
    program.put(ANA, {})
    program.post(f"{ANA}/consent", YES)
    out = program.post(f"{ANA}/consent", {"topic": "*", "change": "opt_out", "source": "phone call", "answer": "never again"})
    assert (out["topic"], out["change"]) == ("*", "out")
    assert program.get(f"{ANA}/consent")["opted_out"]
    assert program.ask("POST", f"{ANA}/consent", YES).get_json()["title"] == "suppressed"
    assert "consent * out" in house.truths("Ana")


def test_a_no_is_heard_though_a_stop_came_later(house: House, program: Program) -> None:
    """Else a START would bring back what they had refused before."""
    program.put(ANA, {})
    program.post(f"{ANA}/consent", YES | {"at": "2026-11-01T10:00:00Z"})
    house.text("Ana", "STOP")
    program.post(f"{ANA}/consent", {"topic": "offers", "change": "opt_out", "source": "letter", "at": "2026-11-10T10:00:00Z"})
    house.text("Ana", "START")
    assert program.get(f"{ANA}/consent")["topics"] == {"offers": "out"}


def test_a_no_to_one_topic_is_heard_though_they_came_back_by_start(house: House, program: Program) -> None:
    """START takes a STOP back, and says nothing of what they had refused in a letter before."""
    program.put(ANA, {})
    program.post(f"{ANA}/consent", YES | {"at": "2026-11-01T10:00:00Z"})
    house.text("Ana", "STOP")
    house.text("Ana", "START")
    program.post(f"{ANA}/consent", {"topic": "offers", "change": "opt_out", "source": "letter", "at": "2026-11-10T10:00:00Z"})
    assert program.get(f"{ANA}/consent")["topics"] == {"offers": "out"}


def test_an_answer_that_was_kept_is_forgotten_with_the_person(house: House, program: Program) -> None:
    program.put(ANA, {})
    program.post(f"{ANA}/consent", YES, **{"Idempotency-Key": "k"})
    house.text("Ana", "STOP")
    program.ask("DELETE", ANA)
    with house.runtime.read() as connection:
        assert connection.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
    program.put(ANA, {})
    assert program.ask("POST", f"{ANA}/consent", YES, **{"Idempotency-Key": "k"}).status_code == 409


def test_what_named_somebody_who_is_erased_names_nobody_else(house: House, program: Program) -> None:
    program.put(ANA, {})
    before = house.contact("Ana").id
    program.ask("DELETE", ANA)
    program.put(BO, {})
    assert house.contact("Bo").id != before


def test_a_contact_made_and_erased_at_once_is_there_or_is_not(house: House, program: Program) -> None:
    answers: list[int] = []

    def ask(method: str) -> None:
        for _ in range(15):
            answers.append(program.ask(method, ANA, {} if method == "PUT" else None).status_code)

    threads = [threading.Thread(target=ask, args=(method,)) for method in ("PUT", "DELETE", "PUT", "DELETE")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 201, 204, 404}, answers
