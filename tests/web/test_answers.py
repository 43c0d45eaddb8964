"""What people of the shop say to a contact: once, to whom they may, never past what they have not seen; notes; canned answers."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import Message, Thread, ThreadEntry
from tests.house import House
from tests.web.conftest import Reader, Readers, account
from tests.web.inbox import before_their_eyes, close, say, stands, thread, waits


def test_an_answer_leaves_once_and_the_bot_falls_silent(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    for _ in range(2):
        assert say(agent, thread(house), "Yes, on Tuesday. {{ brand }}").status_code == 303
    house.work()
    assert house.received("Bo")[-1] == "Yes, on Tuesday. ACME"
    assert house.received("Bo").count("Yes, on Tuesday. ACME") == 1
    assert waits(agent) == [] and waits(agent, "mine") == ["blue candles?"]
    assert house.text("Bo", "JOIN") == [], "a person answers now"
    assert waits(agent) == ["JOIN"]
    with house.runtime.read() as connection:
        row = connection.execute(select(Message.__table__).where(Message.staff_id.is_not(None))).one()
    assert (row.kind, row.state, row.staff_id is not None) == ("reply", "sent", True)
    assert "· Camille ·" in agent.get(thread(house)).text


def test_a_text_that_nobody_has_seen_is_neither_closed_nor_answered_away(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    seen = before_their_eyes(agent, thread(house))
    house.text("Bo", "my parcel is broken, please call")
    refused = agent.send(f"{thread(house)}/do", do="close", **seen)
    assert (refused.status_code, "they have texted meanwhile" in refused.text) == (422, True)
    agent.send(f"{thread(house)}/answer", text="Yes, on Tuesday", key="k1", **seen)
    house.work()
    assert house.received("Bo")[-1] == "Yes, on Tuesday"
    assert waits(agent) == ["my parcel is broken, please call"]
    assert close(agent, thread(house)).status_code == 303 and waits(agent) == []


def test_nothing_is_swallowed_that_was_typed(house: House, readers: Readers) -> None:
    """A page that the browser has kept from before its answer was sent."""
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    say(agent, thread(house), "Yes")
    for words, key in (("Red ones on Monday", "k1"), ("Red ones on Monday", "")):
        refused = say(agent, thread(house), words, key)
        assert (refused.status_code, "send it once more" in refused.text, words in refused.text) == (422, True, True)
    assert say(agent, thread(house), "Red ones on Monday", "k2").status_code == 303
    house.work()
    assert set(house.received("Bo")[-2:]) == {"Yes", "Red ones on Monday"}


def test_two_do_not_both_answer_without_knowing(house: House, readers: Readers) -> None:
    agent, other = readers("agent"), Reader(house)
    other.sign_in(account(house, "agent", "Noor"))
    house.text("Bo", "blue candles?")
    seen = before_their_eyes(other, thread(house))
    say(agent, thread(house), "Yes")
    refused = other.send(f"{thread(house)}/answer", text="No, sold out", key="k2", **seen)
    assert (refused.status_code, "somebody has answered meanwhile" in refused.text) == (422, True)
    assert "No, sold out" in refused.text
    assert say(other, thread(house), "Only today", "k3").status_code == 303, "now they know"


def test_many_answers_of_a_person_are_no_loop(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    for number in range(12):
        say(agent, thread(house), f"Answer {number}", key=str(number))
        house.work()
    close(agent, thread(house))
    assert house.received("Bo")[-1] == "Answer 11"
    assert house.text("Bo", "MENU"), "the bot has not answered too often"


def test_nobody_answers_who_opted_out_or_never_wrote(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    house.text("Bo", "STOP")
    page = agent.get(thread(house)).text
    assert "They cannot be answered: they opted out" in page and '<fieldset class="bare" disabled>' in page
    assert say(agent, thread(house), "But we have them!").status_code == 422
    agent.get("/admin/contacts/new")
    agent.send("/admin/contacts/new", phone="+33612340009")
    assert "they have never texted you" in agent.get(thread(house, "+33612340009")).text
    assert say(agent, thread(house, "+33612340009"), "Hello").status_code == 422
    house.work()
    assert not [one for one in house.received("Bo") if "But we have" in one] and house.received("+33612340009") == []


def test_a_stop_overtakes_an_answer_that_has_not_left(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    say(agent, thread(house), "Yes!")
    house.text("Bo", "STOP")
    house.work()
    assert "Yes!" not in house.received("Bo")
    house.jump(timedelta(minutes=3))
    assert stands(house).waits_since is None, "who has left wants no answer"


@pytest.mark.parametrize("later", [timedelta(minutes=3), timedelta(hours=9)])
def test_an_answer_that_did_not_arrive_is_not_forgotten(house: House, readers: Readers, later: timedelta) -> None:
    """Also where the carrier says so in the morning: the phone was off."""
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    say(agent, thread(house), "Yes!")
    house.work()
    if later > timedelta(hours=1):
        with house.runtime.begin() as connection:
            connection.execute(update(Message).where(Message.body == "Yes!").values(status="sent"))
        house.jump(later)
    with house.runtime.begin() as connection:
        connection.execute(update(Message).where(Message.body == "Yes!").values(state="failed", status="undelivered"))
    assert stands(house).waits_since is None
    house.jump(later)
    assert stands(house).waits_since is not None and waits(agent) == ["blue candles?"]
    assert "not delivered" in agent.get(thread(house)).text


@pytest.mark.parametrize("words", ["", "   ", "{{ contact.shoe }}", "{% if %}", "x" * 1_601, "😀" * 801])
def test_what_cannot_be_said_is_told_beside_the_field_and_comes_back(house: House, readers: Readers, words: str) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    answer = say(agent, thread(house), words)
    assert answer.status_code == 422 and 'id="text-error"' in answer.text
    assert stands(house).waits_since is not None
    measured = agent.send(f"{thread(house)}/measure", text=words)
    assert measured.status_code == 200 and ("error" in measured.text) == bool(words.strip())


def test_an_answer_is_measured_as_it_is_typed(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    agent.get(thread(house))
    told = agent.send(f"{thread(house)}/measure", text="{{ brand }} : à mardi ✨").text
    assert "1 part" in told and "UCS-2" in told and "✨" in told and "ACME : à mardi ✨" in told


def test_a_note_is_for_colleagues_and_for_the_contact_only_when_they_ask(house: House, readers: Readers) -> None:
    admin = readers("admin")
    house.text("Bo", "blue candles?")
    path = thread(house)
    admin.get(path)
    assert admin.send(f"{path}/note", note="  ").status_code == 422
    assert admin.send(f"{path}/note", note="x" * 2_001).status_code == 422
    admin.send(f"{path}/note", note="A regular: be kind.")
    house.work()
    assert "A regular: be kind." in admin.get(path).text
    assert "A regular" in admin.get(f"/admin/contacts/{house.contact('Bo').id}/timeline").text
    assert not [one for one in house.received("Bo") if "regular" in one]
    contact = f"/admin/contacts/{house.contact('Bo').id}"
    assert "A regular: be kind." in admin.send(f"{contact}/export").text
    admin.send(f"{contact}/erase", **{"erase-word": "0002"})
    with house.runtime.read() as connection:
        assert connection.execute(select(ThreadEntry.id)).all() == connection.execute(select(Thread.contact_id)).all() == []


def test_canned_answers_are_checked_when_they_are_kept(house: House, readers: Readers) -> None:
    agent = readers("agent")
    agent.get("/admin/answers/new")
    for wrong in (
        {"name": "", "texts.fr": "x"}, {"name": "two words", "texts.fr": "x"}, {"name": "hours"},
        {"name": "hours", "texts.fr": "{{ nothing }}"}, {"name": "hours", "texts.fr": "{% if %}"},
        {"name": "hours", "texts.fr": "x" * 1_601},
    ):  # fmt: skip
        assert agent.send("/admin/answers/new", **wrong).status_code == 422, wrong
    texts = {"texts.fr": "9 h à 19 h", "texts.en": "9 to 7, {{ contact.first_name | default: 'dear' }}"}
    agent.send("/admin/answers/new", name="/Hours", **texts)
    assert "/hours" in agent.get("/admin/answers").text
    assert "already" in agent.send("/admin/answers/new", name="hours", **{"texts.fr": "x"}).text
    house.text("Bo", "blue candles?")
    assert "9 h à 19 h" in agent.get(f"{thread(house)}/canned").text
    assert "9 to 7" in agent.get(f"{_of_dee(house)}/canned").text


def _of_dee(house: House) -> str:
    house.text("Dee", "blue candles?", to="+16175550100")
    return thread(house, "Dee")
