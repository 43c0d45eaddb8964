"""Keywords on their pages: made, changed, deleted, tried."""

import html
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from bot import staff
from bot.catalogue import catalogue, touch
from bot.intent import intent
from bot.shop.store import retire
from bot.web.admin.mistakes import in_their_words
from models import AuditEntry, Conversation, Keyword, Message
from tests.house import House
from tests.pictures import shelved
from tests.web.conftest import Readers, fits, readable

REPLY = {"phrases.en": "parking", "mode": "whole", "does": "reply", "reply.fr": "Rue de la Lune", "reply.en": "Moon Street"}
FORM = {"phrases.fr": "cadeau\r\nun cadeau", "phrases.en": "gift", "phrases": "VIP", "mode": "first", "dialog": "contest"}


def rows(house: House) -> list[tuple[int, dict[str, list[str]], str, str | None, bool]]:
    with house.runtime.read() as connection:
        found = connection.execute(select(Keyword.__table__).order_by(Keyword.id))
        return [(row.id, row.phrases, row.mode, row.dialog, row.interrupts) for row in found]


def test_a_keyword_is_made_and_opens_its_dialog(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    marketer.get("/admin/keywords/new")
    assert marketer.send("/admin/keywords/new", **FORM).status_code == 303
    phrases = {"fr": ["cadeau", "un cadeau"], "en": ["gift"], "": ["VIP"]}
    assert rows(house)[-1][1:] == (phrases, "first", "contest", False)
    assert "un cadeau" in marketer.get("/admin/keywords").text
    assert house.text("Ana", "Cadeau svp") != []
    assert "listening contest" in " ".join(house.truths("Ana"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"phrases.fr": "Arrêt"}, "“Arrêt” is reserved: carriers take it for STOP."),
        ({"phrases.en": "gift\nsurvey"}, "“survey” already belongs to keyword 3 (survey)."),
        ({"phrases": "Yes"}, "“Yes” is the answer of people"),
        ({"phrases": "🎁"}, "has no letter or digit"),
        ({"phrases.fr": "", "phrases.en": "", "phrases": ""}, "A keyword needs at least one word or phrase."),
        ({"phrases.fr": "x" * 61}, "at most 60 characters"),
    ],
)
def test_what_is_wrong_stands_beside_the_phrases_and_nothing_typed_is_lost(
    house: House, readers: Readers, typed: dict[str, str], said: str
) -> None:
    marketer, before = readers("marketer"), rows(house)
    marketer.get("/admin/keywords/new")
    answer = marketer.send("/admin/keywords/new", **FORM | typed, interrupts="yes")
    field = next(iter(typed)) if len(typed) == 1 else "phrases"
    error = answer.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    assert answer.status_code == 422
    assert said in error.replace("&#39;", "'")
    assert f'aria-describedby="{field}-error' in answer.text
    for name, lines in (FORM | typed).items():
        if name.startswith("phrases"):
            assert all(line in answer.text for line in lines.splitlines())
    assert 'value="contest" selected' in answer.text and 'value="first" checked' in answer.text
    assert 'name="interrupts" value="yes" checked' in answer.text
    assert rows(house) == before


def test_what_it_would_break_elsewhere_is_told_above_the_form(house: House, readers: Readers) -> None:
    """A keyword that interrupts takes words away from dialogs that listen for them."""
    marketer = readers("marketer")
    marketer.get("/admin/keywords/new")
    answer = marketer.send("/admin/keywords/new", **FORM | {"phrases.fr": "oui"}, interrupts="yes")
    assert answer.status_code == 422
    assert "welcome, line" in answer.text.partition('role="alert"')[2].partition("</p>")[0]


