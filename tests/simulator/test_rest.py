"""The REST API, called by the official client library whose scheme and host are replaced."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SENDER, SimulatedCarrier
from tests.simulator.cast import ANA, BO, POOLED, SERVICE
from tests.simulator.shop import Shop

Api = Callable[[], Client]


def redirected(http: Any, base: str) -> Any:
    """The library's own HTTP client, sent to another host."""

    class Redirected(http):  # type: ignore[misc]
        def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
            return super().request(method, base + urlsplit(url)._replace(scheme="", netloc="").geturl(), *args, **more)

    return Redirected(timeout=5)


@pytest.fixture
def api(carrier: SimulatedCarrier) -> Client:
    return Client(ACCOUNT_SID, AUTH_TOKEN, http_client=redirected(TwilioHttpClient, carrier.url))


def test_a_text_is_created_and_arrives(carrier: SimulatedCarrier, api: Client) -> None:
    made = api.messages.create(to=ANA, from_=SENDER, body="Soldes : -20% dès 50€ !")
    assert (made.status, made.num_segments, made.num_media, made.direction) == ("queued", "1", "0", "outbound-api")
    assert made.date_created
    assert abs(datetime.now(UTC) - made.date_created) < timedelta(seconds=5)
    assert (made.price, made.error_code, made.messaging_service_sid) == (None, None, None)
    assert carrier.received(ANA) == ["Soldes : -20% dès 50€ !"]
    carrier.wait_for(lambda: api.messages(made.sid).fetch().status == "delivered", "the delivery")
    assert api.messages(made.sid).fetch().date_sent


def test_our_numbers_are_listed(api: Client) -> None:
    numbers = api.incoming_phone_numbers.list()
    assert {SENDER, POOLED} <= {one.phone_number for one in numbers}
    assert all(one.phone_number.startswith("+") and one.capabilities["sms"] for one in numbers)


def test_a_service_accepts_first_and_chooses_the_number_that_the_handset_knows(
    carrier: SimulatedCarrier, api: Client
) -> None:
    carrier.text(ANA, POOLED, "hello")
    made = api.messages.create(to=ANA, messaging_service_sid=SERVICE, body="a" * 200)
    assert (made.status, made.num_segments, made.messaging_service_sid) == ("accepted", "0", SERVICE)
    assert carrier.handset(ANA)[-1]["from"] == POOLED
    assert carrier.handset(ANA)[-1]["parts"] == 2


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        ({"From": SENDER, "Body": "x"}, 21604, 400),
        ({"To": ANA, "From": SENDER}, 21602, 400),
        ({"To": ANA, "Body": "x"}, 21603, 400),
        ({"To": ANA, "From": SENDER, "Body": "😀" * 801}, 21617, 400),
        ({"To": ANA, "From": "+33937999999", "Body": "x"}, 21606, 400),
        ({"To": ANA, "From": "?", "Body": "x"}, 21212, 400),
        ({"To": "0612345678", "From": SENDER, "Body": "x"}, 21211, 400),
        ({"To": SENDER, "From": SENDER, "Body": "x"}, 21266, 400),
        ({"To": ANA, "MessagingServiceSid": "MG1", "Body": "x"}, 21701, 400),
        ({"To": ANA, "From": SENDER, "Body": "x", "StatusCallback": "https://a_b.example/s"}, 21609, 400),
        ({"To": "+15005550001", "From": SENDER, "Body": "x"}, 21211, 400),
        ({"To": "+15005550002", "From": SENDER, "Body": "x"}, 21612, 400),
        ({"To": "+15005550003", "From": SENDER, "Body": "x"}, 21408, 403),
        ({"To": "+15005550004", "From": SENDER, "Body": "x"}, 21610, 400),
        ({"To": "+15005550009", "From": SENDER, "Body": "x"}, 21614, 400),
        ({"To": ANA, "From": "+15005550001", "Body": "x"}, 21212, 400),
        ({"To": ANA, "From": "+15005550007", "Body": "x"}, 21606, 400),
        ({"To": ANA, "From": "+15005550008", "Body": "x"}, 21611, 400),
    ],
)
def test_a_refusal_has_its_number_and_leaves_nothing(
    carrier: SimulatedCarrier, asked: dict[str, str], code: int, status: int
) -> None:
    url = f"{carrier.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    answer = requests.post(url, asked, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5)
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (status, code, status)
    assert answer.json()["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert [line["event"] for line in carrier.journal()] == ["refused"]


def test_the_magic_good_number_may_send(carrier: SimulatedCarrier, api: Client) -> None:
    api.messages.create(to=ANA, from_="+15005550006", body="x" * 1600)
    assert carrier.handset(ANA)[0]["parts"] == 11


def test_a_wrong_token_is_told_so(carrier: SimulatedCarrier) -> None:
    client = Client(ACCOUNT_SID, "wrong", http_client=redirected(TwilioHttpClient, carrier.url))
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=ANA, from_=SENDER, body="x")
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_a_list_is_filtered_and_paged_newest_first(carrier: SimulatedCarrier, api: Client) -> None:
    for n in range(7):
        api.messages.create(to=ANA, from_=SENDER, body=str(n))
    api.messages.create(to=BO, from_=SENDER, body="for Bo")
    now = datetime.now(UTC)
    assert [text.body for text in api.messages.list(to=ANA, page_size=3)] == list("6543210")
    assert [text.body for text in api.messages.list(to=BO, from_=SENDER)] == ["for Bo"]
    assert api.messages.list(to=BO, from_=POOLED) == []
    assert len(api.messages.list(to=ANA, date_sent_after=now - timedelta(seconds=5))) == 7
    assert api.messages.list(to=ANA, date_sent_after=now + timedelta(seconds=5)) == []
    assert api.messages.list(to=ANA, date_sent_before=now - timedelta(days=1)) == []
    assert len(api.messages.list(to=ANA, date_sent=f"{now:%Y-%m-%d}")) == 7


