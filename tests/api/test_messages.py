"""Texts that a program sends to one person, and all messages as they are told."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rq import Queue
from sqlalchemy import func, select, update

from bot import tokens
from bot.processes import beat
from bot.runtime import open_redis
from models import Contact, IdempotencyKey, Message
from tests.api.conftest import Program
from tests.api.test_contacts import problem
from tests.cost import cpu
from tests.crowd import join, number
from tests.house import BOSTON, PARIS, PEOPLE, House

ANA = PEOPLE["Ana"]
TEXT = "{{ brand }} : bonjour {{ contact.first_name }}, votre commande 1017 est partie."
WANTED = {"phone": ANA, "topic": "orders", "texts": TEXT}


@pytest.fixture
def ana(house: House) -> None:
    """Ana is in for news of her orders."""
    join(house.runtime, [ANA], "orders", values={"first_name": "Ana"})


def sent(house: House) -> int:
    with house.runtime.read() as connection:
        return connection.scalar(select(func.count()).select_from(Message)) or 0


@pytest.mark.usefixtures("ana")
def test_a_text_leaves_and_tells_what_became_of_it(house: House, program: Program) -> None:
    made = program.ask("POST", "/messages", WANTED)
    assert made.status_code == 201
    found = made.get_json()
    assert (found["state"], found["why"], found["kind"]) == ("ready", None, "service")
    assert (found["parts"], found["encoding"], found["ours"], found["phone"]) == (1, "GSM-7", PARIS, ANA)
    assert [one["outcome"] for one in found["verdicts"]] == ["go"]
    house.work()
    assert house.received("Ana") == ["ACME : bonjour Ana, votre commande 1017 est partie."]
    found = program.get(f"/messages/{found['id']}")
    assert (found["state"], found["direction"], found["campaign"]) == ("sent", "out", None)
    assert found["sid"].startswith("SM")


@pytest.mark.usefixtures("ana")
def test_it_is_said_in_their_language_from_the_number_that_is_asked_for(house: House, program: Program) -> None:
    texts = {"fr": "ACME : votre commande est prête…", "en": "ACME: your order is ready."}
    found = program.post("/messages", WANTED | {"texts": texts, "ours": BOSTON})
    assert (found["body"], found["encoding"], found["ours"]) == ("ACME : votre commande est prête…", "UCS-2", BOSTON)


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize(
    ("before", "topic", "why"),
    [("a STOP", "orders", "suppressed"), ("nothing", "offers", "no consent"), ("a dead number", "orders", "unreachable")],
)
def test_what_the_gate_refuses_is_kept_with_its_reason_and_never_leaves(
    house: House, program: Program, before: str, topic: str, why: str
) -> None:
    if before == "a STOP":
        house.text("Ana", "STOP")
    if before == "a dead number":
        with house.runtime.begin() as connection:
            connection.execute(update(Contact).values(unreachable_at=house.runtime.machine_now()))
    arrived = house.received("Ana")
    found = program.post("/messages", WANTED | {"topic": topic})
    assert (found["state"], found["why"], found["verdicts"][-1]["outcome"]) == ("refused", why, "refuse")
    house.work()
    assert house.received("Ana") == arrived
    assert program.get(f"/messages/{found['id']}")["state"] == "refused"


@pytest.mark.usefixtures("ana")
def test_a_stop_between_the_asking_and_the_sending_is_obeyed(house: House, program: Program) -> None:
    found = program.post("/messages", WANTED)
    assert found["state"] == "ready"
    arrived = house.text("Ana", "STOP")
    house.work()
    assert house.received("Ana") == arrived
    found = program.get(f"/messages/{found['id']}")
    assert (found["state"], found["why"]) == ("refused", "suppressed")
    assert [one["outcome"] for one in found["verdicts"]] == ["go", "refuse"]


def test_who_is_no_contact_has_agreed_to_nothing(house: House, program: Program) -> None:
    assert program.ask("POST", "/messages", WANTED).status_code == 404
    assert house.contact("Ana") is None


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"phone": "0612340001"}, "phone"),
        ({"topic": "lottery"}, "topic"),
        ({"ours": "+33937000009"}, "ours"),
        ({"texts": ""}, "texts"),
        ({"texts": {}}, "texts"),
        ({"texts": 7}, "texts"),
        ({"texts": {"fr": "ACME : bonjour."}}, "texts"),
        ({"texts": {"fr": "ACME : bonjour.", "en": "ACME: hello.", "de": "ACME: hallo."}}, "texts.de"),
        ({"texts": "{{ contact.shoe_size }}"}, "texts"),
        ({"texts": "{{ brand }} {{ contact.postcode }}"}, "texts"),
        ({"texts": {"fr": "{{ brand", "en": "ACME: hello."}}, "texts.fr"),
        ({"texts": "ê" * 701}, "texts"),
        ({"texts": " "}, "texts"),
        ({"kind": "marketing"}, "kind"),
    ],
)
def test_what_cannot_be_said_is_told_with_its_field_and_nothing_is_kept(
    house: House, program: Program, wrong: Any, field: str
) -> None:
    assert [*problem(program.ask("POST", "/messages", WANTED | wrong), 422)] == [field]
    assert sent(house) == 0


@pytest.mark.usefixtures("ana")
def test_a_value_that_is_missing_is_named(house: House, program: Program) -> None:
    told = problem(program.ask("POST", "/messages", WANTED | {"texts": "{{ brand }} {{ contact.postcode }}"}), 422)
    assert told["texts"] == "it cannot be said to this contact: missing value: contact.postcode"


HOSTILE: dict[str, Any] = {
    "braces": "{{" * 2_000,
    "a long loop": "{% for n in (1..999999999) %}x{% endfor %}",
    "loops in loops": "{% for n in (1..99) %}{% for m in (1..99) %}{{ brand }}{% endfor %}{% endfor %}",
    "a text that doubles": "{% assign a = 'aaaaaaaa' %}" + "{% assign a = a | append: a %}" * 90 + "{{ a }}",
    "many languages": {"fr": "a", "en": "b"} | {f"{one}{other}": "{{ brand }}" * 99 for one in "abc" for other in "uvwxyz"},
    "what is no language": {"__class__": "a"},
    "somebody's insides": "{{ contact.__class__.__mro__ }}",
    "a tower of accents": "a" + "\u0301\u0316" * 2_000,
}


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize("texts", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_words_cost_little_and_get_a_clear_answer(house: House, program: Program, texts: Any) -> None:
    answer = program.ask("POST", "/messages", WANTED | {"texts": texts})
    assert answer.status_code in (400, 422), answer.get_data(as_text=True)
    assert len(answer.get_data()) < 64_000
    assert cpu(lambda: program.ask("POST", "/messages", WANTED | {"texts": texts})) < 0.1


# The same thing twice


@pytest.mark.usefixtures("ana")
def test_twenty_copies_at_once_are_one_text(house: House, program: Program) -> None:
    answers: list[Any] = []

    def ask() -> None:
        answers.append(program.ask("POST", "/messages", WANTED, **{"Idempotency-Key": "order-1017"}))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.status_code for one in answers} == {201}
    assert len({one.get_data() for one in answers}) == 1
    house.work()
    assert (sent(house), len(house.received("Ana"))) == (1, 1)


@pytest.mark.usefixtures("ana")
def test_without_a_key_each_request_is_a_text_of_its_own(house: House, program: Program) -> None:
    assert program.post("/messages", WANTED)["id"] != program.post("/messages", WANTED)["id"]


@pytest.mark.usefixtures("ana")
def test_another_programs_key_makes_another_text(house: House, programs: Callable[..., Program]) -> None:
    for program in (programs("messages:write"), programs("messages:write")):
        program.post("/messages", WANTED, **{"Idempotency-Key": "k"})
    assert sent(house) == 2


@pytest.mark.usefixtures("ana")
def test_a_key_makes_no_second_text_when_its_answer_is_long_forgotten(house: House, program: Program) -> None:
    program.post("/messages", WANTED, **{"Idempotency-Key": "k"})
    with house.runtime.begin() as connection:
        connection.execute(update(IdempotencyKey).values(at=house.runtime.machine_now() - timedelta(days=3)))
    assert tokens.forget_answers(house.runtime) == 1
    assert program.ask("POST", "/messages", WANTED, **{"Idempotency-Key": "k"}).status_code == 409
    assert sent(house) == 1


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize("written", [ANA, "+330612340001"])
def test_an_answer_that_was_kept_is_forgotten_with_the_person(house: House, program: Program, written: str) -> None:
    program.post("/messages", WANTED | {"phone": written}, **{"Idempotency-Key": "k"})
    assert program.ask("DELETE", f"/contacts/{ANA}").status_code == 204
    with house.runtime.read() as connection:
        assert connection.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
    assert sent(house) == 0


# What is told


def test_messages_are_told_page_by_page(house: House, program: Program) -> None:
    join(house.runtime, [number(0)], "orders")
    house.text("Bo", "bonjour")
    program.post("/messages", WANTED | {"phone": number(0)})
    house.text("Bo", "merci")
    first = program.get("/messages?limit=2")
    rest = program.get(f"/messages?limit=200&cursor={first['next']}")
    everything = [*first["items"], *rest["items"]]
    assert [one["id"] for one in everything] == sorted(one.id for one in house.messages())
    of_bo = program.get(f"/messages?phone=%2B{PEOPLE['Bo'][1:]}")["items"]
    assert [one["body"] for one in of_bo if one["direction"] == "in"] == ["bonjour", "merci"]
    assert {one["phone"] for one in of_bo} == {PEOPLE["Bo"]}
    assert (of_bo[0]["state"], of_bo[0]["kind"], of_bo[0]["parts"]) == ("received", "text", None)


def test_a_message_that_is_none_is_not_found(house: House, program: Program) -> None:
    assert program.ask("GET", "/messages/99").status_code == 404
    assert program.ask("GET", "/messages?phone=%2B33699999999").status_code == 404


@pytest.mark.usefixtures("ana")
def test_a_worker_is_woken_once_it_is_written_down(house: House, program: Program, queue: Queue, redis_url: str) -> None:
    runtime = replace(house.runtime, redis=open_redis(redis_url))
    house.app.config["PARLEY"] = runtime
    beat(runtime, "worker replies")
    program.post("/messages", WANTED)
    assert [job.func_name for job in queue.jobs] == ["bot.jobs.replies"]
