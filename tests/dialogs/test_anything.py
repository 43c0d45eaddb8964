"""Whatever happens in whatever order: no exception, and a memory that stays small and plain."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dialogs
from dialogs.effects import Finish
from dialogs.events import Expired, Happened, Heard, Returned, Woke
from dialogs.load import load_file
from keywords.text import fold
from tests.dialogs.shop import Talk, written

LIBRARY = sorted((Path(dialogs.__file__).parent / "library").glob("*.yaml"))
EVERYTHING = written("""
a:
  say: Tell me
  on:
    - {hear: {words: {fr: [oui], en: [yes]}}, as: a, then: [{do: open, dialog: survey}], goto: b}
    - {hear: {choice: {x: {say: One}, y: {say: Two}}}, as: b, goto: a}
    - {hear: {number: {}}, as: c, goto: d}
    - {hear: {date: {}}, as: d, goto: b}
    - {hear: phone, as: e, goto: a}
    - {hear: postcode, as: f, then: [{do: remember, field: postcode}], goto: b}
    - {hear: picture, as: g, goto: a}
  otherwise: {tries: 3, goto: b}
b: {after: {wait: PT1H, goto: c}}
c: {say: And then, on: [{hear: anything, as: h, goto: a}]}
d: {choose: [{when: {value: {name: c, below: 3}}, goto: d}, {goto: b}]}
""", "name: everything\nstart: a\nevents: {order.created: a}\nstates:\n")

TEXTS = st.one_of(
    st.sampled_from(["oui", "yes svp", "1", "b", "4,5", "hier", "06 39 98 00 01", "75011", "non", "merci " * 300]),
    st.text(max_size=200),
    st.text(alphabet="0123456789.,+- /", max_size=40),
)
EVENTS = st.one_of(
    st.builds(lambda text, media: Heard(text, fold(text), media), TEXTS, st.sampled_from([(), ("https://x/1",)])),
    st.sampled_from([Woke(), Expired(), Returned(), Happened("order.created"), Happened("heard")]),
)


@pytest.mark.parametrize("dialog", [EVERYTHING, *map(load_file, LIBRARY)], ids=lambda dialog: dialog.name)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(events=st.lists(EVENTS, max_size=25), country=st.sampled_from(["FR", "US", "GB", "JP", ""]))
def test_nothing_that_can_happen_raises_or_swells_the_memory(dialog, events, country):
    talk = Talk(dialog, country=country)
    for event in events:
        talk.event(event)
        turn = talk.turn
        assert [turn.listening, turn.waiting, turn.calling, turn.ended].count(True) == 1
        assert len(json.dumps(turn.memory)) < 20_000
        if any(isinstance(effect, Finish) for effect in turn.effects):
            assert turn.ended
