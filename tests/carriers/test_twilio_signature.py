"""A webhook counts only if our own account signed it for our own address."""

import base64
import hashlib
import hmac

import pytest

from bot.carriers import Forbidden, Malformed, WebhookRequest
from bot.carriers.twilio.signature import matches, validators

ACCOUNT = "AC" + "0" * 32
TOKEN = "12345"
CALL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
SID = "SM" + "0" * 31 + "1"
SMS = [
    ("ToCountry", "FR"), ("ToState", ""), ("SmsMessageSid", SID), ("NumMedia", "0"), ("ToCity", ""), ("FromZip", ""),
    ("SmsSid", SID), ("FromState", ""), ("SmsStatus", "received"), ("FromCity", ""), ("Body", "Ça va ? 😀 STOP"),
    ("FromCountry", "FR"), ("To", "+33757000000"), ("ToZip", ""), ("NumSegments", "1"), ("MessageSid", SID),
    ("AccountSid", ACCOUNT), ("From", "+33612345678"), ("ApiVersion", "2010-04-01"),
]  # fmt: skip

# The first six are those of Twilio's own test of its validator.
VECTORS = {
    "a form": (CALL, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    "signed with the port": (CALL, FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),
    "http, signed with port 80": (CALL.replace("https", "http"), FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    "another port": (
        "http://mycompany.com:1234/myapp.php?foo=1&bar=2",
        FORM,
        "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
    ),
    "a name twice": (
        CALL,
        [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")],
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
    ),
    "emoji and accents": ("https://sms.example.org/webhooks/twilio/inbound", SMS, "7g+rL6aQ3omX8lRY0i91uBcXkcE="),
}


@pytest.mark.parametrize(("url", "form", "signature"), VECTORS.values(), ids=VECTORS)
def test_a_published_signature_is_recognised(url, form, signature):
    assert matches(validators([TOKEN]), url, form, signature)


@pytest.mark.parametrize(("url", "form", "signature"), VECTORS.values(), ids=VECTORS)
def test_the_same_signature_is_refused_with_another_token_field_or_address(url, form, signature):
    assert not matches(validators(["54321"]), url, form, signature)
    assert not matches(validators([TOKEN]), url, [*form, ("Extra", "1")], signature)
    assert not matches(validators([TOKEN]), url + "&x", form, signature)


def sign(url, form, token=TOKEN):
    """Twilio's rule, written out: the address, then each name and value in the order of the names."""
    said = url + "".join(name + value for name, value in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


def request(signed, form=SMS, path="/webhooks/twilio/inbound", query="", token=TOKEN, **kwargs):
    """A request for path and query, signed for the address `signed`."""
    fields = {"signature": sign(signed, form, token), "content_type": "application/x-www-form-urlencoded", **kwargs}
    return WebhookRequest(path=path, query=query, form=form, **fields)


HERE = "https://sms.example.org/webhooks/twilio/inbound"


@pytest.mark.parametrize(
    ("signed", "path", "query"),
    [
        (HERE, "/webhooks/twilio/inbound", ""),
        (HERE + "/", "/webhooks/twilio/inbound/", ""),
        (HERE + "?x=%C3%A9&y=a%2Fb", "/webhooks/twilio/inbound", "x=%C3%A9&y=a%2Fb"),
        (HERE + "/caf%C3%A9?a=1&a=2&b=", "/webhooks/twilio/inbound/caf%C3%A9", "a=1&a=2&b="),
        ("https://sms.example.org:443/webhooks/twilio/inbound", "/webhooks/twilio/inbound", ""),
    ],
    ids=["plain", "trailing slash", "encoded query", "encoded path", "signed with its port"],
)
def test_the_address_is_the_public_one_with_the_raw_path_and_query(twilio, signed, path, query):
    twilio.verify(request(signed, path=path, query=query))


@pytest.mark.parametrize(
    ("signed", "path", "query"),
    [
        ("http://127.0.0.1:8000/webhooks/twilio/inbound", "/webhooks/twilio/inbound", ""),
        ("https://evil.example/webhooks/twilio/inbound", "/webhooks/twilio/inbound", ""),
        (HERE + "?", "/webhooks/twilio/inbound", ""),
        (HERE, "/webhooks/twilio/inbound/", ""),
        (HERE, "/webhooks/twilio/status", ""),
        (HERE, "/webhooks/twilio/inbound", "a=1"),
        (HERE + "?x=é", "/webhooks/twilio/inbound", "x=%C3%A9"),
    ],
    ids=["inner address", "another host", "stray ?", "slash", "another path", "another query", "decoded"],
)
def test_a_signature_for_another_address_is_refused(twilio, signed, path, query):
    with pytest.raises(Forbidden):
        twilio.verify(request(signed, path=path, query=query))


def test_the_token_before_is_good_while_it_is_set(twilio):
    twilio.verify(request(HERE, token="before"))
    with pytest.raises(Forbidden):
        twilio.verify(request(HERE, token="long ago"))


def test_spaces_around_a_text_belong_to_what_was_signed(twilio):
    form = [(name, " STOP " if name == "Body" else value) for name, value in SMS]
    signed = request(HERE, form)
    twilio.verify(signed)
    assert twilio.read_inbound(signed).body == " STOP "
    trimmed = [(name, value.strip()) for name, value in form]
    with pytest.raises(Forbidden):
        twilio.verify(request(HERE, trimmed, signature=signed.signature))


@pytest.mark.parametrize("header", [None, "", "x", "é", "7g+rL6aQ3omX8lRY0i91uBcXkc=", "\udcff", "=" * 5000])
def test_a_missing_or_foreign_signature_is_refused(twilio, header):
    with pytest.raises(Forbidden):
        twilio.verify(request(HERE, signature=header))


@pytest.mark.parametrize("path", ["//[", "/\udcff", "/x:99999", "\x00", "@evil.example/", ":99999/x"])
def test_a_path_that_breaks_the_validator_is_refused(twilio, path):
    with pytest.raises(Forbidden):
        twilio.verify(request(HERE, path=path))


@pytest.mark.parametrize("account", [["AC" + "1" * 32], [ACCOUNT, "AC" + "1" * 32], [""]])
def test_a_signed_request_for_another_account_is_refused(twilio, account):
    form = [field for field in SMS if field[0] != "AccountSid"] + [("AccountSid", sid) for sid in account]
    with pytest.raises(Forbidden, match="account"):
        twilio.verify(request(HERE, form))


def test_a_signed_request_that_names_no_account_is_ours_but_no_webhook(twilio):
    """The simulated carrier's clock signs such ones."""
    form = [field for field in SMS if field[0] != "AccountSid"]
    twilio.verify(request(HERE, form))
    with pytest.raises(Malformed, match="AccountSid"):
        twilio.read_inbound(request(HERE, form))
    with pytest.raises(Malformed, match="AccountSid"):
        twilio.read_status(request(HERE, [*form, ("MessageStatus", "sent")]))


@pytest.mark.parametrize("algorithm", ["HMAC_SHA256", "HMAC_SHA1", "NONE"])
def test_the_sender_does_not_choose_how_it_is_checked(twilio, algorithm):
    with pytest.raises(Forbidden, match="shared key"):
        twilio.verify(request(HERE, settings_header=f"key=webhooks_sharedkey_1,algorithm={algorithm}"))
    assert not matches(validators([TOKEN]), CALL, FORM, "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=")


def test_fields_glued_together_under_a_good_signature_are_refused(twilio):
    """Names and values are signed without separators, so one long field can carry the signature of several."""
    form = [("AccountSid", ACCOUNT), ("Body", "STOPFrom+33612345678MessageSid" + SID + "To+33757000000")]
    honest = [("AccountSid", ACCOUNT), ("Body", "STOP"), ("From", "+33612345678"), ("MessageSid", SID)]
    honest.append(("To", "+33757000000"))
    glued = request(HERE, form)
    assert glued.signature == sign(HERE, honest)
    twilio.verify(glued)
    with pytest.raises(Malformed):
        twilio.read_inbound(glued)
