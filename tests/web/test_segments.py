"""Segments: a rule put together line by line, counted as it stands, told in a sentence; lists filled by hand."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from werkzeug.datastructures import MultiDict

from bot import segments
from models import AuditEntry, Campaign, insert
from tests.house import BEGIN, PEOPLE, House
from tests.web.conftest import Reader, Readers
from tests.web.forms import form_of

NEW = "/admin/segments/new"
RULES: list[tuple[dict[str, Any], str]] = [
    ({"topic": "offers"}, "in for our offers"),
    ({"not": {"tag": "vip"}}, "everybody except tag “vip”"),
    ({"all": [{"topic": "offers"}, {"not": {"tag": "vip"}}]}, "in for our offers, except tag “vip”"),
    ({"any": [{"tag": "a"}, {"all": [{"tag": "b"}, {"language": "fr"}]}]}, "tag “a” or (tag “b” and speaks French)"),
    ({"not": {"any": [{"tag": "a"}, {"tag": "b"}]}}, "everybody except (tag “a” or tag “b”)"),
    ({"not": {"all": [{"tag": "a"}, {"not": {"tag": "b"}}]}}, "everybody except (tag “a”, except tag “b”)"),
    ({"all": [{"not": {"tag": "a"}}, {"not": {"tag": "b"}}]}, "everybody except (tag “a” or tag “b”)"),
    ({"not": {"not": {"tag": "a"}}}, "tag “a”"),
    ({"all": []}, "everybody"),
    ({"any": []}, "nobody"),
    ({"field": "postcode", "is": "75011"}, "postcode is “75011”"),
    ({"field": "postcode", "exists": False}, "postcode is not known"),
    ({"field": "postcode", "more_than": "3", "less_than": "9"}, "postcode is more than 3 and postcode is less than 9"),
    ({"not": {"field": "postcode", "more_than": "3", "less_than": "9"}},
     "everybody except (postcode is more than 3 and postcode is less than 9)"),
    ({"any": [{"tag": "vip"}, {"field": "postcode", "more_than": "3", "less_than": "9"}]},
     "tag “vip” or (postcode is more than 3 and postcode is less than 9)"),
    ({"not": {"any": [{"tag": "vip"}, {"field": "postcode", "more_than": "3", "less_than": "9"}]}},
     "everybody except (tag “vip” or (postcode is more than 3 and postcode is less than 9))"),
    ({"not": {"all": []}}, "nobody"),
    ({"not": {"any": []}}, "everybody"),
    ({"field": "details_confirmed", "before": "P3M"}, "details_confirmed lies more than 3 months ago"),
    ({"field": "details_confirmed", "since": "2026-01-01", "until": "2026-02-01"},
     "details_confirmed lies from Jan 1, 2026 to Feb 1, 2026"),
    ({"field": "details_confirmed", "since": "2026-01-01", "before": "P1D"},
     "details_confirmed lies on Jan 1, 2026 or later and details_confirmed lies more than 1 day ago"),
    ({"subscribed": "offers", "within": "P30D"}, "in for our offers, agreed less than 30 days ago"),
    ({"country": ["FR", "BE"]}, "number from France or Belgium"),
    ({"zone": "Europe/Paris"}, "in the zone Europe/Paris"),
    ({"source": "text"}, "first met by “text”"),
    ({"replied": {}}, "has texted you"),
    ({"replied": {"within": "PT12H"}}, "texted you less than 12 hours ago"),
    ({"replied": {"to": "Sale", "since": "2026-01-01"}}, "texted you after “Sale”, on Jan 1, 2026 or later"),
    ({"replied": {"since": "2026-01-01", "within": "P1Y"}}, '{"replied": {"since": "2026-01-01", "within": "P1Y"}}'),
    ({"received": "Sale"}, "got “Sale”"),
    ({"in_list": "friends"}, "on the list “friends”"),
    ({"in_segment": "fans"}, "in the segment “fans”"),
]  # fmt: skip


@pytest.fixture
def shop(people: House) -> House:
    """With a campaign, a list and a segment that rules can name."""
    row = {"state": "draft", "topic": "offers", "texts": {}, "error_limit": 10, "made_at": BEGIN, "kind": "marketing"}
    with people.runtime.begin() as connection:
        connection.execute(insert(Campaign).values(name="Sale", **row))
        segments.save(connection, "friends", None, BEGIN)
        segments.save(connection, "fans", {"tag": "vip"}, BEGIN)
    return people


def save(house: House, rule: Any, name: str = "it") -> int:
    with house.runtime.begin() as connection:
        return segments.save(connection, name, rule, BEGIN)


def kept(house: House, name: str = "it") -> Any:
    with house.runtime.read() as connection:
        row = segments.find(connection, name)
    return row and row.rule


def who(house: House, rule: Any) -> list[str]:
    with house.runtime.read() as connection:
        return segments.sample(connection, segments.parse(rule), BEGIN + timedelta(hours=1), 100)


def send(reader: Reader, path: str, form: MultiDict[str, str], **more: str) -> Any:
    given = MultiDict([*form.items(multi=True)])
    for name, value in more.items():
        given[name] = value
    given["csrf_token"] = reader.token
    return reader.client.post(path, data=given)


def told(page: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", page)).split())


@pytest.mark.parametrize(("rule", "sentence"), RULES, ids=[sentence[:60] for _, sentence in RULES])
def test_a_rule_is_told_and_means_the_same_after_the_form(shop: House, readers: Readers, rule: Any, sentence: str) -> None:
    marketer, id_ = readers("marketer"), save(shop, rule)
    assert sentence in told(marketer.get("/admin/segments").text)
    form = form_of(marketer.get(f"/admin/segments/{id_}").text, "segment")
    assert send(marketer, f"/admin/segments/{id_}/change", form).status_code == 303
    assert who(shop, kept(shop)) == who(shop, rule)
    again = form_of(marketer.get(f"/admin/segments/{id_}").text, "segment")
    before = kept(shop)
    assert send(marketer, f"/admin/segments/{id_}/change", again).status_code == 303
    assert kept(shop) == before
    counted = marketer.client.post("/admin/segments/count", data=again | {"csrf_token": marketer.token})
    assert sentence in told(counted.text)


def test_a_rule_is_put_together_without_a_script(shop: House, readers: Readers) -> None:
    """Each button is of the form: who has no scripts gets the page anew."""
    marketer = readers("marketer")
    form = form_of(marketer.get(NEW).text, "segment")
    form["name"], form["n1.kind"], form["n1.value"] = "it", "topic", "offers"
    for do in ("bracket n0", "line n3", "line n3"):
        answer = send(marketer, NEW, form, do=do)
        assert answer.status_code == 200
        form = form_of(answer.text, "segment")
    assert form.getlist("node") == ["n0 - bracket", "n1 n0 line", "n3 n0 bracket", "n2 n3 line", "n4 n3 line", "n5 n3 line"]
    form = form_of(send(marketer, NEW, form, do="remove n5").text, "segment")
    form["n2.kind"], form["n2.value"] = "tag", "vip"
    form["n4.kind"], form["n4.negated"], form["n4.value"] = "country", "not", "fr, be"
    assert kept(shop) is None
    assert send(marketer, NEW, form).status_code == 303
    assert kept(shop) == {"all": [{"topic": "offers"}, {"any": [{"tag": "vip"}, {"not": {"country": ["FR", "BE"]}}]}]}


def test_what_is_wrong_stands_beside_its_line(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    form = form_of(marketer.get(NEW).text, "segment")
    form = form_of(send(marketer, NEW, form, do="bracket n0").text, "segment")
    form["name"], form["n3.join"], form["n2.kind"], form["n2.value"], form["n2.test"], form["n2.arg"] = (
        "it", "none", "field", "postcode", "more_than", "much"
    )  # fmt: skip
    answer = send(marketer, NEW, form, **{"n2.negated": "not"})
    assert answer.status_code == 422
    assert re.search(r'line-of-rule wrong">\s*<input[^>]+value="n2 n3 line".*?write a number such as', answer.text, re.DOTALL)
    assert 'value="much"' in answer.text and answer.text.count("line-of-rule wrong") == 1
    taken = send(marketer, NEW, form, name="fans", **{"n2.arg": "3"})
    assert taken.status_code == 422 and "there is a segment" in taken.text.lower()


def test_a_taken_name_is_told_beside_it(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    form = form_of(marketer.get(NEW).text, "segment")
    taken = send(marketer, NEW, form, name="fans", **{"n1.value": "offers"})
    assert taken.status_code == 422 and re.search(r'id="name-error".*?there is a segment', taken.text, re.DOTALL)


def test_a_line_that_is_about_something_else_begins_anew(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    form = form_of(marketer.get(NEW).text, "segment")
    form["n1.kind"], form["n1.value"], form["n1.test"], form["n1.arg"] = "field", "postcode", "is", "75011"
    drawn = form_of(f'<form id="segment">{send(marketer, "/admin/segments/draw", form).text}</form>', "segment")
    assert (drawn["n1.kind"], drawn["n1.value"]) == ("field", "")
    drawn["n1.value"], drawn["n1.test"] = "postcode", "is"
    again = form_of(f'<form id="segment">{send(marketer, "/admin/segments/draw", drawn).text}</form>', "segment")
    assert (again["n1.value"], again["n1.test"]) == ("postcode", "is")


def test_a_rule_that_names_what_is_gone_says_so_at_its_line(shop: House, readers: Readers) -> None:
    marketer, id_ = readers("marketer"), save(shop, {"all": [{"topic": "offers"}, {"received": "Sale"}]})
    with shop.runtime.begin() as connection:
        connection.execute(update(Campaign).where(Campaign.name == "Sale").values(name="Gone"))
    page = marketer.get(f"/admin/segments/{id_}").text
    assert re.search(r'line-of-rule wrong">.*?there is no campaign', page, re.DOTALL)
    assert "Its rule names something that is gone." in marketer.get(f"/admin/segments/{id_}/count").text


@pytest.mark.parametrize("state", ["scheduled", "sending", "paused"])
def test_whom_a_campaign_on_its_way_goes_to_is_changed_by_launchers_alone(shop: House, readers: Readers, state: str) -> None:
    marketer, launcher = readers("marketer"), readers("launcher")
    inner, list_ = save(shop, {"tag": "vip"}, "inner"), save(shop, None, "by hand")
    outer = save(shop, {"in_segment": "inner"}, "outer")
    with shop.runtime.begin() as connection:
        connection.execute(update(Campaign).values(state=state, within=[outer], without=[list_]))
    form = form_of(marketer.get(f"/admin/segments/{inner}").text, "segment")
    refused = send(marketer, f"/admin/segments/{inner}/change", form, **{"n1.value": "other"})
    assert refused.status_code == 422 and "only launchers change it now" in refused.text
    marketer.get(f"/admin/segments/{list_}")
    assert marketer.send(f"/admin/segments/{list_}/people", numbers=PEOPLE["Bo"], do="add").status_code == 422
    launcher.get(f"/admin/segments/{inner}")
    assert send(launcher, f"/admin/segments/{inner}/change", form, **{"n1.value": "other"}).status_code == 303


def test_a_rule_is_told_in_french(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    save(shop, {"all": [{"topic": "offers"}, {"any": [{"tag": "vip"}, {"language": "fr"}]}]})
    marketer.send("/admin/account/details", name="Camille", language="fr")
    assert "nos offres et (étiquette « vip » ou parle français)" in told(marketer.get("/admin/segments").text)


def test_whom_it_finds_is_counted_as_it_stands(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    form = form_of(marketer.get(NEW).text, "segment")
    form["n1.kind"], form["n1.value"] = "tag", "vip"
    page = told(send(marketer, "/admin/segments/count", form).text)
    assert "Reachable now 1 Matching 1" in page and "Élodie" in page
    form["n1.value"] = ""
    assert "Not counted yet" in send(marketer, "/admin/segments/count", form).text
    assert kept(shop) is None


def test_the_list_of_them_says_how_many(shop: House, readers: Readers) -> None:
    viewer = readers("viewer")
    save(shop, {"topic": "offers"})
    broken = save(shop, {"received": "Sale"}, "broken")
    with shop.runtime.begin() as connection:
        connection.execute(Campaign.__table__.delete())
    counts = viewer.get("/admin/segments/counts").text
    assert "1 reachable of 1 that match" in told(counts)
    assert re.search(rf'id="count-{broken}"[^>]*><span class="quiet">Its rule names something that is gone', counts)


def test_a_list_is_filled_by_numbers_all_or_none(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    marketer.get(NEW + "?by=hand")
    made = marketer.send(NEW, by="hand", name="Neighbours")
    path = made.headers["Location"]
    for numbers, status in (("06 12 34 00 01\n+33612340002", 303), ("0612340001\n0699999999", 422), ("", 422), ("x", 422)):
        assert marketer.send(f"{path}/people", numbers=numbers, do="add").status_code == status
    assert who(shop, {"in_list": "Neighbours"}) == [PEOPLE["Ana"], PEOPLE["Bo"]]
    refused = marketer.send(f"{path}/people", numbers="0612340001\n0699999999", do="add").text
    assert "None of your contacts: 0699999999" in refused and "0612340001\n0699999999" in refused
    assert marketer.send(f"{path}/people", numbers="0612340001", do="remove").status_code == 303
    assert who(shop, {"in_list": "Neighbours"}) == [PEOPLE["Bo"]]
    with shop.runtime.read() as connection:
        did = list(connection.scalars(AuditEntry.__table__.select().with_only_columns(AuditEntry.did).order_by(AuditEntry.id)))
    assert did[-3:] == ["segment.made", "segment.filled", "segment.emptied"]


def test_what_something_needs_stays(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    fans = save(shop, {"tag": "vip"}, "fans")
    save(shop, {"in_segment": "fans"})
    page = marketer.get(f"/admin/segments/{fans}").text
    assert "Used by" in page and 'data-ask="delete"' not in page
    refused = marketer.send(f"/admin/segments/{fans}/delete")
    assert refused.status_code == 422 and "it" in told(refused.text)
    free = save(shop, {"tag": "x"}, "free")
    assert marketer.send(f"/admin/segments/{free}/delete").status_code == 303
    assert marketer.get(f"/admin/segments/{free}").status_code == 404


def test_two_who_change_one_do_not_overwrite_each_other_unseen(shop: House, readers: Readers) -> None:
    marketer, id_ = readers("marketer"), save(shop, {"tag": "vip"})
    form = form_of(marketer.get(f"/admin/segments/{id_}").text, "segment")
    save(shop, {"tag": "friend"})
    answer = send(marketer, f"/admin/segments/{id_}/change", form)
    assert answer.status_code == 422 and "Somebody has changed it meanwhile" in answer.text
    assert kept(shop) == {"tag": "friend"}


def test_whatever_a_form_claims_it_is_read_in_no_time_and_breaks_nothing(shop: House, readers: Readers) -> None:
    marketer = readers("marketer")
    marketer.get(NEW)
    deep = MultiDict([("node", "n0 - bracket"), *(("node", f"n{place} n{place - 1} bracket") for place in range(1, 400))])
    circle = MultiDict([("node", node) for node in ("n0 n0 bracket", "n1 n2 bracket", "n2 n1 bracket", "x", "")])
    said: list[dict[str, str]] = [
        {"n1.kind": "other", "n1.value": "[1]", "n0.join": "?"}, {"n1.kind": "other", "n1.value": "[" * 1000},
        *({"n1.kind": "replied", "n1.test": "within", "n1.arg": many} for many in ("9" * 30, "²")),
    ]  # fmt: skip
    odd = [MultiDict([("node", "n0 - bracket"), ("node", "n1 n0 line"), *one.items()]) for one in said]
    for form in (deep, circle, *odd):
        form["name"] = "it"
        for path in (NEW, "/admin/segments/count", "/admin/segments/draw"):
            assert send(marketer, path, form).status_code in (200, 303, 422), (path, form)
    for path in (NEW, "/admin/segments/count", "/admin/segments/draw"):  # cut off on its way: no rule is not everybody
        assert send(marketer, path, MultiDict({"name": "cut"})).status_code == 400
    assert kept(shop, "cut") is None


def test_a_viewer_sees_whom_it_finds_and_changes_nothing(shop: House, readers: Readers) -> None:
    viewer, id_ = readers("viewer"), save(shop, {"tag": "vip"})
    page = viewer.get(f"/admin/segments/{id_}").text
    assert "Only marketers change segments." in page and "n0.join" not in page
    assert "Matching 1" in told(viewer.get(f"/admin/segments/{id_}/count").text)


@pytest.mark.parametrize("page", [1280, 390], indirect=True)
def test_a_segment_is_made_by_mouse(shop: House, admin: Page) -> None:
    admin.goto(NEW)
    admin.get_by_label("Name").fill("Regulars")
    expect(admin.locator("#found")).to_contain_text("in for our offers")
    admin.get_by_role("button", name="Bracket", exact=True).click()
    inner = admin.locator(".bracket .bracket")
    inner.get_by_label("What it is about").select_option("tag")
    inner.get_by_label("Tag").fill("vip")
    expect(admin.locator("#found")).to_contain_text("in for our offers and tag “vip”")
    expect(admin.locator("#found")).to_contain_text("Élodie")
    inner.get_by_label("Tag").fill("vipp")
    expect(admin.locator("#found")).to_contain_text("Nobody at present.")
    inner.get_by_role("button", name="Take this bracket out").click()
    expect(admin.locator("#found")).not_to_contain_text("vipp")
    admin.get_by_role("button", name="Make it").click()
    expect(admin.locator(".counted-entries")).to_contain_text("1 reachable")
    assert kept(shop, "Regulars") == {"all": [{"topic": "offers"}]}


@pytest.mark.parametrize("page", [1280], indirect=True)
def test_a_segment_is_made_by_keyboard(shop: House, admin: Page) -> None:
    admin.goto(NEW)
    admin.get_by_label("Name").focus()
    admin.keyboard.type("Regulars")
    admin.get_by_role("button", name="Line", exact=True).focus()
    admin.keyboard.press("Enter")
    second = admin.get_by_label("What it is about").nth(1)
    expect(second).to_be_focused()
    for shown in ("how", "Field", "Tag"):  # past "agreed to" and "has in the field"
        admin.keyboard.press("ArrowDown")
        expect(admin.get_by_label(shown, exact=True).last).to_be_visible()
        expect(second).to_be_focused()
    admin.keyboard.press("Tab")
    admin.keyboard.type("vi")
    expect(admin.locator("#found")).to_contain_text("“vi”")  # counted anew: who types is left where they are
    admin.keyboard.type("p")
    expect(admin.locator("#found")).to_contain_text("Élodie")
    admin.keyboard.press("Enter")
    expect(admin.locator(".counted-entries")).to_contain_text("Regulars")
    assert kept(shop, "Regulars") == {"all": [{"topic": "offers"}, {"tag": "vip"}]}
