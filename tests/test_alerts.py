"""People who must know: what begins an alert, who is told of it once, how, and what ends it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, select, update

from bot import alerts, clock, create_app, processes, staff
from bot.alerts import mail
from bot.campaigns.control import BY_HAND, ERRORS
from bot.runtime import Runtime, open_redis, open_runtime
from bot.text.parts import measure
from models import Alert, Campaign, Notice, Staff, Thread, insert
from tests.house import BEGIN, House
from tests.mailbox import Mailbox
from tests.web.conftest import account

PHONE = "+33612349999"


@pytest.fixture
def mailbox(house: House) -> Iterator[Mailbox]:
    """A mail server that the house knows."""
    with Mailbox() as mailbox:
        use(house, smtp_url=mailbox.url, mail_from="parley@shop.example")
        yield mailbox


def hired(house: House, role: str, name: str = "Camille") -> str:
    """Somebody of the staff who reads English; their address."""
    email = account(house, role, name)
    with house.runtime.begin() as connection:
        connection.execute(update(Staff).where(Staff.email == email).values(language="en"))
    return email


def use(house: House, **changes: Any) -> None:
    """Other settings."""
    house.runtime = replace(house.runtime, settings=house.runtime.settings.model_copy(update=changes))
    house.app = create_app(house.runtime)


def tick(house: House) -> None:
    """What the clock does within a second: it looks, then it does what is due, for there is no worker here."""
    clock.tick(house.runtime)


def pass_time(house: House, **time: float) -> None:
    """Machine time goes on, in steps that no clock sleeps through."""
    left = timedelta(**time)
    while left:
        step = min(left, timedelta(minutes=10))
        left -= step
        real = house.runtime.machine_now
        house.runtime = replace(house.runtime, machine_now=lambda real=real, step=step: real() + step)  # type: ignore[misc]
        tick(house)


def waits(house: House, who: str = "Bo") -> None:
    """Somebody has texted what only a person can answer."""
    house.text(who, "do you have blue candles?")
    with house.runtime.begin() as connection:
        row = {"contact_id": house.contact(who).id, "closed": False, "at": house.runtime.now(connection)}
        connection.execute(insert(Thread).values(**row, waits_since=row["at"]).on_conflict_do_nothing())


def answered(house: House) -> None:
    """Nobody waits any more."""
    with house.runtime.begin() as connection:
        connection.execute(update(Thread).values(waits_since=None))


def pauses(house: House, name: str = "Winter", why: str = ERRORS) -> None:
    """A campaign has been paused."""
    row = {"kind": "marketing", "topic": "offers", "texts": {}, "error_limit": 10, "made_at": BEGIN, "launched_at": BEGIN}
    with house.runtime.begin() as connection:
        connection.execute(insert(Campaign).values(name=name, state="paused", why=why, **row))


def resumed(house: House) -> None:
    with house.runtime.begin() as connection:
        connection.execute(update(Campaign).values(state="cancelled"))


def live(house: House, *queues: str) -> None:
    """Workers of these queues say that they live, and those of the others are gone."""
    with house.runtime.begin() as connection:
        connection.execute(delete(processes.Process))
    for queue in queues:
        processes.beat(house.runtime, processes.worker(queue))


def chooses(house: House, email: str, phone: str | None = None, **ways: str) -> None:
    """Somebody of the staff says how they want to be told."""
    with house.runtime.begin() as connection:
        alerts.choose(connection, staff.find(connection, email).id, ways, phone)


def confirms(house: House) -> None:
    """Each phone texts the code that the account of its owner shows."""
    with house.runtime.read() as connection:
        shown = connection.execute(select(Staff.phone, Staff.phone_code).where(Staff.phone_code.is_not(None))).all()
    for phone, code in shown:
        house.text(phone, f"Parley {code.upper()}")


def rows(house: House, table: Any) -> list[Any]:
    with house.runtime.read() as connection:
        return list(connection.execute(select(table.__table__).order_by(table.id)))


def lines(letter: Any) -> str:
    return str(letter.get_content())


def a_person_waits(house: House) -> None:
    waits(house)
    house.jump(timedelta(minutes=3))
    tick(house)


def a_campaign_pauses(house: House) -> None:
    pauses(house)
    tick(house)


def a_worker_is_gone(house: House) -> None:
    house.runtime = replace(house.runtime, redis=open_redis("redis://127.0.0.1:1"))
    live(house, "replies", "bulk")
    tick(house)
    pass_time(house, seconds=61)
    live(house, "replies", "bulk")
    tick(house)


KINDS: dict[str, tuple[str, str, Callable[[House], None], Callable[[House], None]]] = {
    "waiting": ("agent", "1 person waits for an answer", a_person_waits, answered),
    "campaign": ("admin", "The campaign “Winter” has paused itself: too many of its texts failed", a_campaign_pauses, resumed),
    "worker": ("admin", "the worker for audiences", a_worker_is_gone, lambda house: live(house, *processes.QUEUES)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_alert_begins_is_told_once_and_ends(house: House, mailbox: Mailbox, kind: str) -> None:
    role, says, begins, ends = KINDS[kind]
    email = hired(house, role)
    begins(house)
    tick(house)
    assert [(row.kind, row.ended_at) for row in rows(house, Alert)] == [(kind, None)]
    assert len(mailbox.letters) == 1 and says in lines(mailbox.to(email)[0])
    assert f"{house.base_url}/admin/alerts" in lines(mailbox.letters[0])
    ends(house)
    tick(house)
    (alert,) = rows(house, Alert)
    assert alert.ended_at is not None
    assert len(mailbox.letters) == 1


def test_every_kind_of_alert_has_its_test() -> None:
    assert list(KINDS) == list(alerts.KINDS)


def test_nobody_is_told_of_somebody_who_has_just_begun_to_wait(house: House, mailbox: Mailbox) -> None:
    hired(house, "agent")
    waits(house)
    tick(house)
    assert rows(house, Alert) == []


def test_one_alert_is_for_all_who_wait_and_says_how_many(house: House, mailbox: Mailbox) -> None:
    """Who comes later is counted, and no reason for another letter; nor is one who still waits when the first is answered."""
    hired(house, "agent")
    waits(house, "Bo")
    waits(house, "Dee")
    house.jump(timedelta(minutes=3))
    tick(house)
    assert "2 people wait for an answer" in mailbox.letters[0]["Subject"]
    waits(house, "Ana")
    tick(house)
    assert [row.facts for row in rows(house, Alert)] == [{"count": 3}]
    with house.runtime.begin() as connection:
        connection.execute(update(Thread).where(Thread.contact_id != house.contact("Ana").id).values(waits_since=None))
    tick(house)
    assert [(row.facts, row.ended_at) for row in rows(house, Alert)] == [({"count": 1}, None)]
    assert len(mailbox.letters) == 1


def test_who_is_snoozed_bothers_nobody(house: House, mailbox: Mailbox) -> None:
    waits(house)
    house.jump(timedelta(minutes=3))
    with house.runtime.begin() as connection:
        until = house.runtime.now(connection) + timedelta(hours=1)
        connection.execute(update(Thread).values(snoozed_until=until))
    tick(house)
    assert rows(house, Alert) == []
    house.jump(timedelta(hours=1))
    tick(house)
    assert len(rows(house, Alert)) == 1


def test_a_campaign_that_somebody_paused_is_no_alert(house: House) -> None:
    pauses(house, why=BY_HAND)
    tick(house)
    assert rows(house, Alert) == []


def test_a_worker_that_is_started_anew_is_no_alert(house: House, mailbox: Mailbox) -> None:
    """A deploy takes less than a minute, and so does the first start."""
    hired(house, "admin")
    house.runtime = replace(house.runtime, redis=open_redis("redis://127.0.0.1:1"))
    tick(house)
    pass_time(house, seconds=30)
    live(house, *processes.QUEUES)
    tick(house)
    assert rows(house, Alert) == []
    pass_time(house, seconds=40)
    live(house, *processes.QUEUES)
    tick(house)
    assert [row.told_at for row in rows(house, Alert)] in ([], [None])
    assert mailbox.letters == []


def test_where_no_worker_is_needed_none_is_missed(house: House) -> None:
    assert house.runtime.redis is None
    tick(house)
    pass_time(house, minutes=5)
    assert rows(house, Alert) == []


def test_nobody_is_told_of_the_same_kind_more_often_than_each_quarter_of_an_hour(house: House, mailbox: Mailbox) -> None:
    """What comes meanwhile is told when it is over, all of it at once, if it is still so."""
    hired(house, "admin")
    pauses(house, "Winter")
    tick(house)
    for name in ("Spring", "Summer"):
        pauses(house, name)
        tick(house)
    pass_time(house, minutes=14)
    assert len(mailbox.letters) == 1
    pass_time(house, minutes=2)
    assert len(mailbox.letters) == 2
    assert mailbox.letters[1]["Subject"].endswith("3 campaigns have paused themselves")
    assert all(f"“{name}”" in lines(mailbox.letters[1]) for name in ("Winter", "Spring", "Summer"))
    pass_time(house, minutes=40)
    assert len(mailbox.letters) == 2


def test_two_clocks_at_once_tell_once(house: House, mailbox: Mailbox) -> None:
    """Each with its own connections, as two processes have; by letter and by text."""
    first, second = hired(house, "admin"), hired(house, "launcher", "Bo")
    chooses(house, second, PHONE, campaign="text")
    for number in range(3):
        pauses(house, f"Offer {number}")
    confirms(house)
    others = [replace(open_runtime(house.runtime.settings), machine_now=house.runtime.machine_now) for _ in range(3)]
    together = threading.Barrier(len(others))

    def run(runtime: Runtime) -> None:
        together.wait()
        alerts.watch(runtime)
        alerts.send_mail(runtime)

    clocks = [threading.Thread(target=run, args=(runtime,)) for runtime in others]
    for one in clocks:
        one.start()
    for one in clocks:
        one.join()
    for runtime in others:
        runtime.engine.dispose()
    house.work()
    assert len(rows(house, Alert)) == 3
    assert sorted(row.way for row in rows(house, Notice)) == ["email", "text"]
    assert (len(mailbox.to(first)), len(mailbox.letters), len(house.received(PHONE))) == (1, 1, 1)


def test_a_letter_is_tried_again_until_the_mail_server_is_back(house: House, mailbox: Mailbox) -> None:
    hired(house, "admin")
    mailbox.answers["MAIL"] = "451 come back later"
    pauses(house)
    tick(house)
    (notice,) = rows(house, Notice)
    assert (notice.state, notice.attempts) == ("waiting", 1) and "come back later" in notice.why
    pass_time(house, seconds=50)
    assert rows(house, Notice)[0].attempts == 1, "not at once"
    mailbox.answers.clear()
    pass_time(house, seconds=20)
    assert [(row.state, row.why) for row in rows(house, Notice)] == [("sent", None)]
    assert len(mailbox.letters) == 1


def test_a_letter_is_given_up_after_an_hour_and_that_is_shown(house: House, mailbox: Mailbox) -> None:
    hired(house, "admin")
    use(house, smtp_url="smtp://127.0.0.1:1")
    pauses(house)
    tick(house)
    pass_time(house, hours=2)
    (notice,) = rows(house, Notice)
    assert (notice.state, notice.attempts) == ("failed", mail.TRIES) and "refused" in notice.why


def test_what_is_over_before_the_letter_leaves_is_not_told(house: House, mailbox: Mailbox) -> None:
    hired(house, "admin")
    mailbox.answers["MAIL"] = "451 come back later"
    pauses(house)
    tick(house)
    resumed(house)
    mailbox.answers.clear()
    pass_time(house, seconds=70)
    assert [row.state for row in rows(house, Notice)] == ["passed"]
    assert mailbox.letters == []


def test_a_crash_loses_no_letter_and_a_second_one_can_be_told_from_the_first(
    house: House, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between the server's yes and our note of it."""
    hired(house, "admin")
    pauses(house)
    alerts.watch(house.runtime)
    taken = mail._hand_over

    def dies(*given: Any) -> None:
        taken(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mail, "_hand_over", dies)
        with pytest.raises(KeyboardInterrupt):
            alerts.send_mail(house.runtime)
    tick(house)
    assert len(mailbox.letters) == 1, "somebody may still be at it"
    pass_time(house, minutes=3)
    assert [row.state for row in rows(house, Notice)] == ["sent"]
    assert len({letter["Message-ID"] for letter in mailbox.letters}) == 1
    assert len(mailbox.letters) == 2


