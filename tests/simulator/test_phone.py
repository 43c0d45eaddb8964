"""The page with two handsets, in a real Chromium, at the width of a desk and of a phone."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from bot.simulator.phone import LANGUAGES, STATIC, preferred
from tests.carrier import SENDER, SimulatedCarrier
from tests.pictures import png
from tests.simulator.cast import ANA, BO
from tests.simulator.shop import Answer, Call, Shop

on_desk_and_phone = pytest.mark.parametrize("page", [1280, 390], indirect=True)


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Browser, carrier: SimulatedCarrier, shop: Shop) -> Iterator[Page]:
    """The page open in English. Whatever the browser complains of, or asks of anyone else, fails the test."""
    jumped = timedelta()

    def clock(call: Call) -> Answer:
        nonlocal jumped
        jumped += timedelta(seconds=int(call.form["seconds"]))
        if jumped > timedelta(days=40):
            return Answer('{"error": "40 days at most"}', 422, "application/json")
        return Answer(json.dumps({"now": (datetime.now(UTC) + jumped).isoformat()}), content_type="application/json")

    shop.answers["/phone/clock"] = clock
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": getattr(request, "param", 1280), "height": 844}, locale="en-GB")
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda failed: complaints.append(failed.url) if "/events" not in failed.url else None)
    page.on("request", lambda asked: None if asked.url.startswith(carrier.url) else complaints.append(asked.url))
    page.goto(f"{carrier.url}/phone")
    expect(page.get_by_role("region", name="Phone · Ana")).to_be_visible()
    yield page
    assert complaints == []
    context.close()


@on_desk_and_phone
def test_one_types_as_two_customers_and_sees_what_arrives(page: Page, shop: Shop) -> None:
    shop.says("Répondez OUI à l’offre <b>")
    ana, bo = page.get_by_role("region", name="Phone · Ana"), page.get_by_role("region", name="Phone · Bo")
    expect(ana.get_by_text("No texts yet")).to_be_visible()
    ana.get_by_role("button", name="Text JOIN").click()
    expect(ana.get_by_role("textbox", name="Text message")).to_have_value("JOIN")
    ana.get_by_role("textbox", name="Text message").press("Enter")
    expect(ana.get_by_text("No texts yet")).to_be_hidden()
    texts = ana.get_by_role("log").locator(".text")
    expect(texts.nth(0)).to_have_text(re.compile(r"^JOIN\d\d:\d\d · GSM-7 · 1 part · sent$"))
    expect(texts.nth(1)).to_have_text(re.compile(r"^Répondez OUI à l’offre <b>\d\d:\d\d · UCS-2 · 1 part · delivered$"))
    expect(bo.get_by_text("No texts yet")).to_be_visible()


def test_parts_are_counted_while_one_types_and_shift_enter_is_a_new_line(page: Page, carrier: SimulatedCarrier) -> None:
    bo = page.get_by_role("region", name="Phone · Bo")
    composer = bo.get_by_role("textbox", name="Text message")
    composer.fill("a" * 161)
    expect(bo.get_by_text("GSM-7 · 2 parts")).to_be_visible()
    composer.fill("ê")
    expect(bo.get_by_text("UCS-2 · 1 part")).to_be_visible()
    composer.press("Shift+Enter")
    assert carrier.handset(BO) == []


def test_a_picture_is_chosen_seen_taken_off_and_sent(page: Page, carrier: SimulatedCarrier, shop: Shop) -> None:
    ana = page.get_by_role("region", name="Phone · Ana")
    file, large = ana.locator("input[type=file]"), {"name": "large.png", "mimeType": "image/png", "buffer": b"x" * 5_000_001}
    file.set_input_files(large)  # type: ignore[arg-type]
    expect(ana.get_by_role("alert")).to_have_text("This picture is larger than 5 MB.")
    ticket = {"name": "ticket.png", "mimeType": "image/png", "buffer": png(60, 40)}
    file.set_input_files(ticket)  # type: ignore[arg-type]
    expect(ana.get_by_role("img", name="ticket.png")).to_be_visible()
    ana.get_by_role("button", name="Take the picture off").click()
    expect(ana.get_by_role("img", name="ticket.png")).to_be_hidden()
    file.set_input_files(ticket)  # type: ignore[arg-type]
    ana.get_by_role("button", name="Send").click()
    picture = ana.get_by_role("img", name="Picture 1")
    expect(picture).to_be_visible()
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 60
    expect(ana.get_by_role("button", name="Attach a picture")).to_be_visible()
    assert shop.at("/inbound")[0].form["NumMedia"] == "1"


def test_a_picture_elsewhere_is_an_address_to_follow_and_never_fetched(page: Page, carrier: SimulatedCarrier) -> None:
    page.wait_for_load_state()
    carrier.text(ANA, SENDER, "", media=["https://example.org/ticket.jpg"])
    ana = page.get_by_role("region", name="Phone · Ana")
    expect(ana.get_by_role("link", name="https://example.org/ticket.jpg")).to_be_visible()


def test_nothing_is_not_sent(page: Page, carrier: SimulatedCarrier) -> None:
    bo = page.get_by_role("region", name="Phone · Bo")
    for typed in ("  ", "JOIN"):
        bo.get_by_role("textbox", name="Text message").fill(typed)
        bo.get_by_role("textbox", name="Text message").press("Enter")
    carrier.wait_for(lambda: carrier.handset(BO), "the text")
    assert [text["body"] for text in carrier.handset(BO) if text["direction"] == "inbound"] == ["JOIN"]


def test_any_number_can_be_played_but_not_a_word(page: Page, carrier: SimulatedCarrier) -> None:
    number = page.get_by_role("region", name="Phone · Ana").get_by_role("combobox", name="Number of this phone")
    number.fill("+1 212 555 0199")
    number.press("Enter")
    someone = page.get_by_role("region", name="Phone · Someone")
    someone.get_by_role("textbox", name="Text message").fill("JOIN")
    someone.get_by_role("textbox", name="Text message").press("Enter")
    carrier.wait_for(lambda: carrier.handset("+12125550199"), "the text")
    someone.get_by_role("combobox", name="Number of this phone").fill("Zoe")
    someone.get_by_role("textbox", name="Text message").fill("JOIN")
    someone.get_by_role("textbox", name="Text message").press("Enter")
    expect(someone.get_by_role("alert")).to_contain_text("Type the phone’s number first")


def test_time_jumps_and_says_why_it_does_not(page: Page, carrier: SimulatedCarrier, shop: Shop) -> None:
    clock, field = page.get_by_role("region", name="Shop’s time"), page.get_by_label("Jump by")
    clock.get_by_role("button", name="+48 h").click()
    in_two_days = re.compile(f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT}")
    expect(clock.locator("time")).to_have_attribute("datetime", in_two_days)
    for typed, complaint in (("soon", "Write how far"), ("-3h", "Write how far"), ("99d", "40 days at most")):
        field.fill(typed)
        field.press("Enter")
        expect(clock.get_by_role("alert")).to_contain_text(complaint)
    shop.calls.clear()
    for typed, complaint in (("-1s", "Write how far"), ("367d", "At most 366 days at a time.")):
        field.fill(typed)
        field.press("Enter")
        expect(clock.get_by_role("alert")).to_contain_text(complaint)
    assert shop.calls == []


def test_a_shop_that_fails_is_told_under_the_text(page: Page, shop: Shop) -> None:
    shop.answers["/inbound"] = Answer(status=500)
    ana = page.get_by_role("region", name="Phone · Ana")
    ana.get_by_role("textbox", name="Text message").fill("JOIN")
    ana.get_by_role("textbox", name="Text message").press("Enter")
    expect(ana.get_by_role("alert")).to_have_text("The shop could not take this text (error 11217).")


@on_desk_and_phone
def test_nothing_sticks_out_sideways_and_all_is_reached_by_keyboard(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(e => e.getAttribute('aria-label') || e.textContent)(document.activeElement)"))
    assert {"Jump", "Jump by", "Send", "Text message", "Texts on this phone", "Number of this phone"} <= reached


def test_the_page_speaks_the_browsers_language_and_can_be_switched(
    chromium: Browser, carrier: SimulatedCarrier
) -> None:
    context = chromium.new_context(locale="fr-FR")
    page = context.new_page()
    page.goto(f"{carrier.url}/phone")
    expect(page.get_by_role("heading", name="Deux téléphones")).to_be_visible()
    page.get_by_role("link", name="EN").click()
    expect(page.get_by_role("heading", name="Two phones")).to_be_visible()
    context.close()


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("fr-FR,fr;q=0.9,en;q=0.8", "fr"), ("de,en;q=0.5,fr;q=0.4", "en"), ("de", "en"), ("", "en")],
)
def test_the_first_language_that_we_have_is_taken(accepted: str, language: str) -> None:
    assert preferred(accepted) == language


def test_both_languages_have_all_the_words() -> None:
    words = [json.loads((STATIC / f"words.{language}.json").read_text(encoding="utf-8")) for language in LANGUAGES]
    assert words[0].keys() == words[1].keys()


@pytest.mark.parametrize(
    "path", ["/static/nothing.js", "/static/phone.html", "/static/..%2F..%2F..%2Fpackage.json", "/static/%2e%2e"]
)
def test_nothing_but_the_pages_own_files_is_served(carrier: SimulatedCarrier, path: str) -> None:
    assert requests.get(carrier.url + path, timeout=5).status_code == 404


def test_the_pages_are_strict_about_what_may_run(carrier: SimulatedCarrier) -> None:
    policy = requests.get(f"{carrier.url}/", timeout=5).headers["Content-Security-Policy"]
    assert "default-src 'self'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert SENDER in requests.get(f"{carrier.url}/control/senders", timeout=5).text
