"""Coming in and going out: sign-in, sessions, and links that work once.

Whoever tries too often, for one account or from one address, waits. Nothing tells whether an account exists.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from bot.runtime import Runtime
from bot.staff.accounts import Staff, StaffError, staff
from bot.staff.secrets import digest, fits, hashed, secret, totp_step, weak
from models import SignIn, StaffLink, StaffSession, insert
from models import Staff as Account

SESSION_FOR = timedelta(days=14)  # without being seen
LINK_FOR = timedelta(days=3)
TRIES, TRIES_FOR = 10, timedelta(minutes=15)  # failed ones, for one account
TRIES_FROM = 50  # from one address: a shop has many people behind one
NOTED_EVERY = timedelta(minutes=1)
ACCOUNT, SESSION = Account.__table__, StaffSession.__table__
OPEN = ACCOUNT.c.closed_at.is_(None)


class Refused(Exception):
    """Nobody is let in. `why`: "wrong", "often" (try again later) or "code" (the second step is missing or wrong)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def sign_in(runtime: Runtime, email: str, password: str, code: str, address: str, browser: str) -> str:
    """Let somebody in by password, and code where they have a second step: what their browser shows from then on.

    Raises Refused.
    """
    row, now = prove(runtime, email, password, address), runtime.machine_now()
    with runtime.begin() as connection:
        step = _second_step(connection, row, code, now)
        if row.totp_secret and step is None:
            raise Refused("code")
        still = update(ACCOUNT).where(ACCOUNT.c.id == row.id, OPEN, ACCOUNT.c.password == row.password)
        if not connection.execute(still.values(totp_step=step if step is not None else row.totp_step)).rowcount:
            raise Refused("wrong")
        connection.execute(delete(SignIn).where(SignIn.whose == _whose(runtime, "account", row.email)))
        return come_in(connection, row.id, address, browser, now)


def prove(runtime: Runtime, email: str, password: str, address: str | None = None) -> Any:
    """The row of the account whose password that is. Raises Refused.

    1. The try is counted before it is made, so that many at once are many. `address`: where it comes from, if that counts.
    2. The password is looked at outside of any transaction, since that takes its time on purpose.
    """
    now, email = runtime.machine_now(), email.strip().lower()
    whose = {_whose(runtime, "account", email): TRIES}
    if address is not None:
        whose[_whose(runtime, "address", address)] = TRIES_FROM
    with runtime.begin() as connection:
        lately = select(SignIn.whose, func.count().label("tries")).where(SignIn.whose.in_(whose), SignIn.at > now - TRIES_FOR)
        tried = {row.whose: row.tries for row in connection.execute(lately.group_by(SignIn.whose))}
        if any(tried.get(one, 0) >= most for one, most in whose.items()):
            raise Refused("often")
        connection.execute(insert(SignIn), [{"whose": one, "at": now} for one in whose])
        row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.email == email, OPEN)).one_or_none()
    if not fits(row.password if row else None, password) or row is None:
        raise Refused("wrong")
    return row


def _second_step(connection: Connection, row: Any, code: str, now: datetime) -> int | None:
    """The step of their code, if they have a second step and it is right: the account is locked, so each code works once."""
    if not row.totp_secret:
        return None
    last = connection.scalar(select(ACCOUNT.c.totp_step).where(ACCOUNT.c.id == row.id).with_for_update())
    return totp_step(row.totp_secret, code, now, last)


def come_in(connection: Connection, staff_id: int, address: str, browser: str, now: datetime) -> str:
    """A new session: what the browser shows. `now`: machine time."""
    shown, kept = secret()
    where = {"address": address[:64], "browser": browser[:200]}
    connection.execute(insert(StaffSession).values(staff_id=staff_id, digest=kept, made_at=now, seen_at=now, **where))
    return shown


def let_in(runtime: Runtime, shown: str) -> tuple[Staff, int] | None:
    """Who shows this, and the id of their session; None: nobody who may come in. That they were seen is noted, once a minute."""
    now = runtime.machine_now()
    mine = select(ACCOUNT, SESSION.c.id.label("session_id"), SESSION.c.seen_at).join(SESSION, SESSION.c.staff_id == ACCOUNT.c.id)
    with runtime.read() as connection:
        row = connection.execute(mine.where(SESSION.c.digest == digest(shown), OPEN)).one_or_none()
    if row is None or row.seen_at < now - SESSION_FOR:
        return None
    if row.seen_at < now - NOTED_EVERY:
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


def end_others(connection: Connection, staff_id: int, session_id: int | None = None) -> int:
    """Sign out everywhere but in this session; in how many it was."""
    others = SESSION.c.id != (session_id or 0)
    return connection.execute(delete(SESSION).where(SESSION.c.staff_id == staff_id, others)).rowcount


def make_link(connection: Connection, staff_id: int, now: datetime) -> str:
    """What stands in a link with which they choose a password, once; earlier links of theirs work no more."""
    shown, kept = secret()
    connection.execute(delete(StaffLink).where(StaffLink.staff_id == staff_id))
    connection.execute(insert(StaffLink).values(digest=kept, staff_id=staff_id, expires_at=now + LINK_FOR))
    return shown


def by_link(connection: Connection, shown: str, now: datetime) -> Any:
    """The account that a link is for; None: it is used, too old or none."""
    mine = select(ACCOUNT).join(StaffLink, StaffLink.staff_id == ACCOUNT.c.id)
    return connection.execute(mine.where(StaffLink.digest == digest(shown), StaffLink.expires_at > now, OPEN)).one_or_none()


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


def choose_password(connection: Connection, staff_id: int, password: str, *, keep_session: int | None = None) -> None:
    """A new password; links and other sessions end with the old one. Raises StaffError."""
    row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == staff_id).with_for_update()).one()
    if why := weak(password, row.email, *row.email.split("@")[:1], row.name):
        raise StaffError(why, "password")
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == staff_id).values(password=hashed(password)))
    connection.execute(delete(StaffLink).where(StaffLink.staff_id == staff_id))
    end_others(connection, staff_id, keep_session)


def set_totp(connection: Connection, staff_id: int, key: str | None, step: int | None) -> None:
    """A second step from now on, `step` being used already; None: none."""
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == staff_id).values(totp_secret=key, totp_step=step))


def forget(runtime: Runtime) -> int:
    """Failed sign-ins, sessions and links that mean nothing any more go. Returns how many."""
    now = runtime.machine_now()
    old = (
        delete(SignIn).where(SignIn.at < now - TRIES_FOR),
        delete(StaffSession).where(StaffSession.seen_at < now - SESSION_FOR),
        delete(StaffLink).where(StaffLink.expires_at < now),
    )
    with runtime.read() as connection:
        if not any(connection.execute(select(one.table).where(one.whereclause).limit(1)).first() for one in old):  # type: ignore[arg-type]
            return 0
    with runtime.begin() as connection:
        return sum(connection.execute(one).rowcount for one in old)


def _whose(runtime: Runtime, kind: str, what: str) -> str:
    """What is kept of an address that somebody tried from, or of an account that may not exist."""
    key = runtime.settings.secret_key.get_secret_value().encode()
    return hmac.new(key, f"sign in {kind} {what}".encode(), hashlib.sha256).hexdigest()
