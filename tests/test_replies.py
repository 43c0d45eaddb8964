"""Keywords that say a reply, and how often keywords are texted."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from bot import shop
from bot.catalogue import touch
from bot.shop import Hits
from bot.shop.spec import KeywordPart
from bot.shop.store import retire
from models import Conversation, Keyword, Message
from tests.house import House, sid

INBOUND = "/webhooks/twilio/inbound"
JOIN, SURVEY, CONTEST, HOURS, HOW_MANY = 1, 3, 7, 9, 10  # keywords of the tests' shop


def hits(house: House, keyword_id: int) -> Hits:
    with house.runtime.read() as connection:
        return shop.hits(connection, [keyword_id], house.runtime.now(connection))[keyword_id]


def make(house: House, **said: Any) -> int:
    with house.runtime.begin() as connection:
        return shop.make_keyword(connection, KeywordPart.model_validate(said))


def test_a_reply_is_about_its_topic_and_brings_its_picture(house: House) -> None:
    house.text("Bo", "How many texts?")
    heard, said = house.messages("Bo")
    assert (said.kind, said.topic, said.conversation_id, said.state) == ("reply", "offers", None, "answered")
    assert said.media == [f"{house.base_url}/f/1/calendar_calendar_caaa.jpg"]
    assert heard.keyword_id == HOW_MANY
    house.text("Bo", "hours")
    assert (house.messages("Bo")[-1].topic, house.messages("Bo")[-1].media) == (None, [])


def test_a_picture_may_lie_anywhere(house: House) -> None:
    make(house, phrases=["map"], reply="Here we are", picture="https://maps.example/shop.png")
    house.text("Bo", "map")
    assert house.messages("Bo")[-1].media == ["https://maps.example/shop.png"]


def test_a_phrase_of_no_language_is_answered_in_theirs(house: House) -> None:
    make(house, phrases=["wifi"], reply={"fr": "mot de passe : lune", "en": "password: moon"})
    assert (house.text("Bo", "WIFI"), house.text("Dee", "wifi")) == (["mot de passe : lune"], ["password: moon"])


def test_a_reply_that_cannot_be_said_any_more_leaves_the_text_to_a_person(house: House) -> None:
    """Whoever writes into the tables by hand, or a field that has gone."""
    with house.runtime.begin() as connection:
        connection.execute(update(Keyword).where(Keyword.id == HOURS).values(reply={"": "{{ contact.shoe_size }}"}))
    assert house.text("Bo", "hours") == []
    assert "for a person: hours" in house.truths("Bo")


def test_a_reply_in_the_middle_takes_no_try_and_no_answer(house: House) -> None:
    """The question stays asked, and what follows is its answer; what opens a dialog in its place would end it."""
    house.text("Bo", "JOIN")
    with house.runtime.read() as connection:
        before = connection.execute(select(Conversation.__table__)).one()
    for _ in range(4):
        house.text("Bo", "combien de sms")
    with house.runtime.read() as connection:
        assert connection.execute(select(Conversation.__table__)).one() == before
    house.text("Bo", "OUI")
    assert "consent offers in (double)" in house.truths("Bo")


def test_while_staff_answers_only_a_reply_that_interrupts_is_said(house: House) -> None:
    for text in ("MENU", "2", "ICI"):
        house.text("Bo", text)
    assert house.text("Bo", "hours") == []
    assert house.text("Bo", "how many texts") != []


def test_too_many_replies_in_an_hour_are_not_said(house: House) -> None:
    """Two machines that answer each other fall silent."""
    said = [house.text("Bo", "hours") for _ in range(12)]
    assert [len(one) for one in said] == [1] * 10 + [0] * 2


# How often


def test_a_keyword_whose_dialog_is_retired_is_still_counted(house: House) -> None:
    with house.runtime.begin() as connection:
        retire(connection, ["contest"])
        touch(connection)
    house.text("Bo", "jeu")
    assert hits(house, CONTEST).texts == 1


def test_hits_are_the_texts_that_a_keyword_answered(house: House) -> None:
    for who in ("Ana", "Bo"):
        house.text(who, "JOIN")
    house.text("Bo", "AVIS")  # heard by the dialog
    house.text("Cleo", "avis")
    house.text("Cleo", "surveyy")  # nearly one
    assert [hits(house, one).texts for one in (JOIN, SURVEY, HOURS)] == [2, 1, 0]
    assert hits(house, HOURS) == Hits(0, False, None)


def test_a_copy_of_a_text_counts_once_and_one_after_a_stop_never(house: House) -> None:
    for _ in range(3):
        house.post(INBOUND, house.inbound("Bo", "hours", sid(1)))
    for text in ("STOP", "hours", "avis"):
        house.text("Bo", text)
    assert (hits(house, HOURS).texts, hits(house, SURVEY).texts) == (1, 0)
    house.text("Bo", "JOIN")  # asks for a double yes, where we answer STOP ourselves
    assert hits(house, JOIN).texts == 1


def test_hits_are_those_of_thirty_days_and_the_last_one_is_kept(house: House) -> None:
    house.text("Bo", "hours")
    last_at = hits(house, HOURS).last_at
    house.jump(timedelta(days=29))
    house.text("Ana", "hours")
    assert hits(house, HOURS).texts == 2
    house.jump(timedelta(days=2))
    assert hits(house, HOURS).texts == 1
    house.jump(timedelta(days=40))
    told = hits(house, HOURS)
    assert (told.texts, told.last_at is not None and told.last_at > last_at) == (0, True)


def test_nobody_counts_further_than_a_page_can_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.text("Bo", "hours")
    with house.runtime.begin() as connection:
        row = dict(connection.execute(select(Message.__table__).where(Message.keyword_id == HOURS)).one()._mapping)
        del row["id"]
        connection.execute(Message.__table__.insert(), [row | {"sid": sid(1000 + n)} for n in range(10_005)])
    told = hits(house, HOURS)
    assert (told.texts, told.more) == (10_000, True)


def test_the_id_of_a_keyword_that_is_gone_is_not_given_again(house: House) -> None:
    house.text("Bo", "map")
    first = make(house, phrases=["map"], reply="Here")
    house.text("Bo", "map")
    with house.runtime.begin() as connection:
        shop.drop_keyword(connection, first)
    assert make(house, phrases=["plan"], reply="Here") > first


@pytest.mark.parametrize("dialect", ["postgresql"])  # SQLite has one writer, whatever it writes
def test_turns_of_two_people_with_one_keyword_do_not_wait_for_each_other(house: House) -> None:
    """Ana's turn is held open just before it is committed; Bo's, with the same keyword, ends meanwhile."""
    ready, go_on, answers = threading.Event(), threading.Event(), []

    def wait(_: Any) -> None:
        if threading.current_thread().name == "Ana" and not ready.is_set():
            ready.set()
            go_on.wait(20)

    def text(who: str, number: int) -> None:
        answers.append((who, house.post(INBOUND, house.inbound(who, "hours", sid(number))).status_code))

    for who in ("Ana", "Bo"):
        house.text(who, "bonjour")  # both are known
    event.listen(house.runtime.engine, "commit", wait)
    first = threading.Thread(target=text, args=("Ana", 1), name="Ana")
    second = threading.Thread(target=text, args=("Bo", 2))
    first.start()
    assert ready.wait(20)
    second.start()
    second.join(10)
    meanwhile = list(answers)
    go_on.set()
    first.join()
    second.join()
    event.remove(house.runtime.engine, "commit", wait)
    assert (meanwhile, answers) == ([("Bo", 200)], [("Bo", 200), ("Ana", 200)])
    assert hits(house, HOURS).texts == 2
