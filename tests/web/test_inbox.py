"""The inbox: whoever needs a person waits there until one has answered, once and for all to see."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from bot import inbox
from models import Conversation, insert
from tests.house import BEGIN, House
from tests.web.conftest import Readers, account
from tests.web.inbox import close, say, stands, thread, waits


def test_who_needs_a_person_waits_and_the_longest_wait_comes_first(house: House, readers: Readers) -> None:
    agent = readers("agent")
    assert "Nobody waits" in agent.get("/admin/inbox").text
    house.text("Bo", "blue candles?")
    house.jump(timedelta(minutes=5))
    house.text("Ana", "are you open?")
    house.jump(timedelta(minutes=5))
    house.text("Bo", "and red ones?")
    assert waits(agent) == ["and red ones?", "are you open?"]
    assert stands(house).waits_since < BEGIN + timedelta(minutes=1)
    assert waits(agent, "all") == ["and red ones?", "are you open?"]
    assert waits(agent, "mine") == waits(agent, "closed") == []
    house.text("Cleo", "MENU")
    assert len(waits(agent)) == 2, "the bot sees to her"


def test_what_is_put_off_comes_back_by_itself_or_with_their_next_text(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    agent.get(thread(house))
    assert agent.send(f"{thread(house)}/snooze", until="never").status_code == 422
    agent.send(f"{thread(house)}/snooze", until="tomorrow")
    assert waits(agent) == [] and "until 26 Nov 2026 09:00" in agent.get("/admin/inbox?tab=all").text
    house.jump(timedelta(hours=20, minutes=59))
    assert waits(agent) == []
    house.jump(timedelta(minutes=2))
    assert waits(agent) == ["blue candles?"]
    agent.send(f"{thread(house)}/snooze", until="monday")
    assert waits(agent) == []
    house.text("Bo", "hello?")
    assert waits(agent) == ["hello?"]


@pytest.mark.parametrize(
    ("day", "which", "until"),
    [(0, "hour", "25 13:00"), (0, "tomorrow", "26 09:00"), (0, "monday", "30 09:00"), (5, "monday", "07 09:00")],
)
def test_it_is_put_off_until_a_morning_of_the_shop(day: int, which: str, until: str) -> None:
    at = inbox.snoozed_until(which, BEGIN + timedelta(days=day), "Europe/Paris")
    assert at.astimezone(BEGIN.tzinfo).strftime("%d %H:%M") == until


def test_a_closed_thread_opens_with_the_next_text_that_needs_somebody(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    agent.get(thread(house))
    close(agent, thread(house))
    assert waits(agent) == waits(agent, "all") == [] and waits(agent, "closed") == ["blue candles?"]
    assert house.text("Bo", "MENU"), "the bot answers again"
    assert waits(agent, "all") == []
    house.text("Bo", "2")
    house.text("Bo", "ICI")
    assert waits(agent) == ["ICI"], "the menu has led to a person"
    close(agent, thread(house))
    agent.send(f"{thread(house)}/do", do="reopen")
    assert len(waits(agent)) == 1


def test_a_thread_is_given_to_who_can_answer(house: House, readers: Readers) -> None:
    agent, other = readers("agent"), account(house, "marketer", "Noor")
    viewer = account(house, "viewer", "Vic")
    house.text("Bo", "blue candles?")
    ids = {name: int(id_) for id_, name in re.findall(r'<option value="(\d+)"[^>]*>(\w+)', agent.get(thread(house)).text)}
    assert "Noor" in ids and "Vic" not in ids, (other, viewer)
    assert agent.send(f"{thread(house)}/assign", to=ids["Noor"]).status_code == 303
    assert stands(house).staff_name == "Noor" and waits(agent, "mine") == []
    for nobody in ("999", "x", "-1", "9" * 30):
        answer = agent.send(f"{thread(house)}/assign", to=nobody)
        assert answer.status_code in (303, 422) and stands(house).staff_name in ("Noor", None)
    say(agent, thread(house), "Yes!")
    agent.send(f"{thread(house)}/assign", to=ids["Noor"])
    assert "gave it to Noor" in agent.get(thread(house)).text
    assert "made it nobody" in agent.get(thread(house)).text


def test_the_bot_is_taken_over_and_goes_on_where_it_was(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Ana", "JOIN")
    path = thread(house, "Ana")
    assert "waits for their answer" in agent.get(path).text
    agent.send(f"{path}/do", do="take_over")
    assert house.text("Ana", "OUI") == [], "a person answers now"
    assert "consent offers in" not in house.truths("Ana")
    assert "The bot is silent until" in agent.get(path).text
    agent.send(f"{path}/do", do="give_back")
    assert house.text("Ana", "OUI") != []
    assert any("offers" in one and " in" in one for one in house.truths("Ana"))
    page = agent.get(path).text
    assert "took over from the bot" in page and "let the bot go on" in page


def test_a_dialog_does_not_expire_into_a_conversation_with_a_person(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Ana", "JOIN")
    agent.get(thread(house, "Ana"))
    house.jump(timedelta(hours=40))
    agent.send(f"{thread(house, 'Ana')}/do", do="take_over")
    before = house.received("Ana")
    house.jump(timedelta(hours=20))
    assert house.received("Ana") == before
    assert "waits for an answer and goes on" in agent.get(thread(house, "Ana")).text
    house.jump(timedelta(hours=30))
    assert "waits for" not in agent.get(thread(house, "Ana")).text, "the bot took up again, and has expired"


def test_a_dialog_is_ended_by_hand(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Ana", "JOIN")
    agent.get(thread(house, "Ana"))
    agent.send(f"{thread(house, 'Ana')}/do", do="end_dialog")
    assert "ended the dialog" in agent.get(thread(house, "Ana")).text
    house.text("Ana", "OUI")
    assert not any("consent offers in" in one for one in house.truths("Ana"))
    assert agent.send(f"{thread(house, 'Ana')}/do", do="end_dialog").status_code == 303, "once more changes nothing"
    assert agent.send(f"{thread(house, 'Ana')}/do", do="explode").status_code == 404


def test_only_the_dialog_that_waits_is_ended_with_what_had_opened_it(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Ana", "JOIN")
    with house.runtime.begin() as connection:
        row = connection.execute(select(Conversation.__table__)).one()._asdict()
        others = [{**row, "id": 90, "dialog": "cart", "status": "calling"},
                  {**row, "id": 91, "dialog": "later", "status": "waiting", "parent_id": 90}]  # fmt: skip
        connection.execute(insert(Conversation), others)
    agent.get(thread(house, "Ana"))
    agent.send(f"{thread(house, 'Ana')}/do", do="end_dialog")
    with house.runtime.read() as connection:
        found = dict(connection.execute(select(Conversation.dialog, Conversation.status)).all())
    assert found == {"welcome": "ended", "cart": "calling", "later": "waiting"}


def test_texts_from_no_telephone_are_seen_and_gone(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.post("/webhooks/twilio/inbound", house.inbound("36111", "Your parcel is here", "SM" + "1" * 32))
    assert "1 text came from no telephone" in agent.get("/admin/inbox").text
    page = agent.get("/admin/inbox/strangers").text
    assert "Your parcel is here" in page and "36111" in page
    agent.send("/admin/inbox/strangers/seen", id=re.findall(r'name="id" value="(\d+)"', page))
    assert "no telephone" not in agent.get("/admin/inbox").text


def test_only_who_has_a_thread_is_found(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    house.text("Ana", "MENU")
    assert "blue candles?" in agent.get("/admin/inbox?q=0612340002").text
    assert "Nobody found" in agent.get("/admin/inbox?q=0612340001").text
    close(agent, thread(house))
    assert "blue candles?" in agent.get("/admin/inbox?tab=waiting&q=0612340002").text, "whatever the tab"


@pytest.mark.parametrize("after", ["x", "1", "1-2", "99999999999999999999-0-1", "-1-0-1", "1-0-x"])
def test_a_page_that_is_none_is_not_found(house: House, readers: Readers, after: str) -> None:
    assert readers("viewer").get(f"/admin/inbox?after={after}").status_code in (404, 200)


def test_many_threads_come_page_by_page_each_once(house: House, readers: Readers) -> None:
    agent = readers("agent")
    for number in range(65):
        house.post("/webhooks/twilio/inbound", house.inbound(f"+336123500{number:02}", f"text {number}", f"SM{number:032x}"))
    for tab in ("waiting", "all"):
        seen, path = [], f"/admin/inbox?tab={tab}"
        while path:
            page = agent.get(path).text
            seen += re.findall(r'<span class="words">(text \d+)</span>', page)
            more = re.search(r'href="([^"]+after=[^"]+)"[^>]*>More', page)
            path = more[1].replace("&amp;", "&") if more else ""
        assert len(seen) == len(set(seen)) == 65, tab


def test_it_takes_as_many_statements_whatever_there_is(house: House, readers: Readers) -> None:
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    counts = []
    for _ in range(2):
        for path in ("/admin/inbox", thread(house)):
            with house.statements() as seen:
                agent.get(path)
            counts.append(sum(one.startswith(("SELECT", "WITH")) for one in seen))
            assert counts[-1] <= 15, seen
        for number in range(20):
            house.post("/webhooks/twilio/inbound", house.inbound(f"+336123500{number:02}", "hm", f"SM{number:032x}"))
            house.post("/webhooks/twilio/inbound", house.inbound("Bo", "hm", f"SM{number + 50:032x}"))
    assert counts[:2] == counts[2:]


def test_a_thread_leads_back_to_the_list_that_it_was_opened_from(house: House, readers: Readers) -> None:
    """With what was looked for, and what is done in it too."""
    agent = readers("agent")
    house.text("Bo", "blue candles?")
    listed = agent.get("/admin/inbox?tab=all&q=0612340002").text
    opened = unescape(re.search(r'href="(/admin/inbox/\d+\?[^"]*)"', listed)[1])  # type: ignore[index]
    page = unescape(agent.get(opened).text)
    assert page.count("tab=all&q=0612340002") > 5
    closed = close(agent, opened.partition("?")[0])
    assert closed.location.endswith("/admin/inbox?tab=waiting")
    done = re.search(r'action="(/admin/inbox/\d+/snooze\?[^"]*)"', page)
    assert done
    assert agent.send(done[1], until="hour").location == "/admin/inbox?tab=all&q=0612340002"