def test_a_letter_speaks_their_language_and_comes_from_a_machine(house: House, mailbox: Mailbox) -> None:
    email = hired(house, "admin")
    with house.runtime.begin() as connection:
        connection.execute(update(Staff).values(language="fr"))
    pauses(house, "L'été")
    tick(house)
    (letter,) = mailbox.to(email)
    assert letter["Subject"] == "ACME: 1 campagne s'est mise en pause"
    assert "La campagne « L'été » s'est mise en pause : trop de ses SMS ont échoué." in lines(letter)
    assert (letter["From"], letter["Auto-Submitted"]) == ("parley@shop.example", "auto-generated")


def test_no_name_can_begin_a_header(house: House, mailbox: Mailbox) -> None:
    hired(house, "admin")
    with house.runtime.begin() as connection:
        connection.exec_driver_sql("UPDATE shop SET brand = 'ACME\nBcc: all@shop.example\r\n\r\nhello', revision = revision + 1")
    pauses(house, "x\r\nTo: others@shop.example")
    tick(house)
    (letter,) = mailbox.letters
    assert letter["Bcc"] is None and letter.get_all("To") == ["camille.admin@shop.example"]
    assert letter["Subject"].startswith("ACME Bcc: all@shop.example hello: 1 campaign")


def test_a_password_is_shown_to_no_server_that_offers_no_encryption(
    house: House, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On this machine nobody listens on the way."""
    hired(house, "admin")
    use(house, smtp_url=mailbox.url.replace("//", "//me%40shop:canary@"))
    monkeypatch.setattr(mail, "is_loopback", lambda _: False)
    pauses(house)
    tick(house)
    assert not any("AUTH" in line for line in mailbox.heard)
    assert "no encryption" in rows(house, Notice)[0].why and "canary" not in rows(house, Notice)[0].why
    monkeypatch.undo()
    mailbox.answers["AUTH"] = "235 welcome"
    pass_time(house, seconds=70)
    assert [row.state for row in rows(house, Notice)] == ["sent"]


def test_without_a_mail_server_and_a_phone_there_is_the_bell_alone(house: House) -> None:
    hired(house, "admin")
    pauses(house)
    tick(house)
    assert len(rows(house, Alert)) == 1
    assert rows(house, Notice) == []


def test_an_alert_comes_to_a_phone_as_one_part(house: House) -> None:
    email = hired(house, "agent")
    chooses(house, email, PHONE, waiting="text")
    confirms(house)
    a_person_waits(house)
    house.work()
    (text,) = house.received(PHONE)
    assert text == f"ACME: 1 person waits for an answer. {house.base_url}/admin/alerts STOP"
    (message,) = (row for row in house.messages(PHONE, "out") if row.kind == "staff")
    assert (message.state, message.parts, message.ours) == ("sent", 1, "+33937000001")
    house.text(PHONE, "merci")  # the window is theirs like everybody's
    tick(house)
    assert len([one for one in house.received(PHONE) if "waits for an answer" in one]) == 1


def test_a_phone_that_has_not_texted_its_code_is_nobodys(house: House) -> None:
    """A slip of the finger, or ill will, texts no stranger: neither one who has never texted us, nor one who has."""
    email = hired(house, "agent")
    house.text("Ana", "hello")
    before = house.received("Ana")
    chooses(house, email, house.contact("Ana").phone, waiting="text")
    a_person_waits(house)
    house.work()
    assert house.received("Ana") == before
    assert [(row.state, row.why) for row in rows(house, Notice)] == [("refused", "not confirmed")]


def test_a_code_proves_the_phone_that_texts_it_once_and_no_other(house: House) -> None:
    """It is for the house: it gets no answer, and waits for nobody. A new number is proved anew."""
    email = hired(house, "agent")
    chooses(house, email, PHONE, waiting="text")
    code = rows(house, Staff)[0].phone_code
    house.text("Bo", f"PARLEY {code}")
    house.text(PHONE, "PARLEY aaaaa1")
    assert rows(house, Staff)[0].phone_proved_at is None
    before = house.received(PHONE)
    house.text(PHONE, f" parley  {code.upper()}! ")
    (row,) = rows(house, Staff)
    assert row.phone_proved_at is not None and row.phone_code is None
    assert house.received(PHONE) == before
    assert [message.for_person for message in house.messages(PHONE, "in")] == [True, False]
    chooses(house, email, PHONE, waiting="bell")
    assert rows(house, Staff)[0].phone_proved_at is not None, "the number is the same"
    chooses(house, email, "+33612348888", waiting="text")
    (row,) = rows(house, Staff)
    assert row.phone_proved_at is None and row.phone_code not in (None, code)


def test_a_mail_server_that_dribbles_holds_up_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.alerts.mail.HAND_OVER_FOR", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        use(house, smtp_url=f"smtp://127.0.0.1:{server.getsockname()[1]}", mail_from="parley@shop.example")
        hired(house, "admin")
        pauses(house)
        alerts.watch(house.runtime)
        began = time.monotonic()
        assert alerts.send_mail(house.runtime) == 1 and alerts.send_mail(house.runtime) == 0
        assert time.monotonic() - began < 4
    assert [(row.state, row.attempts, row.why) for row in rows(house, Notice)] == [("waiting", 1, "the mail server is too slow")]


@pytest.mark.parametrize("language", alerts.LANGUAGES)
@pytest.mark.parametrize("kind", alerts.KINDS)
def test_each_kind_fits_into_one_part_of_the_plain_alphabet(house: House, language: str, kind: str) -> None:
    """With an address of ours that is as long as those that people have."""
    use(house, base_url="https://sms.candles-and-more.example")
    email = hired(house, "admin")
    chooses(house, email, PHONE, **{kind: "text"})
    confirms(house)
    with house.runtime.begin() as connection:
        connection.execute(update(Staff).values(language=language))
        facts = {"count": 12, "name": "very long ✨" * 20, "why": ERRORS, "absent": [*map(processes.worker, processes.QUEUES)]}
        now = house.runtime.machine_now()
        connection.execute(insert(Alert).values(kind=kind, subject="", facts=facts, began_at=now, told_at=now))
        (alert,) = connection.execute(select(Alert.__table__))
        person = connection.execute(select(Staff.__table__)).one()
        alerts.text.say(house.runtime, connection, alert, person)
    (message,) = (row for row in house.messages(PHONE) if row.kind == "staff")
    size = measure(message.body)
    assert (size.encoding, size.parts) == ("GSM-7", 1), message.body


def test_a_phone_that_said_stop_is_not_texted(house: House) -> None:
    email = hired(house, "launcher")
    chooses(house, email, PHONE, campaign="text")
    confirms(house)
    house.text(PHONE, "STOP")
    before = house.received(PHONE)
    pauses(house)
    tick(house)
    house.work()
    assert house.received(PHONE) == before
    assert [(row.state, row.why) for row in rows(house, Notice)] == [("refused", "suppressed")]
    assert "not said (staff): suppressed" in house.truths(PHONE)


def test_a_stop_that_comes_between_the_alert_and_the_call_wins(house: House) -> None:
    email = hired(house, "launcher")
    chooses(house, email, PHONE, campaign="text")
    confirms(house)
    pauses(house)
    alerts.watch(house.runtime)
    house.text(PHONE, "STOP")
    before = house.received(PHONE)
    house.work()
    assert house.received(PHONE) == before
    assert [row.state for row in house.messages(PHONE, "out") if row.kind == "staff"] == ["refused"]


def test_an_alert_that_could_not_leave_for_an_hour_is_no_news(house: House) -> None:
    email = hired(house, "launcher")
    chooses(house, email, PHONE, campaign="text")
    confirms(house)
    pauses(house)
    alerts.watch(house.runtime)
    real = house.runtime.machine_now
    house.runtime = replace(house.runtime, machine_now=lambda: real() + timedelta(minutes=61))
    house.work()
    assert house.received(PHONE) == []
    assert "not said (staff): expired" in house.truths(PHONE)


def test_only_those_are_told_whom_it_concerns_and_who_can_come_in(house: House, mailbox: Mailbox) -> None:
    """Each by the way that they chose; the role decides what there is to choose."""
    told = {role: hired(house, role) for role in ("viewer", "agent", "marketer", "launcher", "admin")}
    chooses(house, told["viewer"], campaign="email", waiting="email")
    chooses(house, told["launcher"], campaign="bell")
    gone, invited = hired(house, "admin", "Gone"), hired(house, "admin", "Invited")
    with house.runtime.begin() as connection:
        connection.execute(update(Staff).where(Staff.email == gone).values(closed_at=BEGIN))
        connection.execute(update(Staff).where(Staff.email == invited).values(password=None))
    pauses(house)
    a_person_waits(house)
    tick(house)
    got = {role: [letter["Subject"].partition(": ")[2] for letter in mailbox.to(email)] for role, email in told.items()}
    campaign, waiting = "1 campaign has paused itself", "1 person waits for an answer"
    assert got == {"viewer": [], "agent": [waiting], "marketer": [campaign], "launcher": [], "admin": [campaign]}
    assert len(mailbox.letters) == 3


def test_one_who_is_never_answered_silences_nobody_for_ever(house: House, mailbox: Mailbox) -> None:
    """After half a day all who wait are news again."""
    hired(house, "agent")
    a_person_waits(house)
    pass_time(house, hours=11)
    assert len(mailbox.letters) == 1
    pass_time(house, hours=1, minutes=10)
    assert len(mailbox.letters) == 2
    assert [row.ended_at is None for row in rows(house, Alert)] == [False, True]


@pytest.mark.parametrize("before", ["", "STOP"])
def test_who_says_stop_waits_for_nobody(house: House, before: str) -> None:
    """Nobody could answer them, so nobody is told that they wait; nor if they wrote after an earlier STOP."""
    if before:
        house.text("Bo", before)
    a_person_waits(house)
    house.text("Bo", "STOP")
    tick(house)
    with house.runtime.read() as connection:
        assert connection.scalars(select(Thread.waits_since)).all() == [None]
    assert [row.ended_at is None for row in rows(house, Alert)] == [False]


def test_what_somebody_has_seen_stays_seen(house: House) -> None:
    """A page that was open for long, and is sent off late, brings nothing back."""
    email = hired(house, "admin")
    a_campaign_pauses(house)
    pass_time(house, seconds=5)
    pauses(house, "Spring")
    tick(house)
    old, new = rows(house, Alert)
    with house.runtime.begin() as connection:
        person = connection.execute(select(Staff.__table__).where(Staff.email == email)).one()
        alerts.see(connection, person, new.id)
        alerts.see(connection, person, old.id)
        assert alerts.seen_at(connection, person) == new.told_at


def test_staff_who_are_texted_are_locked_one_at_a_time(house: House) -> None:
    """Whoever else locks two of them does so in the order of their ids, which is not the order of the accounts."""
    phones = [PHONE, "+33612348888"]
    for phone in phones:
        house.text(phone, "hello")
    for name, phone in zip("AB", reversed(phones), strict=True):
        chooses(house, hired(house, "launcher", name), phone, campaign="text")
    confirms(house)
    pauses(house)
    locks: list[int] = []

    def counted(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("SELECT contact.") and "contact.phone =" in statement:
            locks[-1] += 1

    event.listen(house.runtime.engine, "begin", lambda _: locks.append(0))
    event.listen(house.runtime.engine, "before_cursor_execute", counted)
    alerts.watch(house.runtime)
    assert [row.state for row in rows(house, Notice)] == ["handed over", "handed over"]
    assert sum(locks) == 2 and max(locks) == 1
