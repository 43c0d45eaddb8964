"""What Twilio posts is read leniently where it promises little and strictly where we rely on it."""

import pytest

from bot.carriers import Malformed, WebhookRequest
from bot.carriers.twilio import forms
from bot.carriers.twilio.ranks import RANKS

SID = "SM" + "a" * 32
TEXT = {"MessageSid": SID, "AccountSid": "AC" + "0" * 32, "From": "+33612345678", "To": "+33937000001", "Body": "JOIN"}
STATUS = {"MessageSid": SID, "AccountSid": "AC" + "0" * 32, "MessageStatus": "delivered"}
FORM = "application/x-www-form-urlencoded"
PICTURE = "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM1/Media/ME1"


def posted(form, content_type=FORM):
    return WebhookRequest("/", "", list(form.items()) if isinstance(form, dict) else form, "x", content_type)


def inbound(api_base=None, without=(), **changes):
    form = {name: value for name, value in {**TEXT, **changes}.items() if name not in without}
    return forms.inbound(posted(form), api_base)


def test_the_five_fields_of_a_text_are_enough():
    text = inbound()
    assert (text.sid, text.sender, text.to, text.body) == (SID, "+33612345678", "+33937000001", "JOIN")
    assert (text.media, text.opt_out, text.country) == ((), None, None)


def test_unknown_fields_are_welcome_even_twice():
    extra = [*TEXT.items(), ("Novelty", "1"), ("Novelty", "2"), ("Body2", "")]
    assert forms.inbound(posted(extra), None) == inbound()


@pytest.mark.parametrize(
    "name", ["MessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "MediaUrl0", "OptOutType"]
)
def test_a_field_that_we_rely_on_must_not_come_twice(name):
    with pytest.raises(Malformed, match=name):
        forms.inbound(posted([*TEXT.items(), (name, "1"), (name, "1")]), None)


@pytest.mark.parametrize("name", ["MessageSid", "AccountSid", "From", "To"])
def test_a_text_without_a_field_that_we_rely_on_is_refused(name):
    with pytest.raises(Malformed, match=name):
        inbound(without=[name])


@pytest.mark.parametrize(
    "sid", ["", "SM", "SM" + "g" * 32, "XX" + "a" * 32, SID + "a", SID + "\n", " " + SID, "SM" + "١" * 32]
)
def test_a_message_number_that_is_none_is_refused(sid):
    with pytest.raises(Malformed):
        inbound(MessageSid=sid)
    with pytest.raises(Malformed):
        forms.status(posted({**STATUS, "MessageSid": sid}))


def test_a_message_number_has_one_spelling():
    assert inbound(MessageSid="mm" + "A" * 32).sid == "MM" + "a" * 32


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/json", "multipart/form-data; boundary=x", FORM + "x"]
)
def test_what_is_no_form_is_refused(content_type):
    with pytest.raises(Malformed):
        forms.inbound(posted(TEXT, content_type), None)
    with pytest.raises(Malformed):
        forms.status(posted(STATUS, content_type))


def test_a_form_may_name_its_encoding():
    assert forms.inbound(posted(TEXT, FORM.upper() + "; charset=UTF-8"), None) == inbound()


@pytest.mark.parametrize("sender", ["36111", "MABOUTIQUE", "whatsapp:+33612345678", "anonymous", "+266696687", ""])
def test_a_sender_that_is_no_number_is_kept_as_it_came(sender):
    assert inbound(From=sender).sender == sender


def test_short_fields_are_made_storable():
    text = inbound(From="+336\x00123\udcff45\n678", FromCountry="F" * 999)
    assert text.sender == "+33612345678"
    assert text.country == "F" * 255


@pytest.mark.parametrize("count", [None, "", "0", "1", "abc", "11", "-1"])
def test_pictures_count_by_being_there(count):
    number = {} if count is None else {"NumMedia": count}
    assert inbound(Body="", MediaUrl0=PICTURE, **number).media == (PICTURE,)
    assert inbound(**number).media == ()


def test_at_most_ten_pictures_are_kept():
    many = {f"MediaUrl{n}": f"{PICTURE}{n}" for n in range(12)}
    assert inbound(**many).media == tuple(f"{PICTURE}{n}" for n in range(10))


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:6379/",
        "http://api.twilio.com/x",
        "https://api.twilio.com.evil.example/x",
        "https://evil.example/?api.twilio.com",
        "https://api.twilio.com@evil.example/x",
        "https://user@api.twilio.com/x",
        "https://api.twilio.com:8443/x",
        "https://eviltwilio.com/x",
        "https://evil.example\\.twilio.com/x",
        "https://[api.twilio.com/x",
        "https://api.twilio.com/\x00",
        "https://api.twilio.com/ x",
        "https://api.twilio.com/" + "x" * 2000,
        "javascript:alert(1)//api.twilio.com",
        "//api.twilio.com/x",
        "",
    ],
)
def test_a_picture_elsewhere_than_at_the_carrier_is_dropped(url):
    assert inbound(MediaUrl0=url, MediaUrl1=PICTURE).media == (PICTURE,)


def test_a_picture_at_the_configured_carrier_is_kept():
    here, beside = "http://127.0.0.1:9000/m/1", "http://127.0.0.1:90001/m/1"
    assert inbound("http://127.0.0.1:9000", MediaUrl0=here, MediaUrl1=beside).media == (here,)


def test_a_text_without_words_is_an_empty_text():
    assert inbound(without=["Body"], NumMedia="1").body == ""
    assert inbound(Body="").body == ""


def test_a_long_text_is_kept_up_to_ten_thousand_characters():
    assert inbound(Body="é" * 1601).body == "é" * 1601
    assert inbound(Body="é" * 20_000).body == "é" * 10_000


@pytest.mark.parametrize(
    ("word", "meaning"),
    [("STOP", "stop"), ("START", "start"), ("HELP", "help"), ("stop", "stop"), ("", None), ("X", None)],
)
def test_the_carrier_says_what_it_took_the_text_for(word, meaning):
    assert inbound(OptOutType=word).opt_out == meaning


@pytest.mark.parametrize(("word", "rank"), [*RANKS.items(), ("received", 0), ("a novelty", 0), ("", 0)])
def test_a_status_is_kept_as_it_came_with_its_rank(word, rank):
    told = forms.status(posted({**STATUS, "MessageStatus": word}))
    assert (told.sid, told.status, told.rank, told.error_code) == (SID, word, rank, None)


def test_a_status_says_why_it_failed():
    assert forms.status(posted({**STATUS, "MessageStatus": "failed", "ErrorCode": "30005"})).error_code == "30005"


def test_a_status_of_nothing_is_refused():
    with pytest.raises(Malformed, match="MessageStatus"):
        forms.status(posted(TEXT))
    with pytest.raises(Malformed, match="MessageStatus"):
        forms.status(posted([*STATUS.items(), ("MessageStatus", "sent")]))


def test_the_ranks_climb_in_the_order_of_a_message():
    words = ["accepted", "queued", "sending", "sent", "undelivered", "failed", "delivered", "read"]
    assert sorted(words, key=RANKS.__getitem__) == words
    assert RANKS["scheduled"] == RANKS["accepted"]
    assert RANKS["canceled"] == RANKS["failed"]
