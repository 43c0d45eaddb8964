"""Campaigns on the pages: written with their cost in view, asked for twice, sent once, stopped, accounted for."""

import re
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update
from werkzeug.datastructures import MultiDict

from bot import campaigns, segments
from bot.web.admin.campaigns import SURE_ABOVE
from models import AuditEntry, Campaign, Message, Staff
from tests.crowd import balance, draft, join, number, run, schedule, state, texts
from tests.house import PEOPLE, House
from tests.web.conftest import Reader, Readers
from tests.web.forms import form_of
from tests.web.inbox import work

NEW = "/admin/campaigns/new"
SAYS = {"texts.fr": "{{ brand }} : -20 %. STOP pour arrêter.", "texts.en": "{{ brand }}: 20% off. STOP to leave."}


@pytest.fixture
def shop(house: House) -> House:
    """Twelve people who agreed, one of whom has said STOP since; and a segment of everybody."""
    join(house.runtime, map(number, range(12)))
    house.text(number(0), "STOP")
    with house.runtime.begin() as connection:
        segments.save(connection, "everyone", {"all": []}, house.runtime.now(connection))
    return house


def told(page: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", page)).split())


def write(reader: Reader, path: str = NEW, **typed: Any) -> Any:
    """The form of a campaign, with what is typed into it."""
    form = form_of(reader.get(path).text, "campaign")
    said = {"name": "Summer", "within": "everyone", **SAYS, **typed}
    pairs = [(name, value) for name, value in form.items(multi=True) if name not in said]
    for name, value in said.items():
        pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
    return reader.client.post(path, data=MultiDict([*pairs, ("csrf_token", reader.token)]))


def did(house: House) -> list[str]:
    with house.runtime.read() as connection:
        return list(connection.scalars(select(AuditEntry.did).where(AuditEntry.did.like("campaign.%")).order_by(AuditEntry.id)))


def sure(reader: Reader, path: str, **more: str) -> Any:
    """Sent, and once more with the number that was shown."""
    asked = reader.send(f"{path}/schedule", **more)
    assert asked.status_code == 200, asked.status_code
    shown = re.search(r'name="sure" value="(\d+)"', asked.text)
    assert shown
    return reader.send(f"{path}/schedule", sure=shown[1], **more)


def test_from_a_draft_to_the_balance(shop: House, readers: Readers) -> None:
    launcher = readers("launcher")
    made = write(launcher)
    path = made.headers["Location"]
    page = told(launcher.get(path).text)
    assert "A draft" in page and "-20 %" in page and "everyone" in page
    assert sure(launcher, path, when="now").headers["Location"] == path
    shop.work()
    page = told(launcher.get(path).text)
    assert "finished" in page and "The sum agrees" in page
    assert re.search(r"Sent 11 .*Not sent 1 they opted out 1 .*Everybody 12", page), page
    assert shop.received(number(3)) == ["ACME : -20 %. STOP pour arrêter."]
    assert shop.received(number(3))[0] not in shop.received(number(0))
    assert did(shop) == ["campaign.made", "campaign.scheduled"]
    assert "11 of 12 sent · 1 not sent" in told(launcher.get("/admin/campaigns").text)


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    answer = write(marketer, name="", within=[], **{
        "texts.fr": "{{ brand }} : -20 % {{ contact.shoe }}", "texts.en": "", "ends_at": "2020-01-01T10:00",
        "answers_for": "900", "media": "ftp://x",
    })  # fmt: skip
    assert answer.status_code == 422
    page = told(answer.text)
    assert page.count("Please fill this in.") >= 1 and "Choose at least one." in page
    for kept in ("{{ contact.shoe }}", 'value="2020-01-01T10:00"', 'value="900"', 'value="ftp://x"'):
        assert kept in unescape(answer.text), kept
    answer = write(marketer, **{"texts.fr": "{{ brand }} : -20 % {{ contact.shoe }}", "texts.en": "20% off", "media": "ftp://x"})
    assert answer.status_code == 422
    beside = {name: told(said) for name, said in re.findall(r'id="(\S+)-error">(.*?)</p>', answer.text, re.DOTALL)}
    assert "{{ contact.shoe }}" in beside["texts.fr"] and "STOP" in beside["texts.en"] and "https://" in beside["media-1"]
    with shop.runtime.read() as connection:
        assert campaigns.latest(connection, 5) == []


def test_a_draft_is_said_anew_and_thrown_away(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    path = write(marketer).headers["Location"]
    assert write(marketer, f"{path}/edit", name="Autumn", without="everyone", ends_at="2030-01-01T10:00").status_code == 303
    form = form_of(marketer.get(f"{path}/edit").text, "campaign")
    assert (form["name"], form["without"], form["ends_at"]) == ("Autumn", "everyone", "2030-01-01T10:00")
    assert write(marketer, name="Autumn").status_code == 422
    assert marketer.send(f"{path}/delete").headers["Location"] == "/admin/campaigns"
    assert marketer.get(path).status_code == 404
    assert did(shop) == ["campaign.made", "campaign.changed", "campaign.deleted"]


def test_two_who_write_at_the_same_draft_are_told(shop: House, readers: Readers) -> None:
    marketer, other = readers("marketer"), readers("admin")
    path = write(marketer).headers["Location"]
    was = form_of(marketer.get(f"{path}/edit").text, "campaign")["was"]
    assert write(other, f"{path}/edit", name="Autumn").status_code == 303
    late = write(marketer, f"{path}/edit", name="Winter", was=was)
    assert late.status_code == 422 and "Somebody has changed it meanwhile" in late.text


def test_a_copy_says_the_same_to_the_same(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    path = write(marketer, dialog="survey", answers_for="3").headers["Location"]
    copy = form_of(marketer.get(f"{NEW}?like={path.rpartition('/')[2]}").text, "campaign")
    assert (copy["name"], copy["within"], copy["dialog"], copy["answers_for"]) == ("", "everyone", "survey", "3")
    assert copy["texts.fr"] == SAYS["texts.fr"]


def test_its_cost_is_counted_on_real_contacts_as_it_is_typed(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    form = form_of(marketer.get(NEW).text, "campaign")
    form["within"] = "everyone"

    def measured(words: str) -> str:
        form["texts.fr"] = words
        return str(marketer.client.post("/admin/campaigns/measure", data=form | {"csrf_token": marketer.token}).text)

    page = told(measured("{{ brand }} : {{ contact.first_name }}. STOP"))
    assert "Reachable now 11 In these segments 12" in page
    assert "1 part · GSM-7 · at most 19 characters · counted on 11 contacts" in page and "ACME : 000011. STOP" in page
    dear = measured("{{ brand }} : fête ’ 🎉. STOP")
    assert "UCS-2" in dear
    assert re.findall(r'data-replace="(.)" data-with="(.?)"', unescape(dear)) == [("ê", "e"), ("’", "'"), ("🎉", "")]
    assert "11 contacts would get nothing: with their values it does not name STOP" in told(measured("{{ brand }}"))
    assert "made-up values" in told(measured("{{ brand }} STOP"))  # of the English text: nobody there speaks it


def test_the_preview_says_what_the_gate_would(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    path = write(marketer).headers["Location"]
    page = told(marketer.get(f"{path}/preview").text)
    assert "In these segments 12 they opted out − 1 Get it 11" in page and "11 parts billed" in page
    assert "ACME : -20 %. STOP pour arrêter." in page


def test_of_a_very_large_audience_some_are_asked(shop: House, monkeypatch: pytest.MonkeyPatch, readers: Readers) -> None:
    join(shop.runtime, map(number, range(12, 60)))
    id_ = draft(shop)
    found = campaigns.preview(shop.runtime, id_, most=20)
    assert (found.matching, 15 <= found.asked <= 21) == (60, True)
    monkeypatch.setattr("bot.web.admin.campaigns.MOST_ASKED", 20)
    page = told(readers("viewer").get(f"/admin/campaigns/{id_}/preview").text)
    assert "In these segments 60" in page and re.search(r"Reckoned from \d\d of them", page)


def test_what_somebody_has_looked_at_is_what_is_sent(shop: House, readers: Readers) -> None:
    launcher, marketer = readers("launcher"), readers("marketer")
    path = write(marketer).headers["Location"]
    asked = form_of(launcher.send(f"{path}/schedule", when="now", was=_was(launcher, path)).text, "sure")
    assert write(marketer, f"{path}/edit", **{"texts.fr": "{{ brand }} : autre chose. STOP."}).status_code == 303
    late = launcher.client.post(f"{path}/schedule", data=asked | {"csrf_token": launcher.token})
    assert late.status_code == 422 and "Somebody has changed it meanwhile" in late.text and "autre chose" in late.text
    assert state(shop, int(path.rpartition("/")[2])) == "draft"
    was = _was(launcher, path)
    assert sure(launcher, path, when="later", at="2026-12-24T10:00", was=was).status_code == 303
    hasty = launcher.send(f"{path}/schedule", when="now", sure="11", was=was)  # on a page that was opened before
    assert hasty.status_code == 422 and state(shop, int(path.rpartition("/")[2])) == "scheduled"


def _was(reader: Reader, path: str) -> str:
    found = re.search(r'name="was" value="(\w+)"', reader.get(path).text)
    assert found
    return found[1]


def test_what_is_scheduled_is_taken_back(shop: House, readers: Readers) -> None:
    launcher = readers("launcher")
    path = write(launcher).headers["Location"]
    assert launcher.send(f"{path}/unschedule").status_code == 422
    assert sure(launcher, path, when="later", at="2026-12-24T10:00").status_code == 303
    assert "Back to a draft" in launcher.get(path).text
    assert launcher.send(f"{path}/unschedule").status_code == 303
    assert write(launcher, f"{path}/edit", name="Autumn").status_code == 303
    assert sure(launcher, path, when="now").status_code == 303
    shop.work()
    assert state(shop, int(path.rpartition("/")[2])) == "finished" and "campaign.unscheduled" in did(shop)


def test_what_a_segment_asks_about_keeps_its_name(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    path = write(marketer).headers["Location"]
    with shop.runtime.begin() as connection:
        segments.save(connection, "missed it", {"not": {"received": "Summer"}}, shop.runtime.now(connection))
    renamed = write(marketer, f"{path}/edit", name="Autumn")
    assert renamed.status_code == 422 and re.search(r'id="name-error".*?asks about it', renamed.text, re.DOTALL)
    assert write(marketer, f"{path}/edit", **{"texts.en": "{{ brand }}: new. STOP."}).status_code == 303
    assert marketer.send(f"{path}/delete").headers["Location"] == path
    assert "asks about it" in unescape(marketer.get(path).text)


def test_a_copy_does_not_aim_at_what_took_the_place_of_a_segment(shop: House, readers: Readers) -> None:
    marketer, id_ = readers("marketer"), run(shop)
    with shop.runtime.begin() as connection:
        gone = segments.find(connection, "for week-end")
        assert gone
        segments.delete(connection, gone.name)
        segments.save(connection, str(gone.id), {"all": []}, shop.runtime.now(connection))
    assert form_of(marketer.get(f"{NEW}?like={id_}").text, "campaign").getlist("within") == []
    assert "a segment that is gone" in marketer.get(f"/admin/campaigns/{id_}").text


def test_a_picture_of_ours_is_there(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    for media in ("/nothing/here.png", f"{shop.runtime.settings.base_url}/f/1/{'x' * 22}.png"):
        refused = write(marketer, media=media)
        assert refused.status_code == 422 and re.search(r'id="media-1-error".*?no such picture', refused.text, re.DOTALL)


def test_one_text_for_all_languages_stays_one(shop: House, readers: Readers) -> None:
    marketer, id_ = readers("marketer"), draft(shop, texts={"": "{{ brand }}: 20%. STOP"})
    path = f"/admin/campaigns/{id_}/edit"
    form = form_of(marketer.get(path).text, "campaign")
    form["name"] = "Renamed"
    assert marketer.client.post(path, data=form | {"csrf_token": marketer.token}).status_code == 303
    with shop.runtime.read() as connection:
        assert connection.scalar(select(Campaign.texts)) == {"": "{{ brand }}: 20%. STOP"}


@pytest.mark.parametrize("typed", ["²", "9" * 400, "9" * 5000, "-1", "1e3"])
def test_no_number_is_too_much(shop: House, readers: Readers, typed: str) -> None:
    launcher = readers("launcher")
    path = write(launcher).headers["Location"]
    assert launcher.send(f"{path}/schedule", when="now", sure=typed, word=typed).status_code == 200  # asked anew
    assert launcher.send(f"{path}/schedule", when="later", at="0001-01-01T00:00").status_code == 422


def test_mistakes_are_told_in_french_each_by_itself(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    marketer.get("/admin/account")
    marketer.send("/admin/account/details", name="Camille", language="fr")
    page = told(write(marketer, answers_for="0", error_limit="x", media="ftp://x", ends_at="2020-01-01T10:00",
                      **{"texts.fr": "{{ contact.a }} {{ contact.b }}", "texts.en": "20%"}).text)  # fmt: skip
    for said in ("au moins 1", "écrivez un nombre entier"):
        assert said in page, said
    page = told(write(marketer, media="ftp://x", **{"texts.fr": "{{ contact.a }} {{ contact.b }}", "texts.en": "20%"}).text)
    assert page.count("ne peut pas être remplie") == 2 and "un SMS qui vend doit dire comment se désabonner" in page
    assert "aucun opérateur" in page and "merge tag" not in page


def test_many_people_are_a_number_to_be_typed(shop: House, readers: Readers) -> None:
    launcher = readers("launcher")
    join(shop.runtime, map(number, range(12, 12 + SURE_ABOVE)))
    path = write(launcher).headers["Location"]
    asked = launcher.send(f"{path}/schedule", when="now").text
    count = SURE_ABOVE + 11
    assert f"Type {count} to confirm" in told(asked)
    for word in ("", "yes", "12"):
        refused = launcher.send(f"{path}/schedule", when="now", sure=str(count), word=word)
        assert refused.status_code == 422 and "This is not the number." in refused.text
    assert launcher.send(f"{path}/schedule", when="now", sure="5", word="5").status_code == 200  # grown since: asked again
    assert state(shop, int(path.rpartition("/")[2])) == "draft"
    assert launcher.send(f"{path}/schedule", when="now", sure=str(count), word=f" {count} ").status_code == 303


def test_later_is_an_hour_of_the_shop(shop: House, readers: Readers) -> None:
    launcher = readers("launcher")
    path = write(launcher).headers["Location"]
    for at, said in (("2020-01-01T10:00", "This is over already."), ("tomorrow", "Write a day and"), ("", "Write a day and")):
        refused = launcher.send(f"{path}/schedule", when="later", at=at)
        assert refused.status_code == 422 and said in refused.text
    assert sure(launcher, path, when="later", at="2026-12-24T10:00").status_code == 303
    page = launcher.get(path).text
    assert "begins Dec 24, 2026 10:00" in told(page).replace("24 Dec 2026", "Dec 24, 2026") or "24 Dec 2026 10:00" in told(page)
    assert sure(launcher, path, when="now").status_code == 303  # begun earlier after all


def test_it_is_paused_goes_on_and_is_cancelled(shop: House, readers: Readers) -> None:
    launcher, marketer = readers("launcher"), readers("marketer")
    id_ = draft(shop)
    path = f"/admin/campaigns/{id_}"
    schedule(shop, id_)
    marketer.get(path)
    assert marketer.send(f"{path}/pause").status_code == 403
    launcher.get(path)
    for verb, then in (("pause", "paused"), ("resume", "scheduled"), ("pause", "paused"), ("cancel", "cancelled")):
        assert launcher.send(f"{path}/{verb}").status_code == 303
        assert state(shop, id_) == then
    again = launcher.send(f"{path}/cancel")
    assert again.status_code == 422 and "the campaign is cancelled" in again.text.lower()
    assert did(shop) == ["campaign.paused", "campaign.resumed", "campaign.paused", "campaign.cancelled"]


def test_recipients_are_told_by_what_became_of_them(shop: House, readers: Readers) -> None:
    """As many as the balance counts, whatever it is that became of them."""
    id_ = run(shop)
    fates: list[dict[str, str]] = [
        {"state": "failed", "error_code": "30006"}, {"state": "unknown"}, {"state": "held", "why": "paused"}, {"state": "ready"},
        {"state": "refused", "why": "cancelled"},
    ]  # fmt: skip
    with shop.runtime.begin() as connection:
        for one, fate in zip(texts(shop, id_), fates, strict=False):
            connection.execute(update(Message).where(Message.id == one.id).values(**fate))
    found, viewer = balance(shop, id_), readers("viewer")
    counts = {"sent": found.sent, "refused": sum(found.refused.values()), "failed": 1, "unknown": 1, "waiting": 2, "": 12}
    for outcome, count in counts.items():
        page = viewer.get(f"/admin/campaigns/{id_}/recipients?outcome={outcome}").text
        assert page.count("<tr>") - 1 == count, outcome
    assert "30006" in told(viewer.get(f"/admin/campaigns/{id_}").text)
    assert number(5) not in viewer.get(f"/admin/campaigns/{id_}/recipients").text


def test_how_far_it_is_is_counted_as_the_balance_does(shop: House) -> None:
    first, second = run(shop), run(shop, "other")
    with shop.runtime.read() as connection:
        found = {row.id: progress for row, progress in campaigns.listed(connection, None, 10)}
        rates = campaigns.rates(connection, [first, second], shop.runtime.machine_now())
    for id_ in (first, second):
        of = balance(shop, id_)
        assert found[id_] == (of.intended, of.sent, sum(of.refused.values()), sum(of.failed.values()))
        assert rates[id_] == of.sent


def test_it_is_tried_on_ones_own_phone_and_no_other(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    path = write(marketer).headers["Location"]
    page = marketer.get(path).text
    assert "Say which phone is yours" in page
    assert marketer.send(f"{path}/try", language="fr", key="k").status_code == 422
    shop.text("Bo", "bonjour")
    with shop.runtime.begin() as connection:
        connection.execute(update(Staff).values(phone=PEOPLE["Bo"], phone_proved_at=shop.runtime.machine_now()))
    marketer.get(path)
    assert marketer.send(f"{path}/try", language="en", key="k").status_code == 303
    again = marketer.send(f"{path}/try", language="en", key="k")  # pressed twice, sent once
    assert again.status_code == 422 and "this page has sent one already" in told(again.text)
    shop.work()
    assert shop.received("Bo")[-1] == "ACME: 20% off. STOP to leave."
    assert shop.received("Bo").count("ACME: 20% off. STOP to leave.") == 1
    assert balance(shop, int(path.rpartition("/")[2])).intended == 0
    shop.text("Bo", "STOP")
    refused = marketer.send(f"{path}/try", language="en", key="l")
    assert refused.status_code == 422 and "opted out" in told(refused.text)


@pytest.mark.parametrize("page", [1280, 390], indirect=True)
def test_a_campaign_is_written_by_mouse(shop: House, admin: Page) -> None:
    admin.goto("/admin/campaigns")
    admin.get_by_role("link", name="Write the first one").click()
    admin.get_by_role("textbox", name="Name").fill("Fête")
    admin.get_by_role("group", name="In one of these").get_by_label("everyone").check()
    expect(admin.locator("#audience")).to_contain_text("11")
    french = admin.get_by_label("In French")
    french.fill("{{ brand }} : fête ’ ")
    admin.get_by_role("button", name="contact.first_name").click()
    expect(french).to_have_value("{{ brand }} : fête ’ {{ contact.first_name | default: '...' }}")
    admin.keyboard.type("vous")  # in place of what is to be said to those of whom nothing is known
    expect(french).to_have_value("{{ brand }} : fête ’ {{ contact.first_name | default: 'vous' }}")
    written = "{{ brand }} : fête ’ {{ contact.first_name | default: 'vous' }}. STOP pour arrêter."
    french.fill(written)
    expect(admin.locator("#measured-fr")).to_contain_text("UCS-2")
    for _ in range(2):
        admin.get_by_role("button", name="all of them").click()
        expect(french).to_have_value("{{ brand }} : fete ' {{ contact.first_name | default: 'vous' }}. STOP pour arreter.")
        admin.keyboard.press("Control+z")
        expect(french).to_have_value(written)
    admin.keyboard.press("Control+y")
    expect(admin.locator("#measured-fr")).to_contain_text("1 part · GSM-7")
    admin.get_by_label("In English").fill("{{ brand }}: party. STOP to leave.")
    admin.get_by_role("button", name="Save and look at it").click()
    expect(admin.locator(".fall")).to_contain_text("Get it")
    admin.get_by_role("button", name="Send …").click()
    admin.get_by_role("button", name="Send it now").click()
    expect(admin.locator(".progress-card")).to_contain_text("scheduled")
    work(shop)
    expect(admin.locator("#moves")).to_contain_text("The sum agrees")  # by itself
    expect(admin.locator(".progress-card")).to_contain_text("finished")
    admin.get_by_role("link", name="Not sent").click()
    expect(admin.locator("table")).to_contain_text("opted out")


@pytest.mark.parametrize("page", [1280], indirect=True)
def test_a_campaign_is_sent_by_keyboard(shop: House, admin: Page) -> None:
    admin.goto(NEW)
    admin.get_by_role("textbox", name="Name").focus()
    admin.keyboard.type("Summer")
    everyone = admin.get_by_role("group", name="In one of these").get_by_label("everyone")
    expect(everyone).to_be_checked()  # whom else
    everyone.focus()
    for said in ("Choose who gets it.", "11"):
        admin.keyboard.press("Space")
        expect(admin.locator("#audience")).to_contain_text(said)
    admin.get_by_role("textbox", name="Name").focus()
    admin.keyboard.press("Enter")  # the texts say by themselves who writes, and how to leave
    expect(admin.locator(".fall")).to_contain_text("Get it")
    admin.get_by_role("button", name="Send …").focus()
    admin.keyboard.press("Enter")
    admin.get_by_role("button", name="Send it now").focus()
    admin.keyboard.press("Enter")
    expect(admin.locator(".progress-card")).to_contain_text("scheduled")
    with shop.runtime.read() as connection:
        assert connection.scalar(select(Campaign.state).where(Campaign.name == "Summer")) == "scheduled"