def test_pages_stay_whole_while_new_texts_arrive(carrier: SimulatedCarrier, api: Client) -> None:
    for n in range(4):
        api.messages.create(to=ANA, from_=SENDER, body=str(n))
    first = api.messages.page(to=ANA, page_size=2)
    api.messages.create(to=ANA, from_=SENDER, body="new")
    second = first.next_page()
    assert second
    assert [text.body for text in [*first, *second]] == list("3210")


def test_replies_and_texts_from_handsets_are_listed_too(carrier: SimulatedCarrier, api: Client, shop: Shop) -> None:
    shop.says("hello")
    carrier.text(ANA, SENDER, "JOIN")
    assert [(text.direction, text.body) for text in api.messages.list(to=ANA)] == [("outbound-reply", "hello")]
    assert [(text.direction, text.status) for text in api.messages.list(to=SENDER)] == [("inbound", "received")]


def test_a_list_may_lag_or_be_unavailable(carrier: SimulatedCarrier, api: Client) -> None:
    carrier.faults(list_lag=10)
    api.messages.create(to=ANA, from_=SENDER, body="x")
    assert api.messages.list(to=ANA) == []
    carrier.faults(list_lag=0)
    assert len(api.messages.list(to=ANA)) == 1
    carrier.faults(list_unavailable=True)
    with pytest.raises(TwilioException, match="503"):
        api.messages.list(to=ANA)
    assert "error" in carrier.faults(list_lag=16)


def test_a_text_can_be_wiped_and_deleted(carrier: SimulatedCarrier, api: Client) -> None:
    made = api.messages.create(to=ANA, from_=SENDER, body="secret")
    assert api.messages(made.sid).update(body="").body == ""
    assert api.messages(made.sid).delete()
    with pytest.raises(TwilioRestException) as gone:
        api.messages(made.sid).fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)
    assert api.messages.list(to=ANA) == []


