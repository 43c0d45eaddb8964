"""Campaigns, from a program's draft to their balance."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from models import Campaign, Message
from tests.api.conftest import Program
from tests.crowd import join, number
from tests.house import House

TEXTS = {"fr": "{{ brand }} : -20 % ce week-end. STOP pour arrêter.", "en": "{{ brand }}: 20% off this weekend. STOP to leave."}
DRAFT = {"name": "Summer", "topic": "offers", "within": ["Everyone"], "texts": TEXTS}


@pytest.fixture
def crowd(house: House, program: Program) -> None:
    """Ten people who are in for offers, and a segment of everyone."""
    join(house.runtime, map(number, range(10)))
    program.post("/segments", {"name": "Everyone", "rule": {"all": []}})


def refused(answer: Any) -> tuple[int, list[str]]:
    return answer.status_code, [one["field"] for one in answer.get_json()["errors"]]


@pytest.mark.usefixtures("crowd")
def test_a_campaign_goes_its_way(house: House, program: Program) -> None:
    path = f"/campaigns/{program.post('/campaigns', DRAFT)['id']}"
    foreseen = program.post(f"{path}/preview")
    assert (foreseen["matching"], foreseen["goes"], foreseen["parts"]) == (10, 10, {"1": 10})
    assert program.post(f"{path}/schedule")["state"] == "scheduled"
    house.work()
    found = program.get(path)
    assert (found["state"], found["balance"]["sent"], found["balance"]["exact"]) == ("finished", 10, True)
    assert program.get(f"{path}/report") == found["balance"]
    first = program.get(f"{path}/recipients?limit=6")
    rest = program.get(f"{path}/recipients?limit=6&cursor={first['next']}")
    everybody = [*first["items"], *rest["items"]]
    assert [one["phone"] for one in everybody] == [number(n) for n in range(10)]
    assert {(one["state"], one["message"], one["parts"]) for one in everybody} == {("handed over", "sent", 1)}


@pytest.mark.usefixtures("crowd")
def test_a_campaign_sends_pictures_along(house: House, program: Program) -> None:
    media = ["https://shop.example/a.png", "https://shop.example/b.gif"]
    made = program.post("/campaigns", DRAFT | {"media": media})
    path = f"/campaigns/{made['id']}"
    assert (made["media"], program.get(path)["media"], program.post(f"{path}/preview")["media"]) == (media, media, media)
    program.post(f"{path}/schedule")
    house.work()
    assert house.carrier.handset(number(0))[0]["media"] == media
    assert refused(program.ask("POST", "/campaigns", DRAFT | {"media": ["ftp://shop.example/a.png"]})) == (422, ["media"])


@pytest.mark.usefixtures("crowd")
def test_a_draft_is_rewritten_and_thrown_away(house: House, program: Program) -> None:
    path = f"/campaigns/{program.post('/campaigns', DRAFT)['id']}"
    assert program.put(path, DRAFT | {"error_limit": 5})["error_limit"] == 5
    assert program.put(path, DRAFT | {"name": "July"})["name"] == "July"
    assert program.post("/campaigns", DRAFT)["name"] == "Summer"
    assert program.ask("DELETE", path).status_code == 204
    assert program.ask("GET", path).status_code == 404


@pytest.mark.usefixtures("crowd")
def test_no_two_campaigns_have_one_name(house: House, program: Program) -> None:
    program.post("/campaigns", DRAFT)
    path = f"/campaigns/{program.post('/campaigns', DRAFT | {'name': 'July'})['id']}"
    assert refused(program.ask("POST", "/campaigns", DRAFT)) == (422, ["name"])
    assert refused(program.ask("PUT", path, DRAFT)) == (422, ["name"])
    assert program.get(path)["name"] == "July"


@pytest.mark.usefixtures("crowd")
def test_paused_resumed_and_cancelled(house: House, program: Program) -> None:
    path = f"/campaigns/{program.post('/campaigns', DRAFT)['id']}"
    program.post(f"{path}/schedule", {"at": "2026-11-26T12:00:00+01:00"})
    assert program.post(f"{path}/pause")["state"] == "paused"
    assert program.ask("POST", f"{path}/pause", {}).status_code == 409
    assert program.post(f"{path}/resume")["state"] == "scheduled"
    assert program.post(f"{path}/cancel")["state"] == "cancelled"
    assert program.ask("POST", f"{path}/resume", {}).status_code == 409
    assert program.ask("DELETE", path).status_code == 409


@pytest.mark.usefixtures("crowd")
def test_a_copy_of_a_pause_waits_for_the_calls_under_way_as_well(house: House, program: Program) -> None:
    """Whoever was told that it is paused, by the first answer or by a copy of it, can rely on it."""
    id_ = program.post("/campaigns", DRAFT)["id"]
    program.post(f"/campaigns/{id_}/schedule")
    house.work()
    with house.runtime.begin() as connection:  # a call of it is under way for another second
        soon = house.runtime.machine_now() + timedelta(seconds=1)
        under_way = update(Message).where(Message.campaign_id == id_, Message.contact_id == 1)
        connection.execute(under_way.values(state="sending", lease_until=soon))
        connection.execute(update(Campaign).values(state="sending"))
    for _ in range(2):
        paused = program.ask("POST", f"/campaigns/{id_}/pause", {}, **{"Idempotency-Key": "p"})
        assert (paused.status_code, house.runtime.machine_now() > soon) == (200, True)
        with house.runtime.begin() as connection:
            soon = house.runtime.machine_now() + timedelta(seconds=1)
            connection.execute(under_way.values(lease_until=soon))


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"topic": "lottery"}, ["topic"]),
        ({"within": ["Nobody"]}, ["within"]),
        ({"within": []}, ["within"]),
        ({"texts": {"": "{{ brand }} : -20 %"}}, ["texts"]),
        ({"texts": {"fr": TEXTS["fr"]}}, ["texts"]),
        ({"texts": TEXTS | {"en": "{{ contact.shoe_size }} STOP"}}, ["texts.en"]),
        ({"name": ""}, ["name"]),
        ({"ends_at": "2020-01-01T00:00:00Z"}, ["ends_at"]),
        ({"error_limit": "15"}, ["error_limit"]),
        ({"colour": "red"}, ["colour"]),
    ],
)
def test_a_draft_that_cannot_be_is_told_with_its_fields(house: House, program: Program, wrong: Any, fields: list[str]) -> None:
    assert refused(program.ask("POST", "/campaigns", DRAFT | wrong)) == (422, fields)


@pytest.mark.usefixtures("crowd")
def test_a_time_that_is_over_is_refused(house: House, program: Program) -> None:
    path = f"/campaigns/{program.post('/campaigns', DRAFT)['id']}"
    assert refused(program.ask("POST", f"{path}/schedule", {"at": "2020-01-01T00:00:00Z"})) == (422, ["at"])


@pytest.mark.usefixtures("crowd")
def test_an_erased_recipient_stays_counted(house: House, program: Program) -> None:
    path = f"/campaigns/{program.post('/campaigns', DRAFT)['id']}"
    program.post(f"{path}/schedule")
    house.work()
    assert program.ask("DELETE", f"/contacts/{number(3)}").status_code == 204
    found = program.get(path)["balance"]
    assert (found["intended"], found["sent"], found["refused"], found["exact"]) == (10, 9, {"erased": 1}, True)
    assert [one["phone"] for one in program.get(f"{path}/recipients")["items"]][3] is None


@pytest.mark.usefixtures("crowd")
def test_what_is_no_draft_any_more_is_not_rewritten(house: House, program: Program) -> None:
    path = f"/campaigns/{program.post('/campaigns', DRAFT)['id']}"
    program.post(f"{path}/schedule")
    assert program.ask("PUT", path, DRAFT).status_code == 409


@pytest.mark.usefixtures("crowd")
def test_a_campaign_whose_segment_is_gone_can_still_be_looked_at(house: House, program: Program) -> None:
    path = f"/campaigns/{program.post('/campaigns', DRAFT)['id']}"
    program.post(f"{path}/cancel")
    assert program.ask("DELETE", "/segments/1").status_code == 204
    assert program.get(path)["within"] == ["1"]
    assert program.ask("POST", f"{path}/preview", {}).status_code == 409
