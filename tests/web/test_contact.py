"""One contact on pages: what they said, what is known of them, what they agreed to; taken along, forgotten."""

import json
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select, update

from bot import contacts
from bot.consent import ledger
from models import AuditEntry, Contact, Field
from tests.house import BEGIN, PEOPLE, House
from tests.web.conftest import Readers, readable
from tests.web.contacts import YES, audited, draft, id_of


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


def test_what_somebody_else_has_told_meanwhile_stays(people: House, readers: Readers) -> None:
    reader, ana = readers("agent"), id_of(people, "Ana")
    shown = {"was.fields.first_name": "Élodie", "was.fields.postcode": "", "was.language": "", "was.zone": ""}
    reader.send(f"/admin/contacts/{ana}/details", **shown, **{"fields.first_name": "Élodie", "fields.postcode": "75001"})
    late = {"fields.first_name": "Elodie B", "fields.postcode": "", "language": "", "zone": ""}
    assert reader.send(f"/admin/contacts/{ana}/details", **shown, **late).status_code == 303
    assert {"field first_name Elodie B", "field postcode 75001"} <= people.truths("Ana")


def test_a_tag_that_is_refused_leaves_the_other_form_as_it_was(people: House, readers: Readers) -> None:
    reader, ana = readers("agent"), id_of(people, "Ana")
    with people.runtime.begin() as connection:
        connection.execute(update(Contact).where(Contact.id == ana).values(zone="Europe/Paris", language="fr"))
    refused = reader.send(f"/admin/contacts/{ana}/tags", tag="x" * 300)
    assert refused.status_code == 422
    assert re.search(r'name="zone"[^>]* value="Europe/Paris"', refused.text) and 'value="fr" selected' in refused.text
    assert 'name="was.zone" value="Europe/Paris"' in refused.text
    assert 'name="was.fields.first_name" value="Élodie"' in refused.text


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


@pytest.mark.parametrize(("at", "said"), [
    ("", "When did they say so"), ("2026-03-29T02:30", "no such hour"), ("2026-11-20T10:30+05:00", "a day and an hour"),
])  # fmt: skip
def test_a_yes_has_its_time(people: House, readers: Readers, at: str, said: str) -> None:
    answer = readers("agent").send(f"/admin/contacts/{id_of(people, 'Bo')}/consent/new", change="opt_in", **{**YES, "at": at})
    assert answer.status_code == 422 and said in answer.text
    assert people.story("Bo") == []


def test_a_no_that_was_said_elsewhere_counts(people: House, readers: Readers) -> None:
    reader, ana = readers("agent"), id_of(people, "Ana")
    no = {"change": "opt_out", "topic": "*", "source": "phone call"}
    assert reader.send(f"/admin/contacts/{ana}/consent/new", **no).status_code == 303
    assert "consent * out" in people.truths("Ana")
    yes = reader.send(f"/admin/contacts/{ana}/consent/new", change="opt_in", **YES)
    assert "This number has said STOP" in reader.get(yes.headers["Location"]).text
    assert people.story("Ana")[-2:] == ["* out", "offers refused"]


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


