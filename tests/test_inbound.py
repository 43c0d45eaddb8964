"""A text's way in, through the signed webhook: recorded once, answered once, in the right order of policies."""

import threading
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from sqlalchemy import func, select, update

from bot import inbound, outbox, shop, talk
from bot.catalogue import touch
from bot.runtime import Runtime, open_redis
from bot.shop import versions
from bot.shop.spec import KeywordPart
from models import Conversation, Message, Topic
from tests.house import BOSTON, PARIS, House, sid

INBOUND, FALLBACK = "/webhooks/twilio/inbound", "/webhooks/twilio/fallback"


def said(response: object) -> str:
    """The words in a TwiML answer."""
    root = ElementTree.fromstring(response.data)  # type: ignore[attr-defined]
    assert root.tag == "Response"
    return "".join(root.itertext())


def test_an_acknowledged_text_is_in_the_database(house: House) -> None:
    """2xx means recorded."""
    response = house.post(INBOUND, house.inbound("Bo", "JOIN", sid(1)))
    assert response.status_code == 200
    assert [row.body for row in house.messages("Bo", "in")] == ["JOIN"]
    assert "reply YES" in said(response) or "répondez OUI" in said(response)


def test_twenty_copies_at_once_are_one_text_one_turn_one_reply(house: House) -> None:
    """All are acknowledged, one gets the reply."""
    form, answers = house.inbound("Bo", "JOIN", sid(1)), []

    def post() -> None:
        answers.append(house.post(INBOUND, form))

    threads = [threading.Thread(target=post) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200] * 20
    assert sorted(bool(said(answer)) for answer in answers) == [False] * 19 + [True]
    assert len(house.messages("Bo", "in")) == len(house.messages("Bo", "out")) == 1


def test_a_copy_a_day_later_changes_nothing(house: House) -> None:
    """The signature has no date, so a captured request can be posted again for ever."""
    form = house.inbound("Bo", "JOIN", sid(1))
    house.post(INBOUND, form)
    house.text("Bo", "OUI")
    before = house.truths("Bo")
    house.jump(timedelta(days=1))
    response = house.post(INBOUND, form)
    assert (response.status_code, said(response)) == (200, "")
    assert house.truths("Bo") == before


def test_the_fallback_gets_the_stored_reply_once(house: House) -> None:
    """The carrier says that its first fetch failed: the same words again, and not a second time."""
    form = house.inbound("Bo", "JOIN", sid(1))
    first, again, third = (house.post(path, form) for path in (INBOUND, FALLBACK, FALLBACK))
    assert said(first) == said(again) != ""
    assert said(third) == ""


def test_a_fallback_that_comes_first_is_answered_like_an_inbound(house: House) -> None:
    """The first address may never have been reached."""
    assert said(house.post(FALLBACK, house.inbound("Bo", "JOIN", sid(1))))


def test_the_fallback_says_nothing_to_someone_who_stopped_meanwhile(house: House) -> None:
    """Opt-out beats an answer that is still under way."""
    form = house.inbound("Bo", "JOIN", sid(1))
    house.post(INBOUND, form)
    house.post(INBOUND, house.inbound("Bo", "STOP", sid(2)))
    assert said(house.post(FALLBACK, form)) == ""


@pytest.mark.parametrize(
    "sender", ["36111", "MABOUTIQUE", "whatsapp:+33612345678", "anonymous", "", "+1234", "+33" + "6" * 40]
)
def test_a_sender_that_is_no_phone_number_is_stored_and_not_answered(house: House, sender: str) -> None:
    """No contact is made of it."""
    response = house.post(INBOUND, house.inbound(sender, "JOIN", sid(1)))
    assert (response.status_code, said(response)) == (200, "")
    assert [(row.theirs, row.contact_id, row.for_person) for row in house.messages()] == [(sender, None, True)]


@pytest.mark.parametrize("body", ["a\x00b", "\x0b", "\ud800", "\ufffe", "]]>&<", "e\u0301", "x" * 5000])
def test_what_cannot_be_stored_or_be_xml_is_cleaned_at_the_edge(house: House, body: str) -> None:
    """No text, however odd, is answered with an error."""
    form = {**house.inbound("Bo", "", sid(1)), "Body": body.encode("utf-8", "replace").decode()}
    assert house.post(INBOUND, form).status_code == 200
    assert house.text("Bo", "JOIN")


