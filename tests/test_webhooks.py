"""The carrier's door: what is not signed or not well-formed has no effect, and no answer could be texted to a customer."""

import random
import string
from typing import Any

import pytest

from tests.house import ACCOUNT_SID, House, sid

WEBHOOKS = (
    "/webhooks/twilio/inbound",
    "/webhooks/twilio/fallback",
    "/webhooks/twilio/status/1",
    "/webhooks/twilio/status",
)


def harmless(response: Any) -> None:
    """Twilio texts a text/plain answer to the customer and keeps cookies."""
    assert response.content_type == "text/xml; charset=utf-8"
    assert "Set-Cookie" not in response.headers
    assert response.status_code != 429
    assert b"<Response" in response.data


@pytest.mark.parametrize("path", WEBHOOKS)
def test_an_unsigned_webhook_is_refused_and_has_no_effect(house: House, path: str) -> None:
    """403 with an empty TwiML, for a missing and for a wrong signature."""
    form = {**house.inbound("Bo", "JOIN", sid(1)), "MessageStatus": "delivered"}
    for headers in ({}, {"X-Twilio-Signature": ""}, {"X-Twilio-Signature": "bm8="}):
        response = house.post(path, form, sign=False, **headers)
        harmless(response)
        assert response.status_code == 403
    assert house.messages() == []


@pytest.mark.parametrize(
    "path", [*WEBHOOKS, "/webhooks/twilio/nothing", "/webhooks/twilio/status/x", "/webhooks/twilio/status/-1"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "PATCH"])
def test_no_error_of_a_webhook_could_be_texted_to_a_customer(house: House, path: str, method: str) -> None:
    """404, 405 and their like are TwiML too."""
    with house.app.test_client() as client:
        response = client.open(path, method=method)
    assert response.status_code in (404, 405)
    assert response.content_type == "text/xml; charset=utf-8"


def test_a_body_that_is_too_large_is_refused_as_twiml(house: House) -> None:
    """413, before anything is read."""
    response = house.post("/webhooks/twilio/inbound", {**house.inbound("Bo", "x", sid(1)), "Extra": "x" * 100_000})
    harmless(response)
    assert response.status_code == 413


def test_the_address_is_the_configured_one_whatever_the_host_header_says(house: House) -> None:
    """Behind a proxy the request names another host; signatures are over BASE_URL."""
    for number, host in enumerate(("evil.example", "127.0.0.1:99999", "x:abc", "[::1"), start=1):
        response = house.post(
            "/webhooks/twilio/inbound", house.inbound("Bo", "?", sid(number)), Host=host, **{"X-Forwarded-Host": host}
        )
        assert response.status_code in (200, 400)  # 400: no HTTP server would let such a host header through


@pytest.mark.parametrize("query", ["", "?x=%C3%A9&y=a%2Fb", "?empty=", "?a=%7Bb%7D"])
def test_percent_encoding_in_the_address_keeps_its_signature(house: House, query: str) -> None:
    """The raw path and query are signed, not what the framework makes of them."""
    assert house.post(f"/webhooks/twilio/inbound{query}", house.inbound("Bo", "?", sid(1))).status_code == 200


def test_unknown_parameters_are_welcome_and_repeated_known_ones_are_not(house: House) -> None:
    """Twilio adds parameters without notice; two bodies in one text are somebody's trick."""
    pairs = list(house.inbound("Bo", "?", sid(1)).items())
    assert house.post("/webhooks/twilio/inbound", [*pairs, ("New", "1"), ("New", "2")]).status_code == 200
    response = house.post("/webhooks/twilio/inbound", [*pairs, ("Body", "STOP")])
    harmless(response)
    assert response.status_code == 400


def test_another_account_is_refused(house: House) -> None:
    """Even with a good signature."""
    form = {**house.inbound("Bo", "JOIN", sid(1)), "AccountSid": "AC" + "f" * 32}
    assert house.post("/webhooks/twilio/inbound", form).status_code == 403
    assert house.messages() == []


MALFORMED = 10_000
VALUES = ("", " ", "\x00", "\ufffe", "😀" * 400, "STOP", "-1", "9" * 40, "null", "[]", "{{ brand }}", "'; DROP TABLE contact;--",
          "<Response/>", "\r\nSet-Cookie: a=b", "SM" + "0" * 32, "MM" + "g" * 32, "+33612340002", "\u202e", "%00")  # fmt: skip


@pytest.fixture
def forger(house: House) -> Any:
    """Posts one malformed but signed webhook."""
    chance = random.Random(20261122)

    def post() -> Any:
        form: list[tuple[str, str]] = list(house.inbound("Bo", "bonjour", sid(chance.randrange(50))).items())
        form.append(("MessageStatus", chance.choice(("delivered", "sent", "", "new-word"))))
        for _ in range(chance.randint(1, 4)):
            which, value = chance.randrange(len(form)), chance.choice(VALUES)
            name = form[which][0]
            change = chance.randrange(5)
            if change == 0:
                del form[which]
            elif change == 1:
                form[which] = (name, value)
            elif change == 2:
                form.append((name, value))
            elif change == 3:
                form[which] = (
                    chance.choice((name.lower(), name + "X", "".join(chance.choices(string.printable, k=5)))),
                    value,
                )
            else:
                form.append((f"Media{chance.choice(('Url', 'ContentType'))}{chance.randrange(12)}", value))
        return house.post(chance.choice(WEBHOOKS), form)

    return post


def test_ten_thousand_malformed_signed_webhooks_are_never_a_server_error(house: House, forger: Any) -> None:
    """Every answer is harmless and below 500; nobody was opted in by accident."""
    codes = set()
    for _ in range(MALFORMED if house.runtime.engine.dialect.name == "sqlite" else MALFORMED // 5):
        response = forger()
        harmless(response)
        codes.add(response.status_code)
    assert codes <= {200, 400, 403, 413}
    assert {200, 400} <= codes
    bo = house.contact("Bo")
    assert bo is None or not {line for line in house.truths("Bo") if line.startswith("consent offers")}
    assert all(row.account == ACCOUNT_SID for row in house.messages())
