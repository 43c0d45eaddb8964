"""Whatever is posted, a webhook is read, malformed or forbidden: nothing else can come out, and nothing unstorable."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.carriers import Forbidden, Malformed, WebhookRequest
from bot.carriers.twilio import forms

SID = "SM" + "a" * 32
GOOD = {"MessageSid": SID, "AccountSid": "AC", "From": "+33612345678", "To": "+33937000001", "MessageStatus": "sent"}
TEXT = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(
    ["https://api.twilio.com/x", "https://[", "STOP", "\x00", "\udcff", "9" * 400]
)
NAME = st.sampled_from(sorted(forms._RELIED_ON)) | TEXT
FORM = st.dictionaries(NAME, TEXT, max_size=6).map(lambda odd: list({**GOOD, **odd}.items()))


def posted(form):
    return WebhookRequest("/", "", form, None, "application/x-www-form-urlencoded")


@settings(max_examples=300, deadline=None)
@given(FORM, st.lists(st.tuples(NAME, TEXT), max_size=2))
def test_any_form_is_read_or_malformed(form, more):
    with suppress(Malformed):
        text = forms.inbound(posted(form + more), "http://127.0.0.1:9000")
        for field in (text.sender, text.to, text.country or "", text.sid, *text.media):
            assert field.isprintable()
            field.encode()
    with suppress(Malformed):
        told = forms.status(posted(form + more))
        assert told.status.isprintable() and (told.error_code or "").isprintable()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=TEXT, query=TEXT, form=FORM, signature=st.none() | TEXT)
def test_nothing_unsigned_is_ever_let_in(twilio, path, query, form, signature):
    with pytest.raises(Forbidden):
        twilio.verify(WebhookRequest(path, query, form, signature, ""))