def test_stop_works_with_the_engine_raising(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dialog that breaks does not stand between a person and their STOP."""
    house.text("Bo", "JOIN")
    monkeypatch.setattr(talk, "step", lambda *_: 1 / 0)
    monkeypatch.setattr(talk, "start", lambda *_: 1 / 0)
    house.text("Bo", "STOP")
    assert "consent * out" in house.truths("Bo")


def test_stop_works_with_redis_down(house: House) -> None:
    """The queue is a wake-up call: conversations and consent never ask for it."""
    object.__setattr__(house.runtime, "redis", open_redis("redis://127.0.0.1:1/0"))
    assert house.text("Bo", "JOIN") and house.text("Bo", "STOP")
    assert house.story("Bo") == ["* out"]


def test_a_turn_that_raises_is_undone_and_the_text_is_kept_for_a_person(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing half done: no conversation, no reply, but the text and its 2xx."""
    real = outbox.answer

    def break_late(*args: object, **more: object) -> object:
        real(*args, **more)  # type: ignore[arg-type]
        raise RuntimeError("after everything was written")

    monkeypatch.setattr(outbox, "answer", break_late)
    response = house.post(INBOUND, house.inbound("Bo", "JOIN", sid(1)))
    assert (response.status_code, said(response)) == (200, "")
    assert house.truths("Bo") == {"for a person: JOIN"}


def test_a_robot_that_answers_every_reply_is_left_alone_after_ten(house: House) -> None:
    """The loop guard: then the texts are for a person."""
    answers = [house.text("Bo", "AIDE") for _ in range(13)]
    assert [len(answer) for answer in answers] == [1] * 10 + [0] * 3
    house.jump(timedelta(hours=1, minutes=1))
    assert len(house.text("Bo", "AIDE")) == 1


def test_replies_come_from_the_number_that_was_written_to(house: House) -> None:
    """A conversation stays in its thread."""
    for ours in (PARIS, BOSTON):
        house.text("Dee", "MENU", to=ours)
        assert house.carrier.handset("+14155550104")[-1]["from"] == ours


def test_after_a_stop_a_dialog_that_asks_something_else_first_stays_silent(house: House) -> None:
    """PREFS may come to the question of a double opt-in, but does not begin with it."""
    house.text("Bo", "STOP")
    assert house.text("Bo", "PREFS") == []
    assert house.truths("Bo") == {"consent * out", "for a person: PREFS"}
    assert house.text("Bo", "JOIN") != []


def test_one_yes_is_not_enough_for_a_topic_that_has_come_to_need_two(house: House) -> None:
    """Whoever is inside a dialog ends on its version; what the shop promises has changed meanwhile."""
    source = "name: quick\ntopic: orders\nstart: a\nexpires: PT1H\nstates:\n" \
             "  a: {say: Orders, on: [{hear: yes, then: [{do: opt_in, proof: single}], goto: z}]}\n  z: {say: Noted}\n"
    with house.runtime.begin() as connection:
        versions.draft(connection, "quick", source)
        versions.publish(connection, "quick")
        shop.make_keyword(connection, KeywordPart.model_validate({"phrases": {"": ["quick"]}, "dialog": "quick"}))
    for who in ("Bo", "Dee"):
        house.text(who, "QUICK", to=PARIS)
    house.text("Bo", "oui")
    with house.runtime.begin() as connection:
        connection.execute(update(Topic).where(Topic.slug == "orders").values(proof="double"))
        touch(connection)
    house.text("Dee", "yes", to=PARIS)
    assert (house.story("Bo"), house.story("Dee")) == (["orders in"], ["orders refused"])


def test_yes_is_a_start_only_from_who_is_stopped_where_the_carrier_takes_it_for_one(house: House) -> None:
    """Elsewhere it is an ordinary answer."""
    house.text("Dee", "STOP", to=BOSTON)
    house.text("Dee", "YES", to=PARIS)
    assert "consent * out" in house.truths("Dee")
    house.text("Dee", "YES", to=BOSTON)
    assert house.story("Dee") == ["* out", "* lifted"]


def test_an_ordinary_turn_takes_at_most_ten_statements(house: House) -> None:
    """Round trips are what a turn costs."""
    house.text("Bo", "JOIN")
    for number, body in enumerate(("hein ?", "OUI", "75011", "bonjour", "JOIN", "AIDE", "STOP"), start=1):
        with house.statements() as seen:
            house.post(INBOUND, house.inbound("Bo", body, sid(number)))
        spent = [
            one for one in seen if "FROM clock" not in one and "INTO callback" not in one
        ]  # the simulated carrier's
        most = 11 if body == "STOP" else 10  # Bo waits for a person by then: that ends too
        assert len(spent) <= most, (body, spent)


def test_one_conversation_listens_whatever_comes_at_once(house: House) -> None:
    """Nine texts of one person at the same instant, each of which opens a dialog, are nine turns, one after the other."""
    forms = [
        house.inbound("Bo", body, sid(number)) for number, body in enumerate(["MENU", "PREFS", "PAUSE"] * 3, start=1)
    ]
    threads = [threading.Thread(target=house.post, args=(INBOUND, form)) for form in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with house.runtime.read() as connection:
        listening = select(func.count()).where(Conversation.status == "listening")
        assert connection.scalar(listening) == 1
        assert connection.scalar(select(func.count()).where(Message.direction == "in")) == 9


def test_the_database_being_away_is_never_acknowledged(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, so that the carrier tries its fallback."""
    from sqlalchemy.exc import OperationalError

    def gone(*_: object) -> None:
        raise OperationalError("", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(inbound, "meet", gone)
    response = house.post(INBOUND, house.inbound("Bo", "JOIN", sid(1)))
    assert (response.status_code, said(response)) == (503, "")
    assert house.messages() == []


def test_a_stop_waits_for_calls_under_way(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The barrier is asked, for the first STOP and for its copies."""
    waited: list[int] = []

    def wait(_runtime: Runtime, contact_id: int) -> None:
        waited.append(contact_id)

    monkeypatch.setattr(outbox, "wait_for_calls", wait)
    form = house.inbound("Bo", "STOP", sid(1))
    for _ in range(2):
        house.post(INBOUND, form)
    assert waited == [house.contact("Bo").id] * 2
