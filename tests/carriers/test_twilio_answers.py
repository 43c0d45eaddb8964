"""What a webhook is answered, and what Twilio has already answered by itself."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.carriers import Reply
from bot.carriers.twilio import twiml
from bot.carriers.twilio.optout import WORDS

STATUS_URL = "https://sms.example.org/webhooks/twilio/status/7"
XML_TEXT = st.text(
    st.one_of(
        st.sampled_from("\t\n&<>\"']]>"),
        st.characters(min_codepoint=0x20, exclude_categories=["Cs"], exclude_characters="￾￿"),
    ),
    min_size=1,
)


def test_silence_is_an_empty_response():
    response = ElementTree.fromstring(twiml.EMPTY.encode())
    assert (response.tag, list(response)) == ("Response", [])


@given(XML_TEXT)
def test_any_text_arrives_as_it_was_written(body):
    response = ElementTree.fromstring(twiml.response(Reply(7, body), STATUS_URL).encode())
    (message,) = response
    assert message.attrib == {"action": STATUS_URL, "method": "POST"}
    assert [(noun.tag, noun.text) for noun in message] == [("Body", body)]


def test_pictures_follow_the_words():
    reply = Reply(7, "Look & see", ("https://shop.example/a?b=1&c=2", "https://shop.example/d"))
    (message,) = ElementTree.fromstring(twiml.response(reply, STATUS_URL).encode())
    assert [noun.text for noun in message] == ["Look & see", "https://shop.example/a?b=1&c=2", "https://shop.example/d"]
    (only,) = ElementTree.fromstring(twiml.response(Reply(7, "", reply.media[:1]), STATUS_URL).encode())
    assert [noun.tag for noun in only] == ["Media"]


STOPS = ["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"]
ANSWERED = {
    "carrier": {
        **dict.fromkeys(STOPS, "stop"),
        **dict.fromkeys(["START", "UNSTOP", "YES"], "start"),
        **dict.fromkeys(["HELP", "INFO"], "help"),
    },
    "tollfree": {"STOP": "stop", "START": "start", "UNSTOP": "start"},
    "advanced": {},
    "self": {},
}
TEXTS = [*STOPS, "START", "UNSTOP", "YES", "HELP", "INFO", "ARRET", "AIDE", "OUI", "STOP PLEASE", "STOP!", "JOIN", ""]


@pytest.mark.parametrize("mode", WORDS)
@pytest.mark.parametrize("text", TEXTS)
def test_each_way_of_answering_stop_has_its_own_words(twilio, mode, text):
    assert twilio.answers_itself(text, mode) == ANSWERED[mode].get(text)
    assert twilio.answers_itself(f" {text.capitalize()}\n", mode) == ANSWERED[mode].get(text)