def test_a_long_story_of_consent_is_told_page_by_page(people: House, readers: Readers) -> None:
    with people.runtime.begin() as connection:
        row = contacts.find(connection, PEOPLE["Bo"], locked=True)
        book = ledger.Ledger(connection, row, people.runtime.suppression_key)
        for number in range(85):
            book.append("offers", "refused", ledger.Proof(f"word {number}.", "", None, "till"), BEGIN)
    reader, path = readers("viewer"), f"/admin/contacts/{id_of(people, 'Bo')}/consent"
    pages: list[int] = []
    told: list[int] = []
    while path:
        answer = reader.get(path)
        assert "chain is unbroken" in answer.text and len(answer.data) < 60_000
        some = [int(number) for number in re.findall(r"word (\d+)\.", answer.text)]
        pages, told = [*pages, len(some)], [*told, *some]
        found = re.search(r'href="([^"]+)" rel="next"', answer.text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert (pages, told) == ([40, 40, 5], list(reversed(range(85))))


# Fields with a type

TYPED = (("shoe", "number"), ("birthday", "date"), ("vegan", "yes_no"))


@pytest.fixture
def typed(people: House) -> House:
    """The shop also asks for a number, a day, and yes or no; it knows them of Bo."""
    with people.runtime.begin() as connection:
        for name, type_ in TYPED:
            connection.execute(insert(Field).values(name=name, type=type_, purpose="To know"))
        known = {"shoe": 1041.5, "birthday": "1990-05-31", "vegan": "no"}
        contacts.save(connection, PEOPLE["Bo"], {"fields": known}, "api", BEGIN)
    return people


def test_values_are_shown_as_who_reads_writes_them(typed: House, readers: Readers) -> None:
    reader, path = readers("viewer"), f"/admin/contacts/{id_of(typed, 'Bo')}"
    english = reader.get(path).text
    assert "<dd>1,041.5<" in english and "<dd>May 31, 1990<" in english and "<dd>no<" in english
    reader.send("/admin/account/details", name="Camille", language="fr")
    french = reader.get(path).text
    assert "<dd>1\u202f041,5<" in french and "<dd>31 mai 1990<" in french and "<dd>non<" in french


def test_values_are_kept_by_their_types_and_what_is_wrong_stands_beside_its_field(typed: House, readers: Readers) -> None:
    reader, bo = readers("agent"), id_of(typed, "Bo")
    path = f"/admin/contacts/{bo}/details"
    page = reader.get(f"/admin/contacts/{bo}").text
    assert re.search(r'type="number" value="1041.5"[^>]*step="any"', page) and 'type="date" value="1990-05-31"' in page
    assert reader.send(path, **{"fields.shoe": "0", "fields.birthday": "2000-02-29", "fields.vegan": "yes"}).status_code == 303
    assert {"field shoe 0", "field birthday 2000-02-29", "field vegan yes"} <= typed.truths("Bo")
    wrong = reader.send(path, **{"fields.shoe": "large", "fields.birthday": "soon", "fields.vegan": "maybe"})
    assert wrong.status_code == 422
    for name, said in (("shoe", "write a number"), ("birthday", "write a day"), ("vegan", "write yes or no")):
        beside = re.search(rf'id="fields.{name}-error">(.*?)</p>', wrong.text, re.DOTALL)
        assert beside and said in beside[1], name
    assert reader.send(path, **{"was.fields.shoe": "0", "fields.shoe": "", "was.fields.vegan": "yes", "fields.vegan": "yes"})
    assert typed.contact("Bo").values == {"birthday": "2000-02-29", "vegan": "yes"}


def test_a_value_that_does_not_fit_is_seen_and_not_lost_when_another_is_saved(typed: House, admin: Page) -> None:
    with typed.runtime.begin() as connection:
        odd = {"birthday": "in spring", "vegan": "a little", "shoe": 41}
        connection.execute(update(Contact).where(Contact.phone == PEOPLE["Bo"]).values(values=odd))
    admin.goto(f"/admin/contacts/{id_of(typed, 'Bo')}")
    admin.get_by_label("shoe").fill("42")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Saved.")).to_be_visible()
    assert typed.contact("Bo").values == odd | {"shoe": 42}


def test_somebody_is_added_with_a_day_and_a_number(typed: House, admin: Page) -> None:
    admin.goto("/admin/contacts/new")
    admin.get_by_label("Telephone number").fill("06 99 00 00 01")
    admin.get_by_label("birthday").fill("1985-01-31")
    admin.get_by_label("shoe").fill("38.5")
    admin.get_by_label("vegan").select_option("yes")
    admin.get_by_role("button", name="Add").click()
    expect(admin.get_by_text("Added.")).to_be_visible()
    assert typed.contact("+33699000001").values == {"birthday": "1985-01-31", "shoe": 38.5, "vegan": "yes"}


# In a browser



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
    for path in paths:
        admin.goto(f"/admin/contacts{path}")
        readable(admin)
