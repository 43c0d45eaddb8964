"""The whole way, as a shop goes it on its first day: real processes, a real browser, the carrier's own phone.

From the printed link over a keyword, a text and a campaign to an answer out of the inbox it takes CLICKS clicks, and typing.
"""

import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import processes
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SimulatedCarrier
from tests.conftest import make_database
from tests.house import senders
from tests.web.conftest import PASSWORD
from tests.web.hands import Hands

LEA = {"number": "+33612345678", "name": "Léa"}
SOON = 15_000  # milliseconds
CLICKS = 15


@pytest.fixture
def shop_to_be(tmp_path: Path, redis_url: str) -> Iterator[tuple[str, str]]:
    """A house in which nobody has an account yet, all of it running: its address, and the carrier's."""
    port, database = processes.free_port(), f"sqlite:///{tmp_path}/parley.db"
    base = f"http://127.0.0.1:{port}"
    make_database(database)
    with SimulatedCarrier(senders=senders(base), clock_url=f"{base}/phone/clock", handsets=[LEA]) as carrier:
        env = {
            "DATABASE_URL": database, "SECRET_KEY": "s" * 40, "BASE_URL": base, "PORT": str(port), "REDIS_URL": redis_url,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "TWILIO_API_BASE": carrier.url,
            "PARLEY_CARRIER": "simulated", "PARLEY_WEB_THREADS": "16",
        }  # fmt: skip
        web = processes.Process([sys.executable, "-m", "bot", "web"], env, tmp_path / "web.log", alone=True)
        with web, processes.worker(env, tmp_path / "worker.log"), processes.clock(env, tmp_path / "clock.log"):
            carrier.wait_for(lambda: "/admin/begin/" in (tmp_path / "web.log").read_text(), "the link", 30)
            carrier.wait_for(lambda: processes.listens(port), "the web process", 30)
            printed = re.search(r"http\S+/admin/begin/\S+", (tmp_path / "web.log").read_text())
            assert printed
            yield printed[0], carrier.url


def come_in(hands: Hands, link: str) -> None:
    hands.page.goto(link)
    hands.page.get_by_label("Name").fill("Camille")
    hands.page.get_by_label("E-mail address").fill("camille@lune.example")
    hands.page.locator("#password").fill(PASSWORD)
    hands.page.locator("#again").fill(PASSWORD)
    hands.press("Come in")


def set_up(hands: Hands) -> None:
    hands.press("Set up the shop", "link")
    hands.page.get_by_label("Name of the shop").fill("Maison Lune")
    hands.page.get_by_label("How to reach a person").fill("bonjour@lune.example")
    hands.page.get_by_label("Country").select_option(label="France")
    hands.page.get_by_label("First language").select_option(label="French")
    hands.press("On to the number")
    hands.press("On to the texts")
    hands.press("Set up the shop")


class Phone:
    """The carrier's own page: Léa's phone."""

    def __init__(self, page: Page, carrier: str) -> None:
        self.page = page
        page.goto(carrier)

    def text(self, words: str) -> None:
        self.page.get_by_role("textbox", name="Text message").first.fill(words)
        self.page.get_by_role("button", name="Send").first.click()

    def wait_for_noon(self) -> None:
        """Offers leave by day only: the shop's time jumps to the next noon in Paris."""
        paris = datetime.now(ZoneInfo("Europe/Paris"))
        minutes = round((paris.replace(hour=12, minute=0) - paris).total_seconds() / 60) % (24 * 60)
        self.page.get_by_placeholder("48h, 30m, 7d").fill(f"{minutes + 1}m")
        self.page.get_by_role("button", name="Jump").click()
        expect(self.page.get_by_placeholder("48h, 30m, 7d")).to_have_value("")

    def shows(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("log").first).to_contain_text(words, timeout=SOON)


def test_from_nothing_to_an_answer_out_of_the_inbox(shop_to_be: tuple[str, str], chromium: Browser) -> None:
    link, carrier = shop_to_be
    complaints: list[str] = []
    context = chromium.new_context(locale="en", viewport={"width": 1280, "height": 844})
    page, other = context.new_page(), context.new_page()
    for window in (page, other):
        window.on("console", lambda message: complaints.append(message.text))
        window.on("pageerror", lambda error: complaints.append(str(error)))
    hands = Hands(page, mouse=True)
    come_in(hands, link)
    set_up(hands)

    phone = Phone(chromium.new_context(locale="en").new_page(), carrier)
    phone.text("Rejoindre")
    phone.shows(re.compile("OUI"))
    expect(page.get_by_role("heading", name="It works!")).to_be_visible(timeout=SOON)
    phone.text("oui")
    phone.shows("code postal")
    phone.text("passer")

    hands.press("Let a word tell something", "link")
    page.get_by_label("In every language").fill("horaires")
    page.get_by_label("Said in French").fill("{{ brand }} : du lundi au samedi, de 10 h à 19 h.")
    hands.press("Make it")
    expect(page.locator(".toast")).to_contain_text("The keyword is there")
    phone.text("HORAIRES ?")
    phone.shows("Maison Lune : du lundi au samedi")

    phone.wait_for_noon()
    hands.press("Campaigns", "link")
    hands.press("Write the first one", "link")
    page.get_by_role("textbox", name="Name").fill("Premier envoi")
    expect(page.get_by_role("group", name="In one of these").get_by_label("Abonnés")).to_be_checked()  # the only segment
    page.get_by_label("In French").fill("{{ brand }} : -10 % ce week-end pour nos premiers abonnés. STOP pour arrêter.")
    hands.press("Save and look at it")
    expect(page.locator(".fall")).to_contain_text("Get it")  # nothing moves under the hand any more
    hands.press("Send …")
    expect(page.get_by_role("heading", name="Send it to 1 person?")).to_be_visible()
    hands.press("Send it now")
    phone.shows("-10 % ce week-end")
    expect(page.locator("#moves")).to_contain_text("finished", timeout=SOON)
    expect(page.locator("#moves")).to_contain_text("The sum agrees")

    hands.press("Inbox", "link")
    other.goto(page.url)
    for window in (page, other):
        expect(window.locator("#threads")).to_contain_text("Nobody waits")
    phone.text("Vous avez des bougies bleues pour mon anniversaire de mariage ?")
    for window in (page, other):
        expect(window.locator(".thread-list")).to_contain_text("bougies bleues", timeout=SOON)
    page.locator(".thread-list a").first.click()
    expect(page.locator("#text")).to_be_visible()
    other.goto(page.url)
    page.locator("#text").fill("Bonjour, elles arrivent mardi.")
    page.get_by_role("button", name="Send", exact=True).click()
    phone.shows("Bonjour, elles arrivent mardi.")
    for window in (page, other):
        expect(window.locator("#thread")).to_contain_text("elles arrivent mardi", timeout=SOON)
        expect(window.locator("#thread")).to_contain_text("delivered", timeout=SOON)
    assert hands.clicks + 2 == CLICKS  # the thread, and Send
    assert complaints == []
    context.close()
