"""A draft is refused with all that is wrong with it, each thing beside its field."""

from datetime import timedelta
from typing import Any

import pytest

from bot import campaigns
from tests.crowd import TEXTS, draft, join, number, schedule
from tests.house import House

WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no STOP": ({"texts": {"": "ACME: -20 % ce week-end."}}, "texts", "name STOP"),
    "no brand": ({"texts": {"": "-20 % ce week-end. STOP 36111"}}, "texts", "who is writing"),
    "a STOP that a condition hides": (
        {"texts": {"": "ACME: -20 %{% if contact.first_name %} STOP{% endif %}"}}, "texts", "name STOP",
    ),
    "a stop that is no way out": ({"texts": {"": "ACME: Stop by our shop, non-STOP !"}}, "texts", "name STOP"),
    "a tag that only looks like one": (
        {"texts": {"": "ACME {{ xcontact.first_name | default: 'x' }} STOP"}}, "texts", "no such field",
    ),
    "an unknown tag": ({"texts": {"": "ACME {{ contact.shoe_size }} STOP"}}, "texts", "no such field"),
    "bad Liquid": ({"texts": {"": "ACME {{ contact.first_name STOP"}}, "texts", "never closed"),
    "a language missing": ({"texts": {"fr": "ACME : -20 %. STOP 36111"}}, "texts", "not said in: en"),
    "a language too many": ({"texts": {**TEXTS, "de": "ACME: STOP"}}, "texts.de", "speaks fr, en"),
    "too long": ({"texts": {"": "ACME STOP " + "ê" * 700}}, "texts", "too long"),
    "a picture that nobody can fetch": ({"media": ["http://shop.example/a.png"]}, "media", "with https://"),
    "a picture that is no address": ({"media": ["https://"]}, "media", "with https://"),
    "a picture with a password": ({"media": ["https://me@shop.example/a.png"]}, "media", "with https://"),
    "a picture on a file system": ({"media": ["file:///a.png"]}, "media", "with https://"),
    "too many pictures": ({"media": ["https://shop.example/a.png"] * 11}, "media", "at most 10"),
    "an unknown topic": ({"topic": "cats"}, "topic", "only offers, orders"),
    "an unknown segment": ({"within": ["vip"]}, "within", "no segment 'vip'"),
    "an unknown number": ({"ours": "+33937000009"}, "ours", "none of our numbers"),
    "an unknown dialog": ({"dialog": "dance"}, "dialog", "no published dialog"),
    "nobody": ({"within": []}, "within", "at least 1"),
    "no name": ({"name": "  "}, "name", "at least 1"),
    "an unknown key": ({"colour": "red"}, "colour", "not permitted"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_beside_its_field(house: House, wrong: str) -> None:
    more, field, message = WRONG[wrong]
    with pytest.raises(campaigns.CampaignError) as refused:
        draft(house, **more)
    found = [problem for problem in refused.value.problems if problem.field == field]
    assert any(message in problem.message for problem in found), refused.value.problems


def test_all_that_is_wrong_is_said_at_once(house: House) -> None:
    with pytest.raises(campaigns.CampaignError) as refused:
        draft(house, topic="cats", ours="+33937000009", dialog="dance")
    assert {problem.field for problem in refused.value.problems} == {"topic", "ours", "dialog"}


def test_a_draft_may_be_written_anew_until_it_is_scheduled(house: House) -> None:
    first = draft(house)
    assert draft(house, texts={"": "ACME: autre chose. STOP"}) == first
    schedule(house, first)
    with pytest.raises(campaigns.CampaignError, match="already"):
        draft(house)


def test_the_past_is_refused(house: House) -> None:
    campaign = draft(house)
    with house.runtime.read() as connection:
        before = house.runtime.now(connection) - timedelta(minutes=1)
    with pytest.raises(campaigns.CampaignError, match="past"):
        schedule(house, campaign, before)
    with pytest.raises(campaigns.CampaignError, match="over already"):
        draft(house, "late", ends_at=before)


def test_a_draft_that_no_longer_holds_is_not_scheduled(house: House) -> None:
    """The shop may have changed since it was written."""
    from sqlalchemy import delete

    from models import Field

    campaign = draft(house)
    with house.runtime.begin() as connection:
        connection.execute(delete(Field))
    with pytest.raises(campaigns.CampaignError, match="no such field"):
        schedule(house, campaign)


def test_service_texts_need_no_way_out(house: House) -> None:
    """Nor consent to offers: they have a topic of their own."""
    draft(house, kind="service", topic="orders", texts={"": "{{ brand }} : nous fermons à 18 h."})


def test_the_preview_counts_the_whole_audience_and_every_rendered_text(house: House) -> None:
    """Encodings differ from contact to contact: Léa costs one part, Zoë makes the text UCS-2."""
    join(house.runtime, map(number, range(4)), values={"first_name": "Léa"})
    join(house.runtime, map(number, range(4, 6)), values={"first_name": "Zoë"})
    join(house.runtime, [number(6)], values={})
    join(house.runtime, ["+14155550199"], zone=None, values={"first_name": "Sam"})
    house.text("Bo", "bonjour")
    text = "ACME: bonjour {{ contact.first_name }}, -20% ce week-end chez vous, samedi, et dimanche aussi. STOP 36111"
    campaign = draft(house, texts={"": text})
    seen: list[tuple[int, int]] = []
    found = campaigns.preview(house.runtime, campaign, lambda done, of: seen.append((done, of)))
    assert (found.matching, found.goes, found.reachable) == (9, 6, 7)
    assert found.refused == {"missing value": 1, "no consent": 1}
    assert found.held == {"quiet hours": 1}
    assert found.encodings == {"GSM-7": 5, "UCS-2": 2}
    assert found.parts == {1: 5, 2: 2}
    assert found.offending == {"ë": 2}
    assert found.all_parts == 9
    assert found.samples[0].startswith("ACME: bonjour Léa")
    assert seen[-1] == (9, 9)
    assert house.messages(direction="out") == house.messages("Bo", "out")  # it sends nothing
