"""Coming in and going out: passwords tried, sessions, and links that work once.

Whoever tries too often waits. Nothing tells whether an account exists. Passwords are looked at outside of any transaction.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from bot.runtime import Runtime
from bot.staff.accounts import Staff, StaffError, staff
from bot.staff.secrets import digest, fits, hashed, secret, totp_step, weak
from models import Alert, StaffLink, StaffSession, Try, insert
from models import Staff as Account

SESSION_FOR = timedelta(days=14)  # without being seen
LINK_FOR = timedelta(days=3)
ALERTS_FOR = timedelta(days=90)  # after they have ended, with whom they were told to
TRIES_FOR = timedelta(minutes=15)
# Wrong ones in that time: for one account from one place; from one place, behind which may be a whole shop; for one account
# from everywhere, so many that it takes an effort to shut somebody out.
TRIES, TRIES_FROM, TRIES_FOR_ONE = 10, 50, 200
NOTED_EVERY = timedelta(minutes=1)
ACCOUNT, SESSION, LINK = Account.__table__, StaffSession.__table__, StaffLink.__table__
OPEN = ACCOUNT.c.closed_at.is_(None)


class Refused(Exception):
    """Nobody is let in. `why`: "wrong", "often" (try again later) or "code" (the second step is missing or wrong)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def sign_in(runtime: Runtime, email: str, password: str, code: str, address: str, browser: str) -> str:
    """Let somebody in by password, and code where they have a second step: what their browser shows from then on.

    Raises Refused. The account is looked at again, and locked, once the password is known to be right.
    """
    proved, now = prove(runtime, email, password, address), runtime.machine_now()
    with runtime.begin() as connection:
        row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == proved.id, OPEN).with_for_update()).one_or_none()
        if row is None or row.password != proved.password:
            raise Refused("wrong")
        take_code(connection, row, code, now)
        return come_in(connection, row.id, address, browser, now)


def prove(runtime: Runtime, email: str, password: str, address: str) -> Any:
    """The row of the account whose password that is. `address`: where it comes from. Raises Refused.

    The try is counted before it is made, so that many at once are many; if it is right, it is forgotten.
    """
    now, email, place = runtime.machine_now(), email.strip().lower(), _place(address)
    most = {f"{email} {place}": TRIES, place: TRIES_FROM, email: TRIES_FOR_ONE}
    whose = {_whose(runtime, what): count for what, count in most.items()}
    with runtime.begin() as connection:
        for one in sorted(whose):
            alone(connection, one)
        lately = select(Try.whose, func.count().label("tries")).where(Try.whose.in_(whose), Try.at > now - TRIES_FOR)
        tried = {row.whose: row.tries for row in connection.execute(lately.group_by(Try.whose))}
        if any(tried.get(one, 0) >= count for one, count in whose.items()):
            raise Refused("often")
        made = connection.scalars(insert(Try).returning(Try.id), [{"whose": one, "at": now} for one in whose]).all()
        row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.email == email, OPEN)).one_or_none()
    if not fits(row.password if row else None, password) or row is None:
        raise Refused("wrong")
    with runtime.begin() as connection:
        connection.execute(delete(Try).where(Try.id.in_(made) | (Try.whose == _whose(runtime, f"{email} {place}"))))
    return row


def take_code(connection: Connection, row: Any, code: str, now: datetime) -> None:
    """Their second step, if they have one: each code works once. The account is locked. Raises Refused."""
    if not row.totp_secret:
        return
    step = totp_step(row.totp_secret, code, now, row.totp_step)
    if step is None:
        raise Refused("code")
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == row.id).values(totp_step=step))


def alone(connection: Connection, what: str) -> None:
    """Whoever does this comes one after the other, until their transactions end. On SQLite all who write do."""
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(what.encode("utf-8", "surrogatepass")).digest()[:8], signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(number)))


def come_in(connection: Connection, staff_id: int, address: str, browser: str, now: datetime) -> str:
    """A new session: what the browser shows. `now`: machine time."""
    shown, kept = secret()
    where = {"address": address[:64], "browser": browser.replace("\0", "")[:200]}
    connection.execute(insert(StaffSession).values(staff_id=staff_id, digest=kept, made_at=now, seen_at=now, **where))
    return shown


def let_in(runtime: Runtime, shown: str, *, noted: bool = True) -> tuple[Staff, int] | None:
    """Who shows this, and the id of their session; None: nobody who may come in. That they were seen is noted, once a minute."""
    now = runtime.machine_now()
    mine = select(ACCOUNT, SESSION.c.id.label("session_id"), SESSION.c.seen_at).join(SESSION, SESSION.c.staff_id == ACCOUNT.c.id)
    with runtime.read() as connection:
        row = connection.execute(mine.where(SESSION.c.digest == digest(shown), OPEN)).one_or_none()
    if row is None or row.seen_at < now - SESSION_FOR:
        return None
    if noted and row.seen_at < now - NOTED_EVERY:
        with runtime.begin() as connection:
            connection.execute(update(SESSION).where(SESSION.c.id == row.session_id).values(seen_at=now))
    return staff(row), row.session_id


