"""Contacts on pages: found, filtered, added by hand."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from bot import contacts, segments
from models import ConsentEvent
from tests.house import BEGIN, PEOPLE, House
from tests.web.conftest import Readers
from tests.web.contacts import YES, audited, crowd, id_of

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
    "elodie": {"Ana"},
    "ELODIE": {"Ana"},
    "ÉLÔDIE": {"Ana"},
    "noe": {"Dee"},
    "NOËL": {"Dee"},
    "dee": {"Dee"},
    "941": {"Dee"},
    "lodie": set(),
    "vi": {"Ana"},
    "100%": {"Ana"},
    "%": set(),
    "_": set(),
    "' OR 1=1 --": set(),
}

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


def names(answer: Any) -> set[str]:
    """Who stands on a page of contacts, by the last digits of their number."""
    ends = {number[-4:]: name for name, number in PEOPLE.items()}
    return {ends.get(end, end) for end in shown(answer)}


def shown(answer: Any) -> list[str]:
    """The last four digits of the numbers on a page of contacts, in order."""
    return [re.sub(r"\D", "", number)[-4:] for number in re.findall(r'nowrap">([^<]+)</strong>', answer.text)]


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


def test_who_sees_masked_numbers_cannot_guess_them(people: House, readers: Readers) -> None:
    reader = readers("viewer")
    found = [names(reader.client.get("/admin/contacts", query_string={"q": typed})) for typed in ("+3361234", PEOPLE["Ana"])]
    assert found == [set(), {"Ana"}]


@pytest.mark.parametrize("path", ["/admin/contacts/99999999999999999999999", "/admin/contacts?before=99999999999999999999999"])
def test_a_number_that_no_database_can_hold_is_nobody(people: House, readers: Readers, path: str) -> None:
    assert readers("viewer").get(path).status_code in (200, 404)


# Added by hand



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


def test_a_screen_reader_hears_how_many_are_found_and_not_all_of_them(people: House, admin: Page) -> None:
    """The place that is read out stays; what is found is swapped beside it."""
    admin.goto("/admin/contacts")
    spoken = admin.locator("main [role=status]").element_handle()
    assert spoken and spoken.inner_text().startswith("4 contacts")
    for typed, said in (("06 12", "3 contacts"), ("zzz", "Nobody found"), ("elodie", "1 contact")):
        admin.get_by_role("searchbox").fill(typed)
        admin.wait_for_function("([one, said]) => one.isConnected && one.textContent.includes(said)", arg=[spoken, said])
    assert admin.locator("#found [role=status], #found [aria-live]").count() == 0
