"""What the API answers, or fails to, becomes sent, refused, busy or unknown; only certainty is taken for certain."""

import asyncio
import logging
import re
import socket
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.carriers import Busy, Outgoing, Refused, Sent, Unavailable, Unknown, open_carrier
from bot.carriers.twilio import api
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SENDER, SimulatedCarrier, sender

ANA, BO = "+33612340001", "+33612340002"
SERVICE = "MG" + "5" * 32
POOLED = "+33937000002"


@pytest.fixture(scope="module")
def box():
    """A simulated carrier for this file; each test begins with it well and empty."""
    nowhere = "http://127.0.0.1:9/webhooks/twilio/inbound"
    with SimulatedCarrier(senders=[sender(nowhere), sender(nowhere, number=POOLED, service_sid=SERVICE)]) as carrier:
        yield carrier


@pytest.fixture
def calling(box, settings):
    """`async with calling() as twilio`: our carrier, open, towards the simulated one or another address."""
    box.reset()

    @asynccontextmanager
    async def open_there(api_base=None, token=AUTH_TOKEN):
        twilio = open_carrier(
            settings(
                base_url="http://127.0.0.1:9",
                twilio_account_sid=ACCOUNT_SID,
                twilio_auth_token=token,
                twilio_api_base=api_base or box.url,
                PARLEY_CARRIER="simulated",
            )
        )
        await twilio.open()
        try:
            yield twilio
        finally:
            await twilio.close()

    return open_there


def message(to=ANA, body="Hello", **changes):
    return Outgoing(**{"message_id": 7, "to": to, "from_": SENDER, "service_sid": None, "body": body, **changes})


def send(calling, *messages, **where):
    """Send these at once; their results in order."""

    async def run():
        async with calling(**where) as twilio:
            return await asyncio.gather(*(twilio.send(one) for one in messages))

    return asyncio.run(run())


def listed(calling, to=ANA, since=None, **where):
    async def run():
        async with calling(**where) as twilio:
            return await twilio.list(to, since or datetime.now(UTC) - timedelta(minutes=1))

    return asyncio.run(run())


def test_a_message_that_is_taken_has_the_carriers_number(box, calling):
    (result,) = send(calling, message(body="Ça va ? 😀 & <b>"))
    assert isinstance(result, Sent)
    assert re.fullmatch(r"SM[0-9a-f]{32}", result.sid)
    assert (result.status, result.rank) == ("queued", 2)
    box.wait_for(lambda: box.received(ANA) == ["Ça va ? 😀 & <b>"], "the text on the phone")


def test_a_service_picks_the_number(box, calling):
    (result,) = send(calling, message(from_=None, service_sid=SERVICE))
    assert isinstance(result, Sent)
    assert (result.status, result.rank) == ("accepted", 1)
    (text,) = box.wait_for(lambda: box.handset(ANA), "the text")
    assert text["from"] == POOLED


def test_pictures_go_along(box, calling):
    pictures = ("https://shop.example/a?b=1&c=2", "https://shop.example/d")
    send(calling, message(media=pictures), message(BO, body="", media=pictures[:1]))
    box.wait_for(lambda: box.handset(ANA) and box.handset(BO), "the pictures")
    assert tuple(box.handset(ANA)[0]["media"]) == pictures
    assert (box.handset(BO)[0]["body"], tuple(box.handset(BO)[0]["media"])) == ("", pictures[:1])


def test_the_status_address_carries_our_own_number(box, calling):
    send(calling, message(message_id=4711))
    address = "http://127.0.0.1:9/webhooks/twilio/status/4711"
    box.wait_for(lambda: address in [called["url"] for called in box.journal("callback")], "the status callback")


@pytest.mark.parametrize(
    ("to", "code", "action"),
    [
        ("+15005550001", "21211", "invalid_number"),
        ("+15005550002", "21612", "our_fault"),
        ("+15005550003", "21408", "our_fault"),
        ("+15005550004", "21610", "stop_contact"),
        ("+15005550009", "21614", "invalid_number"),
    ],
)
def test_a_recipient_that_cannot_be_texted_is_refused_with_its_reason(calling, to, code, action):
    (result,) = send(calling, message(to))
    assert isinstance(result, Refused)
    assert (result.code, result.action) == (code, action)
    assert 400 <= result.http < 500


def test_a_wrong_token_is_our_fault(calling):
    assert send(calling, message(), token="wrong") == [Refused("20003", 401, "our_fault")]


NOT_TAKEN = {
    "429": Busy(1.0),
    "rfc9457": Refused("21000", 400, "failed"),
    "error:30007": Refused("30007", 400, "content"),
}
UNCERTAIN = ["502html", "200empty", "garbage200", "drop", "error:20500"]


