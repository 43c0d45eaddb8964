"""What a shop is made of, changed by programs: with the checks of the shop's file, whole or not at all."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, update

from bot import jobs
from bot.shop import load_shop
from models import Keyword, Message, Shop, Topic
from tests.api.conftest import Program
from tests.house import BOSTON, PARIS, SHOP, House
from tests.pictures import shelved

WORDS = {"fr": "Bonjour", "en": "Hello"}
TOPIC = {
    "names": {"fr": "les nouvelles", "en": "the news"}, "frequencies": WORDS, "fees": WORDS,
    "contacts": {"": "+33 1 23 45 67 89"}, "proof": "single",
}  # fmt: skip
ORDERS = TOPIC | {"names": {"fr": "vos commandes", "en": "your orders"}}
SURVEY = {"phrases": {"fr": ["sondage"], "en": ["poll"]}, "dialog": "survey"}

HOURS = {"phrases": {"fr": ["vitrine"], "en": ["window"]}, "reply": {"fr": "De 10 h à 19 h", "en": "10 am to 7 pm"}}

SHOES = """\
name: shoes
start: ask
expires: PT48H
on_expiry: bye
states:
  ask: {{say: "{words}", on: [{{hear: {{words: ["yes"]}}, goto: bye}}], otherwise: {{goto: bye}}}}
  bye: {{say: Bye, end: done}}
