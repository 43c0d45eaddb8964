"""Where consent, time and the carrier meet in an awkward order. Each of these went wrong once."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from bot import alarms, outbox, status, talk
from bot.alarms import set_alarm
from models import Alarm, Callback, Conversation, Message, Shop
from tests.house import ACCOUNT_SID, BOSTON, PARIS, House, sid
from tests.scripts import agree, publish
from tests.test_inbound import FALLBACK, INBOUND, said
from tests.test_outbox import pass_time
from tests.test_status import STATUS, report


def post(house: House, number: int, body: str, path: str = INBOUND, to: str = PARIS) -> str:
    """A text of Bo whose answer never reaches the phone; the words of that answer."""
    return said(house.post(path, house.inbound("Bo", body, sid(number), to)))


def settle(house: House, rounds: int = 3) -> None:
    for _ in range(rounds):
        pass_time(house, 21)
        house.work()


def test_a_shop_text_that_cannot_be_filled_in_does_not_stand_in_the_way_of_a_stop(house: House) -> None:
    """The plain words are said instead."""
    with house.runtime.begin() as connection:
        texts = connection.scalar(select(Shop.texts))
        texts["stop"] = {"fr": "{{ topic.name }}", "en": "{{ topic.name }}"}
        connection.execute(update(Shop).values(texts=texts, revision=Shop.revision + 1))
    assert house.text("Bo", "STOP") == ["ACME : vous ne recevrez plus nos SMS. START pour revenir."]
    assert house.story("Bo") == ["* out"]


def test_an_opt_in_question_that_is_still_under_way_does_not_survive_a_second_stop(house: House) -> None:
    """Neither by the outbox nor at the fallback address."""
    for number, body in enumerate(("STOP", "JOIN", "STOP"), start=1):
        post(house, number, body)
    assert post(house, 2, "JOIN", FALLBACK) == ""
    settle(house)
    assert house.received("Bo") == ["ACME : vous ne recevrez plus nos SMS. START pour revenir."]


def test_a_stop_is_not_confirmed_after_a_start(house: House) -> None:
    """The older confirmation is no longer true."""
    post(house, 1, "STOP")
    post(house, 2, "START")
    settle(house)
    assert house.received("Bo") == [
        "ACME : vous pouvez à nouveau recevoir nos SMS. AIDE pour l'aide, STOP pour ne plus rien recevoir."
    ]


def test_a_stop_is_confirmed_within_five_minutes_or_never(house: House) -> None:
    """47 CFR 64.1200(a)(12)."""
    post(house, 1, "STOP")
    pass_time(house, 301)
    settle(house)
    assert house.received("Bo") == []


def test_an_opt_out_that_the_carrier_reports_survives_a_death_while_it_is_acted_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is marked last."""
    post(house, 1, "JOIN")
    house.post(f"{STATUS}/{house.messages('Bo', 'out')[0].id}", report(7, "failed", "21610"))
    with monkeypatch.context() as patch:
        patch.setattr(status, "_act", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            status.fold(house.runtime)
    house.work()
    assert house.story("Bo") == ["* out"]


def test_a_yes_to_a_question_from_before_the_carriers_opt_out_lifts_nothing(house: House) -> None:
    """That opt-out ends conversations, as a STOP does."""
    post(house, 1, "JOIN")
    house.post(f"{STATUS}/{house.messages('Bo', 'out')[0].id}", report(7, "failed", "21610"))
    house.work()
    house.text("Bo", "oui")
    assert house.story("Bo") == ["* out"]


def test_old_news_of_an_opt_out_does_not_undo_a_later_start(house: House) -> None:
    """A callback may come hours after the message that it is about."""
    post(house, 1, "JOIN")
    house.text("Bo", "STOP")
    house.text("Bo", "START")
    house.post(f"{STATUS}/{house.messages('Bo', 'out')[0].id}", report(7, "failed", "21610"))
    house.work()
    assert house.story("Bo") == ["* out", "* lifted"]


def test_a_yes_to_a_question_that_never_left_is_no_yes(house: House) -> None:
    """The question is asked again."""
    post(house, 1, "JOIN")
    pass_time(house, 16 * 60)
    settle(house)
    assert [row.state for row in house.messages("Bo", "out")] == ["refused"]
    assert house.text("Bo", "OUI")[0].startswith("ACME : répondez OUI")
    assert house.story("Bo") == []
    house.work()
    house.text("Bo", "OUI")
    assert house.story("Bo") == ["offers in"]


def test_consent_to_order_news_is_no_licence_for_the_offers_of_a_dialog_that_it_opens(
    house: House, tmp_path: Path
) -> None:
    """One text for each kind and topic, each judged by itself."""
    news = 'start: a\nstates:\n  a: {after: {wait: PT1H, goto: b}}\n  b: {say: "Commande.", then: [{do: open, dialog: ad}]}'
    publish(house, tmp_path, news=news, ad='start: a\nstates:\n  a: {say: "-50% sur tout !"}')
    source = (tmp_path / "ad.yaml").read_text(encoding="utf-8").replace("kind: service\ntopic: orders", "topic: offers")
    publish(house, tmp_path, news=news, ad=source.partition("\n")[2].replace("topic: offers\n", "") + "\n")
    (tmp_path / "ad.yaml").write_text(source, encoding="utf-8")
    from bot.shop import load_shop

    with house.runtime.begin() as connection:
        load_shop(connection, tmp_path / "shop.yaml")
    agree(house, "Bo")
    house.text("Bo", "NEWS")
    house.jump(timedelta(hours=1, minutes=1))
    assert house.received("Bo") == ["Commande."]
    assert [(row.kind, row.topic, row.state) for row in house.messages("Bo", "out")] == [
        ("service", "orders", "sent"),
        ("marketing", "offers", "refused"),
    ]


def test_two_copies_at_the_fallback_address_are_answered_once_even_if_they_come_first(house: House) -> None:
    """The carrier may execute both."""
    assert [bool(post(house, 1, "JOIN", FALLBACK)) for _ in range(2)] == [True, False]


def test_copies_of_a_text_whose_turn_fails_are_all_acknowledged(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six at once, none of them a server error."""
    monkeypatch.setattr(talk, "start", lambda *_: 1 / 0)
    codes: list[int] = []
    form = house.inbound("Bo", "JOIN", sid(1))
    threads = [threading.Thread(target=lambda: codes.append(house.post(INBOUND, form).status_code)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 6


def test_a_clock_that_is_half_a_minute_fast_doubles_nothing(house: House) -> None:
    """The carrier's records carry the carrier's time."""
    pass_time(house, 30)
    house.carrier.faults(receipt_lost=1.0)
    house.text("Bo", "JOIN")
    settle(house)
    assert len(house.received("Bo")) == 1


def test_a_thousand_statuses_of_strangers_hold_up_nobody(house: House) -> None:
    """They are looked at again later, after the others."""
    now = house.runtime.machine_now()
    with house.runtime.begin() as connection:
        rows = [
            {
                "account": ACCOUNT_SID,
                "sid": sid(10**6 + n),
                "status": "sent",
                "rank": 4,
                "made_at": now,
                "look_at": now,
                "folded": False,
            }
            for n in range(1000)
        ]
        connection.execute(insert(Callback), rows)
    post(house, 1, "JOIN")
    house.post(f"{STATUS}/{house.messages('Bo', 'out')[0].id}", report(7, "delivered"))
    house.work()
    assert house.messages("Bo", "out")[0].status == "delivered"


def test_an_alarm_that_was_set_anew_while_it_failed_keeps_its_new_time(house: House) -> None:
    """Postponing is for the one that failed."""
    with house.runtime.begin() as connection:
        now = house.runtime.now(connection)
        set_alarm(connection, "wake", 1, 1, now)
        failed = connection.execute(select(Alarm.__table__)).one()
        set_alarm(connection, "wake", 1, 2, now + timedelta(hours=48))
        alarms._postpone(connection, failed, now)
        assert connection.execute(select(Alarm.version, Alarm.due_at, Alarm.attempts)).one() == (
            2,
            now + timedelta(hours=48),
            0,
        )


def test_yes_on_a_number_that_never_blocked_them_is_no_start(house: House) -> None:
    """A carrier takes it for one only from whom it has blocked itself."""
    house.text("Dee", "STOP", to=PARIS)
    house.text("Dee", "Yes", to=BOSTON)
    assert house.story("Dee") == ["* out"]


def test_before_a_shop_is_set_up_texts_are_kept_and_a_stop_is_a_stop(house: House) -> None:
    """A new host may be texted before its owner has finished."""
    with house.runtime.begin() as connection:
        connection.execute(delete(Shop))
    assert post(house, 1, "bonjour") == post(house, 2, "STOP") == ""
    assert house.story("Bo") == ["* out"]
    with house.runtime.read() as connection:
        assert list(connection.scalars(select(Message.for_person))) == [True, True]


def test_a_time_zone_that_does_not_exist_is_not_remembered(house: House) -> None:
    """Or every later turn of this person would fail."""
    from bot.effects import bring_about
    from dialogs.effects import Remember
    from tests.test_ledger import book_of

    house.text("Bo", "JOIN")
    with house.runtime.begin() as connection:
        from bot.catalogue import catalogue
        from bot.effects import Scene

        book, now = book_of(house, connection)
        scene = Scene(house.runtime, connection, catalogue(connection), book.contact, now, PARIS, book, False)
        bring_about(Remember("zone", "Mars"), scene)
        bring_about(Remember("zone", "Europe/Paris"), scene)
        assert scene.changes == {"zone": "Europe/Paris"}


def test_what_is_asked_again_in_other_words_is_proof_with_both(house: House) -> None:
    """The ledger shows brand, frequency and STOP, whatever the second wording was."""
    from bot.consent import ledger

    for body in ("JOIN", "hmm", "oui"):
        house.text("Bo", body)
    with house.runtime.read() as connection:
        wording = ledger.story(connection, house.contact("Bo"))[0].wording
    assert "2 par mois au plus" in wording.splitlines()[0]
    assert "ou NON" in wording.splitlines()[1]


def test_a_conversation_has_one_question_at_a_time(house: House) -> None:
    """What was asked last is what an answer answers."""
    house.text("Bo", "JOIN")
    house.text("Bo", "MENU")
    with house.runtime.read() as connection:
        listening = select(Conversation.asked).where(Conversation.status == "listening")
        assert "Répondez par un chiffre" in (connection.scalar(listening) or "")
    assert outbox.settle(house.runtime) == 0
