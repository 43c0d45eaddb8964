"""The seal on a webhook, against Twilio's own published examples."""

import pytest

from bot.simulator.signature import sign

CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
TWICE = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
SID = "SM" + "0" * 31 + "1"
TEXT = {
    **dict.fromkeys(("ToState", "ToCity", "FromZip", "FromState", "FromCity", "ToZip"), ""),
    **dict.fromkeys(("SmsMessageSid", "SmsSid", "MessageSid"), SID),
    "ToCountry": "FR",
    "NumMedia": "0",
    "SmsStatus": "received",
    "Body": "Ça va ? 😀 STOP",
    "FromCountry": "FR",
    "To": "+33757000000",
    "NumSegments": "1",
    "AccountSid": "AC" + "0" * 32,
    "From": "+33612345678",
    "ApiVersion": "2010-04-01",
}


@pytest.mark.parametrize(
    ("url", "form", "signature"),
    [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:80/myapp.php?foo=1&bar=2", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("https://mycompany.com/myapp.php?foo=1&bar=2", TWICE, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        ("https://sms.example.org/webhooks/twilio/inbound", [*TEXT.items()], "7g+rL6aQ3omX8lRY0i91uBcXkcE="),
    ],
    ids=["form", "port 443", "port 80", "other port", "repeated names", "emoji, accents and empty values"],
)
def test_a_signature_is_the_published_one(url: str, form: list[tuple[str, str]], signature: str) -> None:
    assert sign("12345", url, form) == signature