"""


def refused(program: Program, method: str, path: str, body: Any = None, status: int = 422) -> dict[str, str]:
    """What a refusal says of each field; of a 409, its one sentence under the key ""."""
    answer = program.ask(method, path, body)
    assert answer.status_code == status, answer.get_data(as_text=True)
    told = answer.get_json()
    return {one["field"]: one["message"] for one in told["errors"]} or {"": told["detail"]}


def revision(house: House) -> int:
    with house.runtime.read() as connection:
        return connection.scalar(select(Shop.revision)) or 0


# Settings


def test_the_settings_are_told_and_given_back_unchanged(house: House, program: Program) -> None:
    told = program.get("/shop")
    assert (told["brand"], told["zone"], told["languages"]) == ("ACME", "Europe/Paris", ["fr", "en"])
    assert [one["name"] for one in told["fields"]] == ["first_name", "postcode", "details_confirmed"]
    assert program.put("/shop", told) == told


def test_another_text_is_said_at_once(house: House, program: Program) -> None:
    house.text("Bo", "AIDE")
    program.put("/shop", program.get("/shop") | {"brand": "Acme & Co", "texts": {"help": "{{ brand }}: {{ contact_line }} !"}})
    assert house.text("Bo", "AIDE") == ["Acme & Co: +33 1 23 45 67 89 !"]
    assert "fr" in program.get("/shop")["texts"]["stop"]


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"brand": " "}, "brand", "at least 1"),
        ({"zone": "Europe/Lutetia"}, "zone", "a time zone such as"),
        ({"brant": "x"}, "brant", "not permitted"),
        ({"texts": {"help": {"fr": "{{ colour }}", "en": "Hi"}}}, "texts.help.fr", "not a merge tag"),
        ({"texts": {"hello": "Hi"}}, "texts.hello", "no such text"),
        ({"texts": {"stop": "{{ brand"}}, "texts.stop", ""),
        ({"languages": ["fr", "en", "es"]}, "topics.offers.names", "not said in: es"),
        ({"languages": ["fr", "fr"]}, "languages", "each one once"),
        ({"fields": []}, "states.postcode.on.1.then.0", "welcome, line"),
    ],
)  # fmt: skip
def test_a_setting_that_does_not_hold_is_named_and_nothing_changes(
    house: House, program: Program, change: dict[str, Any], field: str, message: str
) -> None:
    before, number = program.get("/shop"), revision(house)
    told = refused(program, "PUT", "/shop", before | change)
    assert message in told[field], told
    assert (program.get("/shop"), revision(house)) == (before, number)


def test_a_field_that_something_needs_stays_and_says_what(house: House, program: Program) -> None:
    settings = program.get("/shop")
    shoe = {"name": "shoe", "type": "number", "purpose": "To sell shoes that fit"}
    program.put("/shop", settings | {"fields": [*settings["fields"], shoe]})
    rule = {"all": [{"not": {"field": "shoe", "more_than": 44}}]}
    segment = program.post("/segments", {"name": "Tall", "rule": rule})
    texts = {"": "{{ brand }}: shoe {{ contact.shoe | default: 'any' }}! STOP"}
    campaign = program.post("/campaigns", {"name": "Shoes", "topic": "offers", "within": ["Tall"], "texts": texts})
    assert refused(program, "PUT", "/shop", settings, status=409)[""] == (
        "`shoe`: campaigns that say it: 1 (Shoes); `shoe`: segments that ask for it: 1 (Tall)"
    )
    assert shoe in program.get("/shop")["fields"]
    program.post(f"/campaigns/{campaign['id']}/cancel")
    program.put(f"/segments/{segment['id']}", {"rule": {"tag": "tall"}})
    assert program.put("/shop", settings) == settings


def test_a_field_stays_while_somebody_is_in_a_dialog_that_says_it(house: House, program: Program) -> None:
    settings = program.get("/shop")
    shoe = {"name": "shoe", "type": "number", "purpose": "To sell shoes that fit"}
    program.put("/shop", settings | {"fields": [*settings["fields"], shoe]})
    for words in ("Shoes? {{ contact.shoe | default: 'any' }}", "Shoes?"):
        program.put("/dialogs/shoes/draft", {"source": SHOES.format(words=words)})
        program.post("/dialogs/shoes/publish")
        if "contact" in words:
            assert "not a merge tag" in refused(program, "PUT", "/shop", settings)["states.ask.say"]
            program.post("/keywords", SURVEY | {"dialog": "shoes"})
            assert house.text("Bo", "sondage") == ["Shoes? any"]
    assert refused(program, "PUT", "/shop", settings, status=409) == {"": "`shoe`: dialogs that name it: 1 (shoes)"}
    assert house.text("Bo", "yes") == ["Bye"]
    assert program.put("/shop", settings) == settings


# Topics


def test_a_topic_is_made_changed_and_let_go(house: House, program: Program) -> None:
    assert program.ask("PUT", "/topics/news", TOPIC).status_code == 201
    assert program.ask("PUT", "/topics/news", TOPIC | {"proof": "double"}).status_code == 200
    assert program.get("/topics/news") == TOPIC | {"slug": "news", "proof": "double"}
    assert [one["slug"] for one in program.get("/topics")["items"]] == ["offers", "orders", "news"]
    assert [one["slug"] for one in program.get("/topics?limit=1")["items"]] == ["offers"]
    assert program.ask("DELETE", "/topics/news").status_code == 204
    assert program.ask("GET", "/topics/news").status_code == 404
    assert program.ask("DELETE", "/topics/news").status_code == 404


def test_a_topic_that_lacks_a_language_or_is_called_badly_is_refused(house: House, program: Program) -> None:
    assert refused(program, "PUT", "/topics/news", TOPIC | {"names": {"en": "news"}}) == {"names": "this is not said in: fr"}
    assert [*refused(program, "PUT", "/topics/9news", TOPIC)] == ["slug"]
    assert program.ask("GET", "/topics/9news").status_code == 404


def test_a_topic_cannot_need_a_second_yes_that_a_dialog_does_not_ask_for(house: House, program: Program) -> None:
    source = "name: hello\nstart: a\nstates:\n  a: {then: [{do: opt_in, proof: single, topic: orders}], say: Hi, end: done}\n"
    program.put("/dialogs/hello/draft", {"source": source})
    program.post("/dialogs/hello/publish")
    told = refused(program, "PUT", "/topics/orders", ORDERS | {"proof": "double"})
    assert told == {"states.a.then.0": "hello, line 4: `orders` needs a second yes: ask for it, then `proof: double`"}
    program.put("/topics/orders", ORDERS)


def test_a_topic_that_is_needed_stays_and_says_by_how_many(house: House, program: Program) -> None:
    program.put("/topics/news", TOPIC)
    program.put("/contacts/+33612340001", {})
    consent = {"topic": "news", "change": "opt_in", "source": "till", "wording": "News?", "proof": "single"}
    program.post("/contacts/+33612340001/consent", consent)
    program.post("/segments", {"name": "Readers", "rule": {"all": [{"topic": "news"}]}})
    texts = {"": "{{ brand }}: hello! STOP"}
    program.post("/campaigns", {"name": "Summer", "topic": "news", "within": ["Readers"], "texts": texts})
    said = refused(program, "DELETE", "/topics/news", status=409)[""]
    assert said == "people who are in for it: 1; campaigns about it: 1; segments that ask for it: 1 (Readers)"
    assert "dialogs that name it: 3 (contest, prefs, welcome)" in refused(program, "DELETE", "/topics/offers", status=409)[""]
    assert program.get("/topics/news")["slug"] == "news"


def test_a_topic_stays_while_somebody_chooses_among_all_by_their_numbers(house: House, program: Program) -> None:
    program.put("/topics/news", TOPIC)
    house.text("Bo", "PREFS")
    house.text("Bo", "3")
    said = refused(program, "DELETE", "/topics/news", status=409)[""]
    assert said == "people who are choosing topics by text at this moment: 1"
    house.text("Bo", "1")
    assert program.ask("DELETE", "/topics/orders").status_code == 204, "they are asked about offers now"
    program.put("/topics/orders", ORDERS)
    house.jump(timedelta(hours=2))
    assert program.ask("DELETE", "/topics/news").status_code == 204


# Senders


def test_a_number_is_made_changed_and_let_go(house: House, program: Program) -> None:
    new = {"number": "36111", "country": "FR", "opt_out": "self"}
    made = program.put("/senders/36111", new)
    assert made == new | {"parts_per_second": 100.0, "service_sid": None}
    assert program.put("/senders/36111", made | {"parts_per_second": 7}) == made | {"parts_per_second": 7}
    assert [one["number"] for one in program.get("/senders")["items"]] == [PARIS, BOSTON, "36111"]
    assert program.ask("DELETE", "/senders/36111").status_code == 204
    assert program.ask("GET", "/senders/36111").status_code == 404


def test_a_number_that_is_none_or_another_is_refused(house: House, program: Program) -> None:
    assert "a number such as" in refused(program, "PUT", "/senders/+1", {"number": "+1", "country": "FR"})["number"]
    assert refused(program, "PUT", "/senders/36111", {"number": "36112", "country": "FR"}) == {
        "number": "is not the one in the address"
    }


def test_the_last_number_and_one_that_texts_wait_for_stay(house: House, program: Program) -> None:
    house.text("Bo", "JOIN")
    with house.runtime.begin() as connection:
        connection.execute(update(Message).where(Message.direction == "out").values(state="held"))
    assert refused(program, "DELETE", f"/senders/{PARIS}", status=409) == {
        "": "people who are in a dialog there: 1; texts that wait for it: 1"
    }
    assert program.ask("DELETE", f"/senders/{BOSTON}").status_code == 204
    assert refused(program, "DELETE", f"/senders/{PARIS}", status=409) == {"": "it is the last one"}


# Keywords


def test_a_keyword_is_answered_as_soon_as_it_is_made_and_no_longer_than_it_is_there(house: House, program: Program) -> None:
    assert house.text("Bo", "SONDAGE") != house.text("Dee", "MENU", to=BOSTON)
    made = program.post("/keywords", SURVEY)
    usual = {"mode": "whole", "interrupts": False, "reply": None, "picture": None, "topic": None}
    assert made == SURVEY | usual | {"id": made["id"]}
    house.jump(timedelta(days=2))
    [survey] = house.text("Ana", "Sondage !")
    program.put(f"/keywords/{made['id']}", SURVEY | {"phrases": ["enquete"]})
    assert house.text("Bo", "Enquête") == [survey]
    assert program.get(f"/keywords/{made['id']}")["phrases"] == {"": ["enquete"]}
    assert program.ask("DELETE", f"/keywords/{made['id']}").status_code == 204
    assert program.ask("GET", f"/keywords/{made['id']}").status_code == 404
    assert house.text("Cleo", "enquete") != [survey]


@pytest.mark.parametrize(
    ("keyword", "field", "message"),
    [
        (SURVEY | {"phrases": {"fr": ["sondage", "arrêt"]}}, "phrases.fr.1", "reserved: carriers take it for STOP"),
        (SURVEY | {"phrases": {"fr": ["Rejoindre !"]}}, "phrases.fr.0", "already belongs to keyword 1 (welcome)"),
        (SURVEY | {"phrases": ["poll", "MENU"]}, "phrases.1", "already belongs to keyword 2 (help)"),
        (SURVEY | {"phrases": {}}, "phrases", "at least one word"),
        (SURVEY | {"dialog": "raffle"}, "dialog", "no dialog `raffle`"),
        (SURVEY | {"phrases": {"fr": ["Bien sûr"]}, "interrupts": True}, "states.recommend.on.0.hear", "keyword that interrupts"),
        (SURVEY | {"mode": "some"}, "mode", "Input should be"),
        (SURVEY | {"phrases": {"fr": [""]}}, "phrases.fr.0", "at least 1"),
        (SURVEY | {"dialog": None}, "dialog", "exactly one of them"),
        (SURVEY | HOURS, "reply", "exactly one of them"),
        (SURVEY | {"picture": "https://acme.example/a.png"}, "picture", "goes with a reply"),
        (SURVEY | {"topic": "offers"}, "topic", "only a reply needs a topic"),
        (HOURS | {"topic": "weather"}, "topic", "there is no topic `weather`"),
        (HOURS | {"phrases": {"fr": ["jeu !"]}}, "phrases.fr.0", "already belongs to keyword 7 (contest)"),
        (SURVEY | {"phrases": {"fr": ["Horaires !"]}}, "phrases.fr.0", "already belongs to keyword 9, there typed “horaires”"),
        (HOURS | {"reply": {"en": "Hi"}}, "reply", "this is not said in: fr"),
        (HOURS | {"reply": "{{ colour }}"}, "reply", "{{ colour }} is not a merge tag"),
        (HOURS | {"reply": "{{ answers.day }}"}, "reply", "is not a merge tag"),
        (HOURS | {"reply": "{{ contact.shoe_size | default: 'x' }}"}, "reply", "is not a merge tag"),
        (HOURS | {"reply": HOURS["reply"] | {"fr": "{{ topic.name }}"}}, "reply.fr", "needs a topic for this reply"),
        (HOURS | {"reply": HOURS["reply"] | {"en": "{{ contact.first_name }}"}}, "reply.en", "add a default, such as"),
        (HOURS | {"reply": "{{ brand"}, "reply", "opened and never closed"),
        (HOURS | {"reply": "{% if contact.first_name %}{{ contact.first_name }}{% endif %}"}, "reply", "this says nothing"),
        (HOURS | {"reply": "x" * 1500 + "{{ contact.first_name | default: '' }}" * 2}, "reply", "more than 10 parts"),
        (HOURS | {"reply": "x" * 1601}, "reply", "at most 1600"),
        (HOURS | {"picture": "http://acme.example/a.png"}, "picture", "https://"),
        (HOURS | {"picture": "//acme.example/a.png"}, "picture", "https://"),
        (HOURS | {"picture": "/\\acme.example/a.png"}, "picture", "https://"),
        (HOURS | {"picture": "https:///a.png"}, "picture", "https://"),
        (HOURS | {"picture": "javascript:alert(1)"}, "picture", "https://"),
        (HOURS | {"picture": "/admin/sending"}, "picture", "https://"),
        (HOURS | {"picture": "/f/999/x.png"}, "picture", "https://"),
        (HOURS | {"picture": f"/f/999/{'x' * 22}.png"}, "picture", "no such picture"),
    ],
)  # fmt: skip
def test_a_keyword_that_cannot_be_is_refused_beside_its_field(
    house: House, program: Program, keyword: dict[str, Any], field: str, message: str
) -> None:
    number = revision(house)
    assert message in refused(program, "POST", "/keywords", keyword)[field]
    assert message in refused(program, "PUT", "/keywords/3", keyword)[field]
    assert (len(program.get("/keywords")["items"]), revision(house)) == (10, number)


def test_a_keyword_that_replies_is_made_given_back_and_answers(house: House, program: Program) -> None:
    said = HOURS | {"picture": shelved(house.runtime), "topic": "orders", "mode": "first", "interrupts": True, "dialog": None}
    made = program.post("/keywords", said)
    assert made == said | {"id": made["id"]}
    assert house.text("Bo", "Window?") == ["10 am to 7 pm"]
    said["reply"] = {"": "{{ brand }} · {{ contact_line }} · {{ sender }} · {{ topic.name }}"}
    assert program.put(f"/keywords/{made['id']}", said) == said | {"id": made["id"]}
    assert house.text("Bo", "Vitrine ?") == [f"ACME · +33 1 23 45 67 89 · {PARIS} · vos commandes"]


def test_a_topic_that_a_reply_is_about_stays(house: House, program: Program) -> None:
    program.put("/topics/news", TOPIC)
    made = program.post("/keywords", HOURS | {"topic": "news"})
    assert refused(program, "DELETE", "/topics/news", status=409) == {"": "keywords whose reply is about it: 1"}
    program.ask("DELETE", f"/keywords/{made['id']}")
    assert program.ask("DELETE", "/topics/news").status_code == 204


def test_a_field_that_a_reply_says_stays(house: House, program: Program) -> None:
    program.post("/keywords", HOURS | {"reply": "Hi {{ contact.postcode | default: 'you' }}"})
    told = program.get("/shop")
    fields = [one for one in told["fields"] if one["name"] != "postcode"]
    assert "{{ contact.postcode }}" in " ".join(refused(program, "PUT", "/shop", told | {"fields": fields}).values())


def test_a_keyword_may_keep_its_own_phrases(house: House, program: Program) -> None:
    first = program.get("/keywords")["items"][0]
    id_ = first.pop("id")
    assert program.put(f"/keywords/{id_}", first | {"mode": "first"}) == first | {"id": id_, "mode": "first"}
    assert program.ask("PUT", "/keywords/99", SURVEY).status_code == 404
    assert program.ask("DELETE", "/keywords/99").status_code == 404


# With the file, and all at once


def test_loading_the_file_keeps_the_ids_of_keywords_that_it_still_says(house: House, program: Program) -> None:
    program.ask("DELETE", "/keywords/1")
    with house.runtime.begin() as connection:
        load_shop(connection, SHOP)
    kept = {one["id"]: one["dialog"] for one in program.get("/keywords")["items"]}
    assert (kept[2], kept[3], kept[11]) == ("help", "survey", "welcome")
    program.post("/keywords", SURVEY)
    with house.runtime.begin() as connection:
        load_shop(connection, SHOP)
    assert [one["id"] for one in program.get("/keywords")["items"]] == list(range(2, 12))


def test_a_keyword_that_the_file_says_anew_keeps_its_id(house: House, program: Program, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP.read_text(encoding="utf-8").replace("from 10 am", "from 9 am"), encoding="utf-8")
    with house.runtime.begin() as connection:
        load_shop(connection, file)
    assert "from 9 am" in program.get("/keywords/9")["reply"]["en"]
    assert len(program.get("/keywords")["items"]) == 10


def test_what_was_wrong_before_stands_in_nobodys_way(house: House, program: Program) -> None:
    with house.runtime.begin() as connection:
        connection.execute(update(Topic).where(Topic.slug == "orders").values(names={"en": "your orders"}))
    program.post("/keywords", SURVEY)
    told = program.get("/topics/orders")
    told.pop("slug")
    assert refused(program, "PUT", "/topics/orders", told) == {"names": "this is not said in: fr"}


def test_of_two_who_claim_a_phrase_at_once_one_gets_it(house: House, program: Program) -> None:
    answers: list[int] = []
    keyword = {"phrases": ["summer"], "dialog": "survey"}
    asks = [lambda: answers.append(program.ask("POST", "/keywords", keyword).status_code) for _ in range(6)]
    threads = [threading.Thread(target=ask) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, *[422] * 5]
    with house.runtime.read() as connection:
        assert [row for row in connection.scalars(select(Keyword.phrases)) if "summer" in row.get("", [])] == [{"": ["summer"]}]


def much_to_prove(questions: int) -> str:
    """A dialog in which all answers decide together: each question doubles the ways to go."""
    states = [f"""\
  ask{i}:
    say: Question {i}?
    on:
      - {{hear: {{words: ["yes"]}}, as: answer{i}, goto: {f"ask{i + 1}" if i + 1 < questions else "end"}}}
      - {{hear: {{words: ["no"]}}, as: answer{i}, goto: {f"ask{i + 1}" if i + 1 < questions else "end"}}}
    otherwise: {{goto: bye}}
