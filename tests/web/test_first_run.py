"""The first run: from the link that the web process prints to the first text that is answered, without any file."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from bot import create_app, shop
from bot.cli.processes import _say_how_to_begin
from bot.runtime import open_runtime
from bot.shop import lawful, setup
from bot.shop.spec import WhoPart
from models import AuditEntry, DialogVersion, Keyword, Message, Sender, SetupAnswer, Shop, Topic
from tests.carrier import SimulatedCarrier
from tests.conftest import Doorway
from tests.house import BOSTON, PARIS, SHOP, House, settings
from tests.web.conftest import PASSWORD, Reader, Readers, readable
from tests.web.hands import Hands

WHO = {
    "brand": "Maison Lune", "contact_line": "bonjour@lune.example", "country": "FR", "zone": "Europe/Paris", "language": "fr",
    "also": "en", "first": "yes",
}  # fmt: skip
NUMBER = {"number": PARIS, "first": "yes"}


@pytest.fixture
def house(database: str, carrier: SimulatedCarrier, doorway: Doorway) -> Iterator[House]:
    """A house in which nothing is set up."""
    bare = House(database, carrier, doorway.url)
    doorway.app = bare.app
    yield bare
    doorway.app = None
    bare.close()


def form_of(page: str) -> dict[str, str]:
    """The texts of the last step, as the page proposes them."""
    areas = re.findall(r'<textarea id="([^"]+)"[^>]*>([^<]*)</textarea>', page)
    fields = re.findall(r'<input id="((?:names|frequencies|phrases)\.[^"]+)"[^>]* value="([^"]*)"', page)
    return {**{name: unescape(value) for name, value in (*areas, *fields)}, "first": "yes"}


def walk(admin: Reader, **texts: str) -> Any:
    """Through all steps, with what is proposed; the answer to the last one."""
    admin.get("/admin/shop")
    assert admin.send("/admin/shop", **WHO).headers["Location"] == "/admin/shop/number"
    assert admin.send("/admin/shop/number", **NUMBER).headers["Location"] == "/admin/shop/texts"
    return admin.send("/admin/shop/texts", **{**form_of(admin.get("/admin/shop/texts").text), **texts})


def rows(house: House, table: Any) -> list[Any]:
    with house.runtime.read() as connection:
        return list(connection.execute(select(table.__table__)))


@pytest.mark.parametrize("mouse", [True, False], ids=["mouse", "keyboard"])
def test_from_the_printed_link_to_the_first_text_that_is_answered(
    house: House, page: Page, capsys: pytest.CaptureFixture[str], mouse: bool
) -> None:
    hands = Hands(page, mouse=mouse)
    _say_how_to_begin(house.runtime)
    printed = re.search(r"http\S+/admin/begin/\w+", capsys.readouterr().err)
    assert printed
    page.goto(printed[0])
    hands.fill("Name", "Camille")
    hands.fill("E-mail address", "camille@shop.example")
    for label in ("Password", "Once more"):
        page.locator(f"#{'password' if label == 'Password' else 'again'}").focus() if mouse else hands.page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
    hands.press("Come in")

    expect(page.get_by_text("0 of 6")).to_be_visible()
    readable(page)
    hands.press("Set up the shop", "link")

    hands.fill("Name of the shop", "Maison Lune")
    hands.fill("How to reach a person", "bonjour@lune.example")
    hands.choose("Country", "France")
    expect(page.locator("#zone")).to_have_value("Europe/Paris")
    hands.choose("First language", "French")
    hands.press("English", "checkbox")
    readable(page)
    hands.press("On to the number")

    expect(page.get_by_role("radio", checked=True)).to_have_value(PARIS)
    expect(page.get_by_text("we propose this one")).to_be_visible()
    readable(page)
    hands.press("On to the texts")

    text = page.get_by_label("After HELP, English")
    expect(text).to_have_value(re.compile("^Maison Lune: need help"))
    below = page.locator(".measured").last
    expect(below).to_contain_text("1 part")
    page.wait_for_load_state()  # the counter listens once its script is there
    text.focus()
    page.keyboard.press("End")
    page.keyboard.type(" ✨")
    expect(below).to_contain_text("2 parts")
    for _ in range(2):
        page.keyboard.press("Backspace")
    expect(below).to_contain_text("1 part")
    readable(page)
    hands.press("Set up the shop")

    expect(page.get_by_text("REJOINDRE", exact=True)).to_be_visible()
    expect(page.get_by_text("Nothing has arrived yet")).to_be_visible()
    readable(page)
    answers = house.text("Ana", "Rejoindre")
    assert "Maison Lune : répondez OUI" in answers[0]
    expect(page.get_by_role("heading", name="It works!")).to_be_visible(timeout=10_000)
    expect(page.get_by_text(answers[0])).to_be_visible()
    house.text("Ana", "oui")
    expect(page.get_by_text("They agreed to get texts")).to_be_visible(timeout=10_000)
    readable(page)
    hands.press("To the first page", "link")
    expect(page.get_by_role("heading", name="Maison Lune")).to_be_visible()
    expect(page.get_by_text("First steps")).to_have_count(0)
    assert hands.clicks == 7  # come in, set up, a language, on, on, set up, to the first page


def test_enter_in_a_field_goes_on(house: House, admin: Page, doorway: Doorway) -> None:
    page = admin
    page.goto(f"{doorway.url}/admin/shop")
    page.get_by_label("Name of the shop").fill("Maison Lune")
    page.get_by_label("How to reach a person").fill("bonjour@lune.example")
    page.locator("#country").select_option("FR")
    expect(page.locator("#zone")).to_have_value("Europe/Paris")
    page.get_by_label("Name of the shop").press("Enter")
    expect(page).to_have_url(re.compile("/admin/shop/number$"))
    page.get_by_label("Another number").press("Enter")
    expect(page).to_have_url(re.compile("/admin/shop/texts$"))
    page.get_by_label("What it is called").first.press("Enter")
    expect(page).to_have_url(re.compile("/admin/shop/try$"))


def test_the_shop_that_is_made_is_whole(house: House, readers: Readers) -> None:
    assert walk(readers("admin")).headers["Location"] == "/admin/shop/try"
    made, topic, sender = rows(house, Shop)[0], rows(house, Topic)[0], rows(house, Sender)[0]
    assert (made.brand, made.zone, made.languages) == ("Maison Lune", "Europe/Paris", ["fr", "en"])
    assert made.texts["help"]["fr"] == "{{ brand }} : une question ? {{ contact_line }}. STOP pour ne plus rien recevoir."
    assert (topic.slug, topic.frequencies["en"], topic.proof) == ("offers", "at most 2 texts a month", "double")
    assert (sender.number, sender.country, sender.parts_per_second) == (PARIS, "FR", 10)
    assert rows(house, Keyword)[0].phrases == {"fr": ["rejoindre"], "en": ["join"]}
    assert {row.name for row in rows(house, DialogVersion)} == {"welcome", "prefs"}
    assert rows(house, SetupAnswer) == []
    assert [row.did for row in rows(house, AuditEntry)] == ["shop.made"]
    assert "our offers (at most 2 texts a month)" in house.text("Dee", "join")[0]
    assert "Maison Lune : une question ? bonjour@lune.example." in house.text("Dee", "AIDE")[0]


def test_a_shop_of_spanish_alone_is_welcomed_in_spanish(house: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.get("/admin/shop")
    admin.send("/admin/shop", **{**WHO, "country": "ES", "zone": "Europe/Madrid", "language": "es", "also": ""})
    assert admin.send("/admin/shop/number", **NUMBER, anyway=PARIS).status_code == 303
    answer = admin.send("/admin/shop/texts", **form_of(admin.get("/admin/shop/texts").text))
    assert answer.headers["Location"] == "/admin/shop/try"
    assert "responde SI para recibir nuestras ofertas" in house.text("Ana", "join")[0]
    assert "apuntado" in house.text("Ana", "Sí")[0]


def test_each_mistake_stands_beside_its_field_and_nothing_is_lost(house: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.get("/admin/shop")
    wrong = (({"brand": ""}, "brand"), ({"country": "XX"}, "country"), ({"zone": "America/New_York"}, "zone"))
    for change, told in wrong:
        answer = admin.send("/admin/shop", **{**WHO, **change})
        assert answer.status_code == 422 and f'id="{told}-error"' in answer.text, change
        assert "bonjour@lune.example" in answer.text
    assert rows(house, SetupAnswer) == []
    admin.send("/admin/shop", **WHO)
    wrong = (({"number": "other", "other": "hello there!"}, "other"), ({"parts_per_second": "fast"}, "parts_per_second"))
    for change, told in wrong:
        answer = admin.send("/admin/shop/number", **{**NUMBER, **change})
        assert answer.status_code == 422 and f'id="{told}-error"' in answer.text, change
    admin.send("/admin/shop/number", **NUMBER)
    form = form_of(admin.get("/admin/shop/texts").text)
    for change, told in (
        ({"texts.stop.fr": "Fini."}, "texts.stop.fr"), ({"texts.help.en": "Maison Lune: STOP"}, "texts.help.en"),
        ({"texts.start.en": "Maison Lune {{ nobody }}"}, "texts.start.en"), ({"phrases.fr": "stop"}, "phrases.fr"),
        ({"names.en": ""}, "names.en"),
    ):  # fmt: skip
        answer = admin.send("/admin/shop/texts", **{**form, **change})
        assert answer.status_code == 422 and f'id="{told}-error"' in answer.text, change
    assert rows(house, Shop) == []


def test_the_last_step_never_refuses_without_a_word(house: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.get("/admin/shop")
    admin.send("/admin/shop", **WHO)
    admin.send("/admin/shop/number", **NUMBER)
    form = form_of(admin.get("/admin/shop/texts").text)
    for phrases in ("prefs", "rejoindre, préférences"):
        answer = admin.send("/admin/shop/texts", **{**form, "phrases.fr": phrases})
        assert answer.status_code == 422 and 'id="phrases.fr-error"' in answer.text, phrases
        assert "already belongs to keyword 1 (prefs)" in unescape(answer.text)
    answer = admin.send("/admin/shop/texts", **{**form, "phrases.fr": ",", "phrases.en": ""})
    assert answer.status_code == 422 and "at least one word or phrase" in answer.text
    answer = admin.send("/admin/shop/texts", **{**form, "texts.stop.fr": "Maison Lune " + "a" * 1592})
    assert answer.status_code == 422 and 'id="texts.stop.fr-error"' in answer.text, "two texts"
    assert rows(house, Shop) == []


def test_another_country_asks_for_the_number_again(house: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.get("/admin/shop")
    admin.send("/admin/shop", **WHO)
    admin.send("/admin/shop/number", **NUMBER)
    form = form_of(admin.get("/admin/shop/texts").text)
    admin.send("/admin/shop", **{**WHO, "country": "US", "zone": "America/New_York"})
    assert admin.get("/admin/shop/texts").headers["Location"] == "/admin/shop/number"
    with house.runtime.begin() as connection:  # as if the rules had changed since
        setup.keep(connection, "number", NUMBER, done=True)
    answer = admin.send("/admin/shop/texts", **form)
    assert answer.status_code == 422 and "not a number of the country" in answer.text


def test_a_text_is_measured_only_while_it_is_known_who_says_it(house: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.get("/admin/shop")
    said = {"which": "texts.stop.fr", "texts.stop.fr": "Fini."}
    assert admin.send("/admin/shop/measure", **said).status_code == 204
    admin.send("/admin/shop", **WHO)
    assert "does not name the shop" in admin.send("/admin/shop/measure", **said).text


def test_back_and_forth_keeps_what_was_typed_also_what_was_wrong(house: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.get("/admin/shop")
    admin.send("/admin/shop", **WHO)
    back = admin.send("/admin/shop/number", number="other", other="nonsense!", first="yes", to="who")
    assert back.headers["Location"] == "/admin/shop"
    assert 'value="Maison Lune"' in admin.get("/admin/shop").text
    admin.send("/admin/shop", **WHO)
    assert "nonsense!" in admin.get("/admin/shop/number").text
    assert admin.get("/admin/shop/texts").headers["Location"] == "/admin/shop/number", "one after the other"
    admin.send("/admin/shop/number", **NUMBER)
    form = {**form_of(admin.get("/admin/shop/texts").text), "texts.stop.fr": "Maison Lune : au revoir.", "names.en": "our news"}
    assert admin.send("/admin/shop/texts", **form, to="who").headers["Location"] == "/admin/shop"
    admin.send("/admin/shop", **{**WHO, "brand": "Maison Soleil"})
    kept = admin.get("/admin/shop/texts").text
    assert "Maison Soleil : au revoir." in kept and "our news" in kept
    assert rows(house, Shop) == []
    assert "2 of 6" in admin.get("/admin").text
    other = readers("marketer")
    assert "No shop is set up yet" in other.get("/admin").text


def test_of_two_who_make_the_shop_one_does(house: House, readers: Readers) -> None:
    first = readers("admin")
    first.get("/admin/shop")
    first.send("/admin/shop", **WHO)
    first.send("/admin/shop/number", **NUMBER)
    form = form_of(first.get("/admin/shop/texts").text)
    with house.runtime.begin() as connection:
        shop.load_shop(connection, SHOP)
    assert first.send("/admin/shop/texts", **form).headers["Location"] == "/admin/shop"
    assert "Somebody else has set up the shop" in first.get("/admin/shop").text
    assert [row.brand for row in rows(house, Shop)] == ["ACME"]
    with house.runtime.read() as connection:
        who, sender = shop.settings(connection), shop.senders(connection)[0]
    join = setup.usual_topic(["fr", "en"])
    checked = setup.tried(who, sender, setup.usual_texts(["fr", "en"]), join["names"], join["frequencies"], {"": ["hello"]})
    with pytest.raises(setup.Made), house.runtime.begin() as connection:
        setup.make(connection, *checked)


def test_a_shop_that_is_loaded_has_those_steps_done(house: House, readers: Readers) -> None:
    with house.runtime.begin() as connection:
        shop.load_shop(connection, SHOP)
    assert "4 of 6" in readers("viewer").get("/admin").text
    house.text("Ana", "JOIN")
    assert "5 of 6" in readers("admin").get("/admin").text


@pytest.mark.parametrize(
    ("number", "country", "fit"),
    [
        ("+33937000001", "FR", "good"), ("+33612345678", "FR", "forbidden"), ("36111", "FR", "good"), ("38111", "FR", "doubtful"),
        ("+33140000000", "FR", "unknown"), ("MAISONLUNE", "FR", "one_way"), ("+12025550123", "FR", "abroad"),
        ("+12025550123", "US", "registered"), ("+18005550123", "US", "registered"), ("12345", "US", "registered"),
        ("MAISONLUNE", "US", "forbidden"), ("+31612345678", "NL", "doubtful"), ("+4915112345678", "DE", "unknown"),
    ],
)  # fmt: skip
def test_what_is_known_of_each_kind_of_number(number: str, country: str, fit: str) -> None:
    found = lawful.judge(number, country)
    assert found.fit == fit
    assert fit in ("unknown", "abroad") or (found.why["en"] and found.why["fr"] and found.source)


def test_a_number_that_does_not_serve_is_taken_only_when_they_insist(house: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.get("/admin/shop")
    admin.send("/admin/shop", **WHO)
    for number, why in (("06 12 34 56 78", "06 and 07 are for texts between people"), (BOSTON, "not a number of the country")):
        answer = admin.send("/admin/shop/number", number="other", other=number, first="yes")
        assert answer.status_code == 422 and why in answer.text and "Use it all the same" in answer.text
    assert admin.send("/admin/shop/number", number=BOSTON, anyway=BOSTON, first="yes").status_code == 303
    answer = admin.send("/admin/shop/number", number="other", other="MAISONLUNE", anyway="MAISONLUNE", first="yes")
    assert answer.status_code == 422 and "nobody can answer it" in answer.text


def test_the_carrier_is_asked_for_our_numbers_outside_of_any_transaction(
    house: House, readers: Readers, database: str, carrier: SimulatedCarrier
) -> None:
    """Where it cannot be asked, the number of the settings is still there."""
    admin = readers("admin")
    admin.get("/admin/shop")
    admin.send("/admin/shop", **WHO)
    assert all(number in admin.get("/admin/shop/number").text for number in (PARIS, BOSTON))
    own = {"PARLEY_CARRIER": "twilio", "twilio_auth_token": "another one", "TWILIO_PHONE_NUMBER": "+33938000009"}
    runtime = open_runtime(settings(database, house.base_url, carrier.url, **own))
    admin.client.application = create_app(runtime)
    page = admin.get("/admin/shop/number").text
    assert f'value="{PARIS}"' not in page and 'value="+33938000009" checked' in page
    runtime.engine.dispose()


def test_on_a_real_carrier_the_addresses_of_the_webhooks_are_there_to_copy(
    house: House, readers: Readers, database: str, carrier: SimulatedCarrier
) -> None:
    admin = readers("admin")
    walk(admin)
    assert "Open the phone" in admin.get("/admin/shop/try").text
    runtime = open_runtime(settings(database, house.base_url, carrier.url, PARLEY_CARRIER="twilio"))
    admin.client.application = create_app(runtime)
    page = admin.get("/admin/shop/try").text
    assert f"{house.base_url}/webhooks/twilio/inbound#rc=2&amp;rp=all" in page and "/webhooks/twilio/fallback" in page
    assert 'class="qr"' in page and "/phone" not in page
    runtime.engine.dispose()


def test_no_news_is_an_empty_answer(house: House, readers: Readers) -> None:
    admin = readers("admin")
    walk(admin)
    seen = re.search(r'hx-get="(/admin/shop/try[^"]*)"', admin.get("/admin/shop/try").text)
    assert seen
    path = seen[1].replace("&amp;", "&")
    assert admin.get(path).status_code == 204
    house.text("Ana", "rejoindre")
    assert "It works!" in admin.get(path).text


def test_letters_that_no_database_holds_are_left_out_everywhere(house: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.get("/admin/shop")
    assert admin.send("/admin/shop", **{**WHO, "also": "en\x00"}).status_code == 303
    assert rows(house, SetupAnswer)[0].said["also"] == "en"


def test_an_impossible_number_is_told_once(house: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.get("/admin/shop")
    admin.send("/admin/shop", **WHO)
    answer = admin.send("/admin/shop/number", number="other", other="hello there!", first="yes")
    assert answer.status_code == 422 and "default factory" not in answer.text


def test_only_what_went_out_is_an_answer_and_a_name_is_no_number_to_text_to(house: House, readers: Readers) -> None:
    admin = readers("admin")
    walk(admin)
    house.text("Ana", "rejoindre")
    with house.runtime.begin() as connection:
        connection.execute(update(Message).where(Message.direction == "out").values(state="refused"))
        connection.execute(update(Sender).values(number="3SUISSES"))
        connection.execute(update(Shop).values(revision=Shop.revision + 1))
    page = admin.get("/admin/shop/try").text
    assert "It works!" not in page and "A text has arrived." in page
    assert "None of your numbers can be texted to." in page


def test_later_the_same_forms_change_the_shop(house: House, readers: Readers) -> None:
    admin = readers("admin")
    walk(admin)
    later = {name: value for name, value in WHO.items() if name != "first"}
    admin.get("/admin/shop")
    assert admin.send("/admin/shop", **{**later, "brand": "Maison Soleil"}).status_code == 303
    assert "Maison Soleil : une question" in house.text("Ana", "AIDE")[0], "the texts go along"
    with house.runtime.begin() as connection:
        long = {"fr": "{{ brand }} " + "a" * 1515, "en": "{{ brand }}: bye"}
        shop.change_some(connection, texts={**rows(house, Shop)[0].texts, "stop": long})
    answer = admin.send("/admin/shop", **{**later, "brand": "Maison Soleil Levant"})
    assert answer.status_code == 422 and "too long for one text" in answer.text, "of a longer brand there would be two"
    answer = admin.send("/admin/shop", **{**later, "also": "es"})
    assert answer.status_code == 422 and 'id="languages-error"' in answer.text, "the topic does not speak it"

    texts = form_of(admin.get("/admin/shop/texts").text)
    texts.pop("first")
    texts["texts.help.fr"] = "Maison Soleil ? bonjour@lune.example !"
    assert admin.send("/admin/shop/texts", **texts).status_code == 303
    assert rows(house, Shop)[0].texts["help"]["fr"] == "{{ brand }} ? {{ contact_line }} !"
    assert rows(house, Shop)[0].texts["fallback"]["fr"].startswith("{{ brand }}"), "the others stay"

    assert admin.send("/admin/shop/number", number=BOSTON, anyway=BOSTON).status_code == 303
    answer = admin.send("/admin/shop/number", number=BOSTON, is_kept="yes", country="US", opt_out="self", parts_per_second="2,5")
    assert answer.status_code == 303
    assert [(row.number, row.opt_out, row.parts_per_second) for row in rows(house, Sender)][-1] == (BOSTON, "self", 2.5)
    assert admin.send("/admin/shop/number/delete", number=BOSTON).status_code == 303
    assert "the last one" in admin.send("/admin/shop/number/delete", number=PARIS).text
    did = [row.did for row in rows(house, AuditEntry)]
    assert did == ["shop.made", "shop.changed", "shop.changed", "sender.made", "sender.changed", "sender.deleted"]


def test_of_two_who_change_the_settings_each_changes_what_they_typed(house: House, readers: Readers) -> None:
    admin = readers("admin")
    walk(admin)

    def form(path: str) -> dict[str, str]:
        page = admin.get(path).text
        was = {name: unescape(value) for name, value in re.findall(r'name="was.([^"]+)" value="([^"]*)"', page)}
        assert was
        return {**was, **{f"was.{name}": value for name, value in was.items()}}

    one, other = form("/admin/shop"), form("/admin/shop")
    assert admin.send("/admin/shop", **{**one, "contact_line": "+33 1 23 45 67 89"}).status_code == 303
    assert admin.send("/admin/shop", **{**other, "zone": "Indian/Reunion", "country": "RE"}).status_code == 303
    made = rows(house, Shop)[0]
    assert (made.contact_line, made.country, made.languages) == ("+33 1 23 45 67 89", "RE", ["fr", "en"])

    one, other = form("/admin/shop/texts"), form("/admin/shop/texts")
    assert admin.send("/admin/shop/texts", **{**one, "texts.stop.fr": "Maison Lune : fini."}).status_code == 303
    assert admin.send("/admin/shop/texts", **{**other, "texts.stop.en": "Maison Lune: over."}).status_code == 303
    assert rows(house, Shop)[0].texts["stop"] == {"fr": "{{ brand }} : fini.", "en": "{{ brand }}: over."}
    refused = admin.send("/admin/shop/texts", **{**form("/admin/shop/texts"), "texts.stop.en": "Over."})
    assert refused.status_code == 422 and 'name="was.texts.stop.en" value="Maison Lune: over."' in refused.text


@pytest.mark.parametrize("brand", ["SMS", "{{ brand }}", "A", "Léa & Sam (Paris)", "$&\\1", "STOP"])
def test_a_text_with_the_brand_in_it_comes_back_as_it_was(brand: str) -> None:
    """Whatever the shop is called, its texts say what was typed."""
    who = WhoPart(brand=brand, contact_line="+33 1 23 45 67 89", zone="Europe/Paris", country="FR", languages=["fr"])
    for said in (f"{brand} : merci", f"SMS {brand}. +33 1 23 45 67 89!", "rien du tout", "{{ sender }}"):
        assert setup.filled(setup.bare(said, who), who) == said


def test_nobody_but_an_admin_sets_up_or_changes_the_shop(house: House, readers: Readers) -> None:
    launcher = readers("launcher")
    assert launcher.get("/admin/shop").status_code == 403
    assert "Shop</span>" not in launcher.get("/admin").text
    with house.runtime.read() as connection:
        assert connection.scalar(select(func.count()).select_from(SetupAnswer)) == 0
