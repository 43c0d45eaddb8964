"""What happens to a text typed on a handset."""

import pytest
import requests
from twilio.request_validator import RequestValidator

from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SENDER, SimulatedCarrier, sender
from tests.pictures import data, png
from tests.simulator.cast import ANA, PATIENT, POOLED, PUBLIC
from tests.simulator.shop import Answer, Call, Shop


def test_a_text_reaches_the_shop_with_everything_that_the_real_carrier_tells(
    carrier: SimulatedCarrier, shop: Shop
) -> None:
    told = carrier.text(ANA, SENDER, " Ça va ? 😀 ")
    form = shop.calls[0].form
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == told["sid"]
    assert (form["From"], form["To"], form["Body"]) == (ANA, SENDER, " Ça va ? 😀 ")
    assert (form["NumMedia"], form["NumSegments"], form["SmsStatus"]) == ("0", "1", "received")
    assert (form["FromCountry"], form["ToCountry"], form["FromCity"]) == ("FR", "FR", "")
    assert {"CarrierTrace", "TrafficScore"} < set(form)
    assert "MessagingServiceSid" not in form
    assert shop.calls[0].headers["I-Twilio-Idempotency-Token"]


@pytest.mark.parametrize(
    ("to", "signed_for"),
    [(SENDER, f"{PUBLIC}/inbound"), (PATIENT, f"{PUBLIC}/inbound?shop=%C3%A9")],
    ids=["public address", "query kept, fragment left out"],
)
def test_the_signature_is_the_one_that_the_official_validator_wants(
    carrier: SimulatedCarrier, shop: Shop, to: str, signed_for: str
) -> None:
    carrier.text(ANA, to, "STOP 🛑 & <b>")
    call = shop.calls[0]
    signature = call.headers["X-Twilio-Signature"]
    assert RequestValidator(AUTH_TOKEN).validate(signed_for, call.form, signature)
    assert not RequestValidator(AUTH_TOKEN).validate(signed_for, call.form | {"Body": "STOP"}, signature)


def test_pictures_are_told_by_their_addresses(carrier: SimulatedCarrier, shop: Shop) -> None:
    told = carrier.text(ANA, SENDER, "", media=["https://example.org/1.jpg", "https://example.org/2.jpg"])
    form = shop.calls[0].form
    assert told["sid"].startswith("MM")
    assert (form["NumMedia"], form["MediaUrl1"], form["Body"]) == ("2", "https://example.org/2.jpg", "")


