"""What all pages have in common, and the page of the API, in a real Chromium at the width of a desk and of a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from bot.web import api
from tests.house import House
from tests.web.conftest import fits


def test_the_page_of_the_api_shows_every_operation_and_fits(page: Page) -> None:
    page.goto("/api/docs")
    shown = page.locator(".operation summary").filter(has=page.locator(".path", has_text="/"))
    expect(shown).to_have_count(len(api.OPERATIONS))
    fits(page)


def test_a_link_opens_what_it_leads_to(page: Page) -> None:
    page.goto("/api/docs")
    one = page.locator("details", has=page.locator("#put_contact"))
    one.locator("summary").press("Enter")
    one.get_by_role("link", name="ContactIn").click()
    fields = page.locator("#ContactIn")
    expect(fields).to_be_visible()
    expect(fields.get_by_role("row", name=re.compile("^tags list of text"))).to_be_in_viewport()


def test_no_page_may_run_or_load_what_is_not_ours(house: House) -> None:
    with house.app.test_client() as client:
        answer = client.get("/api/docs")
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert not re.search(r"<script|style=|http://(?!127)", answer.get_data(as_text=True))


@pytest.mark.parametrize("name", ["../templates/api.html", "..%2f..%2fsettings.py", "none.css", ".", "%00"])
def test_only_what_pages_are_drawn_with_is_given_out(house: House, name: str) -> None:
    with house.app.test_client() as client:
        assert client.get(f"/static/{name}").status_code in (308, 404)
        assert client.get("/static/pico.css").status_code == 200
