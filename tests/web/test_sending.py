"""The switch for all that leaves, on pages: seen by everybody on every page, thrown by launchers."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select

from models import AuditEntry, Message
from tests.campaigns.test_control import begun
from tests.house import House
from tests.test_halt import halt, left, resume
from tests.test_outbox import queue
from tests.web.conftest import Reader, Readers, readable
from tests.web.test_look import shown


def seen(reader: Reader) -> dict[str, str]:
    """What the form of the page carries unseen: the halt that it answers."""
    return dict(re.findall(r'name="(was)" value="([^"]+)"', reader.get("/admin/sending").text))


def let_go_on(reader: Reader) -> Any:
    return reader.send("/admin/sending/resume", **seen(reader))


@pytest.mark.parametrize("path", [*shown(), "/admin/nothing"])
def test_it_is_told_on_every_page_while_it_is_on(house: House, readers: Readers, path: str) -> None:
    admin = readers("admin")
    assert "All sending is halted." not in admin.get(path).text
    halt(house)
    assert "All sending is halted." in admin.get(path).text


@pytest.mark.parametrize("role", ["viewer", "agent", "marketer", "launcher"])
def test_everybody_sees_it_and_launchers_can_lift_it(house: House, readers: Readers, role: str) -> None:
    begun(house, 3)
    queue(house)
    halt(house)
    reader = readers(role)
    page = reader.get("/admin").text
    assert "1 text waits" in page and "1 campaign stands still" in page and "By parley, since" in page
    assert ('href="/admin/sending"' in page) == (role == "launcher")
    answers = [reader.get("/admin/sending"), reader.send("/admin/sending/halt"), let_go_on(reader)]
    assert [one.status_code for one in answers] == ([200, 303, 303] if role == "launcher" else [403, 403, 403])


def test_what_stands_still_is_told_before_and_what_leaves_after(house: House, readers: Readers) -> None:
    begun(house, 3)
    queue(house)
    launcher = readers("launcher")
    before = launcher.get("/admin/sending").text
    assert "1 text is ready to leave" in before and "1 campaign is under way" in before and "0 of 3 sent" in before
    assert launcher.send("/admin/sending/halt").status_code == 303
    assert "No text is on its way any more" in launcher.get("/admin/sending").text
    house.work()
    assert left(house) == 0
    assert let_go_on(launcher).status_code == 303
    house.work()
    assert left(house) == 4
    with house.runtime.read() as connection:
        kept = connection.execute(select(AuditEntry.who, AuditEntry.did).order_by(AuditEntry.id)).all()
    email = "camille.launcher@shop.example"
    assert [tuple(one) for one in kept] == [(email, "sending.halted"), (email, "sending.resumed")]


def test_a_page_lifts_only_the_halt_that_it_shows(house: House, readers: Readers) -> None:
    launcher = readers("launcher")
    halt(house)
    page = seen(launcher)
    resume(house)
    assert launcher.send("/admin/sending/resume", **page).status_code == 303
    assert "Somebody has let sending go on already." in launcher.get("/admin").text
    halt(house)
    for old in (page, {}):
        answer = launcher.send("/admin/sending/resume", **old)
        assert answer.status_code == 422 and "halted anew since you opened this page" in answer.text
    assert launcher.send("/admin/sending/resume", **seen(launcher)).status_code == 303
    assert "Sending goes on." in launcher.get("/admin").text


def test_more_than_ten_thousand_texts_are_not_counted(house: House, readers: Readers) -> None:
    queue(house)
    with house.runtime.begin() as connection:
        one = dict(connection.execute(select(Message.__table__)).one()._mapping)
        connection.execute(insert(Message), [{**one, "id": 100 + n, "cause": f"many:{n}"} for n in range(10_000)])
    halt(house)
    page = readers("launcher").get("/admin/sending").text
    assert "More than 10,000 texts wait." in page and "More than 10,000 texts are ready to leave" in page


def test_it_costs_one_statement_on_a_page(house: House, readers: Readers) -> None:
    reader = readers("viewer")
    counts = []
    for do in (lambda: None, lambda: halt(house)):
        do()
        with house.statements() as seen:
            reader.get("/admin/account")
        counts.append((len(seen), sum("FROM halt" in one for one in seen)))
    assert counts[0] == counts[1]
    assert counts[0][1] == 1


def test_somebody_halts_all_and_lets_it_go_on(house: House, admin: Page) -> None:
    admin.goto("/admin")
    admin.get_by_role("link", name=re.compile("Halt all sending")).click()
    admin.get_by_role("button", name="Halt all sending").click()
    expect(admin.get_by_role("heading", name="Sending is halted")).to_be_visible()
    admin.goto("/admin/contacts")
    banner = admin.get_by_role("complementary", name="All sending is halted")
    expect(banner).to_contain_text("By Camille, since")
    readable(admin)
    banner.get_by_role("link").click()
    admin.get_by_role("button", name="Let sending go on").click()
    expect(admin.get_by_text("Sending goes on.")).to_be_visible()
    expect(banner).to_have_count(0)
