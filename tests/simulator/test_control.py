"""The control API: for this machine only, and it relays the shop's clock."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from twilio.request_validator import RequestValidator

from tests.carrier import AUTH_TOKEN, SENDER, SimulatedCarrier, sender
from tests.simulator.cast import ANA, BO, PUBLIC
from tests.simulator.shop import Answer, Shop

TEXT = {"from": ANA, "to": SENDER, "body": "x"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://evil.example:9000", "Host": "evil.example:9000"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({}, 200),
    ],
)
def test_only_this_machines_own_pages_and_programs_may_type(
    carrier: SimulatedCarrier, headers: dict[str, str], status: int
) -> None:
    sent = {"Content-Type": "application/json"} | headers
    answer = requests.post(f"{carrier.url}/control/text", json.dumps(TEXT), headers=sent, timeout=5)
    assert answer.status_code == status
    assert len(carrier.handset(ANA)) == (status == 200)


def test_a_text_to_nobody_and_a_wrong_field_are_told(carrier: SimulatedCarrier) -> None:
    assert carrier.text(ANA, "+33900000000", "x") == {"error": "to: not one of the senders"}
    assert "error" in carrier.text(ANA, SENDER, "x", colour="red")


def test_a_text_may_be_left_without_waiting_for_the_shop(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.says("hello")
    assert carrier.text(ANA, SENDER, "x", wait=False)["attempts"] == []
    carrier.wait_for(lambda: carrier.received(ANA) == ["hello"], "the answer")


def test_a_handset_shows_what_is_new(carrier: SimulatedCarrier) -> None:
    for body in "abc":
        carrier.text(ANA, SENDER, body)
    assert [(text["n"], text["body"]) for text in carrier.handset(ANA, after=1)] == [(2, "b"), (3, "c")]
    assert carrier.handset(BO) == []


def test_the_shops_clock_jumps_and_the_handsets_follow(carrier: SimulatedCarrier, shop: Shop) -> None:
    then = datetime.now(UTC) + timedelta(hours=48)
    shop.answers["/phone/clock"] = Answer(json.dumps({"now": then.isoformat()}), content_type="application/json")
    assert carrier.clock(48 * 3600) == {"now": then.isoformat()}
    call = shop.at("/phone/clock")[0]
    assert call.form == {"seconds": "172800"}
    assert RequestValidator(AUTH_TOKEN).validate(f"{PUBLIC}/phone/clock", call.form, call.headers["X-Twilio-Signature"])
    carrier.text(ANA, SENDER, "x")
    assert abs(datetime.fromisoformat(carrier.handset(ANA)[0]["at"]) - then) < timedelta(seconds=5)


def test_a_clock_that_refuses_says_why(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.answers["/phone/clock"] = Answer('{"error": "not backwards"}', 422, "application/json")
    assert carrier.clock(-1) == {"error": "not backwards"}
    shop.answers["/phone/clock"] = Answer("", 404, None)
    assert carrier.clock(1) == {"error": "the shop answered 404"}


def test_the_journal_is_on_disk_the_moment_it_is_answered(shop: Shop, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with SimulatedCarrier(senders=[sender(f"{shop.url}/inbound")], journal=journal) as carrier:
        carrier.text(ANA, SENDER, "é")
        lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
        assert lines == carrier.journal()
        assert [(line["event"], line.get("body")) for line in lines] == [("inbound", "é"), ("attempt", None)]


def test_a_carrier_that_starts_again_on_its_journal_remembers_phones_texts_and_who_left(
    shop: Shop, tmp_path: Path
) -> None:
    shop.says("hello")
    then = datetime.now(UTC) + timedelta(days=40)
    shop.answers["/phone/clock"] = Answer(json.dumps({"now": then.isoformat()}), content_type="application/json")
    ours, journal = [sender(f"{shop.url}/inbound")], tmp_path / "journal.jsonl"
    with SimulatedCarrier(senders=ours, journal=journal, clock_url=f"{shop.url}/phone/clock") as carrier:
        carrier.clock(40 * 24 * 3600)
        carrier.text(ANA, SENDER, "JOIN")
        carrier.text(BO, SENDER, "STOP")
        carrier.wait_for(lambda: carrier.handset(ANA)[-1]["status"] == "delivered", "the delivery")
        before, events = carrier.handset(ANA), len(carrier.journal())
    with journal.open("a", encoding="utf-8") as file:
        file.write('{"n": 99, "event": "inb')
    with SimulatedCarrier(senders=ours, journal=journal) as carrier:
        assert carrier.handset(ANA) == before
        assert [text["at"][:10] for text in before] == [f"{then:%Y-%m-%d}"] * 2
        assert len(carrier.journal()) == events
        carrier.text(BO, SENDER, "JOIN")
        assert carrier.journal("refused")[-1]["code"] == 21610
        assert json.loads(journal.read_text(encoding="utf-8").splitlines()[-1]) == carrier.journal()[-1]
        carrier.reset()
        assert (carrier.handset(ANA), journal.read_text(encoding="utf-8")) == ([], "")


def test_sigterm_ends_it_cleanly_while_a_page_watches(shop: Shop) -> None:
    carrier = SimulatedCarrier(senders=[sender(f"{shop.url}/inbound")])
    with requests.get(f"{carrier.url}/control/events", stream=True, timeout=5) as watching:
        assert watching.headers["Content-Type"] == "text/event-stream"
        carrier.stop()
    assert carrier.process.returncode == 0


def test_people_text_by_themselves_and_answer_six_times_in_a_row_at_most(shop: Shop) -> None:
    shop.says("OK?")
    person = {"number": BO, "to": SENDER, "every": [0.1, 0.2], "thinks": [0.05, 0.06], "opens": ["JOIN"]}
    answers = [{"hears": "^ok", "says": ["OUI"]}, {"hears": ".", "says": ["never"]}]
    with SimulatedCarrier(senders=[sender(f"{shop.url}/inbound")], crowd=[person | {"answers": answers}]) as carrier:
        carrier.wait_for(lambda: len(carrier.journal("inbound")) >= 14, "two conversations", seconds=30)
        said = [line["body"] for line in carrier.journal("inbound")][:14]
    assert said == ["JOIN", *["OUI"] * 6] * 2
