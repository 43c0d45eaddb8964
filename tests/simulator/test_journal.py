"""The carrier as a judge: every call is in its journal, with the instant at which it began."""

import asyncio
import base64
import json
import socket
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SENDER, SimulatedCarrier, sender
from tests.law import broken
from tests.simulator.cast import ANA, BO, SELF, SERVICE
from tests.simulator.shop import Answer, Call, Shop

PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"


def create(carrier: SimulatedCarrier, to: str = ANA, **form: str) -> requests.Response:
    asked = {"To": to, "From": SENDER, "Body": "x", **form}
    return requests.post(carrier.url + PATH, asked, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=10)


def request(to: str, **form: str) -> bytes:
    """A create call as it goes over the wire."""
    basic = base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
    content = urlencode({"To": to, "From": SENDER, "Body": "x", **form})
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: carrier\r\nAuthorization: Basic {basic}\r\nContent-Length: {len(content)}\r\n"
    )
    return f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n{content}".encode()


async def storm(carrier: SimulatedCarrier, requests: Iterable[bytes], at_once: int = 50) -> None:
    """Make all these calls, so many at a time, on connections that stay open."""
    place, waiting = urlsplit(carrier.url), iter(requests)

    async def caller() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        for one in waiting:
            writer.write(one)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r")[0]))
        writer.close()

    await asyncio.gather(*(caller() for _ in range(at_once)))


def began(line: dict[str, str]) -> float:
    return datetime.fromisoformat(line["began_at"]).timestamp()


@pytest.mark.parametrize(
    ("faults", "form", "event"),
    [
        ({}, {}, "accepted"),
        ({"create": "accept_then_502html"}, {}, "accepted"),
        ({"create": "429"}, {}, "call"),
        ({"create": "200empty"}, {}, "call"),
        ({}, {"To": "0612"}, "refused"),
        ({}, {"From": "", "MessagingServiceSid": SERVICE}, "accepted"),
        ({"create": "502html"}, {"From": "", "MessagingServiceSid": SERVICE}, "call"),
    ],
)
def test_every_call_is_one_line_that_says_when_it_began_and_what_it_draws(
    carrier: SimulatedCarrier, faults: dict[str, object], form: dict[str, str], event: str
) -> None:
    carrier.faults(latency_ms=[300, 300], **faults)
    begin = time.time()
    create(carrier, **{"Body": "x" * 200, **form})
    [line] = carrier.calls()
    assert (line["event"], line["parts"], bool(line["from"])) == (event, 2, True)
    assert begin - 0.01 < began(line) < begin + 0.25
    assert 0 < line["lag_ms"] < 250


def test_a_call_that_the_throttle_refuses_is_told_like_any_other(carrier: SimulatedCarrier) -> None:
    carrier.faults(parts_per_second=0.1)
    assert [create(carrier).status_code for _ in range(2)] == [201, 429]
    assert [line["event"] for line in carrier.calls()] == ["accepted", "refused"]