@pytest.mark.parametrize("mode", NOT_TAKEN)
def test_a_clear_no_is_not_uncertain(box, calling, mode):
    box.faults(create=mode)
    assert send(calling, message()) == [NOT_TAKEN[mode]]


@pytest.mark.parametrize("mode", [*UNCERTAIN, *(f"accept_then_{mode}" for mode in UNCERTAIN[:4])])
def test_any_other_answer_leaves_us_uncertain(box, calling, mode):
    box.faults(create=mode)
    (result,) = send(calling, message())
    assert isinstance(result, Unknown)
    assert len(box.journal("accepted")) == mode.startswith("accept_then_")  # and it was not sent a second time


def test_no_call_takes_longer_than_five_seconds(box, calling):
    """However the carrier stalls: silent, silent after taking it, or an answer that drips."""
    modes = {ANA: "slow:20", BO: "accept_then_slow:20", "+33612340003": "drip"}
    box.faults(numbers={number: {"create": mode} for number, mode in modes.items()})
    begin = time.monotonic()
    results = send(calling, *map(message, modes))
    assert 4.5 < time.monotonic() - begin < 6.5
    assert results == [Unknown("TimeoutError")] * 3


def test_a_refused_connection_is_busy(calling):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        assert send(calling, message(), api_base=address) == [Busy(1.0)]
        with pytest.raises(Unavailable):
            listed(calling, api_base=address)


