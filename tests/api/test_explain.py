"""Why somebody gets a text, or not: the same gate that sends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.consent import gate
from models import Contact
from tests.api.conftest import Program
from tests.crowd import draft, join, number, run
from tests.house import House

ORDER = [judge.__name__ for judge in gate.JUDGES]


def explained(program: Program, n: int, **about: int) -> Any:
    what = "&".join(f"{name}={value}" for name, value in about.items())
    return program.get(f"/explain?phone=%2B{number(n)[1:]}&{what}")


def test_who_would_get_it_now_is_told_what_and_when(house: House, program: Program) -> None:
    join(house.runtime, [number(0)])
    found = explained(program, 0, campaign=draft(house))
    assert (found["outcome"], found["why"], found["in_audience"]) == ("go", None, True)
    assert found["text"] == "ACME : bonjour 000000, -20 % ce week-end. STOP pour arrêter."
    assert found["at"].startswith("2026-11-25T11:00")
    assert [one["judge"] for one in found["judges"]] == ORDER
    assert {one["outcome"] for one in found["judges"]} == {"go"}
    assert found["facts"]["consented"]


def test_every_judge_is_heard_and_the_first_who_objects_counts(house: House, program: Program) -> None:
    join(house.runtime, [number(0)], unreachable_at=house.runtime.machine_now())
    campaign = draft(house)
    house.text(number(0), "STOP")
    with house.runtime.begin() as connection:
        connection.execute(update(Contact).values(unreachable_at=house.runtime.machine_now()))
    found = explained(program, 0, campaign=campaign)
    assert (found["outcome"], found["why"], found["at"]) == ("refuse", "suppressed", None)
    objecting = [one["judge"] for one in found["judges"] if one["outcome"] != "go"]
    assert objecting == ["suppressed", "unreachable"]


def test_who_waits_for_the_morning_is_told_until_when(house: House, program: Program) -> None:
    join(house.runtime, [number(0)])
    campaign = draft(house)
    house.jump(timedelta(hours=9))
    found = explained(program, 0, campaign=campaign)
    assert (found["outcome"], found["why"], found["at"]) == ("hold", "quiet hours", "2026-11-26T09:00:00Z")


def test_who_is_not_meant_or_cannot_be_told_is_told_so(house: House, program: Program) -> None:
    join(house.runtime, [number(0)], values={})
    found = explained(program, 0, campaign=draft(house, rule={"tag": "vip"}))
    assert (found["in_audience"], found["outcome"], found["why"], found["text"]) == (False, "refuse", "missing value", None)


def test_a_message_tells_its_story(house: House, program: Program) -> None:
    join(house.runtime, [number(0)])
    run(house)
    message = house.messages(direction="out")[-1]
    found = explained(program, 0, message=message.id)
    assert (found["state"], found["outcome"], found["text"]) == ("sent", "go", message.body)
    assert [one["outcome"] for one in found["verdicts"]] == ["go"]
    assert next(one for one in found["judges"] if one["judge"] == "already_sent")["outcome"] == "refuse"


@pytest.mark.parametrize(
    ("about", "status"),
    [({}, 422), ({"campaign": 1, "message": 1}, 422), ({"campaign": 99}, 404), ({"message": 99}, 404)],
)
def test_what_is_not_there_is_told(house: House, program: Program, about: dict[str, int], status: int) -> None:
    join(house.runtime, [number(0)])
    what = "".join(f"&{name}={value}" for name, value in about.items())
    assert program.ask("GET", f"/explain?phone=%2B{number(0)[1:]}{what}").status_code == status


def test_the_words_of_a_message_are_for_who_may_read_messages(house: House, programs: Callable[..., Program]) -> None:
    join(house.runtime, [number(0)])
    campaign = run(house)
    planner, path = programs("campaigns:read"), f"/explain?phone=%2B{number(0)[1:]}"
    assert planner.ask("GET", f"{path}&campaign={campaign}").status_code == 200
    refused = planner.ask("GET", f"{path}&message={house.messages(direction='out')[-1].id}")
    assert (refused.status_code, refused.get_json()["detail"]) == (403, "it needs the scope messages:read")


def test_of_a_campaign_that_is_over_nobody_gets_anything(house: House, program: Program) -> None:
    join(house.runtime, [number(0)])
    found = explained(program, 0, campaign=run(house))
    assert (found["state"], found["outcome"], found["why"], found["at"]) == ("finished", "refuse", "finished", None)