def test_replies_are_no_calls(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.says("hello")
    carrier.text(ANA, SENDER, "JOIN")
    assert (len(carrier.journal("accepted")), carrier.calls()) == (1, [])


def test_calls_are_told_by_sender(carrier: SimulatedCarrier) -> None:
    create(carrier)
    create(carrier, From=SELF)
    assert [line["from"] for line in carrier.calls(SELF)] == [SELF]
    assert carrier.counts() == {"accepted": 2, "delivered": 2}


def test_a_steady_sender_is_within_the_law_of_the_throttle_and_a_fast_one_is_not(carrier: SimulatedCarrier) -> None:
    for _ in range(12):
        create(carrier)
        time.sleep(0.1)
    assert broken(carrier.calls(SENDER), rate=10) == []
    assert broken(carrier.calls(SENDER), rate=4)


def test_a_text_whose_caller_has_gone_away_is_taken_all_the_same(carrier: SimulatedCarrier) -> None:
    carrier.faults(latency_ms=[300, 300])
    place = urlsplit(carrier.url)
    with socket.create_connection((place.hostname, place.port)) as caller:
        caller.sendall(request(ANA))
        time.sleep(0.1)
    carrier.wait_for(lambda: carrier.received(ANA) == ["x"], "the text")
    assert [line["event"] for line in carrier.journal()][:2] == ["accepted", "delivered"]
    assert carrier.calls()[0]["began_at"] < carrier.journal("accepted")[0]["at"]


def test_the_file_is_never_far_behind(shop: Shop, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with SimulatedCarrier(senders=[sender(f"{shop.url}/inbound")], journal=journal) as carrier:
        create(carrier)
        time.sleep(0.5)
        lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
        assert [line["event"] for line in lines] == ["accepted", "delivered"]
        create(carrier, to=BO)
    assert [json.loads(line)["to"] for line in journal.read_text(encoding="utf-8").splitlines()] == [ANA] * 2 + [BO] * 2


def story(carrier: SimulatedCarrier) -> list[str]:
    """What happened to a text and the STOP that crossed it, in order."""
    carrier.wait_for(lambda: carrier.counts().get("attempt"), "the answer to STOP")
    return [line["event"] for line in carrier.journal() if line["event"] in ("inbound", "attempt", "accepted")]


def test_a_stop_may_come_between_a_call_and_the_taking_of_its_text(carrier: SimulatedCarrier, shop: Shop) -> None:
    carrier.faults(numbers={ANA: {"stop_before_accept": True}})
    assert create(carrier, From=SELF).status_code == 201
    assert story(carrier) == ["inbound", "attempt", "accepted"]
    assert (shop.calls[0].form["Body"], shop.calls[0].form["To"], carrier.received(ANA)) == ("STOP", SELF, ["x"])
    create(carrier, to=BO, From=SELF)
    assert len(carrier.journal("inbound")) == 1


def test_it_does_not_wait_for_a_shop_that_holds_its_answer_back_until_the_call_is_over(
    carrier: SimulatedCarrier, shop: Shop
) -> None:
    carrier.faults(stop_before_accept=True)
    shop.answers["/inbound"] = Answer(after=1.6)
    begin = time.monotonic()
    assert create(carrier, From=SELF).status_code == 201
    assert 0.9 < time.monotonic() - begin < 1.6
    assert story(carrier) == ["inbound", "accepted", "attempt"]


def test_a_block_of_the_carriers_own_does_not_hinder_the_text_that_the_stop_crosses(carrier: SimulatedCarrier) -> None:
    carrier.faults(stop_before_accept=True)
    assert create(carrier).status_code == 201
    assert create(carrier).json()["code"] == 21610
    assert carrier.counts()["inbound"] == 1


def test_a_storm_of_statuses_is_told_to_the_last_while_calls_go_on(carrier: SimulatedCarrier, shop: Shop) -> None:
    carrier.faults(receipt_duplicates=1, receipt_delay_ms=[0, 0])
    numbers = [f"+336{10_000_000 + n}" for n in range(300)]
    asyncio.run(storm(carrier, (request(number, StatusCallback=f"{shop.url}/status/1") for number in numbers)))
    assert carrier.counts()["accepted"] == 300
    carrier.wait_for(lambda: carrier.counts().get("callback") == 1200, "every status", seconds=30)
    assert {line["http"] for line in carrier.journal("callback")} == {200}
    assert Counter(call.form["MessageStatus"] for call in shop.calls) == {"sent": 600, "delivered": 600}
    assert len({call.line for call in shop.calls}) <= 32


def test_a_shop_that_falls_silent_or_goes_away_costs_a_status_and_no_more(
    carrier: SimulatedCarrier, shop: Shop
) -> None:
    def silent(call: Call) -> Answer:
        return Answer(after=0.6)

    shop.answers["/status/1"] = silent
    create(carrier, StatusCallback=f"{shop.url}/status/1#rt=200")
    create(carrier, StatusCallback="http://127.0.0.1:9/status/1")
    carrier.wait_for(lambda: carrier.counts().get("callback") == 4, "what became of the statuses")
    told = Counter((line["http"], line["error"]) for line in carrier.journal("callback"))
    assert told == {(None, 11200): 2, (None, 11205): 2}
