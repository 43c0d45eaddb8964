"""Who answers STOP, START, YES and HELP, for each kind of sender, and whom the carrier then blocks."""

import pytest
import requests

from bot.simulator.optout import NETWORK_SAYS, TWILIO_SAYS
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SENDER, SimulatedCarrier
from tests.simulator.cast import ADVANCED, ANA, PUBLIC, SELF, TOLLFREE
from tests.simulator.shop import Shop

GOODBYE, WELCOME, HELP = TWILIO_SAYS["STOP"], TWILIO_SAYS["START"], TWILIO_SAYS["HELP"]
BLOCKED, WELCOME_BACK = NETWORK_SAYS["STOP"], NETWORK_SAYS["START"]


def is_blocked(carrier: SimulatedCarrier, sender: str) -> bool:
    before = len(carrier.received(ANA))
    url = f"{carrier.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    requests.post(url, {"To": ANA, "From": sender, "Body": "x"}, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5)
    return len(carrier.received(ANA)) == before


@pytest.mark.parametrize(
    ("sender", "typed", "carrier_says", "blocked"),
    [
        (SENDER, ["STOP"], [GOODBYE], True),
        (SENDER, [" stopall "], [GOODBYE], True),
        (SENDER, ["stop", "stop"], [GOODBYE], True),
        (SENDER, ["STOP PLEASE"], [], False),
        (SENDER, ["Stop."], [], False),
        (SENDER, ["ARRET"], [], False),
        (SENDER, ["HELP"], [HELP], False),
        (SENDER, ["STOP", "HELP"], [GOODBYE], True),
        (SENDER, ["START"], [], False),
        (SENDER, ["YES"], [], False),
        (SENDER, ["STOP", "YES"], [GOODBYE, WELCOME], False),
        (SENDER, ["CANCEL", "unstop"], [GOODBYE, WELCOME], False),
        (TOLLFREE, ["STOP"], [BLOCKED], True),
        (TOLLFREE, ["STOP", "YES"], [BLOCKED], True),
        (TOLLFREE, ["STOP", "UNSTOP"], [BLOCKED, WELCOME_BACK], False),
        (TOLLFREE, ["UNSUBSCRIBE"], [], False),
        (SELF, ["STOP"], [], False),
        (SELF, ["HELP"], [], False),
    ],
)
def test_the_carrier_answers_and_blocks_as_the_mode_says(
    carrier: SimulatedCarrier, shop: Shop, sender: str, typed: list[str], carrier_says: list[str], blocked: bool
) -> None:
    for body in typed:
        carrier.text(ANA, sender, body)
    assert carrier.received(ANA) == carrier_says
    assert [call.form["Body"] for call in shop.at("/inbound")] == typed
    assert not any("OptOutType" in call.form for call in shop.calls)
    assert is_blocked(carrier, sender) == blocked


@pytest.mark.parametrize(("body", "kind"), [("stop", "STOP"), ("Unstop", "START"), ("INFO", "HELP"), ("YES", None)])
def test_advanced_opt_out_tells_the_shop_what_it_took_the_text_for(
    carrier: SimulatedCarrier, shop: Shop, body: str, kind: str | None
) -> None:
    carrier.text(ANA, ADVANCED, body)
    assert shop.calls[0].form.get("OptOutType") == kind
    assert len(carrier.received(ANA)) == (kind is not None)


def test_a_blocked_handset_is_refused_at_once_and_a_reply_to_it_too(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.says("are you sure?")
    carrier.text(ANA, SENDER, "STOP")
    assert carrier.received(ANA) == [GOODBYE]
    assert [(line["origin"], line["code"]) for line in carrier.journal("refused")] == [("twiml", 21610)]


def test_behind_a_service_the_refusal_comes_later_as_a_failed_status(carrier: SimulatedCarrier, shop: Shop) -> None:
    carrier.text(ANA, ADVANCED, "STOP")
    url = f"{carrier.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    asked = {"To": ANA, "MessagingServiceSid": "MG" + "0" * 32, "Body": "x", "StatusCallback": f"{PUBLIC}/status/1"}
    made = requests.post(url, asked, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5)
    assert (made.status_code, made.json()["status"]) == (201, "accepted")
    carrier.wait_for(lambda: len(shop.at("/status/1")) == 2, "the failed status")
    last = shop.at("/status/1")[1].form
    assert (last["MessageStatus"], last["ErrorCode"]) == ("failed", "21610")
    assert carrier.received(ANA) == [GOODBYE]
