"""Campaigns from the command line, as a marketer without pages types them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.held import held
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN
from tests.crowd import join, number
from tests.house import House
from tests.test_awake import sleep, wake_up
from tests.test_outbox import queue

Parley = Callable[..., Result]
CREATE = ("campaign", "create", "week-end", "--topic", "offers", "--within", "everyone")


@pytest.fixture
def parley(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parley:
    """Runs `parley` with these words on the house's database."""
    monkeypatch.chdir(tmp_path)
    join(house.runtime, map(number, range(5)))
    environment = {
        "DATABASE_URL": house.runtime.settings.database_url, "SECRET_KEY": "s" * 40, "BASE_URL": "http://127.0.0.1:8000",
        "REDIS_URL": None, "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "PARLEY_CARRIER": "simulated", "TWILIO_API_BASE": house.carrier.url,
    }  # fmt: skip
    return lambda *words, **more: CliRunner().invoke(main, words, env=environment, **more)


def read(said: Result) -> Any:
    assert said.exit_code == 0, said.output
    return json.loads(said.output)


def test_a_campaign_from_segment_to_balance(house: House, parley: Parley) -> None:
    assert "5 matching, 5 reachable" in parley("segment", "save", "everyone", "{all: []}").output
    text = "ACME : bonjour {{ contact.first_name }}, -20 %. STOP 36111"
    assert "Next: parley campaign preview" in parley(*CREATE, "--text", text).output
    preview = read(parley("campaign", "preview", "week-end", "--json"))
    assert (preview["matching"], preview["goes"], preview["all_parts"]) == (5, 5, 5)
    shown = parley("campaign", "preview", "week-end").output
    assert "5 would get it now" in shown
    assert "< ACME : bonjour 000000" in shown
    asked = parley("campaign", "schedule", "week-end", input="n\n")
    assert "5 people can be reached now. Send?" in asked.output
    assert asked.exit_code == 1
    assert read(parley("campaign", "show", "week-end", "--json"))["state"] == "draft"
    assert "Scheduled" in parley("campaign", "schedule", "week-end", "--yes").output
    house.work()
    shown = read(parley("campaign", "show", "week-end", "--json"))
    assert (shown["state"], shown["within"]) == ("finished", ["everyone"])
    balance = read(parley("campaign", "balance", "week-end", "--json"))
    assert (balance["intended"], balance["sent"], balance["exact"]) == (5, 5, True)
    assert "5 sent, 5 parts" in parley("campaign", "balance", "week-end").output
    assert "5 sent of 5" in parley("campaign", "list").output
    assert "finished" in parley("campaign", "show", "week-end", "--follow").output


def test_what_is_wrong_with_a_draft_is_told_line_by_line(parley: Parley) -> None:
    parley("segment", "save", "everyone", "{all: []}")
    said = parley(*CREATE, "--text", "ACME {{ contact.shoe_size }}", "--dialog", "dance")
    assert said.exit_code == 1
    assert "texts: {{ contact.shoe_size }} is not a merge tag" in said.output
    assert "dialog: there is no published dialog 'dance'" in said.output
    assert "Traceback" not in said.output


def test_texts_in_two_languages_and_a_time_in_the_shops_zone(parley: Parley) -> None:
    parley("segment", "save", "everyone", "{all: []}")
    said = parley(*CREATE, "--text", "fr=ACME : oui. STOP", "--text", "en=ACME: yes. STOP", "--ends-at", "2027-01-31T18:00")
    assert said.exit_code == 0, said.output
    shown = read(parley("campaign", "show", "week-end", "--json"))
    assert shown["texts"] == {"fr": "ACME : oui. STOP", "en": "ACME: yes. STOP"}
    assert shown["ends_at"] == "2027-01-31T17:00:00+00:00"
    assert "Scheduled" in parley("campaign", "schedule", "week-end", "--at", "2027-01-30T10:00", "--yes").output
    assert "lies in the past" in parley("campaign", "schedule", "week-end", "--at", "2020-01-30T10:00", "--yes").output
    assert "write a time like" in parley("campaign", "schedule", "week-end", "--at", "tomorrow", "--yes").output


def test_pause_resume_cancel(parley: Parley) -> None:
    parley("segment", "save", "everyone", "{all: []}")
    parley(*CREATE, "--text", "ACME. STOP")
    parley("campaign", "schedule", "week-end", "--at", "2027-01-30T10:00", "--yes")
    assert "Paused" in parley("campaign", "pause", "week-end").output
    assert "goes on" in parley("campaign", "resume", "week-end").output
    assert "would get nothing" in parley("campaign", "cancel", "week-end", input="n\n").output
    assert "Cancelled" in parley("campaign", "cancel", "week-end", "--yes").output
    assert "the campaign is cancelled" in parley("campaign", "resume", "week-end").output
    assert "there is no campaign 'other'" in parley("campaign", "pause", "other").output


def test_segments_and_lists(parley: Parley, tmp_path: Path) -> None:
    assert "No segments yet" in parley("segment", "list").output
    (tmp_path / "rule.yaml").write_text("all:\n  - country: FR\n  - topic: offers\n", encoding="utf-8")
    assert "5 matching" in parley("segment", "save", "french", "rule.yaml").output
    assert "2 added" in parley("segment", "add", "vip", "0610000000", number(1)).output
    assert "1 removed" in parley("segment", "remove", "vip", number(1)).output
    assert read(parley("segment", "count", "vip", "--json")) == {"matching": 1, "reachable": 1}
    rule = "{all: [{in_segment: french}, {not: {in_list: vip}}]}"
    assert read(parley("segment", "count", "--rule", rule, "--topic", "orders", "--json")) == {"matching": 4, "reachable": 0}
    assert "list          1 matching" in parley("segment", "list").output
    assert parley("segment", "count", "nobody").exit_code == 1
    assert "this key is not known" in parley("segment", "count", "--rule", "{tag: vip, colour: red}").output
    assert "No contacts have these numbers: 0699999999" in parley("segment", "add", "vip", "0699999999").output
    parley("segment", "save", "both", "{in_segment: french}")
    assert "needed" in parley("segment", "delete", "french").output
    assert "is gone" in parley("segment", "delete", "both").output


def test_what_is_held_is_shown_let_go_or_refused(house: House, parley: Parley) -> None:
    assert "Nothing is held" in parley("held", "show").output
    queue(house, cause="a:9:9", body="late")
    sleep(house, 24)
    wake_up(house)
    assert "1 messages: outage" in parley("held", "show").output
    assert read(parley("held", "show", "--json"))["messages"] == {"outage": 1}
    assert parley("held", "release", input="n\n").exit_code == 1
    assert "1 let go" in parley("held", "release", "--yes").output
    with house.runtime.read() as connection:
        assert held(connection).total == 0
    assert "Nothing is held" in parley("held", "refuse").output