""" for i in range(questions)]  # fmt: skip
    choices = [f"      - {{when: {{value: {{name: answer{i}, is: 'yes'}}}}, goto: good}}\n" for i in range(questions)]
    return "".join([
        "name: long\nstart: ask0\nexpires: PT48H\non_expiry: bye\nstates:\n", *states, "  end:\n    choose:\n", *choices,
        "      - {goto: bye}\n  good: {say: Thanks!, end: done}\n  bye: {say: Bye!, end: done}\n",
    ])  # fmt: skip


def test_a_stop_is_answered_while_dialogs_are_proved_for_a_keyword(house: House, program: Program) -> None:
    given_up, order, name = threading.Event(), [], house.runtime.engine.dialect.name

    def note(connection: Connection) -> None:
        if not connection.get_execution_options().get("parley_reads"):
            given_up.set()

    def make() -> None:  # it interrupts, so all dialogs have to be proved with it
        program.post("/keywords", {"phrases": [f"ouvre {name}"], "dialog": "long", "interrupts": True})
        order.append("keyword")

    program.put("/dialogs/long/draft", {"source": much_to_prove(10)})
    program.post("/dialogs/long/publish")
    event.listen(house.runtime.engine, "rollback", note)
    program.post("/keywords", SURVEY)
    assert not given_up.is_set()  # what was proved once on the same ground is not proved again
    making = threading.Thread(target=make)
    making.start()
    assert given_up.wait(30)  # nothing is held any more, and now it is proved
    house.text("Bo", "STOP")
    order.append("stop")
    making.join()
    assert order == ["stop", "keyword"]


def test_a_change_that_was_made_meanwhile_counts(house: House, program: Program) -> None:
    """The phrase of a keyword becomes an answer, and the answer a keyword, at the same time: one of them is refused."""
    source = "name: hello\nstart: a\nexpires: PT48H\nstates:\n  a:\n    say: Hi\n    on: [{hear: {words: [xyzzy]}, goto: b}]\n" \
             "  b: {say: Bye, end: done}\n"  # fmt: skip
    program.put("/dialogs/hello/draft", {"source": source})
    keyword = {"phrases": ["xyzzy"], "dialog": "survey", "interrupts": True}
    answers: list[int] = []
    asks = [lambda: answers.append(program.ask("POST", "/keywords", keyword).status_code),
            lambda: answers.append(program.ask("POST", "/dialogs/hello/publish").status_code)]  # fmt: skip
    threads = [threading.Thread(target=ask) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) in ([200, 422], [201, 422])


def test_without_a_shop_it_is_said_that_there_is_none(house: House, program: Program) -> None:
    with house.runtime.begin() as connection:
        connection.execute(Shop.__table__.delete())
    for method, path, body in [("GET", "/shop", None), ("PUT", "/topics/news", TOPIC), ("POST", "/keywords", SURVEY)]:
        assert "no shop is set up" in refused(program, method, path, body, status=409)[""]


@pytest.mark.parametrize("phrases", [["a" * 60] * 900, {"fr": ["a\u0301" * 30] * 300}, [f"word {n}" for n in range(2000)]])
def test_a_hostile_keyword_costs_little(house: House, program: Program, phrases: Any) -> None:
    answer = program.ask("POST", "/keywords", SURVEY | {"phrases": phrases})
    assert answer.status_code in (201, 422)
    assert jobs.due(house.runtime, "default") is not None