def test_a_keyword_that_replies_is_made_shown_and_answers(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    marketer.get("/admin/keywords/new")
    picture = shelved(house.runtime)
    form = REPLY | {"picture": house.base_url + picture, "topic": "orders", "dialog": "contest"}  # which is hidden
    assert marketer.send("/admin/keywords/new", **form).status_code == 303
    assert house.text("Bo", "Parking") == ["Moon Street"]
    id_ = rows(house)[-1][0]
    page, one = marketer.get("/admin/keywords").text, marketer.get(f"/admin/keywords/{id_}").text
    assert "says “Moon Street”" in page and "about: your orders" in page and "with a picture" in page
    assert ">Rue de la Lune</textarea>" in one and f'value="{picture}"' in one and 'value="orders" selected' in one
    assert 'name="does" value="reply" checked' in one
    with house.runtime.read() as connection:
        [told] = staff.entries(connection, about=f"keyword {id_}")
    assert (told.after["reply"], told.after["dialog"]) == ({"fr": "Rue de la Lune", "en": "Moon Street"}, None)


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"reply.fr": "", "reply.en": ""}, "reply", "Write what it says"),
        ({"reply.fr": ""}, "reply", "this is not said in: fr"),
        ({"reply.en": "{{ colour }}"}, "reply.en", "{{ colour }} is not a merge tag"),
        ({"reply.fr": "{{ topic.name }}"}, "reply.fr", "needs a topic for this reply"),
        ({"reply.en": "Hi {{ contact.first_name }}"}, "reply.en", "add a default, such as"),
        ({"reply": "{{ brand"}, "reply", "opened and never closed"),
        ({"reply.en": "é" * 800 + "🕯" * 400}, "reply.en", "more than 10 parts"),
        ({"picture": "http://elsewhere.example/a.png"}, "picture", "an address that begins with https://"),
        ({"picture": "/admin/sending"}, "picture", "or the path of a picture of the shop"),
        ({"picture": f"/f/999/{'x' * 22}.png"}, "picture", "there is no such picture"),
        ({"topic": "weather"}, "topic", "there is no topic `weather`"),
        ({"phrases.en": "HOURS"}, "phrases.en", "“HOURS” already belongs to keyword 9, there typed “hours”."),
    ],
)
def test_what_is_wrong_with_a_reply_stands_beside_it_and_nothing_typed_is_lost(
    house: House, readers: Readers, typed: dict[str, str], field: str, said: str
) -> None:
    marketer, before, form = readers("marketer"), rows(house), REPLY | typed
    marketer.get("/admin/keywords/new")
    answer = marketer.send("/admin/keywords/new", **form, dialog="contest")
    shown = html.unescape(answer.text)
    assert answer.status_code == 422
    assert said in shown.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    assert all(one in shown for one in form.values())
    assert 'name="does" value="reply" checked' in shown and 'value="contest" selected' in shown
    assert rows(house) == before


def test_mistakes_in_replies_are_told_in_french(house: House) -> None:
    with house.app.test_request_context("/admin", headers={"Accept-Language": "fr"}):
        told = in_their_words("{{ contact.a }} is not always known: add a default, such as {{ contact.a | default: 'you' }}")
        assert told.endswith("pas toujours connue\u00a0: ajoutez une valeur par défaut, comme {{ contact.a | default: 'vous' }}")
        assert in_their_words("“HOURS” already belongs to keyword 9.") == "«\u00a0HOURS\u00a0» appartient déjà au mot-clé 9."


