"""The bell, the alerts behind it, and how one chooses to be told."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from bot import alerts, staff
from bot.awake import stay_awake
from bot.campaigns.control import ERRORS
from models import Alert, AuditEntry, Campaign, Notice, Staff, StaffSession, insert
from tests.house import BEGIN, House
from tests.web.conftest import Readers, account, sign_in

PHONE = "+33612349999"
BECAME = {  # way, state, why
    ("email", "sent", None): "P0 was told by e-mail",
    ("text", "handed over", None): "P1 was told by text",
    ("email", "waiting", "busy"): "An e-mail to P2 is on its way · the last try failed: busy",
    ("email", "failed", "no such host"): "P3 could not be told: no such host",
    ("text", "refused", "suppressed"): "P4 was not told: they opted out",
    ("email", "passed", None): "It was over before P5 could be told",
}


def pauses(house: House, *names: str) -> None:
    """Campaigns pause themselves, and a clock has seen it."""
    row = {"kind": "marketing", "topic": "offers", "texts": {}, "error_limit": 10, "made_at": BEGIN, "launched_at": BEGIN}
    with house.runtime.begin() as connection:
        for name in names:
            connection.execute(insert(Campaign).values(name=name, state="paused", why=ERRORS, **row))
    look(house)


def look(house: House) -> None:
    """What the awake clock does."""
    stay_awake(house.runtime)
    alerts.watch(house.runtime)


def of_campaigns(house: House, **values: Any) -> None:
    with house.runtime.begin() as connection:
        connection.execute(update(Campaign).values(**values))


def test_the_bell_counts_what_is_new_to_them(house: House, readers: Readers) -> None:
    look(house)
    marketer = readers("marketer")
    assert "new alert" not in marketer.get("/admin").text
    pauses(house, "Winter", "Spring")
    assert "2 new alerts" in marketer.get("/admin").text
    page = marketer.get("/admin/alerts").text
    assert "The campaign “Winter” has paused itself: too many of its texts failed" in page
    newest = max(row.id for row in found(house, Alert))
    pauses(house, "Summer")  # while they looked
    assert marketer.send("/admin/alerts/seen", newest=newest).status_code == 303
    assert "1 new alert" in marketer.get("/admin").text
    of_campaigns(house, state="cancelled")
    look(house)
    page = marketer.get("/admin/alerts").text
    assert "new alert" not in page and "from " in page and "Winter" in page


def found(house: House, table: Any) -> list[Any]:
    with house.runtime.read() as connection:
        return list(connection.execute(select(table.__table__).order_by(table.id)))


@pytest.mark.parametrize(
    ("role", "kinds"),
    [("viewer", []), ("agent", ["waiting"]), ("marketer", ["waiting", "campaign"]), ("admin", ["waiting", "campaign", "worker"])],
)
def test_everybody_sees_what_they_can_see_to(house: House, readers: Readers, role: str, kinds: list[str]) -> None:
    now = house.runtime.machine_now()
    facts = {"count": 2, "name": "Winter", "why": ERRORS, "absent": ["worker bulk"]}
    with house.runtime.begin() as connection:
        for kind in alerts.KINDS:
            connection.execute(insert(Alert).values(kind=kind, subject="", facts=facts, began_at=now, told_at=now))
    stay_awake(house.runtime)
    reader = readers(role)
    page, mine = reader.get("/admin/alerts"), reader.get("/admin/account").text
    assert page.status_code == (200 if kinds else 403)
    shown = {"waiting": "2 people wait", "campaign": "“Winter” has paused", "worker": "Not running: the worker for campaigns"}
    for kind, words in shown.items():
        assert (words in page.text) == (kind in kinds)
        assert (f'name="alert-{kind}"' in mine) == (kind in kinds)
    assert ("/admin/alerts/bell" in reader.get("/admin").text) == bool(kinds)


def test_that_the_clock_is_gone_only_the_bell_can_say(house: House, readers: Readers) -> None:
    admin, agent = readers("admin"), readers("agent")
    assert "Not running: the clock" in admin.get("/admin/alerts").text
    stay_awake(house.runtime)
    assert "Nothing needs anybody" in admin.get("/admin/alerts").text
    real = house.runtime.machine_now
    object.__setattr__(house.runtime, "machine_now", lambda: real() + timedelta(minutes=2))
    assert "Not running: the clock" in admin.get("/admin/alerts").text
    assert "Not running" not in agent.get("/admin/alerts").text


def test_it_says_who_was_told_and_who_could_not_be(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    pauses(house, "Winter")
    (alert,) = found(house, Alert)
    made = {"alert_id": alert.id, "made_at": alert.began_at, "not_before": alert.began_at}
    with house.runtime.begin() as connection:
        for place, (way, state, why) in enumerate(BECAME):
            person = staff.create(connection, f"p{place}@shop.example", f"P{place}", "agent", BEGIN)
            connection.execute(insert(Notice).values(**made, staff_id=person, way=way, state=state, why=why))
    page = marketer.get("/admin/alerts").text
    for told in BECAME.values():
        assert told in page


def test_one_chooses_how_to_be_told_and_that_is_written_down_without_the_number(house: House, readers: Readers) -> None:
    agent = readers("agent")
    assert agent.send("/admin/account/alerts", **{"alert-waiting": "text", "phone": "06 12 34 99 99"}).status_code == 303
    (row,) = found(house, Staff)
    assert (row.alerts, row.phone) == ({"waiting": "text"}, PHONE)
    (entry,) = [one for one in found(house, AuditEntry) if one.did == "alerts.changed"]
    assert (entry.before, entry.after["waiting"]) == ({"waiting": "email", "phone": None}, "text")
    assert entry.after["phone"] == "+33 6 •• •• 99 99"
    assert f'value="{PHONE}"' in agent.get("/admin/account").text
    agent.send("/admin/account/alerts", **{"alert-waiting": "text", "phone": PHONE})
    assert len([one for one in found(house, AuditEntry) if one.did == "alerts.changed"]) == 1, "nothing has changed"


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"alert-waiting": "text"}, "A text needs a number to go to."),
        ({"alert-waiting": "text", "phone": "12"}, "This is no telephone number."),
        ({"alert-waiting": "pigeon"}, "Choose one of these."),
        ({}, "Choose one of these."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(house: House, readers: Readers, form: dict[str, str], says: str) -> None:
    agent = readers("agent")
    answer = agent.send("/admin/account/alerts", **form)
    assert answer.status_code == 422 and says in answer.text
    assert found(house, Staff)[0].alerts is None


def test_who_said_stop_sees_so_in_their_account(house: House, readers: Readers) -> None:
    agent = readers("agent")
    agent.send("/admin/account/alerts", **{"alert-waiting": "text", "phone": PHONE})
    assert "has said STOP" not in agent.get("/admin/account").text
    house.text(PHONE, "STOP")
    assert "has said STOP" in agent.get("/admin/account").text
    house.text(PHONE, "START")
    assert "has said STOP" not in agent.get("/admin/account").text


def test_a_phone_is_confirmed_by_the_code_that_the_account_shows(house: House, readers: Readers) -> None:
    agent = readers("agent")
    assert "not confirmed yet" not in agent.get("/admin/account").text
    agent.send("/admin/account/alerts", **{"alert-waiting": "text", "phone": PHONE})
    page = agent.get("/admin/account").text
    said = re.search(r"“(PARLEY [A-Z2-9]{6})” from it to \+33 9 37 00 00 01", unescape(page).replace("\N{NO-BREAK SPACE}", " "))
    assert said is not None and "not confirmed yet" in page
    house.text(PHONE, said[1])
    assert "not confirmed yet" not in agent.get("/admin/account").text


def test_a_page_that_is_left_open_does_not_keep_anybody_signed_in(house: House, readers: Readers) -> None:
    agent = readers("agent")
    real = house.runtime.machine_now
    object.__setattr__(house.runtime, "machine_now", lambda: real() + timedelta(days=1))
    before = found(house, StaffSession)[0].seen_at
    news = set()
    for path in ("/admin", "/admin/inbox"):
        asked = re.findall(r'hx-get="([^"]+)"[^>]*hx-trigger="(?:every|news)[^>]*hx-headers=\'([^\']+)\'', agent.get(path).text)
        news |= {(unescape(where), *json.loads(header).items()) for where, header in asked}
    object.__setattr__(house.runtime, "machine_now", lambda: real() + timedelta(days=2))
    before = found(house, StaffSession)[0].seen_at
    for where, *headers in news:
        assert agent.client.get(where, headers=headers).status_code in (200, 204)
    agent.client.get("/admin/inbox/live/0").close()
    assert len(news) == 2 and found(house, StaffSession)[0].seen_at == before
    agent.get("/admin")
    assert found(house, StaffSession)[0].seen_at > before


def test_an_answer_comes_only_if_the_number_is_another_one(house: House, readers: Readers) -> None:
    agent = readers("agent")
    assert agent.get("/admin/alerts/bell?shown=0").status_code == 204
    assert agent.get("/admin/alerts/bell?shown=5").status_code == 200


def test_the_bell_rings_by_itself_and_leads_to_what_needs_somebody(page: Page, house: House) -> None:
    look(house)
    page.clock.install()
    sign_in(page, account(house, "admin"))
    bell = page.locator(".menu > .bell")
    expect(bell).to_have_text("Alerts")
    pauses(house, "Winter")
    bell.focus()
    page.clock.run_for(31_000)
    expect(bell.get_by_role("status")).to_contain_text("1 new alert")
    expect(bell).to_be_focused()
    assert bell.evaluate("bell => { const b = bell.querySelector('b').getBoundingClientRect(); return b.right <= innerWidth }")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/alerts")
    expect(page.get_by_text("“Winter” has paused itself")).to_be_visible()
    page.get_by_role("button", name="I have seen them").click()
    expect(bell).to_have_text("Alerts")
