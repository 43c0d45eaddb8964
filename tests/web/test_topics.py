"""Topics on a page: in their words, by language; none goes that somebody is in for."""

import re
from typing import Any

from sqlalchemy import select

from bot import shop
from models import AuditEntry, Topic
from tests.house import House
from tests.web.conftest import Reader, Readers

NEW = "/admin/shop/topics/+new"
WORDS = {
    "names.fr": "nos ateliers", "names.en": "our workshops", "frequencies.fr": "1 par mois", "frequencies.en": "1 a month",
    "fees.fr": "prix d'un SMS", "fees.en": "Msg & data rates may apply",
    "contacts.fr": "01 23 45 67 89", "contacts.en": "01 23 45 67 89", "proof": "double",
}  # fmt: skip


def save(admin: Reader, path: str, **typed: str) -> Any:
    was = re.search(r'name="was" value="(\w*)"', admin.get(path).text)
    return admin.send(path, **{"was": was[1] if was else "", **WORDS, **typed})


def kept(house: House, slug: str) -> Any:
    with house.runtime.read() as connection:
        return connection.execute(select(Topic.__table__).where(Topic.slug == slug)).one_or_none()


def test_a_topic_is_made_changed_and_deleted(house: House, readers: Readers) -> None:
    admin = readers("admin")
    assert save(admin, NEW, slug="workshops").status_code == 303
    assert kept(house, "workshops").names == {"fr": "nos ateliers", "en": "our workshops"}
    page = admin.get("/admin/shop/topics").text
    assert "our workshops" in page and "<strong>0</strong> are in for it" in page
    path = "/admin/shop/topics/workshops"
    assert save(admin, path, **{"names.en": "our courses", "proof": "single"}).status_code == 303
    assert (kept(house, "workshops").names["en"], kept(house, "workshops").proof) == ("our courses", "single")
    assert admin.send(f"{path}/delete").status_code == 303
    assert kept(house, "workshops") is None and admin.get(path).status_code == 404
    with house.runtime.read() as connection:
        mine = select(AuditEntry.did).where(AuditEntry.about == "topic workshops").order_by(AuditEntry.id)
        did = list(connection.scalars(mine))
    assert did == ["topic.made", "topic.changed", "topic.deleted"]


def test_what_is_wrong_stands_beside_its_field(house: House, readers: Readers) -> None:
    admin = readers("admin")
    for typed, beside in (
        ({"slug": "1"}, "slug"), ({"slug": "offers"}, "slug"), ({"slug": "x", "names.en": ""}, "names"),
        ({"slug": "x", "frequencies.fr": "", "frequencies.en": ""}, "frequencies"),
    ):  # fmt: skip
        answer = save(admin, NEW, **typed)
        assert answer.status_code == 422, typed
        assert re.search(rf'id="{beside}[.\w]*-error"', answer.text), typed
        assert "nos ateliers" in answer.text
    with house.runtime.read() as connection:
        assert len(shop.page(connection, Topic, 0, 10)) == 2


def test_a_topic_that_people_are_in_for_stays(people: House, readers: Readers) -> None:
    admin = readers("admin")
    admin.get("/admin/shop/topics")
    refused = admin.send("/admin/shop/topics/offers/delete")
    assert refused.status_code == 422 and "offers stays." in refused.text and "are in for it: 1" in refused.text.lower()
    assert kept(people, "offers") is not None


def test_two_who_change_one_do_not_overwrite_each_other_unseen(house: House, readers: Readers) -> None:
    admin, path = readers("admin"), "/admin/shop/topics/orders"
    was = re.search(r'name="was" value="(\w+)"', admin.get(path).text)
    assert was and save(admin, path, proof="single").status_code == 303
    late = save(admin, path, was=was[1], **{"names.en": "something else"})
    assert late.status_code == 422 and "Somebody has changed it meanwhile" in late.text
