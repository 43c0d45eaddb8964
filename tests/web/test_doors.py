"""Who comes in, and who does not."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pyotp
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from bot import create_app, staff
from bot.staff.doors import TRIES, _place
from bot.web.admin import PAGES
from bot.web.admin.pages import ANYBODY
from models import Alert, AuditEntry, Staff, StaffSession, Try, insert
from tests.house import House
from tests.locks import meanwhile, on_postgresql
from tests.web.conftest import PASSWORD, Reader, Readers, account

KEY = staff.new_totp()


def address(path: str) -> str:
    """A path with something in its places."""
    return "/admin" + re.sub(r"<int:\w+>", "999", path).replace("<shown>", "nothing")


def test_everything_but_the_door_asks_who_is_there(house: House, reader: Reader) -> None:
    for page in PAGES.values():
        if page.role == ANYBODY:
            continue
        for method in page.methods:
            answer = reader.client.open(address(page.path), method=method)
            asks = answer.status_code == 303 and answer.headers["Location"].startswith("/admin/sign-in")
            assert asks or (method == "POST" and answer.status_code == 400), page.path


def test_every_page_of_the_map_has_its_role(house: House) -> None:
    """Nothing under /admin is served but what was declared with a role."""
    rules = [rule for rule in house.app.url_map.iter_rules() if rule.rule.startswith("/admin")]
    assert {rule.endpoint.removeprefix("admin.") for rule in rules} == set(PAGES)
    assert all(page.role in {ANYBODY, *staff.ROLES} for page in PAGES.values())


@pytest.mark.parametrize("role", staff.ROLES)
def test_each_role_may_do_what_its_pages_say_and_no_more(house: House, readers: Readers, role: str) -> None:
    reader = readers(role)
    for name, page in PAGES.items():
        if page.role == ANYBODY or name == "sign_out":
            continue
        for method in page.methods:
            answer = reader.get(address(page.path)) if method == "GET" else reader.send(address(page.path))
            assert (answer.status_code == 403) == (not staff.may(role, page.role)), (role, page.path)
        reader.get("/admin/account")


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if "POST" in page.methods])
def test_no_form_is_taken_that_is_not_ours(house: House, readers: Readers, name: str) -> None:
    page = PAGES[name]
    reader = Reader(house) if page.role == ANYBODY else readers("admin")
    for token in ("", "stolen"):
        answer = reader.client.post(address(page.path), data={"csrf_token": token} if token else {})
        assert answer.status_code == 400
        assert "Nothing was changed" in answer.text


def test_looking_changes_nothing(house: House, readers: Readers) -> None:
    """Whatever is only looked at runs no statement that writes; that somebody was seen is noted once a minute."""
    reader = readers("admin")
    for page in PAGES.values():
        if "GET" in page.methods:
            with house.statements() as seen:
                reader.get(address(page.path))
            assert [one for one in seen if not one.lstrip("( ").startswith(("SELECT", "WITH", "PRAGMA"))] == [], page.path


def test_a_wrong_password_and_an_unknown_address_are_told_alike(house: House, reader: Reader) -> None:
    email = account(house, "agent")
    wrong, unknown = reader.sign_in(email, "not it at all"), reader.sign_in("nobody@shop.example", PASSWORD)
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    words = [re.sub(r'value="[^"]*"', "", answer.text) for answer in (wrong, unknown)]
    assert words[0] == words[1]


def test_who_tries_too_often_waits(house: House, reader: Reader) -> None:
    email = account(house, "agent")
    answers = [reader.sign_in(email, "not it at all").status_code for _ in range(TRIES + 1)]
    assert answers == [422] * TRIES + [429]
    assert reader.sign_in(email).status_code == 429, "the right one does not help now"
    other = account(house, "agent", "Bo")
    assert Reader(house).sign_in(other).status_code == 303, "others are not kept out"


@pytest.mark.parametrize(("proxies", "told"), [(0, "127.0.0.1"), (1, "198.51.100.7"), (2, "203.0.113.9")])
def test_an_address_is_what_the_proxies_say_that_stand_there(house: House, proxies: int, told: str) -> None:
    settings = house.runtime.settings.model_copy(update={"proxies": proxies})
    house.app = create_app(replace(house.runtime, settings=settings))
    reader = Reader(house)
    email = account(house, "agent")
    reader.get("/admin/sign-in")
    headers = {"X-Forwarded-For": "10.0.0.1, 203.0.113.9, 198.51.100.7"}
    reader.client.post("/admin/sign-in", data={"csrf_token": reader.token, "email": email, "password": PASSWORD}, headers=headers)
    with house.runtime.read() as connection:
        assert connection.scalar(select(StaffSession.address)) == told


def test_nothing_of_the_session_before_is_kept(house: House, reader: Reader) -> None:
    """Somebody may have prepared it."""
    reader.get("/admin/sign-in")
    before = reader.client.get_cookie("parley", path="/admin")
    assert before is not None
    reader.sign_in(account(house, "agent"))
    after = reader.client.get_cookie("parley", path="/admin")
    assert after is not None and after.value != before.value
    stranger = Reader(house)
    stranger.client.set_cookie("parley", before.value, path="/admin")
    assert stranger.get("/admin/account").status_code == 303


def test_a_part_of_a_page_that_asks_for_news_never_writes_the_cookie(house: House, readers: Readers) -> None:
    """It may have been asked for before the page that follows: what that one is to say would be lost."""
    reader = readers("admin")
    for headers, written in (({"HX-Request": "true"}, False), ({}, True)):
        answer = reader.client.get("/admin/inbox", headers=headers)
        assert answer.status_code == 200
        assert ("Set-Cookie" in answer.headers) is written


def test_the_cookie_is_for_the_pages_alone(house: House, reader: Reader) -> None:
    answer = reader.sign_in(account(house, "agent"))
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/admin"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/admin", "/\\evil.example", "/adminx", "/admin/..//evil.example", "/admin\r\nX: y",
     "javascript:alert(1)", "/phone", "\\\\evil.example/admin"],
)  # fmt: skip
def test_the_door_leads_to_no_page_but_ours(house: House, elsewhere: str) -> None:
    reader = Reader(house)
    answer = reader.sign_in(account(house, "agent"), next=elsewhere)
    assert answer.status_code == 303
    assert re.fullmatch(r"/admin(/[^/\\].*)?", answer.headers["Location"])


def test_the_door_leads_back_to_the_page_that_was_asked_for(house: House, reader: Reader) -> None:
    asked = reader.get("/admin/account?x=1")
    assert asked.headers["Location"] == "/admin/sign-in?next=/admin/account%3Fx%3D1"
    assert reader.sign_in(account(house, "agent"), next="/admin/account?x=1").headers["Location"] == "/admin/account?x=1"


def test_a_new_password_signs_out_everywhere_else(house: House, readers: Readers) -> None:
    here = readers("agent")
    there = Reader(house)
    there.sign_in("camille.agent@shop.example")
    new = {"old": PASSWORD, "password": "ten thousand tulips", "again": "ten thousand tulips"}
    assert here.send("/admin/account/password", **new | {"old": "not it"}).status_code == 422
    assert here.send("/admin/account/password", **new | {"again": "other"}).status_code == 422
    assert here.send("/admin/account/password", **new).status_code == 303
    assert here.get("/admin/account").status_code == 200
    assert there.get("/admin/account").status_code == 303
    assert Reader(house).sign_in("camille.agent@shop.example").status_code == 422
    assert Reader(house).sign_in("camille.agent@shop.example", "ten thousand tulips").status_code == 303


@pytest.mark.parametrize(
    "weak", ["short", "aaaaaaaaaaaaaaa", "camille.agent@shop.example1", "xcamille2026", "1234567890", "password123"]
)
def test_a_password_that_is_easily_guessed_is_refused(house: House, readers: Readers, weak: str) -> None:
    answer = readers("agent").send("/admin/account/password", old=PASSWORD, password=weak, again=weak)
    assert answer.status_code == 422
    assert re.search("too easy to guess|at least 10 characters", answer.text)


def test_a_second_step_asks_for_a_code_and_takes_each_once(house: House, readers: Readers) -> None:
    reader = readers("agent")
    page = reader.get("/admin/account/second-step").text
    key = re.search(r"<code class=\"wrap\">(\w+)</code>", page)[1]  # type: ignore[index]
    sent = re.search(r'name="secret" value="([^"]+)"', page)[1]  # type: ignore[index]
    assert reader.send("/admin/account/second-step", secret=sent, code="000000", old=PASSWORD).status_code == 422
    now = house.runtime.machine_now()
    right = pyotp.TOTP(key).at(now)
    assert reader.send("/admin/account/second-step", secret=sent, code=right, old="not it").status_code == 422
    assert reader.send("/admin/account/second-step", secret="made up", code=right, old=PASSWORD).status_code == 422
    assert reader.send("/admin/account/second-step", secret=sent, code=right, old=PASSWORD).status_code == 303
    assert reader.get("/admin/account/second-step").status_code == 303, "there is one: it has to be ended first"
    email = "camille.agent@shop.example"
    assert "Now the code" in Reader(house).sign_in(email).text
    assert Reader(house).sign_in(email, code=pyotp.TOTP(key).at(now)).status_code == 422, "that one is used"
    later = now + timedelta(seconds=30)
    assert Reader(house).sign_in(email, code=pyotp.TOTP(key).at(later)).status_code == 303
    assert Reader(house).sign_in(email, code=pyotp.TOTP(key).at(later)).status_code == 422
    reader.get("/admin/account")
    assert reader.send("/admin/account/second-step/end", **{"step-old": "not it"}).status_code == 422
    assert reader.send("/admin/account/second-step/end", **{"step-old": PASSWORD}).status_code == 303
    assert Reader(house).sign_in(email).status_code == 303


def test_a_session_that_is_ended_elsewhere_is_over(house: House, readers: Readers) -> None:
    here = readers("agent")
    there = Reader(house)
    there.sign_in("camille.agent@shop.example")
    with house.runtime.read() as connection:
        newest = connection.scalar(select(func.max(StaffSession.id)))
    other = Reader(house)
    other.sign_in(account(house, "agent", "Bo"))
    assert other.send(f"/admin/account/sessions/{newest}/end").status_code == 303, "not theirs: nothing happens"
    assert there.get("/admin/account").status_code == 200
    assert here.send(f"/admin/account/sessions/{newest}/end").status_code == 303
    assert there.get("/admin/account").status_code == 303


def link_of(answer: Any) -> str:
    """The path of the link that a page shows."""
    return re.search(r"http://[^/]+(/admin/link/[\w-]+)", answer.text)[1]  # type: ignore[index]


def test_an_invitation_works_once(house: House, readers: Readers) -> None:
    admin = readers("admin")
    shown = link_of(admin.send("/admin/team/invite", name="Léa", email="lea@shop.example", role="marketer"))
    lea = Reader(house)
    assert "Léa" in lea.get(shown).text
    assert lea.send(shown, password=PASSWORD, again=PASSWORD).status_code == 303
    assert lea.get("/admin/account").status_code == 200
    assert Reader(house).get(shown).status_code == 410
    assert lea.send(shown, password=PASSWORD, again=PASSWORD).status_code == 410


def test_a_link_is_over_after_three_days_and_when_there_is_a_newer_one(house: House, readers: Readers) -> None:
    admin = readers("admin")
    first = link_of(admin.send("/admin/team/invite", name="Léa", email="lea@shop.example", role="agent"))
    with house.runtime.read() as connection:
        lea = staff.find(connection, "lea@shop.example").id
    second = link_of(admin.send(f"/admin/team/{lea}/link"))
    assert (Reader(house).get(first).status_code, Reader(house).get(second).status_code) == (410, 200)
    with house.runtime.read() as connection:
        late = house.runtime.machine_now() + staff.LINK_FOR
        assert staff.by_link(connection, second.rpartition("/")[2], late) is None


def test_who_is_out_is_out_at_once_and_one_admin_stays(house: House, readers: Readers) -> None:
    admin, agent = readers("admin"), readers("agent")
    with house.runtime.read() as connection:
        ids = {row.role: row.id for row in staff.everybody(connection)}
    assert admin.send(f"/admin/team/{ids['agent']}/close").status_code == 303
    assert agent.get("/admin/account").status_code == 303
    assert Reader(house).sign_in("camille.agent@shop.example").status_code == 422
    refused = admin.send(f"/admin/team/{ids['admin']}/close")
    assert refused.status_code == 422 and "only admin" in refused.text
    assert admin.send(f"/admin/team/{ids['admin']}", name="Camille", role="viewer").status_code == 422
    again = link_of(admin.send(f"/admin/team/{ids['agent']}/reopen"))
    assert Reader(house).get(again).status_code == 200


def test_the_first_admin_comes_by_the_link_that_is_printed(house: House, reader: Reader) -> None:
    link = f"/admin/begin/{staff.first_link(house.runtime)}"
    form = {"name": "Ana", "email": "ana@shop.example", "password": PASSWORD, "again": PASSWORD}
    assert Reader(house).get("/admin/begin/guessed").status_code == 410
    reader.get(link)
    assert reader.send(link, **form | {"email": "no address"}).status_code == 422
    assert reader.send(link, **form).status_code == 303
    assert reader.get("/admin/team").status_code == 200
    assert Reader(house).get(link).status_code == 410


def test_what_was_changed_is_written_down_with_how_it_was(house: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.send("/admin/team/invite", name="Léa", email="lea@shop.example", role="agent")
    with house.runtime.read() as connection:
        lea = staff.find(connection, "lea@shop.example").id
    admin.send(f"/admin/team/{lea}", name="Léa", role="marketer")
    with house.runtime.read() as connection:
        rows = connection.execute(select(AuditEntry.who, AuditEntry.did, AuditEntry.before, AuditEntry.after)).all()
    before, after = {"name": "Léa", "role": "agent"}, {"name": "Léa", "role": "marketer"}
    assert rows[-1] == ("camille.admin@shop.example", "staff.changed", before, after)
    assert "changed the account" in admin.get("/admin/changes").text


def test_secrets_are_kept_as_hashes(house: House, readers: Readers) -> None:
    reader = readers("agent")
    Reader(house).sign_in("nobody@shop.example", PASSWORD)
    with house.runtime.read() as connection:
        kept = [str(connection.execute(select(table.__table__)).all()) for table in (Staff, StaffSession, Try)]
    cookie = reader.client.get_cookie("parley", path="/admin")
    assert cookie is not None
    assert PASSWORD not in "".join(kept)
    assert "$argon2id$" in kept[0]
    assert "nobody" not in kept[2]


def test_what_means_nothing_any_more_is_forgotten(house: House, readers: Readers) -> None:
    readers("agent")
    Reader(house).sign_in("nobody@shop.example", "x")
    later = house.runtime.machine_now() + staff.SESSION_FOR + timedelta(minutes=1)
    object.__setattr__(house.runtime, "machine_now", lambda: later)
    assert staff.forget(house.runtime) >= 2
    with house.runtime.read() as connection:
        assert connection.execute(select(StaffSession.id)).first() is None
        assert connection.execute(select(Try.id)).first() is None
    assert staff.forget(house.runtime) == 0


def test_alerts_that_ended_long_ago_are_forgotten_and_open_ones_never(house: House) -> None:
    now = house.runtime.machine_now()
    one = {"kind": "campaign", "facts": {}, "began_at": now - timedelta(days=200), "told_at": now - timedelta(days=200)}
    ended = {"old": now - timedelta(days=91), "lately": now - timedelta(days=89), "open": None}
    with house.runtime.begin() as connection:
        connection.execute(insert(Alert), [{**one, "subject": name, "ended_at": at} for name, at in ended.items()])
    assert staff.forget(house.runtime) == 1
    with house.runtime.read() as connection:
        assert set(connection.scalars(select(Alert.subject))) == {"lately", "open"}


# At once


def at_once(count: int, ask: Callable[[int], Any]) -> list[int]:
    """The statuses of what is asked by so many at the same instant."""
    gate = threading.Barrier(count)

    def one(number: int) -> int:
        gate.wait()
        return int(ask(number).status_code)

    with ThreadPoolExecutor(count) as threads:
        return sorted(threads.map(one, range(count)))


def test_of_many_tries_at_once_no_more_are_taken_than_one_after_the_other(house: House) -> None:
    email, readers_ = account(house, "agent"), [Reader(house) for _ in range(TRIES + 6)]
    for reader in readers_:
        reader.get("/admin/sign-in")
    found = at_once(len(readers_), lambda n: readers_[n].send("/admin/sign-in", email=email, password="not it at all"))
    assert found == [422] * TRIES + [429] * 6


@pytest.mark.parametrize("which", ["link", "first"])
def test_a_link_works_once_also_for_many_at_once(house: House, which: str) -> None:
    if which == "link":
        email = account(house, "agent")
        with house.runtime.begin() as connection:
            found = staff.make_link(connection, staff.find(connection, email).id, house.runtime.machine_now())
        path = f"/admin/link/{found}"
    else:
        path = f"/admin/begin/{staff.first_link(house.runtime)}"
    those = [Reader(house) for _ in range(5)]
    for reader in those:
        reader.get(path)
    form = {"name": "Ana", "password": PASSWORD, "again": PASSWORD}
    statuses = at_once(5, lambda n: those[n].send(path, email=f"ana{n}@shop.example", **form))
    assert statuses == [303] + [410] * 4
    with house.runtime.read() as connection:
        assert len(staff.everybody(connection)) == 1


def test_two_admins_do_not_leave_at_once(house: House, readers: Readers) -> None:
    both = [readers("admin"), Reader(house)]
    both[1].sign_in(account(house, "admin", "Bo"))
    with house.runtime.read() as connection:
        ids = [row.id for row in sorted(staff.everybody(connection), key=lambda row: row.name == "Bo")]  # each their own
    for one in both:
        one.get("/admin/team")
    found = at_once(2, lambda n: both[n].send(f"/admin/team/{ids[n]}", name="Away", role="viewer"))
    assert found == [303, 422]


@on_postgresql
def test_admins_are_locked_in_one_order(house: House, readers: Readers) -> None:
    """Else two who leave at once would wait for each other."""
    readers("admin")
    second = Reader(house)
    second.sign_in(account(house, "admin", "Bo"))
    with house.runtime.read() as connection:
        first_id, second_id = sorted(row.id for row in staff.everybody(connection))
    second.get("/admin/team")
    with house.runtime.engine.connect() as holder:
        staff.find(holder, first_id, locked=True)
        with meanwhile(house, lambda: second.send(f"/admin/team/{second_id}", name="Bo", role="viewer")) as answers:
            with house.runtime.begin() as other:
                other.execute(select(Staff.id).where(Staff.id == second_id).with_for_update(nowait=True))
            holder.rollback()
    assert answers[0].status_code == 303


# What else somebody may try


def test_a_place_is_a_whole_network_of_the_sixth_kind() -> None:
    assert _place("2001:db8::1") == _place("2001:db8::ffff") != _place("2001:db8:0:1::1")
    assert _place("::ffff:192.0.2.1") and _place("192.0.2.1") == "192.0.2.1" and _place("no address") == "no address"


def test_right_passwords_are_no_tries(house: House) -> None:
    email = account(house, "agent")
    for _ in range(TRIES + 2):
        assert Reader(house).sign_in(email).status_code == 303
    with house.runtime.read() as connection:
        assert connection.execute(select(Try.id)).first() is None


def test_a_new_link_ends_what_there_was_and_keeps_the_second_step(house: House, readers: Readers) -> None:
    admin, agent = readers("admin"), readers("agent")
    with house.runtime.begin() as connection:
        theirs = staff.find(connection, "camille.agent@shop.example").id
        staff.set_totp(connection, theirs, KEY, None)
    shown = link_of(admin.send(f"/admin/team/{theirs}/link"))
    assert agent.get("/admin/account").status_code == 303
    assert Reader(house).sign_in("camille.agent@shop.example").status_code == 422
    reader = Reader(house)
    reader.get(shown)
    assert reader.send(shown, password=PASSWORD, again=PASSWORD).status_code == 422
    code = pyotp.TOTP(KEY).at(house.runtime.machine_now())
    assert reader.send(shown, password=PASSWORD, again=PASSWORD, code=code).status_code == 303


def test_a_link_of_the_command_ends_the_second_step_when_it_is_used(house: House) -> None:
    email = account(house, "agent")
    with house.runtime.begin() as connection:
        theirs = staff.find(connection, email).id
        staff.set_totp(connection, theirs, KEY, None)
        shown = staff.make_link(connection, theirs, house.runtime.machine_now(), ends_second_step=True)
    reader = Reader(house)
    reader.get(f"/admin/link/{shown}")
    assert reader.send(f"/admin/link/{shown}", password=PASSWORD, again=PASSWORD).status_code == 303
    assert Reader(house).sign_in(email).status_code == 303


def test_an_open_account_is_not_opened_again_nor_a_closed_one_closed(house: House, readers: Readers) -> None:
    admin, agent = readers("admin"), readers("agent")
    with house.runtime.read() as connection:
        theirs = staff.find(connection, "camille.agent@shop.example").id
    assert admin.send(f"/admin/team/{theirs}/reopen").status_code == 303
    assert agent.get("/admin/account").status_code == 200
    assert admin.send(f"/admin/team/{theirs}/close").status_code == 303
    assert admin.send(f"/admin/team/{theirs}/close").status_code == 422


@pytest.mark.parametrize("path", ["/admin/nothing", "/admin/team/999", "/admin/team/9999999999999999999999"])
def test_an_error_is_told_in_words_to_whoever_is_there_and_kept_nowhere(house: House, readers: Readers, path: str) -> None:
    answer = readers("admin").get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text and "Camille" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("elsewhere", ["//[", "http://[::1", "/admin?x=[", "\ud800"])
def test_the_door_stays_up_whatever_it_is_told_to_lead_to(house: House, elsewhere: str) -> None:
    assert Reader(house).get(f"/admin/sign-in?next={quote(elsewhere, errors='surrogatepass')}").status_code == 200


def test_a_database_that_is_away_is_told_in_words(house: House, readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception("the server closed the connection"))

    reader = readers("admin")
    monkeypatch.setattr(staff, "let_in", gone)
    answer = reader.client.get("/admin")
    assert (answer.status_code, "The database cannot be had" in answer.text) == (503, True)


@pytest.mark.parametrize("name", ["", "   ", "\u3164", "\u2800", "\u202eanA", "a" * 81])
def test_a_name_that_nobody_can_read_is_refused(house: House, readers: Readers, name: str) -> None:
    answer = readers("admin").send("/admin/team/invite", name=name, email="new@shop.example", role="agent")
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "email",
    ["a\u202eb@x.example", "\u0430dmin@shop.example", "a@x..example", "a@-.exa", "a@b\x7f.example", "a b@x.example"],
)
def test_an_address_that_passes_for_another_is_refused(house: House, readers: Readers, email: str) -> None:
    answer = readers("admin").send("/admin/team/invite", name="Léa", email=email, role="agent")
    assert answer.status_code == 422
    assert "write it like name@shop.example" in answer.text