def reply_once(status_line, body, headers=""):
    """What a server does that answers exactly this, once."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        content = body.encode()
        writer.write(f"HTTP/1.1 {status_line}\r\n{headers}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        writer.close()

    return serve


@pytest.mark.parametrize(
    ("status_line", "body", "headers", "expected"),
    [
        ("429 Too Many", '{"code": 20429}', "Retry-After: 7\r\n", Busy(7.0)),
        ("429 Too Many", "", "Retry-After: 9999\r\n", Busy(60.0)),
        ("429 Too Many", "", "Retry-After: tomorrow\r\n", Busy(1.0)),
        ("408 Request Timeout", '{"code": 408}', "", Unknown("HTTP 408")),
        ("503 Unavailable", '{"code": 20503}', "", Unknown("HTTP 503")),
        ("302 Found", "", "Location: http://127.0.0.1:9/\r\n", Unknown("HTTP 302")),
        # What an error says about itself does not outweigh how it came.
        ("500 Error", '{"type": "x", "title": "x", "status": 400, "code": 21610}', "", Unknown("HTTP 500")),
        ("403 Forbidden", "<html>", "", Refused("403", 403, "our_fault")),
        ("400 Bad", '["code"]', "", Refused("400", 400, "failed")),
        ("400 Bad", '{"code": null}', "", Refused("400", 400, "failed")),
        ("201 Created", "null", "", Unknown("AttributeError")),
        ("201 Created", '{"sid": null}', "", Unknown("accepted without a sid")),
        ("201 Created", '{"sid": 5}', "", Unknown("accepted without a sid")),
        ("201 Created", "", "", Unknown("accepted without a sid")),
        # Half a character, or none at all: no database keeps it as it is.
        ("201 Created", '{"sid": "SM\\ud800", "status": "queued"}', "", Unknown("accepted without a sid")),
        ("201 Created", '{"sid": "SM\\u0000", "status": "queued"}', "", Unknown("accepted without a sid")),
        ("200 OK", '{"sid": "SM1", "status": "novelty"}', "", Sent("SM1", "novelty", 0)),
    ],
)
def test_the_class_of_an_answer_is_told_by_its_status(calling, status_line, body, headers, expected):
    async def run():
        server = await asyncio.start_server(reply_once(status_line, body, headers), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, calling(api_base=f"http://127.0.0.1:{port}") as twilio:
            return await twilio.send(message())

    assert asyncio.run(run()) == expected


def test_the_list_shows_what_was_taken(calling):
    (sent,) = send(calling, message(body="one"))
    send(calling, message(BO, body="to someone else"))
    (found,) = listed(calling)
    assert (found.sid, found.to, found.from_, found.body) == (sent.sid, ANA, SENDER, "one")
    assert found.created_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - found.created_at) < timedelta(seconds=30)
    assert found.rank >= 2 and found.error_code is None


def test_the_list_begins_at_a_moment_in_any_zone(calling):
    send(calling, message())
    tokyo = timezone(timedelta(hours=9))
    assert len(listed(calling, since=datetime.now(tokyo) - timedelta(minutes=1))) == 1
    assert listed(calling, since=datetime.now(tokyo) + timedelta(minutes=1)) == []


def test_a_message_of_this_very_second_is_listed(calling):
    since = datetime.now(UTC)  # the carrier's own time of it has no fraction, so it seems earlier
    send(calling, message())
    assert len(listed(calling, since=since)) == 1


def test_a_moment_without_a_zone_is_a_bug(calling):
    with pytest.raises(ValueError, match="zone"):
        listed(calling, since=datetime(2026, 1, 1))  # noqa: DTZ001


def test_the_list_is_read_to_its_end(calling, monkeypatch):
    monkeypatch.setattr(api, "PAGE", 3)
    send(calling, *(message(body=str(n)) for n in range(10)))
    assert {found.body for found in listed(calling)} == {str(n) for n in range(10)}


def test_the_list_is_not_read_past_its_moment(box, calling, monkeypatch):
    monkeypatch.setattr(api, "PAGE", 3)
    send(calling, *(message(body=str(n)) for n in range(10)))
    pages = []
    original = api.Client.request_async

    async def counted(*args, **kwargs):
        pages.append(args)
        return await original(*args, **kwargs)

    monkeypatch.setattr(api.Client, "request_async", counted)
    assert listed(calling, since=datetime.now(UTC) + timedelta(minutes=1)) == []
    assert len(pages) == 1


def test_a_list_that_cannot_be_read_is_not_an_empty_list(box, calling):
    box.faults(list_unavailable=True)
    with pytest.raises(Unavailable):
        listed(calling)


@pytest.mark.parametrize(
    ("status_line", "body"),
    [
        ("200 OK", "<html>"),
        ("200 OK", "{}"),
        ("200 OK", '{"messages": [{"sid": "SM1"}], "next_page_uri": null}'),
        ("200 OK", '{"messages": [null], "next_page_uri": null}'),
        ("200 OK", '{"messages": [], "next_page_uri": "/2010-04-01/more"}'),  # the server is gone by then
        ("429 Too Many", "{}"),
    ],
)
def test_a_part_of_a_list_is_no_list(calling, status_line, body):
    async def run():
        calls = []

        async def once(reader, writer):
            calls.append(1)
            if len(calls) == 1:
                await reply_once(status_line, body)(reader, writer)
            else:
                writer.close()

        server = await asyncio.start_server(once, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, calling(api_base=f"http://127.0.0.1:{port}") as twilio:
            await twilio.list(ANA, datetime.now(UTC))

    with pytest.raises(Unavailable):
        asyncio.run(run())


def test_nothing_of_a_message_is_ever_logged(box, calling, caplog):
    """At the loudest level, whatever happens: no number, no text, no token."""
    with caplog.at_level(logging.DEBUG):
        for mode in ("ok", "429", "502html", "rfc9457", "drop", "error:21610"):
            box.faults(create=mode)
            send(calling, message(body="canary-text"))
        listed(calling)
        box.faults(list_unavailable=True)
        with pytest.raises(Unavailable) as caught:
            listed(calling)
    said = caplog.text + repr(caught.value)
    for secret in (ANA[1:], SENDER[1:], "canary-text", AUTH_TOKEN, ACCOUNT_SID):
        assert secret not in said


def test_sending_before_opening_is_a_bug(settings):
    twilio = open_carrier(settings(twilio_api_base="http://127.0.0.1:9"))
    with pytest.raises(RuntimeError, match="open"):
        asyncio.run(twilio.send(message()))


def test_only_the_simulated_carrier_settles_fast(settings):
    real = open_carrier(settings())
    near = open_carrier(settings(PARLEY_CARRIER="simulated", twilio_api_base="http://127.0.0.1:9"))
    assert (real.is_simulated, real.settling_for) == (False, 120.0)
    assert (near.is_simulated, near.settling_for) == (True, 20.0)


def test_our_numbers_are_asked_for_without_being_open_and_in_little_time(settings, box, monkeypatch):
    """Whoever looks at a page waits: what answers slowly, wrongly or not at all is unavailable, soon."""

    def numbers(base):
        known = {"base_url": "http://127.0.0.1:9", "twilio_account_sid": ACCOUNT_SID, "twilio_auth_token": AUTH_TOKEN}
        twilio = open_carrier(settings(**known, twilio_api_base=base, PARLEY_CARRIER="simulated"))
        return asyncio.run(twilio.numbers())

    assert numbers(box.url) == (SENDER, POOLED)
    monkeypatch.setattr(api, "NUMBERS_FOR", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            numbers(f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - began < 2
