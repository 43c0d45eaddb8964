"""Contacts on pages: found, tagged, added, looked at, taken along, forgotten."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from bot import campaigns, contacts, segments
from bot.contacts import tagging
from models import AuditEntry, ConsentEvent, Contact, ContactTag, Tagging
from tests.house import BEGIN, PEOPLE, House
from tests.web.conftest import AXE, Readers

YES = {
    "topic": "offers", "source": "paper form", "wording": "SMS offers of ACME. STOP to leave.", "answer": "signed",
    "proof": "double", "at": "2026-11-20T10:30",
}  # fmt: skip


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
        contacts.save(connection, PEOPLE["Dee"], {"fields": {"first_name": "Dee", "postcode": "94110"}}, "api", now)
    return house


def crowd(house: House, size: int) -> None:
    """As many more, who have done nothing."""
    with house.runtime.begin() as connection:
        many = {f"+3361300{number:04}": {"fields": {"first_name": "Crowd"}} for number in range(size)}
        contacts.save_many(connection, many, "api", house.runtime.now(connection))


def names(answer: Any) -> set[str]:
    """Who stands on a page of contacts, by the last digits of their number."""
    ends = {number[-4:]: name for name, number in PEOPLE.items()}
    return {ends.get(end, end) for end in shown(answer)}


def shown(answer: Any) -> list[str]:
    """The last four digits of the numbers on a page of contacts, in order."""
    return [re.sub(r"\D", "", number)[-4:] for number in re.findall(r'nowrap">([^<]+)</strong>', answer.text)]


def id_of(house: House, who: str) -> int:
    return int(house.contact(who).id)


def tagged(house: House, tag: str) -> int:
    """How many have this tag."""
    with house.runtime.read() as connection:
        return connection.scalar(select(func.count()).select_from(ContactTag).where(ContactTag.tag == tag)) or 0


def audited(house: House) -> list[tuple[str, str]]:
    with house.runtime.read() as connection:
        rows = connection.execute(select(AuditEntry.did, AuditEntry.about).order_by(AuditEntry.id)).all()
    return [(row.did, row.about) for row in rows]


FOUND = {
    "": {"Ana", "Bo", "Cleo", "Dee"},
    "06 12 34": {"Ana", "Bo", "Cleo"},
    "06.12.34.00.02": {"Bo"},
    "+33 (0)6 12 34 00 01": {"Ana"},
    "0033612340003": {"Cleo"},
    "+1 415": {"Dee"},
    "+3361234999": set(),
    "élod": {"Ana"},
    "Élodie": {"Ana"},
    "dee": {"Dee"},
    "941": {"Dee"},
    "lodie": set(),
    "vi": {"Ana"},
    "100%": {"Ana"},
    "%": set(),
    "_": set(),
    "' OR 1=1 --": set(),
}


def test_somebody_is_found_by_number_value_or_tag(people: House, readers: Readers) -> None:
    reader = readers("agent")
    for typed, found in FOUND.items():
        answer = reader.client.get("/admin/contacts", query_string={"q": typed})
        assert (answer.status_code, names(answer)) == (200, found), typed
        assert ("Nobody found" in answer.text) == (not found), typed


def test_filters_are_those_of_segments(people: House, readers: Readers) -> None:
    with people.runtime.begin() as connection:
        americans = segments.save(connection, "Americans", {"country": "US"}, BEGIN)
        listed = segments.save(connection, "Picked", None, BEGIN)
        segments.add(connection, "Picked", [people.contact("Bo").id], BEGIN)
    reader = readers("viewer")
    assert names(reader.get("/admin/contacts?tagged=vip")) == {"Ana"}
    assert names(reader.get("/admin/contacts?topic=offers")) == {"Ana"}
    assert names(reader.get("/admin/contacts?out=1")) == {"Cleo"}
    assert names(reader.get(f"/admin/contacts?segment={americans}")) == {"Dee"}
    assert names(reader.get(f"/admin/contacts?segment={listed}")) == {"Bo"}
    assert names(reader.get(f"/admin/contacts?segment={listed}&tagged=vip")) == set()
    for gone in ("segment=999", "topic=nothing"):
        answer = reader.get(f"/admin/contacts?{gone}")
        assert answer.status_code == 422 and "there is no" in answer.text


def test_a_page_follows_a_page_with_the_search_kept_and_costs_the_same(people: House, readers: Readers) -> None:
    reader = readers("admin")
    crowd(people, 1)
    with people.statements() as few:
        reader.get("/admin/contacts?q=crowd")
    crowd(people, 120)
    path, seen = "/admin/contacts?q=crowd", list[str]()
    while path:
        with people.statements() as many:
            answer = reader.get(path)
        assert len(many) <= len(few) + 1 <= 15, "one more counts those who are on other pages"
        seen += shown(answer)
        found = re.search(r'href="([^"]+)" rel="next"', answer.text)
        path = found[1].replace("&amp;", "&") if found else ""
        assert not path or "q=crowd" in path
    assert seen == [f"{number:04}" for number in reversed(range(120))]


def test_nobody_counts_further_than_is_useful(people: House, readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.admin.contacts.COUNTED", 3)
    monkeypatch.setattr("bot.web.admin.contacts.ROWS", 2)
    assert "More than 3 contacts" in readers("viewer").get("/admin/contacts").text


def test_numbers_are_masked_in_lists_and_for_those_who_only_look(people: House, readers: Readers) -> None:
    ana = id_of(people, "Ana")
    assert "+33 6 12 34 00 01" not in readers("admin").get("/admin/contacts").text
    assert "+33 6 12 34 00 01" not in readers("viewer").get(f"/admin/contacts/{ana}").text
    assert "+33 6 12 34 00 01" in readers("agent").get(f"/admin/contacts/{ana}").text


def test_a_tag_is_put_on_those_who_are_ticked_once_that_is_said(people: House, readers: Readers) -> None:
    reader, who = readers("marketer"), [id_of(people, "Ana"), id_of(people, "Bo")]
    asked = reader.send("/admin/contacts/tag", which="chosen", do="add", tag=" spring ", id=who)
    assert "Add the tag spring to 2 contacts?" in asked.text
    assert "tag spring" not in people.truths("Bo"), "it was only asked"
    assert reader.send("/admin/contacts/tag", which="chosen", do="add", tag="spring", id=who, sure="2").status_code == 303
    assert "tag spring" in people.truths("Ana") & people.truths("Bo")
    assert reader.send("/admin/contacts/tag", which="chosen", do="remove", tag="spring", id=who[:1], sure="1").status_code == 303
    assert ["tag spring" in people.truths(name) for name in ("Ana", "Bo", "Dee")] == [False, True, False]
    assert audited(people) == [("contacts.tagged", "tag spring"), ("contacts.untagged", "tag spring")]


def test_who_sees_masked_numbers_cannot_guess_them(people: House, readers: Readers) -> None:
    reader = readers("viewer")
    found = [names(reader.client.get("/admin/contacts", query_string={"q": typed})) for typed in ("+3361234", PEOPLE["Ana"])]
    assert found == [set(), {"Ana"}]


def test_a_confirmation_names_who_is_meant_and_is_asked_again_when_others_would_be(people: House, readers: Readers) -> None:
    reader, form = readers("marketer"), {"which": "all", "do": "add", "tag": "new", "tagged": "vip", "topic": "offers"}
    asked = reader.send("/admin/contacts/tag", **form)
    assert "to 1 contact?" in asked.text and ">vip<" in asked.text and ">our offers<" in asked.text
    again = reader.send("/admin/contacts/tag", **form, sure="7")
    assert again.status_code == 200 and "others than you were shown" in again.text
    assert tagged(people, "new") == 0


@pytest.mark.parametrize("segment", ["abc", "1 2", "9" * 30])
def test_a_filter_that_cannot_be_is_refused_and_never_left_out(people: House, readers: Readers, segment: str) -> None:
    reader = readers("marketer")
    answer = reader.send("/admin/contacts/tag", which="all", do="add", tag="new", segment=segment)
    assert answer.status_code == 422
    assert reader.client.get("/admin/contacts", query_string={"segment": segment}).status_code == 422


def test_what_somebody_else_has_told_meanwhile_stays(people: House, readers: Readers) -> None:
    reader, ana = readers("agent"), id_of(people, "Ana")
    shown = {"was.fields.first_name": "Élodie", "was.fields.postcode": "", "was.language": "", "was.zone": ""}
    reader.send(f"/admin/contacts/{ana}/details", **shown, **{"fields.first_name": "Élodie", "fields.postcode": "75001"})
    late = {"fields.first_name": "Elodie B", "fields.postcode": "", "language": "", "zone": ""}
    assert reader.send(f"/admin/contacts/{ana}/details", **shown, **late).status_code == 303
    assert {"field first_name Elodie B", "field postcode 75001"} <= people.truths("Ana")


@pytest.mark.parametrize(("at", "said"), [
    ("", "When did they say so"), ("2026-03-29T02:30", "no such hour"), ("2026-11-20T10:30+05:00", "a day and an hour"),
])  # fmt: skip
def test_a_yes_has_its_time(people: House, readers: Readers, at: str, said: str) -> None:
    answer = readers("agent").send(f"/admin/contacts/{id_of(people, 'Bo')}/consent/new", change="opt_in", **{**YES, "at": at})
    assert answer.status_code == 422 and said in answer.text
    assert people.story("Bo") == []


def test_a_tagging_that_fails_holds_up_no_campaign(people: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OperationalError("", {}, Exception("statement timeout"))

    with people.runtime.begin() as connection:
        contacts.tag_all(connection, contacts.Wanted(), "new", True, people.runtime.now(connection))
    monkeypatch.setattr(tagging, "_slice", fails)
    assert contacts.tag_slice(people.runtime) is False


def test_nothing_is_tagged_that_cannot_be(people: House, readers: Readers) -> None:
    reader = readers("marketer")
    for form, said in (({"tag": "x"}, "Nobody is ticked"), ({"tag": "", "id": "1"}, "letters that one can see")):
        answer = reader.send("/admin/contacts/tag", which="chosen", do="add", sure="1", **form)
        assert answer.status_code == 422 and said in answer.text


def test_all_who_match_are_tagged_in_slices_by_a_worker(
    people: House, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagging, "SLICE", 10)
    crowd(people, 60)
    reader, form = readers("marketer"), {"which": "all", "do": "add", "tag": "new", "q": "crowd"}
    assert "to 60 contacts?" in reader.send("/admin/contacts/tag", **form).text
    assert reader.send("/admin/contacts/tag", sure="60", **form).status_code == 303
    assert tagged(people, "new") == 0, "not in the request"
    assert "is being added" in reader.get("/admin/contacts").text
    assert contacts.tag_slice(people.runtime) and contacts.tag_slice(people.runtime)
    crowd(people, 61)
    people.work()
    assert "is being added" not in reader.get("/admin/contacts").text
    assert tagged(people, "new") == 60, "who came later is not among them"
    reader.send("/admin/contacts/tag", sure="60", which="all", do="remove", tag="new", tagged="new")
    people.work()
    assert tagged(people, "new") == 0


def test_a_tag_for_a_segment_that_is_gone_meanwhile_is_given_up(people: House, readers: Readers) -> None:
    with people.runtime.begin() as connection:
        segment = segments.save(connection, "French", {"country": "FR"}, BEGIN)
    readers("marketer").send("/admin/contacts/tag", sure="4", which="all", do="add", tag="fr", segment=str(segment))
    with people.runtime.begin() as connection:
        segments.delete(connection, "French")
    people.work()
    with people.runtime.read() as connection:
        assert connection.execute(select(Tagging.id)).first() is None


def test_somebody_is_added_with_what_they_agreed_to_on_paper(people: House, readers: Readers) -> None:
    form = {"phone": "06 99 00 00 01", "fields.first_name": "Éva", "tags": "vip, paper"}
    reader = readers("agent")
    assert reader.send("/admin/contacts/new", **form, **YES).status_code == 303
    assert people.truths("+33699000001") == {
        "field first_name Éva", "tag vip", "tag paper", "consent offers in (double)",
    }  # fmt: skip
    assert people.story("+33699000001") == ["offers in"]
    row = people.contact("+33699000001")
    assert row.source == "staff"
    with people.runtime.read() as connection:
        assert connection.scalar(select(ConsentEvent.at).where(ConsentEvent.person == row.person)) == BEGIN.replace(
            day=20, hour=10, minute=30
        )
    story = reader.get(f"/admin/contacts/{row.id}/consent").text
    assert "SMS offers of ACME. STOP to leave." in story and "on a paper form" in story and "chain is unbroken" in story
    assert [did for did, _ in audited(people)] == ["contact.added", "consent.written"]


REFUSED: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"phone": "no number"}, "phone", "no telephone number"),
    ({"phone": "06 12 34 00 02"}, "phone", "with this number already"),
    ({"zone": "Mars"}, "zone", "Europe/Paris"),
    ({"wording": ""}, "wording", "needs the words"),
    ({"proof": "single"}, "proof", "needs a second yes"),
    ({"source": "text"}, "source", "heard ourselves"),
    ({"at": "2027-01-01T00:00"}, "at", "future"),
    ({"at": "tomorrow"}, "at", "a day and an hour"),
    ({"topic": "nothing"}, "topic", "there is no topic"),
    ({"fields.first_name": "x" * 201}, "fields.first_name", "letters that one can see"),
    ({"tags": "x" * 201}, "tags", "letters that one can see"),
)


def test_what_is_refused_stands_beside_its_field_and_nobody_is_added(people: House, readers: Readers) -> None:
    reader = readers("agent")
    for form, field, said in REFUSED:
        answer = reader.send("/admin/contacts/new", **{"phone": "06 99 00 00 01", "tags": "kept", **YES, **form})
        assert answer.status_code == 422, form
        beside = re.search(rf'id="{re.escape(field)}-error">(.*?)</p>', answer.text, re.DOTALL)
        assert beside and said in beside[1], form
    assert people.contact("+33699000001") is None
    assert audited(people) == []


def test_a_number_that_said_stop_says_so_and_stays_out(people: House, readers: Readers) -> None:
    with people.runtime.begin() as connection:
        contacts.erase(connection, PEOPLE["Cleo"], people.runtime.suppression_key)
    reader = readers("agent")
    added = reader.send("/admin/contacts/new", phone=PEOPLE["Cleo"], **YES)
    assert added.status_code == 303
    answer = reader.get(added.headers["Location"])
    assert "This number has said STOP" in answer.text and "opted out" in answer.text
    assert people.story("Cleo") == ["offers refused"]


def test_a_no_that_was_said_elsewhere_counts(people: House, readers: Readers) -> None:
    reader, ana = readers("agent"), id_of(people, "Ana")
    no = {"change": "opt_out", "topic": "*", "source": "phone call"}
    assert reader.send(f"/admin/contacts/{ana}/consent/new", **no).status_code == 303
    assert "consent * out" in people.truths("Ana")
    yes = reader.send(f"/admin/contacts/{ana}/consent/new", change="opt_in", **YES)
    assert "This number has said STOP" in reader.get(yes.headers["Location"]).text
    assert people.story("Ana")[-2:] == ["* out", "offers refused"]


def test_an_agent_changes_what_is_known_and_the_note_names_no_value(people: House, readers: Readers) -> None:
    reader, ana = readers("agent"), id_of(people, "Ana")
    form = {"fields.first_name": "Ana", "fields.postcode": "", "language": "en", "zone": "Europe/Madrid"}
    assert reader.send(f"/admin/contacts/{ana}/details", **form).status_code == 303
    assert {"field first_name Ana", "language en", "tag vip"} <= people.truths("Ana")
    assert reader.send(f"/admin/contacts/{ana}/details", **form).status_code == 303, "nothing changed: nothing is noted"
    with people.runtime.read() as connection:
        notes = connection.execute(select(AuditEntry.did, AuditEntry.before, AuditEntry.after)).all()
    assert notes == [("contact.changed", None, {"changed": ["fields.first_name", "language", "zone"]})]
    wrong = reader.send(f"/admin/contacts/{ana}/details", **form | {"zone": "Mars"})
    assert wrong.status_code == 422 and 'value="Mars"' in wrong.text
    assert reader.send(f"/admin/contacts/{ana}/tags", tag="new").status_code == 303
    assert reader.send(f"/admin/contacts/{ana}/tags", remove="vip").status_code == 303
    assert {"tag new", "tag 100%"} <= people.truths("Ana")
    assert "tag vip" not in people.truths("Ana")


def test_a_thread_is_read_from_its_end(people: House, readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.admin.contact.TEXTS", 8)
    reader, bo = readers("viewer"), id_of(people, "Bo")
    for number in range(8):
        people.text("Bo", f"text {number}" if number < 7 else "<script>alert(1)</script>")
        people.jump(timedelta(hours=1))
    newest = reader.get(f"/admin/contacts/{bo}")
    assert "&lt;script&gt;alert" in newest.text and "<script>alert" not in newest.text
    assert newest.text.index("text 6") < newest.text.index("&lt;script&gt;alert")
    earlier = re.search(r'href="([^"]+)" rel="prev"', newest.text)
    assert earlier and "bonjour" in reader.get(earlier[1]).text
    with people.runtime.begin() as connection:
        connection.execute(update(Contact).where(Contact.id == bo).values(one_in_days=7))
    assert "fewer texts: one in 7 days" in reader.get(f"/admin/contacts/{bo}").text


def test_every_page_about_somebody_is_cheap(people: House, readers: Readers) -> None:
    reader, ana = readers("admin"), id_of(people, "Ana")
    campaign = draft(people)
    for path in ("", "/timeline", "/consent", "/why", f"/why?campaign={campaign}"):
        with people.statements() as seen:
            assert reader.get(f"/admin/contacts/{ana}{path}").status_code == 200
        assert len(seen) <= 15, (path, len(seen))


def test_the_timeline_tells_everything_page_by_page(people: House, readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.admin.contact.HAPPENINGS", 3)
    reader, ana = readers("viewer"), id_of(people, "Ana")
    path, told = f"/admin/contacts/{ana}/timeline", ""
    while path:
        answer = reader.get(path)
        told += answer.text
        found = re.search(r'href="([^"]+)" rel="next"', answer.text)
        path = found[1].replace("&amp;", "&") if found else ""
    for words in ("They texted", "Yes to", "A conversation began", "JOIN"):
        assert words in told
    assert reader.get(f"/admin/contacts/{ana}/timeline?after=nonsense").status_code == 404


def draft(house: House) -> int:
    """A campaign for everybody."""
    with house.runtime.begin() as connection:
        segments.save(connection, "Everybody", {"all": []}, BEGIN)
        texts = {"": "ACME: {{ contact.first_name }}, a candle. STOP to leave."}
        wanted = {"name": "Candles", "topic": "offers", "within": ["Everybody"], "texts": texts}
        return campaigns.create(connection, campaigns.read(wanted), BEGIN)


def test_it_is_told_why_somebody_gets_a_campaign_or_not(people: House, readers: Readers) -> None:
    reader, campaign = readers("viewer"), draft(people)
    paths = (f"/admin/contacts/{id_of(people, who)}/why?campaign={campaign}" for who in ("Ana", "Bo", "Cleo"))
    ana, bo, cleo = (reader.get(path).text for path in paths)
    assert "They get it." in ana and "ACME: Élodie, a candle." in ana
    assert "They do not get it: they have not agreed to this topic." in bo
    assert "They do not get it: they opted out." in cleo
    assert reader.get(f"/admin/contacts/{id_of(people, 'Ana')}/why?campaign=999").status_code == 422


def test_everything_is_taken_along_by_an_admin_and_that_is_noted(people: House, readers: Readers) -> None:
    ana = id_of(people, "Ana")
    answer = readers("admin").send(f"/admin/contacts/{ana}/export")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="contact-{ana}.json"'
    kept = json.loads(answer.data)
    assert kept["contact"]["phone"] == PEOPLE["Ana"] and len(kept["messages"]) > 3
    assert audited(people) == [("contact.exported", f"contact {ana}")]


def test_somebody_is_erased_once_the_last_digits_are_typed(people: House, readers: Readers) -> None:
    admin, ana = readers("admin"), id_of(people, "Ana")
    wrong = admin.send(f"/admin/contacts/{ana}/erase", **{"erase-word": "0000"})
    assert wrong.status_code == 422 and "not the last four digits" in wrong.text
    assert people.contact("Ana") is not None
    assert admin.send(f"/admin/contacts/{ana}/erase", **{"erase-word": "0001"}).status_code == 303
    assert people.contact("Ana") is None
    assert admin.get(f"/admin/contacts/{ana}").status_code == 404
    assert audited(people) == [("contact.erased", f"contact {ana}")]


@pytest.mark.parametrize("path", ["/admin/contacts/99999999999999999999999", "/admin/contacts?before=99999999999999999999999"])
def test_a_number_that_no_database_can_hold_is_nobody(people: House, readers: Readers, path: str) -> None:
    assert readers("viewer").get(path).status_code in (200, 404)


# In a browser


def test_typing_finds_and_ticking_tags(people: House, admin: Page) -> None:
    admin.goto("/admin/contacts")
    expect(admin.get_by_text("4 contacts")).to_be_visible()
    admin.get_by_role("searchbox").press_sequentially("06 12")
    expect(admin.get_by_text("3 contacts")).to_be_visible()
    assert "q=06" in admin.url
    admin.get_by_label("Tick all on this page").check()
    admin.get_by_label("Tag", exact=False).last.fill("paris")
    admin.get_by_role("button", name="Add the tag").click()
    expect(admin.get_by_role("heading", name="Add the tag paris to 3 contacts?")).to_be_visible()
    admin.get_by_role("button", name="Add it").click()
    expect(admin.get_by_text("Done.")).to_be_visible()
    assert "tag paris" in people.truths("Cleo")


def test_erasing_asks_and_the_keyboard_is_enough(people: House, admin: Page) -> None:
    admin.goto(f"/admin/contacts/{id_of(people, 'Bo')}")
    admin.get_by_role("button", name="Erase").first.press("Enter")
    admin.get_by_label("Type 0002 to confirm").fill("0002")
    admin.keyboard.press("Enter")
    expect(admin.get_by_text("Everything about them is erased.")).to_be_visible()
    assert people.contact("Bo") is None


def test_the_pages_fit_and_anybody_can_use_them(people: House, admin: Page) -> None:
    ana, campaign = id_of(people, "Ana"), draft(people)
    paths = ("", "?q=zzz", "/new", *(f"/{ana}{more}" for more in ("", "/timeline", "/consent", f"/why?campaign={campaign}")))
    with open(AXE, encoding="utf-8") as file:
        axe = file.read()
    for path in paths:
        admin.goto(f"/admin/contacts{path}")
        assert admin.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        admin.evaluate(axe)
        found = admin.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == [], path
