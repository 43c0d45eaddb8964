"""Alerts by e-mail: tried again, never lost, in their language, and nothing in them that anybody else has written."""

import socket
import time
from typing import Any

import pytest
from sqlalchemy import update

from bot import alerts
from bot.alerts import mail
from models import Notice, Staff
from tests.alerts.stage import (
    hired,
    lines,
    pass_time,
    pauses,
    resumed,
    rows,
    tick,
    use,
)
from tests.house import House
from tests.mailbox import Mailbox


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
