"""Browsers, and people of the shop who are signed in."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Connection
from werkzeug.serving import make_server

from bot import campaigns, contacts, inbox, pictures, segments, staff
from tests.conftest import Doorway
from tests.house import PEOPLE, House
from tests.pictures import png
from tests.processes import ROOT

PASSWORD = "lavender candle at dusk"
KEPT = staff.new_password(PASSWORD, "", "")
AXE = ROOT / "node_modules/axe-core/axe.min.js"
expect.set_options(timeout=20_000)  # milliseconds: a machine that does much else is no failure


def account(house: House, role: str, name: str = "Camille") -> str:
    """Somebody with that role, who has chosen a password; their address."""
    email = f"{name.lower()}.{role}@shop.example"
    with house.runtime.begin() as connection:
        staff_id = staff.create(connection, email, name, role, house.runtime.machine_now())
        staff.set_password(connection, staff_id, KEPT)
    return email


class Reader:
    """Somebody who reads pages and sends their forms, as a browser does, without one."""

    def __init__(self, house: House) -> None:
        self.client: FlaskClient = house.app.test_client()
        self.token = ""

    def get(self, path: str) -> Any:
        """A page. What its forms need is kept."""
        answer = self.client.get(path)
        if found := re.search(r'name="csrf_token" value="([^"]+)"', answer.text):
            self.token = found[1]
        return answer

    def send(self, path: str, **form: Any) -> Any:
        """One of its forms."""
        return self.client.post(path, data={"csrf_token": self.token, **form})

    def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> Any:
        """In by the door; the answer to the form."""
        self.get("/admin/sign-in")
        answer = self.send("/admin/sign-in", email=email, password=password, **more)
        if answer.status_code == 303:
            self.get("/admin/account")
        return answer


Readers = Callable[[str], Reader]


@pytest.fixture
def reader(house: House) -> Reader:
    """Nobody in particular."""
    return Reader(house)


@pytest.fixture
def readers(house: House) -> Callable[[str], Reader]:
    """Somebody who is signed in, by role."""

    def make(role: str) -> Reader:
        one = Reader(house)
        assert one.sign_in(account(house, role)).status_code == 303
        return one

    return make


@pytest.fixture
def people(house: House) -> House:
    """Ana has joined, Bo has texted, Cleo has said STOP, Dee was told of by a program."""
    for text in ("JOIN", "OUI", "passer"):
        house.text("Ana", text)
    house.text("Bo", "bonjour")
    house.text("Cleo", "STOP")
    with house.runtime.begin() as connection:
        now = house.runtime.now(connection)
        contacts.save(connection, PEOPLE["Ana"], {"fields": {"first_name": "Élodie"}, "tags": ["vip", "100%"]}, "api", now)
        dee = {"fields": {"first_name": "Dee", "postcode": "94110"}, "tags": ["noël"]}
        contacts.save(connection, PEOPLE["Dee"], dee, "api", now)
    return house


def furnish(connection: Connection, now: datetime) -> None:
    """The first canned answer, picture, segment and campaign, in a shop that has none."""
    inbox.make_canned(connection, "hours", {"en": "From 9 to 7.", "fr": "De 9 h à 19 h."})
    pictures.keep(connection, png(), pictures.look(png()), "Candles", now)
    segments.save(connection, "Fans", {"all": [{"topic": "offers"}, {"not": {"tag": "vip"}}]}, now)
    texts = {"fr": "{{ brand }} : -20 %. STOP pour arrêter.", "en": "{{ brand }}: 20% off. STOP to leave."}
    campaigns.make(connection, campaigns.read({"name": "Summer", "topic": "offers", "texts": texts, "within": ["Fans"]}), now)


@pytest.fixture
def lived_in(people: House) -> House:
    """Whatever a page can be about has the number one."""
    with people.runtime.begin() as connection:
        furnish(connection, people.runtime.machine_now())
    return people


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Browser, doorway: Doorway, house: House) -> Iterator[Page]:
    """A browser. Whatever it complains of, or asks of anyone else, fails the test."""
    complaints: list[str] = []
    size = {"width": request.param, "height": 844}
    context = chromium.new_context(viewport=size, base_url=doorway.url, locale="en")  # type: ignore[arg-type]
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(doorway.url) else complaints.append(asked.url))
    yield page
    assert complaints == []
    context.close()


def sign_in(page: Page, email: str) -> None:
    """In by the door."""
    page.goto("/admin/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin")


@pytest.fixture
def admin(page: Page, house: House) -> Page:
    """The same, with an admin in front of it."""
    sign_in(page, account(house, "admin"))
    return page


def readable(page: Page) -> None:
    """It fits, and has no violation of WCAG A or AA that axe can find."""
    fits(page)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]] == [], page.url


def fits(page: Page) -> None:
    """Nothing that a phone would have to scroll sideways for, once the page is there with its looks."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


class Witness:
    """A server that nobody should call: it writes down who did."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "image/png")])
        return [b""]


@pytest.fixture
def witness() -> Iterator[Witness]:
    one = Witness()
    yield one
    one.server.shutdown()
