"""The inbox as it happens: news, two windows, the keyboard, a server that goes away."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete, select, update

from bot import inbox
from models import StaffSession
from tests.conftest import Doorway
from tests.house import BEGIN, House
from tests.processes import ROOT
from tests.web.conftest import Readers, account, sign_in
from tests.web.inbox import close, say, thread, work


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
    streams: list[Any] = []

    def all_taken() -> bool:
        one = viewer.client.get("/admin/inbox/live/0", buffered=False)
        streams.extend([one] if one.status_code == 200 else [])
        return len(streams) == most

    house.carrier.wait_for(all_taken, "browsers of earlier tests have been missed", 30)
    for one in streams:
        assert next(iter(one.response)).startswith(b"retry:")
    assert viewer.client.get("/admin/inbox/live/0").status_code == 204
    for one in streams:
        one.close()
    again = viewer.client.get("/admin/inbox/live/0", buffered=False)
    assert again.status_code == 200
    again.close()
    assert viewer.get("/admin/inbox/live/999").status_code == 404


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(house: House, readers: Readers) -> None:
    for path in (ROOT / "bot/web/templates").rglob("*.html"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not re.search(r'hx-trigger="[^"]*(news|every)', line) or "Asks-Itself" in line, path.name
    agent = readers("agent")
    house.text("Bo", "blue candles?")

    def seen() -> Any:
        with house.runtime.read() as connection:
            return connection.scalar(select(StaffSession.seen_at))

    with house.runtime.begin() as connection:
        connection.execute(update(StaffSession).values(seen_at=BEGIN))
    agent.client.get(thread(house), headers={"Asks-Itself": "yes"})
    assert seen() == BEGIN
    agent.get(thread(house))
    assert seen() > BEGIN


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
    expect(page.locator("#thread")).to_contain_text("delivered")
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
    with house.runtime.begin() as connection:
        connection.execute(delete(StaffSession))
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
    expect(page.locator("#thread")).to_contain_text("still there?")


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
    page.wait_for_load_state()
    page.keyboard.press("Alt+j")
    page.wait_for_url(f"**{thread(house, 'Ana')}*")
    page.wait_for_load_state()
    page.keyboard.press("Alt+l")
    page.keyboard.type("/ho")
    expect(page.locator("#canned")).to_be_visible()
    expect(page.locator("#canned")).to_contain_text("/hours")
    expect(page.get_by_role("status").filter(has_text="Canned answers: 1")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_value("De 9 h à 19 h.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text")).to_have_value("")  # the next page: the one before may show the answer, too
    expect(page.locator("#thread")).to_contain_text("De 9 h à 19 h.")
    page.wait_for_load_state()  # a key that comes before its script is heard by nobody
    page.keyboard.press("Alt+p")
    expect(page.locator("#note")).to_be_focused()
    page.keyboard.type("Comes on Friday.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#note")).to_be_hidden()
    expect(page.locator("#thread")).to_contain_text("Comes on Friday.")
    page.wait_for_load_state()
    page.keyboard.press("Alt+e")
    expect(page.locator(".toast")).to_contain_text("Closed")
    work(house)
    assert house.received("Ana")[-1] == "De 9 h à 19 h."
