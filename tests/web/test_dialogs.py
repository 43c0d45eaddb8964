"""Dialogs on the pages: sentences changed without YAML, the source line by line, a drawing, versions, a phone to try them on."""

import re
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from bot.shop import versions
from models import AuditEntry
from tests.house import House
from tests.web.conftest import Reader, Readers
from tests.web.forms import form_of
from tests.web.hands import Hands

WELCOME = "/admin/dialogs/welcome"
SAYS = "w.states.near_you.say.fr"


def source(house: House, name: str = "welcome", state: str = "latest") -> str:
    with house.runtime.read() as connection:
        return versions.source(connection, getattr(versions.story(connection, name), state))


def drafted(house: House, name: str, written: str) -> str:
    """Where the pages of a dialog are that is written so."""
    with house.runtime.begin() as connection:
        versions.draft(connection, name, written)
    return f"/admin/dialogs/{name}"


def change(reader: Reader, path: str, **typed: str) -> Any:
    """The form of a dialog with something else in it."""
    form = form_of(reader.get(path).text, "dialog")
    for name, words in typed.items():
        form[name] = words
    form["csrf_token"] = reader.token
    to = f"{WELCOME}/source/change" if path.endswith("source") else f"{path}/words"
    return reader.client.post(to, data=form)


def told(page: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", page)).split())


def test_a_sentence_is_changed_without_yaml_and_published(house: House, readers: Readers) -> None:
    marketer, before = readers("marketer"), source(house)
    assert change(marketer, WELCOME, **{SAYS: "Merci ! À bientôt."}).status_code == 303
    after = source(house)
    assert [line for line in after.splitlines() if line not in before.splitlines()] == ['      fr: "Merci ! À bientôt."']
    page = told(marketer.get(WELCOME).text)
    assert "People get version 1 until it is published." in page
    house.text("Ana", "JOIN")
    house.text("Ana", "OUI")
    assert "Merci ! À bientôt." not in " ".join(house.received("Ana"))
    assert marketer.send(f"{WELCOME}/publish").status_code == 303
    house.text("Ana", "75011")
    assert house.received("Ana")[-1].startswith("Merci à vous")  # who was inside stays in their version
    house.text("Bo", "JOIN")
    house.text("Bo", "OUI")
    house.text("Bo", "75011")
    assert house.received("Bo")[-1] == "Merci ! À bientôt."
    with house.runtime.read() as connection:
        did = list(connection.scalars(select(AuditEntry.did).where(AuditEntry.about == "dialog welcome")))
        drafted = connection.scalar(select(AuditEntry.after).where(AuditEntry.did == "dialog.drafted"))
    assert did == ["dialog.drafted", "dialog.published"] and drafted == {SAYS[2:]: "Merci ! À bientôt."}


def test_nothing_typed_is_no_draft(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    for name in ("welcome", "survey", "prefs", "contest", "details", "help"):
        path = f"/admin/dialogs/{name}"
        form = form_of(marketer.get(path).text, "dialog")
        assert len(form) > 4
        assert marketer.client.post(f"{path}/words", data=form | {"csrf_token": marketer.token}).status_code == 303
        with house.runtime.read() as connection:
            assert versions.story(connection, name).draft is None


def test_tries_and_waits_are_numbers(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    assert change(marketer, WELCOME, **{"w.states.confirm.otherwise.tries": "1"}).status_code == 303
    assert "      tries: \"1\"\n      goto: declined" in source(house)
    waiting = "name: later\nstart: a\nstates:\n  a: {after: {wait: PT48H, goto: b}}\n  b: {say: Hello, end: done}\n"
    path = drafted(house, "later", waiting)
    form = form_of(marketer.get(path).text, "dialog")
    assert (form["w.states.a.after.wait"], form["u.states.a.after.wait"]) == ("48", "H")
    assert change(marketer, path, **{"w.states.a.after.wait": "3", "u.states.a.after.wait": "D"}).status_code == 303
    assert 'wait: "P3D"' in source(house, "later") and "say: Hello" in source(house, "later")


def test_two_who_change_it_do_not_overwrite_each_other_unseen(house: House, readers: Readers) -> None:
    marketer, other = readers("marketer"), readers("admin")
    was = form_of(marketer.get(WELCOME).text, "dialog")["was"]
    assert change(other, WELCOME, **{SAYS: "One"}).status_code == 303
    late = change(marketer, WELCOME, **{SAYS: "Two", "was": was})
    assert late.status_code == 422 and "Somebody has changed it meanwhile" in late.text and ">Two</textarea>" in late.text
    late = change(marketer, f"{WELCOME}/source", was=was)
    assert late.status_code == 422 and "Somebody has changed it meanwhile" in late.text


def test_what_is_wrong_is_told_line_by_line_as_it_is_typed(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    form = form_of(marketer.get(f"{WELCOME}/source").text, "dialog")
    assert form["source"] + "\n" == source(house).replace("\r", "") or form["source"] == source(house)

    def checked(words: str) -> str:
        form["source"] = words
        return str(marketer.client.post(f"{WELCOME}/check", data=form | {"csrf_token": marketer.token}).text)

    good = source(house)
    assert "It holds on every path" in checked(good)
    line = good.splitlines().index("        goto: postcode") + 1
    assert f'data-line="{line}">Line {line}</a> <code class="wrap">states.confirm.on.0.goto' in checked(
        good.replace("goto: postcode", "goto: nowhere")
    )
    assert 'data-line="3"' in checked("name: welcome\nstart: a\n  - x: [\n")
    assert "3 things are wrong" in checked("")
    with house.runtime.read() as connection:
        assert versions.story(connection, "welcome").draft is None


def test_a_draft_may_be_wrong_but_is_not_published(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    broken = source(house).replace("goto: postcode", "goto: nowhere")
    assert change(marketer, f"{WELCOME}/source", source=broken).status_code == 303
    refused = marketer.send(f"{WELCOME}/publish")
    assert refused.status_code == 422 and "there is no state" in refused.text and "It is not published" in refused.text
    line = broken.splitlines().index("        goto: nowhere") + 1
    assert f'href="{WELCOME}/source#line-{line}"' in refused.text
    unreadable = change(marketer, f"{WELCOME}/source", source="name: [")
    assert unreadable.status_code == 303
    assert "its sentences cannot be shown by themselves" in marketer.get(WELCOME).text
    assert marketer.get(f"{WELCOME}/diagram").status_code == 200  # of what is in force
    assert marketer.send(f"{WELCOME}/draft/delete").status_code == 303
    assert source(house) == source(house, state="published")


def test_a_version_is_put_back(house: House, readers: Readers) -> None:
    marketer, first = readers("marketer"), source(house)
    change(marketer, WELCOME, **{SAYS: "Merci."})
    marketer.send(f"{WELCOME}/publish")
    page = marketer.get(f"{WELCOME}/versions").text
    assert re.findall(r"Version (\d)</strong>", page) == ["2", "1"]
    assert "Merci {{ contact.first_name" in unescape(marketer.get(f"{WELCOME}/versions/1").text)
    assert marketer.send(f"{WELCOME}/restore", version="1").status_code == 303
    assert source(house) == first
    assert marketer.send(f"{WELCOME}/publish").status_code == 303
    assert source(house, state="published") == first
    for version in ("99", "x", "", "9" * 5000, "²"):
        assert marketer.send(f"{WELCOME}/restore", version=version).status_code == 404


def test_what_nobody_has_looked_at_is_not_published_replaced_or_thrown_away(house: House, readers: Readers) -> None:
    marketer, other = readers("marketer"), readers("admin")
    change(marketer, WELCOME, **{SAYS: "Merci."})
    marketer.send(f"{WELCOME}/publish")
    change(marketer, WELCOME, **{SAYS: "One"})
    page = marketer.get(f"{WELCOME}/versions").text
    assert "Put version 1 in place of the draft?" in page  # asked first
    seen = re.search(r'name="drafted" value="(\w+)"', page)
    assert seen
    assert change(other, WELCOME, **{SAYS: "Two"}).status_code == 303
    for deed, more in (("publish", {}), ("draft/delete", {}), ("restore", {"version": "1"})):
        late = marketer.send(f"{WELCOME}/{deed}", drafted=seen[1], **more)
        assert late.status_code == 422 and "Somebody has changed the draft meanwhile" in late.text, deed
    assert '"Two"' in source(house) and "Two" not in source(house, state="published")
    fresh = re.search(r'name="drafted" value="(\w+)"', late.text)
    assert fresh
    assert marketer.send(f"{WELCOME}/restore", drafted=fresh[1], version="1").status_code == 303
    assert "Two" not in source(house)


def test_what_is_emptied_goes_or_is_asked_for_beside_its_field(house: House, readers: Readers) -> None:
    """Whatever is typed into the form, the form is still there: a dialog that could be read still can."""
    marketer = readers("marketer")
    tries = "w.states.confirm.otherwise.tries"
    for field, typed, said in ((tries, "", "Please fill this in."), (tries, "99", "at most"),
                               ("w.states.near_you.picture", "/pictures/1.png", "")):  # fmt: skip
        refused = change(marketer, WELCOME, **{field: typed, SAYS: "Kept"})
        beside = re.search(rf'id="{re.escape(field)}-error">(.*?)</p>', refused.text, re.DOTALL)
        assert refused.status_code == 422 and beside and said in told(beside[1]), field
        assert ">Kept</textarea>" in refused.text and source(house) == source(house, state="published")
    assert change(marketer, WELCOME, **{SAYS: "", "w.states.near_you.picture": "https://shop.example/a.png"}).status_code == 303
    near_you = source(house).partition("  near_you:\n")[2].partition("\n  thanks:")[0]
    assert "fr:" not in near_you and "en:" in near_you and 'picture: "https://shop.example/a.png"' in near_you
    page = marketer.get(WELCOME).text
    form = form_of(page, "dialog")
    assert form[SAYS] == "" and form["w.states.near_you.picture"] == "https://shop.example/a.png"
    assert change(marketer, WELCOME, **{"w.states.near_you.picture": ""}).status_code == 303
    assert "picture" not in source(house)


def test_on_the_form_a_mistake_leads_to_its_sentence(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    marketer.get("/admin/account")
    marketer.send("/admin/account/details", name="Camille", language="fr")
    form = form_of(marketer.get(WELCOME).text, "dialog")
    form[SAYS] = "Merci {{ nonsense }}"
    page = marketer.client.post(f"{WELCOME}/check", data=form | {"csrf_token": marketer.token}).text
    assert f'href="#{SAYS}"' in page and "merge tag" not in page


def test_what_is_said_in_every_language_and_otherwise_in_one_is_all_shown(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    written = 'name: both\nstart: a\nstates:\n  a: {say: {"": Hello, fr: Bonjour}, end: done}\n'
    path = drafted(house, "both", written)
    form = form_of(marketer.get(path).text, "dialog")
    assert (form["w.states.a.say."], form["w.states.a.say.fr"]) == ("Hello", "Bonjour")
    assert change(marketer, path, **{"w.states.a.say.fr": "Salut"}).status_code == 303
    assert 'fr: "Salut"' in source(house, "both") and "Hello" in source(house, "both")


@pytest.mark.parametrize("written", ["  name: odd\n  start: a\n  states:\n    a: {say: Hi, end: done}\n",
                                     "name: odd\r\nstart: a\r\nstates:\r\n  a: {say: Hi, end: done}",
                                     "\n\nname: odd\nstart: a\nstates:\n  a: {say: Hi, end: done}\n\n"])  # fmt: skip
def test_a_source_that_nobody_has_changed_stays_as_it_is(house: House, readers: Readers, written: str) -> None:
    marketer = readers("marketer")
    path = drafted(house, "odd", written)
    form = form_of(marketer.get(f"{path}/source").text, "dialog")
    form["source"] = written.replace("\r", "").replace("\n", "\r\n")  # as browsers send it
    assert marketer.client.post(f"{path}/source/change", data=form | {"csrf_token": marketer.token}).status_code == 303
    assert source(house, "odd") == written
    assert "Nothing was changed." in marketer.get(f"{path}/source").text


def test_a_long_dialog_is_saved_checked_and_tried(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    long = source(house) + "".join(f"# {place} {'é' * 70}\n" for place in range(1200))
    assert 90_000 < len(long) < 100_000
    assert change(marketer, f"{WELCOME}/source", source=long).status_code == 303
    assert source(house) == long
    for what in ("check", "try"):
        form = {"source": long, "line": "JOIN", "csrf_token": marketer.token}
        assert marketer.client.post(f"{WELCOME}/{what}", data=form).status_code == 200


def test_a_try_ends_with_words_and_keeps_its_beginning(house: House, readers: Readers) -> None:
    viewer = readers("viewer")
    viewer.get(WELCOME)
    lines = "\n".join(["JOIN", *(["hm"] * 99)])
    page = viewer.send(f"{WELCOME}/try", lines=lines, line="oui").text
    assert "begin anew" in page and f'name="lines" value="{lines}"' in page


def test_it_is_tried_as_it_is_typed_with_time_passing(house: House, readers: Readers) -> None:
    viewer, marketer = readers("viewer"), readers("marketer")
    form = form_of(marketer.get(WELCOME).text, "dialog")
    form[SAYS] = "Un autre merci."
    form["csrf_token"], form["spoken"], form["lines"] = marketer.token, "fr", "JOIN\noui"
    form["line"] = "75011"
    page = marketer.client.post(f"{WELCOME}/try", data=form).text
    assert "Un autre merci." in page and '<input type="hidden" name="lines" value="JOIN\noui\n75011">' in page
    saved = re.search(r'href="data:text/plain;charset=utf-8,([^"]+)"', page)
    assert saved and unquote(saved[1]).splitlines()[:2] == ["# welcome", "> JOIN"]
    viewer.get(WELCOME)
    late = viewer.send(f"{WELCOME}/try", spoken="en", lines="JOIN", jump="+48h").text
    assert "@ +48h" in late and "reply YES" in late
    assert 'value="JOIN"' not in viewer.send(f"{WELCOME}/try", lines="JOIN", again="yes").text
    broken = marketer.send(f"{WELCOME}/try", source="name: welcome\nstart: a\n", line="x").text
    assert "Line 1:" in broken
    assert house.messages() == []


def test_the_drawing_says_who_is_where(house: House, readers: Readers) -> None:
    for who in ("Ana", "Bo"):
        house.text(who, "JOIN")
    house.text("Bo", "OUI")
    house.text("Bo", "75011")
    viewer = readers("viewer")
    rows = dict(re.findall(r'<th scope="row">(\w+)</th>(.*?)</tr>', viewer.get(f"{WELCOME}/diagram").text, re.DOTALL))
    assert told(rows["confirm"]).startswith("1 0 ") and told(rows["near_you"]).startswith("0 1 ")
    page = told(viewer.get("/admin/dialogs").text)
    assert "welcome Welcome · about: our offers 1 inside now 2 people began in 30 days · joined 50%" in page


def test_the_drawing_tells_of_who_is_where_it_has_no_state_any_more(house: House, readers: Readers) -> None:
    house.text("Ana", "JOIN")
    marketer = readers("marketer")
    change(marketer, f"{WELCOME}/source", source=source(house).replace("confirm", "asked").replace("je asked", "je confirme")
           .replace("i asked", "i confirm").replace("details_askeded", "details_confirmed"))  # fmt: skip
    published = marketer.send(f"{WELCOME}/publish")
    assert published.status_code == 303, told(published.text)
    page = told(marketer.get(f"{WELCOME}/diagram").text)
    assert "1 person is in a state that an earlier version had: confirm" in page


@pytest.mark.parametrize("wrong", ["start: nowhere", "goto: nowhere"])
def test_what_leads_nowhere_is_drawn_all_the_same(house: House, readers: Readers, wrong: str) -> None:
    marketer = readers("marketer")
    marketer.get("/admin/dialogs/+new")
    marketer.send("/admin/dialogs/+new", name="mine", like="")
    path = drafted(house, "mine", re.sub(wrong.partition(" ")[0] + r" \w+", wrong, source(house, "mine")))
    assert "<svg" in marketer.get(f"{path}/diagram").text


@pytest.mark.parametrize("name", ["update", "items", "copy"])
def test_any_name_that_a_dialog_may_have_is_told_as_one(house: House, readers: Readers, name: str) -> None:
    marketer = readers("marketer")
    marketer.get("/admin/dialogs/+new")
    assert marketer.send("/admin/dialogs/+new", name=name, like="").status_code == 303
    assert "built-in" not in marketer.get("/admin/dialogs").text


def test_a_dialog_is_made_and_retired(house: House, readers: Readers) -> None:
    marketer = readers("marketer")
    marketer.get("/admin/dialogs/+new")
    for name, like, status in (("mine", "", 303), ("poll", "survey", 303), ("mine", "", 422), ("1", "", 422), ("", "", 422)):
        assert marketer.send("/admin/dialogs/+new", name=name, like=like).status_code == status, name
    for name in ("mine", "poll"):
        path = f"/admin/dialogs/{name}"
        assert marketer.get(path).status_code == 200
        assert marketer.send(f"{path}/publish").status_code == 303, name
        assert marketer.send(f"{path}/delete").status_code == 303
        assert "It is retired" in marketer.get(path).text
    refused = marketer.send(f"{WELCOME}/delete")
    assert refused.status_code == 422 and "keyword" in refused.text
    marketer.send("/admin/dialogs/+new", name="short", like="")
    assert marketer.send("/admin/dialogs/short/draft/delete").headers["Location"] == "/admin/dialogs"
    assert marketer.get("/admin/dialogs/short").status_code == 404


@pytest.mark.parametrize("page", [1280, 390], indirect=True)
def test_a_sentence_goes_from_the_form_over_the_phone_to_the_public_and_back(house: House, admin: Page) -> None:
    admin.goto(WELCOME)
    admin.locator(f"[id='{SAYS}']").fill("Merci, à très vite ’ !")
    expect(admin.locator(f"[id='cost-{SAYS}']")).to_contain_text("UCS-2")
    expect(admin.locator("#check")).to_contain_text("It holds on every path")
    line = admin.get_by_label("What the customer texts")
    for words in ("JOIN", "oui", "75011"):
        line.fill(words)
        line.press("Enter")
        expect(admin.locator("#phone")).to_contain_text(words)
        expect(line).to_be_focused()
    expect(admin.locator("#phone")).to_contain_text("Merci, à très vite ’ !")
    admin.get_by_role("button", name="Save as a draft").click()
    admin.get_by_role("button", name="Publish …").click()
    admin.get_by_role("button", name="Publish it").click()
    expect(admin.locator(".toast")).to_contain_text("Version 2 is published.")
    admin.get_by_role("link", name="Versions").click()
    admin.get_by_role("button", name="Make it the draft").click()
    expect(admin.locator(".toast")).to_contain_text("Version 1 is the draft now")
    expect(admin.locator(f"[id='{SAYS}']")).to_have_value(re.compile("C'est noté"))


@pytest.mark.parametrize("page", [1280], indirect=True)
def test_a_sentence_is_changed_tried_and_published_by_keyboard_alone(house: House, admin: Page) -> None:
    admin.goto(WELCOME)
    reach = partial(Hands(admin, mouse=False).reach, most=120)
    reach(admin.locator(f"[id='{SAYS}']"))
    admin.keyboard.press("Control+a")
    admin.keyboard.type("Merci, tapé au clavier.")
    line = admin.get_by_label("What the customer texts")
    reach(line)
    for words in ("JOIN", "oui", "75011"):
        admin.keyboard.type(words)
        admin.keyboard.press("Enter")
        expect(admin.locator("#phone")).to_contain_text(words)
        expect(line).to_be_focused()
    expect(admin.locator("#phone")).to_contain_text("Merci, tapé au clavier.")
    for name in ("Save as a draft", "Publish …", "Publish it"):
        reach(admin.get_by_role("button", name=name))
        admin.keyboard.press("Enter")
        admin.wait_for_load_state()
        expect(admin.locator(".toast p, dialog[open]").first).to_be_visible()
    expect(admin.locator(".toast")).to_contain_text("Version 2 is published.")
    reach(admin.get_by_role("link", name="Versions"))
    admin.keyboard.press("Enter")
    put_back = admin.get_by_role("button", name="Make it the draft")
    expect(put_back).to_be_visible()
    reach(put_back)
    admin.keyboard.press("Enter")
    expect(admin.locator(".toast")).to_contain_text("Version 1 is the draft now")


@pytest.mark.parametrize("page", [1280], indirect=True)
def test_a_mistake_in_the_source_leads_to_its_line_by_keyboard(house: House, admin: Page) -> None:
    admin.goto(f"{WELCOME}/source")
    area = admin.get_by_label("The YAML of the dialog")
    area.fill(source(house).replace("goto: postcode", "goto: nowhere"))
    button = admin.locator("[data-line]").first
    expect(button).to_be_visible()
    button.focus()
    admin.keyboard.press("Enter")
    expect(area).to_be_focused()
    assert admin.evaluate("source.value.slice(source.selectionStart, source.selectionEnd)") == "        goto: nowhere"