def test_a_text_for_later_waits_and_can_be_cancelled(carrier: SimulatedCarrier, api: Client) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1.2)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for body, at in (("soon", soon), ("tomorrow", tomorrow)):
        made = api.messages.create(to=ANA, messaging_service_sid=SERVICE, body=body, schedule_type="fixed", send_at=at)
        assert made.status == "scheduled"
    assert carrier.received(ANA) == []
    assert api.messages(made.sid).update(status="canceled").status == "canceled"
    assert carrier.wait_for(lambda: carrier.received(ANA), "the text for later") == ["soon"]
    with pytest.raises(TwilioRestException):
        api.messages(made.sid).update(status="canceled")


def test_the_asynchronous_client_works_too(carrier: SimulatedCarrier) -> None:
    async def send() -> str | None:
        http = redirected(AsyncTwilioHttpClient, carrier.url)
        try:
            made = await Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http).messages.create_async(
                to=ANA, from_=SENDER, body="async"
            )
            listed = await Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http).messages.list_async(to=ANA)
            return made.sid if [text.sid for text in listed] == [made.sid] else None
        finally:
            await http.session.close()

    assert asyncio.run(send())


@pytest.mark.parametrize(
    ("mode", "raises", "taken"),
    [
        ("429", TwilioRestException, False),
        ("502html", TwilioRestException, False),
        ("rfc9457", TwilioServiceException, False),
        ("garbage200", json.JSONDecodeError, False),
        ("drop", requests.exceptions.ConnectionError, False),
        ("error:30500", TwilioRestException, False),
        ("accept_then_502html", TwilioRestException, True),
        ("accept_then_drop", requests.exceptions.ConnectionError, True),
        ("accept_then_slow:9", requests.exceptions.ReadTimeout, True),
    ],
)
def test_a_fault_answers_in_its_way_and_takes_the_text_or_not(
    carrier: SimulatedCarrier, mode: str, raises: type[Exception], taken: bool
) -> None:
    http = redirected(TwilioHttpClient, carrier.url)
    http.timeout = 0.5
    carrier.faults(create=mode)
    with pytest.raises(raises):
        Client(ACCOUNT_SID, AUTH_TOKEN, http_client=http).messages.create(to=ANA, from_=SENDER, body="x")
    assert carrier.received(ANA) == (["x"] if taken else [])


def test_an_empty_success_has_no_sid(carrier: SimulatedCarrier, api: Client) -> None:
    carrier.faults(create="200empty")
    assert api.messages.create(to=ANA, from_=SENDER, body="x").sid is None
    assert carrier.received(ANA) == []


def test_a_dripping_answer_never_pauses_and_never_ends(carrier: SimulatedCarrier) -> None:
    carrier.faults(create="drip")
    url = f"{carrier.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    form = {"To": ANA, "From": SENDER, "Body": "x"}
    with requests.post(url, form, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=0.5, stream=True) as answer:
        assert answer.status_code == 201
        assert answer.raw.read(4) == b'{"ac'
    assert carrier.received(ANA) == ["x"]


def test_a_fault_may_be_for_one_number_only(carrier: SimulatedCarrier, api: Client) -> None:
    carrier.faults(numbers={ANA: {"create": "error:21614"}})
    with pytest.raises(TwilioRestException):
        api.messages.create(to=ANA, from_=SENDER, body="x")
    assert api.messages.create(to=BO, from_=SENDER, body="x").sid
    carrier.faults(numbers={ANA: {"create": None}})
    assert api.messages.create(to=ANA, from_=SENDER, body="x").sid
    assert carrier.faults(creat="ok") == {"error": "unknown fault: creat"}


def test_a_sender_too_fast_is_told_to_slow_down(carrier: SimulatedCarrier, api: Client) -> None:
    carrier.faults(parts_per_second=5)

    def send_at_once(count: int) -> None:
        for _ in range(count):
            api.messages.create(to=ANA, from_=SENDER, body="x")

    with pytest.raises(TwilioRestException) as busy:
        send_at_once(20)
    assert (busy.value.status, busy.value.code) == (429, 20429)
    assert 5 <= len(carrier.received(ANA)) <= 7