def sessions(connection: Connection, staff_id: int, now: datetime) -> Sequence[Row[Any]]:
    """Where somebody is signed in, last seen first."""
    theirs = select(SESSION).where(SESSION.c.staff_id == staff_id, SESSION.c.seen_at >= now - SESSION_FOR)
    return connection.execute(theirs.order_by(SESSION.c.seen_at.desc(), SESSION.c.id.desc())).all()


def end_session(connection: Connection, staff_id: int, session_id: int) -> None:
    """Sign out, here or elsewhere."""
    connection.execute(delete(SESSION).where(SESSION.c.id == session_id, SESSION.c.staff_id == staff_id))


def make_link(connection: Connection, staff_id: int, now: datetime, *, ends_second_step: bool = False) -> str:
    """What stands in a link with which they choose a password, once.

    Until then nobody comes in: the password, earlier links and sessions of theirs end.
    """
    shown, kept = secret()
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == staff_id).values(password=None))
    for theirs in (LINK, SESSION):
        connection.execute(delete(theirs).where(theirs.c.staff_id == staff_id))
    values = {"digest": kept, "staff_id": staff_id, "ends_second_step": ends_second_step, "expires_at": now + LINK_FOR}
    connection.execute(insert(StaffLink).values(**values))
    return shown


def by_link(connection: Connection, shown: str, now: datetime) -> Any:
    """The account that a link is for, with `asks_code`; None: it is used, too old or none."""
    asks = (ACCOUNT.c.totp_secret.is_not(None) & ~LINK.c.ends_second_step).label("asks_code")
    mine = select(ACCOUNT, asks).join(LINK, LINK.c.staff_id == ACCOUNT.c.id)
    return connection.execute(mine.where(LINK.c.digest == digest(shown), LINK.c.expires_at > now, OPEN)).one_or_none()


def use_link(connection: Connection, shown: str, kept: str, code: str, now: datetime) -> Any:
    """Choose a password by a link, whose row goes with it: the account's row, or None. `kept`: see new_password.

    Raises Refused("code") where a second step is asked for.
    """
    used = delete(StaffLink).where(LINK.c.digest == digest(shown), LINK.c.expires_at > now)
    link = connection.execute(used.returning(LINK.c.staff_id, LINK.c.ends_second_step)).one_or_none()
    if link is None:
        return None
    row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == link.staff_id, OPEN).with_for_update()).one_or_none()
    if row is not None:
        if link.ends_second_step:
            set_totp(connection, row.id, None, None)
        else:
            take_code(connection, row, code, now)
        set_password(connection, row.id, kept)
    return row


def first_link(runtime: Runtime) -> str:
    """What stands in the link with which the first admin makes their own account: it works for as long as there is nobody."""
    key = runtime.settings.secret_key.get_secret_value().encode()
    return hmac.new(key, b"the first admin", hashlib.sha256).hexdigest()


def is_first(connection: Connection, runtime: Runtime, shown: str) -> bool:
    """Whether that is the link of the first admin, and nobody has an account yet."""
    right = hmac.compare_digest(shown.encode("utf-8", "surrogatepass"), first_link(runtime).encode())
    return right and nobody_yet(connection)


def nobody_yet(connection: Connection) -> bool:
    """Whether there is no account at all."""
    return connection.execute(select(ACCOUNT.c.id).limit(1)).first() is None


def new_password(password: str, email: str, name: str) -> str:
    """A password as it is kept, if it is hard to guess. Raises StaffError. Never inside a transaction."""
    if why := weak(password, email, name):
        raise StaffError(why, "password")
    return hashed(password)


def set_password(connection: Connection, staff_id: int, kept: str, *, keep_session: int | None = None) -> None:
    """A new password, see new_password; links and other sessions end with the old one."""
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == staff_id).values(password=kept))
    connection.execute(delete(StaffLink).where(StaffLink.staff_id == staff_id))
    connection.execute(delete(SESSION).where(SESSION.c.staff_id == staff_id, SESSION.c.id != (keep_session or 0)))


def set_totp(connection: Connection, staff_id: int, key: str | None, step: int | None) -> None:
    """A second step from now on, `step` being used already; None: none."""
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == staff_id).values(totp_secret=key, totp_step=step))


def forget(runtime: Runtime) -> int:
    """Tries, sessions, links and alerts that mean nothing any more go. Returns how many."""
    now = runtime.machine_now()
    old = ((Try, Try.at < now - TRIES_FOR), (StaffSession, StaffSession.seen_at < now - SESSION_FOR),
           (StaffLink, StaffLink.expires_at < now), (Alert, Alert.ended_at < now - ALERTS_FOR))  # fmt: skip
    with runtime.read() as connection:
        if not any(connection.execute(select(table).where(which).limit(1)).first() for table, which in old):
            return 0
    with runtime.begin() as connection:
        return sum(connection.execute(delete(table).where(which)).rowcount for table, which in old)


def _place(address: str) -> str:
    """Where a try comes from: an address, or of IPv6 the network that one household has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{found}/64", strict=False)) if found.version == 6 else str(found)


def _whose(runtime: Runtime, what: str) -> str:
    """What is kept of a place that somebody tried from, or of an account that may not exist."""
    key = runtime.settings.secret_key.get_secret_value().encode()
    return hmac.new(key, b"try " + what.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