def test_how_often_it_was_texted_is_shown_and_asked_about_before_it_goes(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    assert "Never texted so far" in marketer.get("/admin/keywords/9").text
    for who in ("Ana", "Bo", "Cleo"):
        house.text(who, "hours")
    one, many = marketer.get("/admin/keywords/9").text, marketer.get("/admin/keywords").text
    assert "3 texts in 30 days" in one.partition('<form method="post" class="sheet"')[0] and many.count("3 texts in 30 days") == 1
    assert "3 texts in 30 days" in one.partition("<dialog")[2]
    assert "The dialog" not in one.partition("<dialog")[2]
    house.jump(timedelta(days=31))
    assert "No text in 30 days, the last" in marketer.get("/admin/keywords").text
    assert "texts in 30 days" not in marketer.get("/admin/keywords/9").text.partition("<dialog")[2]


def test_a_keyword_is_said_anew_and_written_down_with_how_it_was(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    marketer.get("/admin/keywords/7")
    form = {"phrases.fr": "jeu\nconcours", "mode": "whole", "dialog": "contest"}
    for _ in range(2):
        assert marketer.send("/admin/keywords/7/change", **form).status_code == 303
    with house.runtime.read() as connection:
        (told,) = connection.execute(select(AuditEntry.__table__).where(AuditEntry.about == "keyword 7")).all()
    assert (told.did, told.before["phrases"]) == ("keyword.changed", {"fr": ["jeu"], "en": ["contest"]})
    assert told.after == {"phrases": {"fr": ["jeu", "concours"]}, "mode": "whole", "dialog": "contest", "interrupts": False,
                          "reply": None, "picture": None, "topic": None}  # fmt: skip
    assert "changed a keyword" in readers("admin").get("/admin/changes").text


def test_a_language_that_the_shop_no_longer_speaks_keeps_its_phrases(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    marketer.get("/admin/keywords/new")
    marketer.send("/admin/keywords/new", **FORM | {"phrases.es": "regalo"})
    page = marketer.get(f"/admin/keywords/{rows(house)[-1][0]}").text
    assert "In Spanish" in page and "regalo" in page


def test_who_is_inside_stays_when_the_keyword_goes(house: House, readers: Readers) -> None:
    house.text("Ana", "avis")
    marketer = readers("marketer")
    assert "goes on to its end" in marketer.get("/admin/keywords/3").text
    assert marketer.send("/admin/keywords/3/delete").status_code == 303
    assert any(line.startswith("listening survey") for line in house.truths("Ana"))
    assert 3 not in [row[0] for row in rows(house)]
    assert (marketer.get("/admin/keywords/3").status_code, marketer.send("/admin/keywords/3/delete").status_code) == (404, 404)
    with house.runtime.read() as connection:
        assert staff.entries(connection, about="keyword 3")[0].did == "keyword.deleted"


def test_viewers_look_and_change_nothing(house: House, readers: Readers) -> None:
    viewer = readers("viewer")
    assert "New keyword" not in viewer.get("/admin/keywords").text
    page = viewer.get("/admin/keywords/3").text
    assert "Only marketers change keywords" in page and "<button" not in page.partition("<main")[2]


def test_a_shop_without_keywords_is_told_what_they_are_for(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    marketer.get("/admin/keywords/1")
    for id_, *_ in rows(house):
        marketer.send(f"/admin/keywords/{id_}/delete")
    assert "No keywords yet" in marketer.get("/admin/keywords").text


def test_many_keywords_come_page_by_page_in_few_statements(house: House, readers: Readers) -> None:
    viewer = readers("viewer")
    with house.runtime.begin() as connection:
        connection.execute(
            Keyword.__table__.insert(),
            [{"phrases": {"": [f"word {n}"]}, "mode": "whole", "dialog": "help", "interrupts": False} for n in range(60)],
        )
    with house.statements() as seen:
        first = viewer.get("/admin/keywords").text
    assert len(seen) <= 15, seen
    assert first.count(">Look<") == 50
    after = first.partition('rel="next"')[0].rpartition("after=")[2].partition('"')[0]
    assert viewer.get(f"/admin/keywords?after={after}").text.count(">Look<") == 20
    for nonsense in ("-1", "x", "9" * 30):
        assert viewer.get(f"/admin/keywords?after={nonsense}").status_code == 200
        assert viewer.get(f"/admin/keywords/{nonsense}").status_code == 404


TEXTS = {
    "Arrêt !!": "stop", "start": "start", "AIDE": "help", "STOP au 36180": "stop",
    "avis": "dialog", "Bonjour, avis svp": "dialog", "avis sur la boutique": "dialog", "pas avant lundi": "dialog",
    "MENU": "dialog", "Horaires svp": "reply", "how many texts a month?": "reply",
    "surveyy": "suggest", "do you have blue candles?": "person", "stpo": "person", "🎁": "person",
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_the_tester_says_what_then_happens(house: House, text: str) -> None:
    """The tester and a real text never disagree."""
    with house.runtime.read() as connection:
        found = intent(catalogue(connection), text)
    answers, truths = " ".join(house.text("Bo", text)), house.truths("Bo")
    with house.runtime.read() as connection:
        for_person = connection.scalar(select(Message.for_person).where(Message.direction == "in"))
        opened = connection.scalars(select(Conversation.dialog)).all()
    assert found.what == TEXTS[text]
    assert for_person == (found.what == "person")
    assert ("consent * out" in truths) == (found.what == "stop")
    assert ("vouliez-vous dire SURVEY" in answers) == (found.what == "suggest")
    assert opened[:1] == ([found.keyword.dialog] if found.keyword and found.what == "dialog" else [])
    assert (answers == found.says) == (found.what == "reply" or answers == "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Arrêt", "“arret” is reserved for STOP"),
        ("avis sur la boutique", "begins with the phrase “avis”"),
        ("menu", "this keyword interrupts"),
        ("surveyy", "whether they meant SURVEY"),
        ("Horaires !", "ACME : ouvert de 10 h à 19 h."),
        ("hours", "The text is the phrase “hours”"),
        ("combien de SMS", "Also in the middle of a dialog, which goes on listening"),
        ("<script>alert(1)</script>", "A person will read it"),
    ],
)
def test_the_tester_says_why(house: House, readers: Readers, text: str, said: str) -> None:
    viewer = readers("viewer")
    answer = viewer.client.get("/admin/keywords", query_string={"try": text}).text
    assert said in answer
    assert "<script>alert" not in answer


def test_the_tester_tells_of_a_reply_that_cannot_be_said_any_more(house: House, readers: Readers) -> None:
    with house.runtime.begin() as connection:
        connection.execute(update(Keyword).where(Keyword.id == 9).values(reply={"": "{{ contact.shoe_size }}"}))
        touch(connection)
    viewer = readers("viewer")
    assert "Its reply cannot be said any more" in viewer.get("/admin/keywords?try=hours").text
    assert "says “{{ contact.shoe_size }}”" in viewer.get("/admin/keywords").text


def test_a_keyword_whose_dialog_is_retired_leaves_its_texts_to_a_person(house: House, readers: Readers) -> None:
    with house.runtime.begin() as connection:
        retire(connection, ["contest"])
        touch(connection)
    viewer = readers("viewer")
    assert "is not published, so nothing can begin" in viewer.get("/admin/keywords?try=jeu").text
    assert "not published" in viewer.get("/admin/keywords").text
    house.text("Bo", "jeu")
    assert "for a person: jeu" in house.truths("Bo")


def test_somebody_tries_a_text_and_makes_it_a_keyword(house: House, admin: Page) -> None:
    admin.goto("/admin/keywords")
    admin.get_by_role("textbox", name="If somebody texts").fill("cadeau")
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("status").filter(has_text="A person will read it")).to_be_visible()
    assert admin.url.endswith("?try=cadeau")
    admin.get_by_role("link", name="Make it a keyword").click()
    expect(admin.get_by_label("In every language")).to_have_value("cadeau")
    admin.get_by_label("It is the first words").check()
    admin.get_by_label("Dialog", exact=True).select_option("contest")
    admin.get_by_role("button", name="Make it").click()
    expect(admin.get_by_text("The keyword is there.")).to_be_visible()
    fits(admin)


def test_somebody_makes_a_keyword_that_replies(house: House, admin: Page) -> None:
    admin.goto("/admin/keywords/new")
    expect(admin.get_by_label("Picture")).to_be_hidden()
    admin.get_by_label("In English", exact=True).fill("parking")
    admin.get_by_label("is told something").check()
    expect(admin.get_by_label("Dialog", exact=True)).to_be_hidden()
    admin.get_by_label("Said in every other language").fill("{{ brand }}: Moon Street")
    admin.get_by_role("button", name="Make it").click()
    expect(admin.get_by_text("says “ACME: Moon Street”")).to_be_visible()
    fits(admin)


def test_it_is_deleted_only_after_a_second_thought(house: House, admin: Page) -> None:
    admin.goto("/admin/keywords/3")
    admin.get_by_role("button", name="Delete").click()
    expect(admin.get_by_role("dialog")).to_contain_text("whoever is in it goes on")
    admin.get_by_role("button", name="Keep it").click()
    assert 3 in [row[0] for row in rows(house)]
    admin.get_by_role("button", name="Delete").click()
    admin.get_by_role("button", name="Delete it").click()
    expect(admin.get_by_text("The keyword is deleted.")).to_be_visible()
    assert 3 not in [row[0] for row in rows(house)]


@pytest.mark.parametrize("path", ["?try=avis", "?try=hours", "/3", "/10", "/new"])
def test_everybody_can_use_the_pages(admin: Page, path: str) -> None:
    admin.goto(f"/admin/keywords{path}")
    readable(admin)


def test_a_keyword_without_a_dialog_is_told_to_have_one(house: House, readers: Readers) -> None:
    answer = readers("marketer").send("/admin/keywords/new", phrases="new", mode="whole", dialog="")
    assert answer.status_code == 422 and "Choose one" in answer.text and "should match" not in answer.text
