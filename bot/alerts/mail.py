"""An alert by e-mail: a row that says so, a lease, then the mail server, holding no transaction; tried again while that is away.

A process that dies between the server's yes and our note of it sends the letter a second time, under the same Message-ID.
"""

import logging
import smtplib
import ssl
import threading
import time
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, bindparam, select, update

from bot.alerts.words import letter, spoken
from bot.catalogue import NoShop, catalogue
from bot.runtime import Runtime
from bot.settings import is_loopback
from models import Alert, Notice, Staff
from models.alert import DUE as WAITS
from models.base import UtcDateTime

log = logging.getLogger(__name__)

DUE = (Notice.way == "email") & WAITS & (Notice.not_before <= bindparam("machine_now", type_=UtcDateTime()))
"""E-mails that are to be sent now."""
ANSWER_FOR = 5.0  # seconds that the server may take for each answer
LEASE_FOR = timedelta(minutes=2)
AGAIN_FOR = timedelta(minutes=1)  # twice as long each time
TRIES = 7  # about an hour
HAND_OVER_FOR = 10.0  # seconds for all of it: a server that dribbles holds up nobody
LONGEST_WHY = 200  # characters

_slow: list[threading.Thread] = []  # of this process: a try that has not ended in time

FIRST = (
    select(Notice.__table__, Alert.kind, Staff.email, Staff.language)
    .join(Alert, Alert.id == Notice.alert_id)
    .join(Staff, Staff.id == Notice.staff_id)
    .where(DUE)
    .order_by(Notice.not_before, Notice.id)
    .limit(1)
)


def send_mail(runtime: Runtime, seconds: float = 5) -> int:
    """Send the e-mails that are due, begun within so many seconds. Returns how many were tried."""
    until, tried = time.monotonic() + seconds, 0
    while time.monotonic() < until and not any(one.is_alive() for one in _slow):
        with runtime.read() as connection:
            row = connection.execute(FIRST, {"machine_now": runtime.machine_now()}).one_or_none()
        if row is None:
            break
        with runtime.begin() as connection:
            mail = _claim(runtime, connection, row)
        if mail is not None:
            tried += 1
            _send(runtime, row, mail)
    return tried


def _claim(runtime: Runtime, connection: Connection, row: Any) -> EmailMessage | None:
    """Make it ours for a while: the letter, as it is true now. None: somebody else has it, or nothing is left to tell."""
    now = runtime.machine_now()
    if row.attempts >= TRIES:  # the last one ended with its process
        connection.execute(update(Notice).where(Notice.id == row.id, Notice.state == "waiting").values(state="failed"))
        return None
    mine = update(Notice).where(Notice.id == row.id, Notice.state == "waiting", Notice.attempts == row.attempts)
    if not connection.execute(mine.values(attempts=row.attempts + 1, not_before=now + LEASE_FOR)).rowcount:
        return None
    try:
        shop = catalogue(connection).shop
        brand, languages = shop.brand, shop.languages
    except NoShop:
        brand, languages = "Parley", []
    told = letter(connection, row.kind, spoken(row.language, languages), runtime.settings.base_url)
    if told is None:
        connection.execute(update(Notice).where(Notice.id == row.id).values(state="passed"))
        return None
    mail, (subject, body) = EmailMessage(), told
    host = urlsplit(runtime.settings.base_url).hostname
    mail["Subject"] = _line(f"{brand}: {subject}")
    mail["From"], mail["To"] = runtime.settings.mail_from or "", row.email
    mail["Date"], mail["Message-ID"] = format_datetime(row.made_at), f"<alert.{row.alert_id}.{row.staff_id}@{host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body)
    return mail


def _send(runtime: Runtime, row: Any, mail: EmailMessage) -> None:
    """Hand it to the mail server, and write down what became of it."""
    attempts = row.attempts + 1
    try:
        _in_time(str(runtime.settings.smtp_url or ""), mail)
        became: dict[str, Any] = {"state": "sent", "why": None}
    except (OSError, smtplib.SMTPException, ValueError) as error:  # ssl.SSLError is an OSError
        log.warning("notice %s cannot be sent by e-mail, try %s: %s", row.id, attempts, error)
        later = runtime.machine_now() + AGAIN_FOR * 2 ** (attempts - 1)
        state = "waiting" if attempts < TRIES else "failed"
        became = {"state": state, "not_before": later, "why": _line(str(error) or type(error).__name__)[:LONGEST_WHY]}
    with runtime.begin() as connection:
        mine = update(Notice).where(Notice.id == row.id, Notice.state == "waiting", Notice.attempts == attempts)
        connection.execute(mine.values(**became))


def _in_time(address: str, mail: EmailMessage) -> None:
    """Hand it over, or give up waiting: until that try has ended no other begins. Raises what `_hand_over` does."""
    raised: list[BaseException] = []

    def hand_over() -> None:
        try:
            _hand_over(address, mail)
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody listens
            raised.append(error)

    thread = threading.Thread(target=hand_over, daemon=True)
    thread.start()
    thread.join(HAND_OVER_FOR)
    if thread.is_alive():
        _slow[:] = [thread]
        raise TimeoutError("the mail server is too slow")
    if raised:
        raise raised[0]


def _hand_over(address: str, mail: EmailMessage) -> None:
    """One letter to the server at that address. Raises OSError, SMTPException, ValueError.

    The line is encrypted where the server offers it, and no password goes over one that is not, unless it stays on this machine.
    """
    if not address:
        raise ValueError("no mail server is set")
    server = urlsplit(address)
    stays_here, host = is_loopback(address), server.hostname or ""
    if server.scheme == "smtps":
        line: smtplib.SMTP = smtplib.SMTP_SSL(host, server.port or 465, timeout=ANSWER_FOR, context=ssl.create_default_context())
    else:
        line = smtplib.SMTP(host, server.port or 587, timeout=ANSWER_FOR)
    with line:
        line.ehlo()
        if server.scheme == "smtp" and not stays_here and line.has_extn("starttls"):
            line.starttls(context=ssl.create_default_context())
            line.ehlo()
        elif server.scheme == "smtp" and not stays_here and server.username:
            raise ValueError("the mail server offers no encryption: the password is not shown to it")
        if server.username:
            line.login(unquote(server.username), unquote(server.password or ""))
        line.send_message(mail)


def _line(words: str) -> str:
    """On one line, whatever is in it: nothing can begin another header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
