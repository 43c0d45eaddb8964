"""What the status address is told, in which order, how often."""

import pytest
import requests
from twilio.request_validator import RequestValidator

from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SENDER, SimulatedCarrier
from tests.simulator.cast import ANA, PUBLIC, SERVICE
from tests.simulator.shop import Answer, Shop


def create(carrier: SimulatedCarrier, **form: str) -> str:
    url = f"{carrier.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    asked = {"To": ANA, "Body": "x", "StatusCallback": f"{PUBLIC}/status/1", **form}
    sid: str = requests.post(url, asked, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).json()["sid"]
    return sid


def told(carrier: SimulatedCarrier, shop: Shop, count: int) -> list[str]:
    """The statuses told, once there are `count` of them."""
    carrier.wait_for(lambda: len(carrier.journal("callback")) >= count, f"{count} callbacks")
    return [call.form["MessageStatus"] for call in shop.at("/status/1")]


def test_a_sent_text_is_told_as_sent_then_delivered(carrier: SimulatedCarrier, shop: Shop) -> None:
    sid = create(carrier, From=SENDER)
    assert told(carrier, shop, 2) == ["sent", "delivered"]
    call = shop.at("/status/1")[1]
    assert (call.form["MessageSid"], call.form["SmsStatus"], call.form["To"]) == (sid, "delivered", ANA)
    assert len(call.form["RawDlrDoneDate"]) == 10
    assert "ErrorCode" not in call.form
    assert RequestValidator(AUTH_TOKEN).validate(f"{PUBLIC}/status/1", call.form, call.headers["X-Twilio-Signature"])


def test_a_service_tells_queued_too(carrier: SimulatedCarrier, shop: Shop) -> None:
    create(carrier, MessagingServiceSid=SERVICE)
    assert told(carrier, shop, 3) == ["queued", "sent", "delivered"]
    assert shop.at("/status/1")[0].form["MessagingServiceSid"] == SERVICE


@pytest.mark.parametrize(
    ("faults", "count", "statuses"),
    [
        ({"receipt_order": "reversed"}, 3, ["delivered", "sent", "queued"]),
        ({"receipt_duplicates": 1}, 6, ["queued", "queued", "sent", "sent", "delivered", "delivered"]),
        ({"delivery_error": 30003}, 3, ["queued", "sent", "undelivered"]),
        ({"delivery_error": 30001}, 2, ["queued", "failed"]),
    ],
)
def test_faults_change_what_is_told(
    carrier: SimulatedCarrier, shop: Shop, faults: dict[str, object], count: int, statuses: list[str]
) -> None:
    carrier.faults(**faults)
    create(carrier, MessagingServiceSid=SERVICE)
    assert told(carrier, shop, count) == statuses


def test_a_failure_has_its_number_and_never_reaches_the_handset(carrier: SimulatedCarrier, shop: Shop) -> None:
    carrier.faults(numbers={ANA: {"delivery_error": 30005}})
    create(carrier, From=SENDER)
    assert told(carrier, shop, 2) == ["sent", "undelivered"]
    assert shop.at("/status/1")[1].form["ErrorCode"] == "30005"
    assert carrier.handset(ANA) == []


def test_shuffled_statuses_come_in_more_than_one_order(carrier: SimulatedCarrier, shop: Shop) -> None:
    carrier.faults(receipt_order="shuffled", receipt_delay_ms=[0, 0], seed=1)
    orders = set()
    for n in range(12):
        create(carrier, From=SENDER)
        orders.add(tuple(told(carrier, shop, 2 * (n + 1))[-2:]))
    assert orders == {("sent", "delivered"), ("delivered", "sent")}


def test_lost_statuses_are_never_told(carrier: SimulatedCarrier, shop: Shop) -> None:
    carrier.faults(receipt_lost=1.0)
    create(carrier, From=SENDER)
    carrier.wait_for(lambda: carrier.handset(ANA)[-1]["status"] == "delivered", "the delivery")
    assert shop.at("/status/1") == []


def test_statuses_may_come_before_the_create_call_is_answered(carrier: SimulatedCarrier, shop: Shop) -> None:
    carrier.faults(receipt_before_answer=True)
    create(carrier, From=SENDER)
    assert [call.form["MessageStatus"] for call in shop.at("/status/1")] == ["sent", "delivered"]


def test_a_status_that_fails_is_told_again_only_where_the_address_asks(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.answers["/status/1"] = Answer(status=500)
    create(carrier, From=SENDER)
    assert told(carrier, shop, 2) == ["sent", "delivered"]
    shop.calls.clear()
    create(carrier, From=SENDER, StatusCallback=f"{PUBLIC}/status/1#rc=2&rp=5xx")
    assert told(carrier, shop, 8) == ["sent"] * 3 + ["delivered"] * 3