def test_a_picture_typed_on_a_phone_lies_at_the_carrier_behind_its_password(carrier: SimulatedCarrier, shop: Shop) -> None:
    told = carrier.text(ANA, SENDER, "", media=[data(png())])
    address = shop.calls[0].form["MediaUrl0"]
    assert address.startswith(f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{told['sid']}/Media/ME")
    here = carrier.url + address.removeprefix("https://api.twilio.com")
    got = requests.get(here, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5)
    assert (got.status_code, got.headers["Content-Type"], got.content) == (200, "image/png", png())
    assert requests.get(here, timeout=5).status_code == 401
    assert requests.get(here[:-1], auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).status_code == 404
    assert requests.get(f"{carrier.url}/control/media/{told['sid']}/0", timeout=5).content == png()


@pytest.mark.parametrize("given", ["data:image/png;base64,no!", "data:image/png;base64," + "A" * 7_000_000])
def test_a_picture_that_cannot_be_is_refused(carrier: SimulatedCarrier, shop: Shop, given: str) -> None:
    assert "media" in carrier.text(ANA, SENDER, "", media=[given])["error"]
    assert (shop.calls, carrier.handset(ANA)) == ([], [])


def test_a_phone_shows_pictures_of_the_shop_and_of_nobody_else(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.answers |= {"/a.gif": Answer("GIF89a", content_type="image/gif"), "/page": Answer("<p>", content_type="text/html")}
    media = [f"{shop.url}/a.gif", f"{shop.url}/page", "http://127.0.0.1:9/a.gif", "file:///etc/passwd"]
    sid = carrier.text(ANA, SENDER, "", media=media)["sid"]
    shown = [requests.get(f"{carrier.url}/control/media/{sid}/{place}", timeout=5) for place in range(5)]
    assert [one.status_code for one in shown] == [200, 204, 204, 204, 204]
    assert (shown[0].text, shown[0].headers["Content-Type"]) == ("GIF89a", "image/gif")
    assert requests.get(f"{carrier.url}/control/media/SM0/0", timeout=5).status_code == 204


def test_parameters_can_be_replaced_and_taken_away(carrier: SimulatedCarrier, shop: Shop) -> None:
    carrier.text("whatsapp:+33612345678", SENDER, "JOIN", params={"NumMedia": "abc", "FromCity": None, "New": "1"})
    form = shop.calls[0].form
    assert (form["NumMedia"], form["New"]) == ("abc", "1")
    assert "FromCity" not in form


def test_the_texts_of_the_answer_arrive_in_order(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.answers["/inbound"] = Answer(
        "<Response><!-- two --><Message>one é</Message><Message><Body>two &amp; 😀</Body>"
        "<Media>https://example.org/p.png</Media></Message></Response>"
    )
    carrier.text(ANA, SENDER, "JOIN")
    one, two = carrier.handset(ANA)[1:]
    assert (one["body"], one["encoding"], one["parts"], one["origin"]) == ("one é", "GSM-7", 1, "twiml")
    assert (two["body"], two["encoding"], two["media"]) == ("two & 😀", "UCS-2", ["https://example.org/p.png"])
    assert (two["from"], two["to"], two["direction"]) == (SENDER, ANA, "outbound")


def test_nothing_after_a_message_with_an_action_is_executed(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.answers["/inbound"] = Answer(
        '<Response><Message action="/status/7">one</Message><Message>two</Message><Redirect>/more</Redirect></Response>'
    )
    carrier.text(ANA, SENDER, "JOIN")
    assert carrier.received(ANA) == ["one"]
    told = carrier.wait_for(lambda: len(shop.at("/status/7")) == 2 and shop.at("/status/7"), "both statuses")
    assert [call.form["MessageStatus"] for call in told] == ["sent", "delivered"]
    signed = RequestValidator(AUTH_TOKEN).validate(
        f"{PUBLIC}/status/7", told[0].form, told[0].headers["X-Twilio-Signature"]
    )
    assert signed
    assert not shop.at("/more")


def test_a_redirect_is_followed_with_the_same_text(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.answers["/inbound"] = Answer("<Response><Redirect>/more?a=1</Redirect><Message>never</Message></Response>")
    shop.says("from there", "/more")
    told = carrier.text(ANA, SENDER, "JOIN")
    assert carrier.received(ANA) == ["from there"]
    assert shop.at("/more")[0].form["MessageSid"] == told["sid"]


def test_a_plain_answer_is_itself_texted_to_the_customer(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.answers["/inbound"] = Answer("Internal Server Error", content_type="text/plain")
    carrier.text(ANA, SENDER, "JOIN")
    assert [(text["body"], text["origin"]) for text in carrier.handset(ANA)[1:]] == [("Internal Server Error", "plain")]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer("<Response><Message>one</Response>"), 12100),
        (Answer("<Reponse/>"), 12100),
        (Answer(""), 12100),
        (Answer("<Response><Message>a\x0bb</Message></Response>"), 12100),
        (Answer(content_type=None), 12300),
        (Answer("{}", content_type="application/json"), 12300),
        (Answer(status=429), 11217),
        (Answer(status=500), 11217),
        (Answer("<Response>" + " " * 70_000 + "</Response>"), 11750),
    ],
)
def test_an_answer_that_cannot_be_executed_leads_to_the_fallback_address(
    carrier: SimulatedCarrier, shop: Shop, answer: Answer, error: int
) -> None:
    shop.answers["/inbound"] = answer
    shop.says("sorry", "/fallback")
    told = carrier.text(ANA, POOLED, "JOIN")
    assert [attempt["error"] for attempt in told["attempts"]] == [error, None]
    form = shop.at("/fallback")[0].form
    assert (form["MessageSid"], form["ErrorCode"], form["ErrorUrl"]) == (told["sid"], str(error), f"{PUBLIC}/inbound")
    assert carrier.received(ANA) == ["sorry"]


def test_by_default_an_answer_that_gets_lost_is_not_asked_for_again(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.says("hello")
    told = carrier.text(ANA, SENDER, "JOIN", lose_answer=1)
    assert [attempt["error"] for attempt in told["attempts"]] == [11200]
    assert (len(shop.calls), carrier.received(ANA)) == (1, [])


def test_the_address_may_ask_for_retries_and_they_are_the_same_request(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.says("hello")
    carrier.text(ANA, PATIENT, "JOIN", lose_answer=2)
    assert len(shop.calls) == 3
    assert len({call.headers["I-Twilio-Idempotency-Token"] for call in shop.calls}) == 1
    assert len({call.form["MessageSid"] for call in shop.calls}) == 1
    assert carrier.received(ANA) == ["hello"]


def test_an_answer_that_takes_too_long_is_tried_again_where_the_address_says_so(
    carrier: SimulatedCarrier, shop: Shop
) -> None:
    def slow_once(call: Call) -> Answer:
        return Answer(after=3.0 if len(shop.calls) == 1 else 0.0)

    shop.answers["/inbound"] = slow_once
    assert [attempt["error"] for attempt in carrier.text(ANA, PATIENT, "JOIN")["attempts"]] == [11200, None]


def test_a_connection_that_fails_is_tried_once_more_and_then_the_fallback(shop: Shop) -> None:
    nobody = "http://127.0.0.1:9/inbound"
    with SimulatedCarrier(senders=[sender(nobody, fallback_url=f"{shop.url}/fallback")]) as carrier:
        told = carrier.text(ANA, SENDER, "JOIN")
    assert [attempt["error"] for attempt in told["attempts"]] == [11205, 11205, None]


def test_copies_are_the_same_text_at_the_same_time(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.answers["/inbound"] = Answer(after=0.3)
    told = carrier.text(ANA, SENDER, "JOIN", copies=5)
    assert {call.form["MessageSid"] for call in shop.calls} == {told["sid"]}
    assert (len(shop.calls), len(carrier.handset(ANA))) == (5, 1)


def test_cookies_come_back_for_the_same_two_numbers_only(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.answers["/inbound"] = Answer(headers={"Set-Cookie": "seen=1; Path=/"})
    for from_ in (ANA, ANA, "+33612345699"):
        carrier.text(from_, SENDER, "JOIN")
    assert [call.headers.get("Cookie") for call in shop.calls] == [None, "seen=1", None]


def test_the_journal_tells_the_whole_way(carrier: SimulatedCarrier, shop: Shop) -> None:
    shop.says("hello")
    carrier.text(ANA, SENDER, "JOIN")
    assert [line["event"] for line in carrier.journal()] == ["inbound", "attempt", "accepted", "delivered"]
