"""The tokens of programs: what one may do is chosen, it is shown once, and it can be taken back."""

import re
from html import unescape
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from bot import tokens
from models import ApiToken, AuditEntry
from tests.api.conftest import Program
from tests.house import House
from tests.web.conftest import Reader, Readers

NEW = "/admin/team/programs/new"


def make(admin: Reader, name: str, *scopes: str) -> Any:
    admin.get(NEW)
    form = MultiDict([("csrf_token", admin.token), ("name", name), *(("scopes", one) for one in scopes)])
    return admin.client.post(NEW, data=form)


def secret(page: str) -> str:
    found = re.search(r'id="secret">([^<]+)<', page)
    assert found
    return unescape(found[1])


def audited(house: House) -> list[str]:
    with house.runtime.read() as connection:
        return list(connection.scalars(select(AuditEntry.did).where(AuditEntry.about == "token").order_by(AuditEntry.id)))


def test_a_token_is_shown_once_does_what_it_may_and_is_taken_back(house: House, readers: Readers) -> None:
    admin = readers("admin")
    till = Program(house, secret(make(admin, "Till", "texts:read").text))
    assert till.ask("POST", "/texts/measure", {"text": "x"}).status_code == 200
    assert till.ask("GET", "/contacts").status_code == 403
    page = admin.get("/admin/team/programs").text
    assert "Till" in page and str(till.secret) not in page
    with house.runtime.read() as connection:
        (row,) = tokens.all_tokens(connection)
    for _ in range(2):
        assert admin.send(f"/admin/team/programs/{row.id}/revoke").status_code == 303
    assert till.ask("POST", "/texts/measure", {"text": "x"}).status_code == 401
    assert "taken back" in admin.get("/admin/team/programs").text
    assert audited(house) == ["token.made", "token.revoked"]
    assert admin.send("/admin/team/programs/999/revoke").status_code == 404


def test_what_is_missing_is_told_beside_it_and_nothing_typed_is_lost(house: House, readers: Readers) -> None:
    admin = readers("admin")
    nameless = make(admin, " ", "texts:read", "shop:read", "all")
    assert nameless.status_code == 422 and "Say which program it is for." in nameless.text
    assert re.findall(r'value="(\S+)" checked', nameless.text) == ["shop:read", "texts:read"]
    useless = make(admin, "Till")
    assert useless.status_code == 422 and "Choose at least one." in useless.text and 'value="Till"' in useless.text
    make(admin, "Till", "texts:read")
    assert "Another token has this name." in make(admin, "Till", "texts:read").text
    with house.runtime.read() as connection:
        assert list(connection.scalars(select(ApiToken.name))) == ["Till"]


def test_a_token_is_made_with_the_keyboard_alone(admin: Page) -> None:
    admin.goto("/admin/team/programs")
    admin.get_by_role("link", name="Make the first one").press("Enter")
    admin.get_by_label("Which program it is for").fill("Till")
    admin.get_by_role("checkbox", name="texts:read").press("Space")
    admin.get_by_role("button", name="Make the token").press("Enter")
    expect(admin.locator("#secret")).to_contain_text("parley_")
    admin.get_by_role("link", name="Programs").last.press("Enter")
    admin.get_by_role("button", name="Take back").press("Enter")
    admin.get_by_role("button", name="Take it back").press("Enter")
    expect(admin.locator(".toast")).to_contain_text("The token is taken back.")
