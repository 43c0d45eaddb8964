"""The inbox: whoever needs a person waits there until one has answered, once and for all to see."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from bot import inbox
from models import Conversation, Message, Thread, ThreadEntry, insert
from tests.conftest import Doorway
from tests.house import BEGIN, House
from tests.web.conftest import Reader, Readers, account, sign_in


def thread(house: House, who: str = "Bo") -> str:
    """Where the thread of somebody is."""
    return f"/admin/inbox/{house.contact(who).id}"


def stands(house: House, who: str = "Bo") -> Any:
    with house.runtime.read() as connection:
        return inbox.find(connection, house.contact(who).id)


def work(house: House) -> None:
    """The worker, beside a browser: where one is, no other loop of events can run."""
    worker = threading.Thread(target=house.work)
    worker.start()
    worker.join()


def before_their_eyes(reader: Reader, path: str) -> dict[str, str]:
    """What the thread's page says that they have seen, as its forms send it."""
    page = reader.get(path).text
    seen, answered = (re.search(rf'name="{name}"[^>]* value="(\d*)"', page) for name in ("seen", "answered"))
    assert seen and answered
    return {"seen": seen[1], "answered": answered[1]}


def say(reader: Reader, path: str, words: str, key: str = "k1") -> Any:
    """An answer typed and sent."""
    return reader.send(f"{path}/answer", text=words, key=key, **before_their_eyes(reader, path))


def close(reader: Reader, path: str) -> Any:
    """The thread closed."""
    return reader.send(f"{path}/do", do="close", **before_their_eyes(reader, path))


def waits(reader: Reader, tab: str = "waiting") -> list[str]:
    """The last words of those who are listed."""
    page = reader.get(f"/admin/inbox?tab={tab}").text
    return [one.strip() for one in re.findall(r'<span class="words">([^<]*)</span>', page)]


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
    assert house.received("Bo")[-2:] == ["Yes", "Red ones on Monday"]


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


def test_the_pulse_changes_with_whatever_the_inbox_shows(house: House, readers: Readers) -> None:
    agent = readers("agent")

    def pulse() -> str:
        with house.runtime.read() as connection:
            who = house.contact("Bo")
            return inbox.pulse(connection, 1, who.id if who else None, house.runtime.now(connection))

    house.text("Bo", "blue candles?")
    beats = [pulse()]
    assert pulse() == beats[0]
    path = thread(house)
    agent.get(path)
    for do in (
        lambda: house.text("Bo", "red ones?"), lambda: agent.send(f"{path}/note", note="x"),
        lambda: say(agent, path, "Yes"), house.work,
        lambda: close(agent, path), lambda: house.text("Ana", "hello?"), lambda: house.text("Bo", "STOP"),
    ):  # fmt: skip
        do()
        beats.append(pulse())
    assert len(set(beats)) == len(beats)


