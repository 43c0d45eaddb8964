"""Takes the pictures of the README: `make pictures`. A demo of its own, in a folder that goes away, and a browser."""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from bot.sample.people import people
from tests.conftest import chromium_path
from tests.test_demo import SHOP_NUMBER, Demo, free_port

DOCS = Path(__file__).parents[1] / "docs"
SIZE = {"width": 1280, "height": 800}
LIFE_FOR = 10_000  # milliseconds: people text every few seconds
QUESTIONS = (
    "Bonjour, avez-vous la bougie figuier en grand format ?", "La lampe Opale revient quand ?",
    "Je peux passer retirer ma commande samedi ?", "Merci pour la carte, quelle belle surprise !",
)  # fmt: skip


def phone(page: Page, base: str) -> None:
    """Two phones: Léa joins in French, Sam asks for help in English."""
    page.goto(f"{base}/phone")
    boxes = page.get_by_role("textbox", name="Text message")
    for box, texts in ((boxes.nth(0), ("JOIN", "OUI", "75011")), (boxes.nth(1), ("JOIN", "HELP", "YES"))):
        for words in texts:
            box.fill(words)
            box.press("Enter")
            page.wait_for_timeout(1_500)
    page.screenshot(path=DOCS / "phone.png")


def ask(demo: Demo) -> None:
    """People who need a person."""
    asking = [one for one in people() if one.country == "FR"][20:]
    for one, words in zip(asking, QUESTIONS, strict=False):
        demo.ask(f"{demo.carrier}/control/text", {"from": one.phone, "to": SHOP_NUMBER, "body": words})


def inbox(page: Page, base: str, email: str, password: str) -> None:
    """The inbox with somebody who waits, and an answer that is being written."""
    page.goto(f"{base}/admin/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin")
    page.wait_for_timeout(LIFE_FOR)
    page.goto(f"{base}/admin/inbox")
    page.locator(".thread-list a").first.click()
    page.locator("#text").fill("Bonjour ! Oui, il nous en reste trois. Nous vous en gardons une ?")
    expect(page.locator("#counter")).to_contain_text("part")
    page.screenshot(path=DOCS / "inbox.png")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="parley-pictures-") as folder, sync_playwright() as browsers:
        demo = Demo(Path(folder), free_port())
        try:
            signed = re.search(r"Pages\s+(\S+)/admin\s+(\S+), (\S+)", demo.started())
            assert signed
            browser = browsers.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
            page = browser.new_context(viewport=SIZE, locale="en", color_scheme="light").new_page()  # type: ignore[arg-type]
            phone(page, signed[1])
            ask(demo)
            inbox(page, *signed.groups())
        finally:
            demo.process.terminate()
            demo.process.wait()
    print(f"{DOCS}/phone.png, {DOCS}/inbox.png", file=sys.stderr)


if __name__ == "__main__":
    main()
