"""A tag for many contacts: asked first, then done, or seen to by a worker; what fails stops and says so."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from bot import contacts, jobs, segments
from bot.contacts import tagging
from models import ContactTag, Tagging
from tests.house import BEGIN, House
from tests.web.conftest import Readers
from tests.web.contacts import audited, crowd, id_of


def tagged(house: House, tag: str) -> int:
    """How many have this tag."""
    with house.runtime.read() as connection:
        return connection.scalar(select(func.count()).select_from(ContactTag).where(ContactTag.tag == tag)) or 0


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


@pytest.fixture
def failing(people: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A tag for everybody, which the database refuses to put on."""

    def fails(*_: object) -> None:
        raise OperationalError("", {}, Exception("statement timeout"))

    with people.runtime.begin() as connection:
        contacts.tag_all(connection, contacts.Wanted(), "new", True, people.runtime.now(connection))
    monkeypatch.setattr(tagging, "_slice", fails)
    return people


def stopped(house: House) -> int:
    """The id of the only tagging there is."""
    with house.runtime.read() as connection:
        return int(connection.scalars(select(Tagging.id)).one())


def test_a_tagging_that_fails_holds_up_no_campaign(failing: House) -> None:
    assert contacts.tag_slice(failing.runtime) is False


def test_a_tagging_that_keeps_failing_stops_and_says_so(
    failing: House, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, marketer = readers("viewer"), readers("marketer")
    for attempt in range(tagging.MOST_ATTEMPTS):
        assert jobs.due(failing.runtime, "default"), attempt
        assert "is being added" in viewer.get("/admin/contacts").text
        contacts.tag_slice(failing.runtime)
    assert not jobs.due(failing.runtime, "default")
    told, path = viewer.get("/admin/contacts").text, f"/admin/contacts/tag/{stopped(failing)}"
    assert "Adding the tag new has stopped" in told and "Try again" not in told
    assert "Try again" in marketer.get("/admin/contacts").text
    monkeypatch.undo()
    assert marketer.send(path, do="again").status_code == 303
    failing.work()
    assert tagged(failing, "new") == 4
    assert marketer.send(path, do="again").status_code == 404
    assert audited(failing) == [("contacts.tag_tried_again", "tag new")]


def test_a_slice_that_succeeds_begins_the_count_anew(failing: House, monkeypatch: pytest.MonkeyPatch) -> None:
    contacts.tag_slice(failing.runtime)
    monkeypatch.undo()
    monkeypatch.setattr(tagging, "SLICE", 1)
    contacts.tag_slice(failing.runtime)
    with failing.runtime.read() as connection:
        assert [(one.attempts, one.taken_to) for one in contacts.taggings(connection)] == [(0, 1)]


def test_a_tag_for_a_segment_that_is_gone_meanwhile_stops_and_is_dropped(people: House, readers: Readers) -> None:
    with people.runtime.begin() as connection:
        segment = segments.save(connection, "French", {"country": "FR"}, BEGIN)
    reader = readers("marketer")
    reader.send("/admin/contacts/tag", sure="3", which="all", do="add", tag="fr", segment=str(segment))
    with people.runtime.begin() as connection:
        segments.delete(connection, "French")
    people.work()
    assert f"there is no segment {segment} any more" in reader.get("/admin/contacts").text
    assert reader.send(f"/admin/contacts/tag/{stopped(people)}", do="drop").status_code == 303
    assert "has stopped" not in reader.get("/admin/contacts").text
    assert audited(people)[-1] == ("contacts.tag_dropped", "tag fr")


def test_nobody_does_the_opposite_by_hand_while_a_tag_is_on_its_way(people: House, readers: Readers) -> None:
    reader, ana = readers("marketer"), id_of(people, "Ana")
    reader.send("/admin/contacts/tag", sure="4", which="all", do="add", tag="vip")
    for path, form in ((f"/admin/contacts/{ana}/tags", {"remove": "vip"}),
                       ("/admin/contacts/tag", {"which": "chosen", "do": "remove", "tag": "vip", "id": ana, "sure": "1"})):
        answer = reader.send(path, **form)
        assert answer.status_code == 422 and "on its way to many contacts" in answer.text
    assert reader.send(f"/admin/contacts/{ana}/tags", remove="100%").status_code == 303
    assert reader.send(f"/admin/contacts/{ana}/tags", tag="vip").status_code == 303
    people.work()
    assert reader.send(f"/admin/contacts/{ana}/tags", remove="vip").status_code == 303
    assert tagged(people, "vip") == 3