def test_streams_leave_threads_for_texts(house: House, readers: Readers) -> None:
    """Each stream occupies a thread of the process; who gets none asks now and then."""
    viewer = readers("viewer")
    most = max(1, house.runtime.settings.web_threads // 4)
    streams = [viewer.client.get("/admin/inbox/live/0", buffered=False) for _ in range(most)]
    for one in streams:
        assert next(iter(one.response)).startswith(b"retry:")
    assert viewer.client.get("/admin/inbox/live/0").status_code == 204
    for one in streams:
        one.close()
    again = viewer.client.get("/admin/inbox/live/0", buffered=False)
    assert again.status_code == 200
    again.close()
    assert viewer.get("/admin/inbox/live/999").status_code == 404


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


def test_two_people_see_the_same_thing_as_it_happens(house: House, chromium: Browser, doorway: Doorway, page: Page) -> None:
    """One answers, the other one's window follows by itself, and so does the contact's phone."""
    house.text("Bo", "blue candles?")
    path = thread(house)
    sign_in(page, account(house, "agent"))
    other = chromium.new_context(base_url=doorway.url, locale="en").new_page()
    sign_in(other, account(house, "agent", "Noor"))
    other.goto("/admin/inbox")
    expect(other.locator(".thread-list")).to_contain_text("blue candles?")
    page.goto(path)
    page.locator("#text").fill("Yes, {{ brand }} has them")
    expect(page.locator("#counter")).to_contain_text("ACME has them")
    page.locator("#text").fill("Yes, on Tuesday")
    page.locator("#text").press("Control+Enter")
    expect(page.locator("#thread")).to_contain_text("Yes, on Tuesday")
    expect(other.locator("#threads")).to_contain_text("Nobody waits")
    work(house)
    expect(page.locator("#thread")).to_contain_text("delivered", timeout=8_000)
    page.locator("#text").fill("half a th")
    house.text("Bo", "wonderful, thanks")
    expect(page.locator("#thread")).to_contain_text("wonderful, thanks")
    expect(other.locator(".thread-list")).to_contain_text("wonderful, thanks")
    expect(page.locator("#text")).to_have_value("half a th")
    page.reload()
    expect(page.locator("#text")).to_have_value("half a th")
    house.text("Bo", "STOP")
    expect(page.locator("#bot")).to_contain_text("they opted out")
    other.context.close()


def test_an_open_thread_outlives_a_deploy_and_a_session(house: House, chromium: Browser, doorway: Doorway) -> None:
    page = chromium.new_context(base_url=doorway.url, locale="en").new_page()
    house.text("Bo", "blue candles?")
    sign_in(page, account(house, "agent"))
    page.route("**/live/*", lambda route: route.fulfill(status=204))
    page.goto(thread(house))
    page.locator("#text").fill("half a th")
    away = re.compile(r"/admin/inbox[/?]")
    with page.expect_response(lambda answer: answer.status == 503):
        page.route(away, lambda route: route.fulfill(status=503, body="<p>away</p>"))
        page.evaluate("document.body.dispatchEvent(new Event('news'))")
    page.unroute(away)
    house.text("Bo", "still there?")
    page.evaluate("document.body.dispatchEvent(new Event('news'))")
    expect(page.locator("#thread")).to_contain_text("still there?")
    page.context.clear_cookies()
    page.locator("#text").fill("half a thought")
    page.wait_for_timeout(600)
    expect(page.locator("#counter")).not_to_contain_text("Password")
    page.locator("#text").press("Control+Enter")
    page.wait_for_url("**/sign-in*")
    sign_in(page, account(house, "agent", "Noor"))
    page.goto(thread(house))
    expect(page.locator("#text")).to_have_value("half a thought")
    page.context.close()


def test_without_a_stream_the_page_asks_now_and_then(house: House, page: Page) -> None:
    house.text("Bo", "blue candles?")
    sign_in(page, account(house, "agent"))
    page.route("**/live/*", lambda route: route.fulfill(status=204))
    page.goto(thread(house))
    expect(page.locator("#thread")).to_contain_text("blue candles?")
    house.text("Bo", "still there?")
    expect(page.locator("#thread")).to_contain_text("still there?", timeout=9_000)


@pytest.mark.parametrize("page", [1280], indirect=True)
def test_all_of_it_by_keyboard(house: House, page: Page) -> None:
    house.text("Bo", "blue candles?")
    house.jump(timedelta(minutes=1))
    house.text("Ana", "are you open?")
    sign_in(page, account(house, "agent"))
    page.goto("/admin/answers/new")
    page.get_by_label("Name", exact=True).fill("hours")
    page.get_by_label("In French").fill("De 9 h à 19 h.")
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).press("Enter")
    page.wait_for_url("**/admin/answers")
    page.goto("/admin/inbox")
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog")).to_contain_text("the next thread")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+j")
    expect(page.locator("#thread")).to_contain_text("blue candles?")
    expect(page.locator(".thread-list a")).to_have_count(2)
    page.keyboard.press("Alt+j")
    page.wait_for_url(f"**{thread(house, 'Ana')}*")
    page.keyboard.press("Alt+l")
    page.keyboard.type("/ho")
    expect(page.locator("#canned")).to_be_visible()
    expect(page.locator("#canned")).to_contain_text("/hours")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_value("De 9 h à 19 h.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#thread")).to_contain_text("De 9 h à 19 h.")
    page.keyboard.press("Alt+p")
    page.keyboard.type("Comes on Friday.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#thread")).to_contain_text("Comes on Friday.")
    page.keyboard.press("Alt+e")
    expect(page.locator(".toast")).to_contain_text("Closed")
    work(house)
    assert house.received("Ana")[-1] == "De 9 h à 19 h."
